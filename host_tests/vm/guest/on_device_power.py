"""Device tests of a pump whose power goes and comes again. Its memory just lasts: a flash would not fit this heap."""

from ticking import MONDAY, NG_ML, board_with_tick, program

from pump.app import App
from twin.bench import Bench
from twin.faults import Faults

REQUIREMENTS = {
    "test_a_restart_takes_the_lease_as_delivered": ["M-02"],
    "test_a_watchdog_s_reset_is_told": ["I-04"],
}
TICK_MS = 1000
# Ten microsteps in a second.
STEPS_DAY = 864_000


class _Pump:
    def __init__(self):
        self.board = board_with_tick(TICK_MS)
        fill_steps = self.board.RESERVOIR_CAPACITY_STEPS
        self.bench = Bench(self.board, fill_steps, Faults([]))
        self.boot()
        control = self.app.control
        control.refill(fill_steps, 0, NG_ML)
        control.load(program([[0, STEPS_DAY, 0]]))
        control.set_time(0, MONDAY)
        control.start()

    def boot(self):
        self.app = App(self.board, self.bench.ports)
        self.app.open()

    def run(self, slices):
        for _ in range(slices):
            self.bench.advance(TICK_MS)
            self.app.tick.run_once()
            self.app.loop.poll()

    def confirmed(self):
        return self.app.status.read()["confirmed_steps"]


def test_a_restart_takes_the_lease_as_delivered():
    pump = _Pump()
    for off_ms in (1, 5000, 3_600_000):
        pump.run(20)
        pump.bench.advance(350)
        pump.bench.power_off()
        made = pump.bench.motor.steps
        pump.bench.advance(off_ms)
        assert pump.bench.motor.steps == made
        before = pump.confirmed()
        pump.bench.power_on()
        pump.boot()
        assert before < pump.confirmed() <= before + pump.board.LEASE_STEPS + pump.board.BURST_MAX_STEPS
        assert made <= pump.confirmed()
        confirmed = pump.confirmed()
        pump.run(20)
        assert pump.confirmed() - confirmed == pump.bench.motor.steps - made > 0


def test_a_watchdog_s_reset_is_told():
    pump = _Pump()
    pump.run(5)
    pump.bench.power_on("watchdog")
    pump.boot()
    assert "reset_watchdog" in [event.kind for event in pump.app.journal.since(0)]
    assert not pump.bench.truth()["enabled"]
