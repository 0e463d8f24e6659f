"""How much of a lease a restart takes as delivered that was not."""

from pump.app import App
from pump.core.units import MS_PER_DAY
from twin.bench import Bench
from twin.faults import Faults
from twin.power.even import open_even
from twin.power.months import Dice, with_lease


def slacks(board, lease_steps: int, steps_day: int, cuts: int, seed: int) -> "list[int]":
    """What each of `cuts` power cuts adds to the account beyond what the motor made, in microsteps; the pump delivers
    `steps_day`, and each cut comes anywhere within the time of a lease."""
    bench = Bench(with_lease(board, lease_steps), board.RESERVOIR_CAPACITY_STEPS, Faults([]), seed)
    app = open_even(board, bench, steps_day)
    dice = Dice(seed)
    lease_ms = lease_steps * MS_PER_DAY // steps_day
    found = []
    slack_steps = 0
    for _ in range(cuts):
        left_ms = 1 + dice.below(lease_ms)
        while left_ms > board.TICK_MS:
            bench.advance(board.TICK_MS)
            app.tick.run_once()
            app.loop.poll()
            left_ms -= board.TICK_MS
        bench.advance(left_ms)
        bench.power_on()
        app = App(board, bench.ports)
        app.open()
        found.append(app.status.read()["confirmed_steps"] - bench.motor.steps - slack_steps)
        slack_steps += found[-1]
    return found


def main(lease_steps: int, steps_day: int, cuts: int, seed: int) -> "list[int]":
    """In the guest: `slacks`."""
    return slacks(__import__("board"), lease_steps, steps_day, cuts, seed)
