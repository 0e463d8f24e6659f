"""How far the daily dose may change from one day to the next (D-05): what is refused, and what must be confirmed."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from itb.errors import InputError
from itb.limits.days import change_name, pattern_on, two_in_a_row
from itb.limits.limits import Finding
from itb.quantity import DAILY_DOSE, SHARE, amount, decimal_down
from itb.rx.drug import Drug
from itb.rx.orders import day_dose_ug
from itb.rx.prescription import Prescription


def refuse_rise(field: str, old_ug: Fraction, new_ug: Fraction, drug: Drug, when: str = "") -> None:
    """Raise InputError, naming `field`, where the daily dose rises further than the drug's profile allows in 24 h.

    A rise from nothing has no percentage, and is not refused here. `when` ends the words on the change.
    """
    hard = drug.titration.rise_hard
    if old_ug and new_ug > old_ug * (1 + hard.value / 100):
        greatest = decimal_down(old_ug * (1 + hard.value / 100))
        accepted = f"a rise of at most {amount(hard.value, SHARE)} within 24 h, to {greatest} ug/day"
        raise InputError(field, _change(old_ug, new_ug, when), f"{accepted} ({drug.label}: {hard.source})")


def change_findings(field: str, old_ug: Fraction, new_ug: Fraction, drug: Drug, when: str = "") -> Iterator[Finding]:
    """What is to be confirmed about a change of the daily dose within 24 h."""
    if not old_ug:
        return
    share = 100 * (new_ug / old_ug - 1)
    rise, fall = drug.titration.rise_soft, drug.titration.fall_soft
    if share > rise.value:
        expected = f"a rise of at most {amount(rise.value, SHARE)} within 24 h"
        yield Finding(field, _change(old_ug, new_ug, when), expected, f"{drug.label}: {rise.source}")
    if -share > fall.value:
        expected = f"a fall of at most {amount(fall.value, SHARE)} within 24 h"
        source = f"{drug.label}: {fall.source}; {drug.withdrawal}"
        yield Finding(field, _change(old_ug, new_ug, when), expected, source)


def _change(old_ug: Fraction, new_ug: Fraction, when: str) -> str:
    share = 100 * (new_ug / old_ug - 1)
    way = f"a {'rise' if share > 0 else 'fall'} by {amount(abs(share), SHARE, places=2)}"
    doses = " to ".join(amount(ug, DAILY_DOSE, places=3) for ug in (old_ug, new_ug))
    return f"{way} from {doses}" + (f" {when}" if when else "")


def refuse_rises_within(rx: Prescription) -> None:
    """Raise InputError for the first day that rises too far above the one before it: weekday, weekend and stages."""
    for change in _changes_within(rx):
        refuse_rise(change.field, change.old_ug, change.new_ug, rx.drug, change.when)


def findings_within(rx: Prescription) -> Iterator[Finding]:
    """What is to be confirmed about days that follow each other: of one change of stage, the greatest either way."""
    by_stages: dict[tuple[int, int], list[_Change]] = {}
    for change in _changes_within(rx):
        by_stages.setdefault(change.stages, []).append(change)
    for changes in by_stages.values():
        most, least = max(changes, key=_Change.growth), min(changes, key=_Change.growth)
        for change in dict.fromkeys((most, least)):
            yield from change_findings(change.field, change.old_ug, change.new_ug, rx.drug, change.when)


@dataclass(frozen=True)
class _Change:
    """The daily dose of one day and of the day after it."""

    stages: tuple[int, int]
    field: str
    old_ug: Fraction
    new_ug: Fraction
    when: str

    def growth(self) -> Fraction:
        """By how much it grows, as a share; from nothing by as much as it becomes."""
        return self.new_ug / (self.old_ug or 1)


def _changes_within(rx: Prescription) -> Iterator[_Change]:
    for before, after in two_in_a_row(rx.plan).values():
        stages = before[0], after[0]
        # Within a later stage weekend and weekday differ as they do in the first, whose shape it has.
        if stages[0] == stages[1] != 0:
            continue
        old_ug, new_ug = (day_dose_ug(rx.patterns[pattern_on(rx.plan, day)]) for day in (before, after))
        field = rx.field(rx.day_field(stages[1], weekend=stages[0] == stages[1]))
        yield _Change(stages, field, old_ug, new_ug, change_name(rx.plan, before, after))
