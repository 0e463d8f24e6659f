"""Runs of the real firmware by any orders at all, and the course that the host makes of them."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from itb.account.course import Course
from itb.account.course_orders import Given, Orders
from itb.rx.orders import Stage
from itb.rx.prescribed import DayRates, Prescribed, PrescribedBolus, PrescribedDose
from itb.sim.messages import parse_line
from itb.sim.record import Record
from rig import DAY_MS, MINUTE_MS, NG_ML, board_module
from twin.job import Job
from twin.run import Run

BOARD = board_module("sim", MINUTE_MS)
FILL_STEPS = 4_000_000
NL_PER_STEP = Fraction(BOARD.NL_PER_REV, BOARD.STEPS_PER_REV)

Source = dict[str, Any]
Command = tuple[Any, ...]


@dataclass(frozen=True)
class Ran:
    """What a run said, and its course by what was ordered."""

    record: Record
    course: Course


def run(source: Source, commands: list[Command], days: int, weekday: int = 0, **fields: Any) -> Ran:
    """A run of `days` that begins with `source`, with the commands of a job."""
    ordered = sorted(commands, key=lambda command: command[0])
    job = {
        "program": source,
        "days_ms": days * DAY_MS,
        "slice_ms": MINUTE_MS,
        "sample_ms": 30 * MINUTE_MS,
        "fill_steps": FILL_STEPS,
        "weekday": weekday,
        "commands": [list(command) for command in ordered],
        **fields,
    }
    record = Record()
    guest = Run(BOARD, Job(job), lambda line: record.add(parse_line(line)))
    guest.say_start()
    while guest.goes_on:
        guest.go_on()
    return Ran(record, Course(orders(source, ordered, record, weekday), record))


def orders(source: Source, commands: list[Command], record: Record, weekday: int) -> Orders:
    """What was ordered, on rationals."""
    pairs = list(zip(commands, record.commands, strict=True))
    taken = [(command, outcome.t_ms) for command, outcome in pairs if outcome.accepted]
    return Orders(
        nl_per_step=NL_PER_STEP,
        minimum_steps_day=BOARD.MINIMUM_STEPS_DAY,
        weekday=weekday,
        programs=(prescribed(source), *(prescribed(command[2]) for command, _ in taken if command[1] == "load")),
        concentrations=((0, NG_ML), *((t_ms, command[4]) for command, t_ms in taken if command[1] == "refill")),
        clinician=tuple((outcome.t_ms, _dose(*command[2:])) for command, outcome in pairs if command[1] == "bolus"),
        primes=tuple((t_ms, _dose(command[2], 0, 1, command[3])) for command, t_ms in taken if command[1] == "prime"),
        given=tuple(Given(o.t_ms, c[1], o.accepted, not o.accepted, o.message) for c, o in pairs),
    )


def prescribed(source: Source) -> Prescribed:
    """A device program on rationals."""
    den = source["rate_den"]
    patient = source["patient"]
    return Prescribed(
        name="program",
        concentration_ng_ml=source["concentration_ng_ml"],
        days=tuple(
            DayRates([(at, whole + Fraction(frac, den)) for at, whole, frac in day]) for day in source["patterns"]
        ),
        plan=tuple(Stage(*stage) for stage in source["plan"]),
        boluses=tuple(
            PrescribedBolus(day * DAY_MS + at_ms, _dose(whole, frac, den, duration_ms))
            for day, at_ms, whole, frac, duration_ms in source["boluses"]
        ),
        patient=_dose(patient[0], patient[1], den, patient[2]) if patient else None,
        trial=tuple(_dose(whole, frac, den, duration_ms) for whole, frac, duration_ms in source["trial"]),
        rate_den=den,
        bridge=tuple(source["bridge"]) if source["bridge"] else None,
    )


def _dose(whole: int, frac: int, den: int, duration_ms: int) -> PrescribedDose:
    return PrescribedDose(whole + Fraction(frac, den), duration_ms)
