"""Pumps with something running, and everything that can happen to them: for the table of interactions."""

from collections.abc import Callable

from rig import DAY_MS, HOUR_MS, MINUTE_MS, program
from watched import Watched

SLICE_MS = 10_000
# One microstep in each second before noon, one in two after it; a day of the second stage has half, and so on.
STEPS_DAY = 86_400
STAGES = [[0, 0, 0], [1, 1, 1], [2, 2, 2]]
SCHEDULED, PATIENT, CLINICIAN, TRIAL, PRIME, BRIDGE = 600, 300, 400, 200, 600, 3600
HOUR_STEPS, DAY_STEPS = 6000, 70_000
OTHER_NG_ML = 2_000_000
DUE_MS = 6 * HOUR_MS
BEFORE_MIDNIGHT_MS = DAY_MS - 2 * MINUTE_MS


def source(due_ms: int, **parts: object) -> dict[str, object]:
    """The program of this table: everything at once, with single boluses at `due_ms` of its day and two hours later."""
    days = [[[0, STEPS_DAY >> stage, 0], [12 * HOUR_MS, STEPS_DAY >> stage + 1, 0]] for stage in range(3)]
    boluses = [[*divmod(at_ms, DAY_MS), SCHEDULED, 0, 10 * MINUTE_MS] for at_ms in (due_ms, due_ms + 2 * HOUR_MS)]
    fields = {
        "patterns": days,
        "plan": STAGES,
        "boluses": boluses,
        "patient": [PATIENT, 0, 5 * MINUTE_MS, HOUR_MS, 4],
        "trial": [[TRIAL, 0, 5 * MINUTE_MS], [300, 0, MINUTE_MS], [400, 0, MINUTE_MS]],
        **parts,
    }
    return program([], parts=fields, hour=HOUR_STEPS, day=DAY_STEPS, bolus=SCHEDULED)


def other_program() -> dict[str, object]:
    """A titration: a quarter more, no single boluses, and a plan whose second stage comes a day later."""
    days = [[[0, STEPS_DAY * 5 // 4, 0], [12 * HOUR_MS, STEPS_DAY // 4, 0]], [[0, STEPS_DAY // 2, 0]]]
    return source(DUE_MS, patterns=days, plan=[[0, 0, 0], [2, 1, 1]], boluses=[])


class Pump(Watched):
    """A pump of this table, with what the watching needs to know of it."""

    def __init__(self, time_known: bool, due_ms: int = DUE_MS, before_ms: int = HOUR_MS) -> None:
        """Delivers, `before_ms` before the first single bolus."""
        super().__init__(SLICE_MS)
        self.due_ms = due_ms
        self.started(source(due_ms), due_ms - before_ms if time_known else None)
        self.slice(3)
        self.seen = 0

    def log(self, kind: str, since_start: bool = False) -> list[tuple[int, int]]:
        """The journal's events of `kind` since the event of the table, or since the start, as (uptime_ms, a)."""
        events = self.app.journal.since(0 if since_start else self.seen)
        return [(event.uptime_ms, event.a) for event in events if event.kind == kind]


def delivering(time_known: bool) -> Pump:
    return Pump(time_known)


def on_the_last_evening(time_known: bool) -> Pump:
    return Pump(time_known, BEFORE_MIDNIGHT_MS)


def paused(time_known: bool) -> Pump:
    pump = on_the_last_evening(time_known)
    pump.control.pause_plan()
    return pump


def kept_open(time_known: bool) -> Pump:
    pump = delivering(time_known)
    pump.control.keep_open()
    return pump


def bridging(time_known: bool) -> Pump:
    pump = delivering(time_known)
    pump.control.stop()
    pump.slice(2)
    pump.refill(pump.fill_steps, OTHER_NG_ML)
    bridged = {"concentration_ng_ml": OTHER_NG_ML, "bridge": [BRIDGE, BRIDGE * DAY_MS // (STEPS_DAY * 3 // 4)]}
    pump.control.load(source(DUE_MS, **bridged))
    pump.control.start()
    pump.slice(5)
    return pump


def priming(time_known: bool) -> Pump:
    pump = delivering(time_known)
    pump.control.stop()
    pump.slice(2)
    pump.control.prime(PRIME, 10 * MINUTE_MS, True)
    pump.slice(5)
    return pump


def locked_out(time_known: bool) -> Pump:
    pump = with_patients_bolus(time_known)
    pump.run(6 * MINUTE_MS)
    assert not pump.control.boluses.running
    return pump


def bolus_due_soon(time_known: bool) -> Pump:
    return Pump(time_known, before_ms=5 * MINUTE_MS)


def with_scheduled_bolus(time_known: bool) -> Pump:
    pump = Pump(time_known, before_ms=MINUTE_MS)
    pump.slice(6)
    # The one that comes due next is the other.
    pump.due_ms += 2 * HOUR_MS
    return pump


def with_patients_bolus(time_known: bool) -> Pump:
    pump = delivering(time_known)
    pump.control.request_bolus()
    pump.slice(3)
    return pump


def with_suspended_bolus(time_known: bool) -> Pump:
    pump = with_patients_bolus(time_known)
    pump.control.give_bolus(CLINICIAN, 0, 1, 4 * MINUTE_MS)
    pump.slice(3)
    return pump


def with_clinicians_bolus(time_known: bool) -> Pump:
    pump = delivering(time_known)
    pump.control.give_bolus(CLINICIAN, 0, 1, 4 * MINUTE_MS)
    pump.slice(3)
    return pump


def with_trial_step(time_known: bool) -> Pump:
    pump = delivering(time_known)
    pump.control.give_trial_step()
    pump.slice(3)
    return pump


MAKERS: dict[str, Callable[[bool], Pump]] = {
    "basal": delivering,
    "plan": on_the_last_evening,
    "paused": paused,
    "kept_open": kept_open,
    "bridge": bridging,
    "prime": priming,
    "lockout": locked_out,
    "waiting": bolus_due_soon,
    "scheduled": with_scheduled_bolus,
    "patient": with_patients_bolus,
    "suspended": with_suspended_bolus,
    "clinician": with_clinicians_bolus,
    "trial": with_trial_step,
}


def restart(pump: Pump) -> None:
    pump.control.stop()
    pump.slice(2)
    pump.control.start()


def alarm(pump: Pump) -> None:
    pump.halt()
    pump.slice(2)


def recover(pump: Pump) -> None:
    alarm(pump)
    pump.control.acknowledge()
    pump.control.start()


def set_time(pump: Pump, day_ms: int) -> None:
    pump.control.set_time(day_ms, pump.status()["weekday"])


def run_empty(pump: Pump) -> None:
    residual_steps: int = pump.board.RESERVOIR_RESIDUAL_STEPS
    if pump.control.state == "priming":
        # A prime begins only where there is enough for it: one that takes all there is.
        pump.control.stop()
        pump.slice(2)
        pump.refill(residual_steps + PRIME)
        pump.control.prime(PRIME, 10 * MINUTE_MS, True)
    else:
        pump.refill(residual_steps + 100, pump.status()["concentration_ng_ml"])
    pump.until_state("halted", 1000)
    assert "reservoir_empty" in pump.alarms()


ACTS: dict[str, Callable[[Pump], None]] = {
    "start": lambda pump: pump.control.start(),
    "stop": lambda pump: pump.control.stop(),
    "restart": restart,
    "alarm": alarm,
    "recover": recover,
    "acknowledge": lambda pump: pump.control.acknowledge(),
    "due": lambda pump: set_time(pump, pump.due_ms - 2 * SLICE_MS),
    "patient": lambda pump: pump.control.request_bolus(),
    "clinician": lambda pump: pump.control.give_bolus(CLINICIAN, 0, 1, 4 * MINUTE_MS),
    "trial": lambda pump: pump.control.give_trial_step(),
    "load": lambda pump: pump.control.load(
        {**other_program(), "concentration_ng_ml": pump.status()["concentration_ng_ml"]}
    ),
    "refill": lambda pump: pump.refill(pump.fill_steps - 1, pump.status()["concentration_ng_ml"]),
    "refill_other": lambda pump: pump.refill(pump.fill_steps - 1, 1_000_000),
    "set_time": lambda pump: set_time(pump, pump.status()["day_ms"] + MINUTE_MS),
    "keep_open": lambda pump: pump.control.keep_open(),
    "run_program": lambda pump: pump.control.run_program(),
    "pause": lambda pump: pump.control.pause_plan(),
    "resume": lambda pump: pump.control.resume_plan(),
    "prime": lambda pump: pump.control.prime(PRIME, 10 * MINUTE_MS, True),
    "empty": run_empty,
    # It was so from the beginning.
    "time_unknown": lambda _: None,
}
