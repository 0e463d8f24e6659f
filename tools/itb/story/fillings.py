"""When the reservoir of a story is due for its next refill, if every allotted bolus is taken (R-04).

The pump keeps to what it delivers; these dates come from what is ordered, and are never later than those.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from itb.rx.orders import MS_PER_DAY
from itb.story.expected import Dose
from itb.story.story import Command, Story


@dataclass(frozen=True)
class Filling:
    """`fill_nl` went in at `at_ms`. `low_ms` is when the low-reservoir alarm would come, without another refill.

    It is None where nothing is delivered any more.
    """

    at_ms: int
    fill_nl: Fraction
    low_ms: int | None


def fillings(story: Story) -> list[Filling]:
    """The first filling, and each refill that is expected to be taken."""
    refills = [one for one in story.commands if one.name == "refill" and not one.expect_refused]
    fills = [(0, story.fill_steps), *((one.at_ms, _steps(one)) for one in refills)]
    ends_ms = [*(at_ms for at_ms, _ in fills[1:]), None]
    found: list[Filling] = []
    for (at_ms, steps), end_ms in zip(fills, ends_ms, strict=True):
        fill_nl = steps * story.board.nl_per_step
        found.append(Filling(at_ms, fill_nl, _low_ms(story, at_ms, fill_nl, end_ms)))
    return found


def _steps(command: Command) -> int:
    steps = command.arguments[0]
    assert isinstance(steps, int)
    return steps


def _low_ms(story: Story, from_ms: int, fill_nl: Fraction, end_ms: int | None) -> int | None:
    """What comes with the next refill, at `end_ms`, or after it, does not count: this filling does not feed it."""
    left_nl = fill_nl - story.board.low_nl
    at_once = [(at_ms, nl) for at_ms, nl in _at_once(story) if from_ms <= at_ms and (end_ms is None or at_ms < end_ms)]
    rates = _rates(story)
    bends_ms = {at_ms for at_ms, _ in [*rates, *at_once] if at_ms > from_ms and (end_ms is None or at_ms < end_ms)}
    stops_ms = sorted(bends_ms)
    for start_ms, stop_ms in zip([from_ms, *stops_ms], [*stops_ms, None], strict=True):
        left_nl -= sum(nl for at_ms, nl in at_once if at_ms == start_ms)
        if left_nl <= 0:
            return start_ms
        rate_nl_day = [rate for at_ms, rate in rates if at_ms <= start_ms][-1]
        lasts_ms = floor(left_nl * MS_PER_DAY / rate_nl_day) if rate_nl_day else None
        if lasts_ms is not None and (stop_ms is None or start_ms + lasts_ms < stop_ms):
            return start_ms + lasts_ms
        if stop_ms is not None:
            left_nl -= rate_nl_day * (stop_ms - start_ms) / MS_PER_DAY
    return None


def _rates(story: Story) -> list[tuple[int, Fraction]]:
    """From when on how many nL/day are ordered: the dose and all of the patient's boluses, or the bridge instead."""
    doses = story.doses
    bridges = [(c.at_ms, c.at_ms + c.bridge.duration_ms, c.bridge.rate_nl_day) for c in story.commands if c.bridge]
    changes_ms = {dose.at_ms for dose in doses} | {end_ms for _, end_ms, _ in bridges}
    rates: list[tuple[int, Fraction]] = []
    for at_ms in sorted(changes_ms):
        dose = [dose for dose in doses if dose.at_ms <= at_ms][-1]
        rate_nl_day = _allotted_nl_day(dose)
        for start_ms, end_ms, bridge_nl_day in bridges:
            if start_ms <= at_ms < end_ms and dose.delivering:
                rate_nl_day = bridge_nl_day
        rates.append((at_ms, rate_nl_day))
    return rates


def _allotted_nl_day(dose: Dose) -> Fraction:
    if not dose.delivering:
        return Fraction(0)
    rx = dose.plan.prescription
    boluses_ug = rx.patient.dose_ug * rx.patient.most_per_day if rx.patient else Fraction(0)
    return dose.nl_day + rx.volume_nl(boluses_ug)


def _at_once(story: Story) -> Iterator[tuple[int, Fraction]]:
    """Single boluses, steps of a trial and primes: when, and how many nL."""
    doses = story.doses
    rung = 0
    for command in story.commands:
        if command.expect_refused:
            continue
        plan = [dose for dose in doses if dose.at_ms <= command.at_ms][-1].plan
        if command.name == "load":
            rung = 0
        elif command.name == "prime":
            yield command.at_ms, _steps(command) * story.board.nl_per_step
        elif command.dose_ug is not None:
            yield command.at_ms, plan.prescription.volume_nl(command.dose_ug)
        elif command.name == "trial" and rung < len(plan.prescription.trial):
            yield command.at_ms, plan.prescription.volume_nl(plan.prescription.trial[rung].dose_ug)
            rung += 1
    yield from _scheduled(story)


def _scheduled(story: Story) -> Iterator[tuple[int, Fraction]]:
    loads = [(0, story.plan), *((c.at_ms, c.plan) for c in story.commands if c.plan and not c.expect_refused)]
    ends_ms = [*(at_ms for at_ms, _ in loads[1:]), None]
    for (at_ms, plan), end_ms in zip(loads, ends_ms, strict=True):
        midnight_ms = at_ms // MS_PER_DAY * MS_PER_DAY
        for bolus in plan.prescription.boluses:
            start_ms = midnight_ms + bolus.start_ms
            if end_ms is None or start_ms < end_ms:
                yield start_ms, plan.prescription.volume_nl(bolus.dose_ug)
