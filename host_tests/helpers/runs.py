"""Made-up runs for the tests of the host's side: what the simulated bench would say, without running it."""

from dataclasses import replace
from fractions import Fraction

from itb.account.course import Course
from itb.account.course_orders import Orders
from itb.plan.program import Scale
from itb.rx.prescribed import MS_PER_DAY, DayRates, Prescribed, PrescribedBolus, PrescribedDose
from itb.sim.messages import Burst, End, Event, Plant, Sample, Start, Status
from itb.sim.record import Record

MS_PER_HOUR = 3_600_000
FILL_STEPS = 1_000_000
BOLUS_AT_MS = 6 * MS_PER_HOUR
NG_ML = 2_000_000
# One microstep is 10 nL and 0.02 ug.
SCALE = Scale(Fraction(10), Fraction(2000))
# 2400.5 a day, so that the day ends half a microstep behind.
PRESCRIBED = Prescribed(
    name="a day",
    concentration_ng_ml=NG_ML,
    days=(DayRates([(0, Fraction(4801, 2))]),),
    boluses=(PrescribedBolus(BOLUS_AT_MS, PrescribedDose(Fraction(50), MS_PER_HOUR)),),
    rate_den=2,
)
ORDERS = Orders(
    nl_per_step=SCALE.nl_per_step,
    minimum_steps_day=240,
    weekday=0,
    programs=(PRESCRIBED,),
    concentrations=((0, NG_ML),),
)


def course_of(record: Record, **changes: object) -> Course:
    """The course of a made-up run, by ORDERS with some of them changed."""
    return Course(replace(ORDERS, **changes), record)


def status_at(t_ms: int, **changes: object) -> Status:
    """A sound report: everything that was ordered by `t_ms` was granted, counted and delivered."""
    bolus_steps = 50 * min(max(t_ms - BOLUS_AT_MS, 0), MS_PER_HOUR) // MS_PER_HOUR
    steps = 4801 * t_ms // (2 * MS_PER_DAY) + bolus_steps
    status = Status(
        state="delivering",
        alarms=(),
        ordered_steps=steps,
        granted_steps=steps,
        confirmed_steps=steps,
        owed_steps=0,
        dropped_steps=0,
        in_flight_steps=0,
        missing_steps=0,
        stray_steps=0,
        abandoned_steps=0,
        bolus_left_steps=0,
        rate_steps_day=2400,
        reservoir_steps=FILL_STEPS - steps,
        filled_steps=FILL_STEPS,
        wasted_steps=0,
        concentration_ng_ml=NG_ML,
        program_ng_ml=NG_ML,
    )
    return replace(status, **changes)


def sample_at(t_ms: int, **changes: object) -> Sample:
    """`status_at`, with a bench on which the motor did just what the ledger says."""
    status = status_at(t_ms, **changes)
    steps = status.confirmed_steps
    return Sample(t_ms, status, truth(steps))


def truth(steps: int) -> Plant:
    """A bench on which the motor made `steps`, and all of them left the tip at once."""
    return Plant(edges=steps, motor_steps=steps, catheter_nl=10 * steps, pump_ng=20 * steps, tip_ng=20 * steps)


def with_status(sample: Sample, **changes: object) -> Sample:
    """`sample` with some counts of its report changed, and nothing else."""
    return replace(sample, status=replace(sample.status, **changes))


def events(*kinds: tuple[int, str, int, int]) -> list[Event]:
    """A journal of (t_ms, kind, a, b)."""
    return [Event(t_ms, place + 1, kind, a, b) for place, (t_ms, kind, a, b) in enumerate(kinds)]


def sound_run(hours: int = 24) -> Record:
    """A run in which nothing went wrong, sampled every hour."""
    record = Record(start=Start("sim", 60_000, (4801, 2)))
    for hour in range(1, hours + 1):
        record.add(sample_at(hour * MS_PER_HOUR))
    last = record.last
    record.add(End(last.t_ms, "done", last.status, last.plant, 61_000, 0))
    record.events = events((0, "state_delivering", 0, 0), (BOLUS_AT_MS - 2000, "bolus", 50, 2000))
    return record


def bursts(count: int, every_ms: int, steps: int, interval_us: int) -> list[Burst]:
    """`count` bursts, `every_ms` apart from `every_ms` on."""
    return [Burst((place + 1) * every_ms, steps, interval_us) for place in range(count)]
