"""A device program as exact rationals: rates, days, plan and peaks, computed without the firmware."""

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, product
from math import ceil
from typing import Any

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000
SATURDAY = 5
# Whether two days in a row can be weekend days: Thursday and Friday, Friday and Saturday, and so on.
TWO_DAYS = ((False, False), (False, True), (True, True), (True, False))


@dataclass(frozen=True)
class Order:
    """A scheduled bolus of `steps` (exact), `at_ms` after the midnight before the program was loaded."""

    at_ms: int
    steps: Fraction
    duration_ms: int


@dataclass(frozen=True)
class Patient:
    steps: Fraction
    duration_ms: int
    lockout_ms: int
    per_day: int


@dataclass(frozen=True)
class Stage:
    from_day: int
    weekday: int
    weekend: int


class Ordered:
    """What the program `source` orders. Rates are in microsteps per day."""

    def __init__(self, source: dict[str, Any]) -> None:
        den = source["rate_den"]

        def exact(whole: int, frac: int) -> Fraction:
            return whole + Fraction(frac, den)

        self.ng_ml: int = source["concentration_ng_ml"]
        self.patterns = [
            [(start_ms, exact(whole, frac)) for start_ms, whole, frac in rows] for rows in source["patterns"]
        ]
        self.plan = [Stage(*row) for row in source["plan"]]
        self.boluses = [
            Order(day * DAY_MS + at_ms, exact(whole, frac), duration_ms)
            for day, at_ms, whole, frac, duration_ms in source["boluses"]
        ]
        self.patient = None
        if source["patient"]:
            whole, frac, duration_ms, lockout_ms, per_day = source["patient"]
            self.patient = Patient(exact(whole, frac), duration_ms, lockout_ms, per_day)
        self.trial = [(exact(whole, frac), duration_ms) for whole, frac, duration_ms in source["trial"]]
        self.bridge: tuple[int, int] | None = tuple(source["bridge"]) if source["bridge"] else None
        self.override: str = source["override"]
        self.rise_percent: int = source["titration"][0]
        self.caps: dict[str, int] = {name: steps for name, (steps, _) in source["limits"].items()}
        self.greatest_rate = max(rate for rows in self.patterns for _, rate in rows)
        self._day_totals = [_day_total(rows) for rows in self.patterns]

    def pattern(self, stage: int, weekday: int) -> int:
        """The day pattern of `weekday`, 0 for Monday, in `stage`."""
        return self.plan[stage].weekend if weekday >= SATURDAY else self.plan[stage].weekday

    def row(self, pattern: int, day_ms: int) -> tuple[Fraction, int]:
        """The rate at `day_ms` of a day of `pattern`, and when it ends."""
        rows = self.patterns[pattern]
        place = bisect_right(rows, day_ms, key=lambda row: row[0])
        return rows[place - 1][1], rows[place][0] if place < len(rows) else DAY_MS

    def lowest(self, stage: int) -> Fraction:
        """The lowest rate of all days of `stage`."""
        days = (self.plan[stage].weekday, self.plan[stage].weekend)
        return min(rate for pattern in days for _, rate in self.patterns[pattern])

    def day_total(self, pattern: int) -> Fraction:
        """What a whole day of `pattern` comes to."""
        return self._day_totals[pattern]

    def totals(self, stage: int) -> tuple[Fraction, Fraction]:
        """The daily totals of `stage`: weekday and weekend."""
        return self.day_total(self.plan[stage].weekday), self.day_total(self.plan[stage].weekend)

    def greatest_total(self) -> Fraction:
        """The greatest daily total of any day of the plan."""
        return max(total for stage in range(len(self.plan)) for total in self.totals(stage))

    def stage_after(self, stage: int, plan_day: int) -> int:
        """The stage of `plan_day`, the day after one of `stage`."""
        later = stage + 1
        return later if later < len(self.plan) and self.plan[later].from_day <= plan_day else stage

    def rises_too_steeply(self) -> bool:
        """Whether any day can follow another that is lower by more than the program's own titration allows."""
        last = len(self.plan) - 1
        for stage in range(last + 1):
            for after in {stage, min(stage + 1, last)}:
                for one, two in TWO_DAYS:
                    if self.too_steep(self.totals(stage)[one], self.totals(after)[two]):
                        return True
        return False

    def too_steep(self, before: Fraction, after: Fraction) -> bool:
        """Whether `after` is more than the titration allows above `before`, which counts unless it is 0."""
        return before > 0 and after * 100 > before * (100 + self.rise_percent)

    def surely_exceeds(self, name: str, steps: int) -> bool:
        """Whether some hour or day (`name`) of the plan, however it falls into the week, holds more than `steps`."""
        return self._exceeds(steps, {"hour": HOUR_MS, "day": DAY_MS}[name], certain=True)

    def may_exceed(self, name: str, steps: int, more_ms: int) -> bool:
        """Whether one that is `more_ms` longer may hold more, with the plan paused and resumed at will."""
        return self._exceeds(steps, {"hour": HOUR_MS, "day": DAY_MS}[name] + more_ms, certain=False)

    def _exceeds(self, steps: int, span_ms: int, certain: bool) -> bool:
        if ceil(self.greatest_rate * span_ms / DAY_MS) <= steps:
            return False
        return any(ceil(self._peak(days, span_ms)) > steps for days in self._weeks(certain))

    def _weeks(self, certain: bool) -> set[tuple[int, ...]]:
        """Patterns of four days in a row: of the plan as it is, or of any that goes on by one stage a day at most."""
        last = len(self.plan) - 1
        runs: set[tuple[int, ...]] = set()
        for first in range(last + 1):
            # A stage may last as long as one likes, since a plan can be paused.
            runs.add((first,) * 4)
            if not certain:
                for goes_on in product((0, 1), repeat=3):
                    runs.add(tuple(min(first + step, last) for step in accumulate((0, *goes_on))))
        weekdays = [[(monday + day) % 7 for day in range(4)] for monday in range(7)]
        return {
            tuple(self.pattern(stage, day) for stage, day in zip(run, days, strict=True))
            for run in runs
            for days in weekdays
        }

    def _peak(self, days: tuple[int, ...], span_ms: int) -> Fraction:
        """The most that a window of `span_ms` within `days` holds: it begins or ends where a rate changes."""
        starts = [day * DAY_MS + start_ms for day, pattern in enumerate(days) for start_ms, _ in self.patterns[pattern]]
        rates = [rate for pattern in days for _, rate in self.patterns[pattern]]
        until_ms = len(days) * DAY_MS
        spans = [end_ms - start_ms for start_ms, end_ms in zip(starts, [*starts[1:], until_ms], strict=True)]
        sums = [Fraction(0), *accumulate(rate * span for rate, span in zip(rates, spans, strict=True))]

        def owed(at_ms: int) -> Fraction:
            place = bisect_right(starts, at_ms) - 1
            return sums[place] + rates[place] * (at_ms - starts[place])

        begins = {*starts, *(start_ms - span_ms for start_ms in starts)}
        return max(
            (owed(begin + span_ms) - owed(begin)) / DAY_MS for begin in begins if 0 <= begin <= until_ms - span_ms
        )


def _day_total(rows: list[tuple[int, Fraction]]) -> Fraction:
    ends = [start_ms for start_ms, _ in rows[1:]] + [DAY_MS]
    return sum(
        (rate * (end_ms - start_ms) / DAY_MS for (start_ms, rate), end_ms in zip(rows, ends, strict=True)), Fraction(0)
    )
