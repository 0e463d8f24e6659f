"""The greatest demand of any window of a given length, exact, over every position of the window."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from math import lcm

from itb.rx.orders import MS_PER_DAY

# The steps of a day, [start_ms, rate per day] ascending from 0, and boluses, [start_ms, dose, duration_ms].
Pattern = Sequence[tuple[int, Fraction]]
Boluses = Sequence[tuple[int, Fraction, int]]


@dataclass(frozen=True)
class Peak:
    """The greatest demand of a window, and where the window begins.

    That is `start_ms` since midnight of the first day; where `day` names a kind of day, since midnight of any such day.
    """

    start_ms: int
    demand: Fraction
    day: str = ""


class Demand:
    """Demand over all time: of each day its pattern, and single boluses.

    `pattern_of` says which of `patterns` a day has; days count from 0, and those before are negative. `boluses` ascend
    and do not overlap. The unit of dose is the caller's.
    """

    def __init__(
        self, patterns: Sequence[Pattern], boluses: Boluses = (), pattern_of: Callable[[int], int] = lambda _: 0
    ) -> None:
        dens = [rate.denominator for pattern in patterns for _, rate in pattern]
        dens += [dose.denominator for _, dose, _ in boluses]
        # In this part of the caller's unit every demand is a whole number. Fractions would be as exact, and slow.
        self._per_unit = lcm(MS_PER_DAY, *(duration_ms for _, _, duration_ms in boluses)) * lcm(*dens)
        self._days = [_Day(pattern, self._per_unit) for pattern in patterns]
        self._pattern_of = pattern_of
        # What the days 0..n-1 hold, and the days -n..-1; as many as were asked for.
        self._after_days = [0]
        self._before_days = [0]
        self._take([(at, int(dose * self._per_unit / span_ms), span_ms) for at, dose, span_ms in boluses])

    def _take(self, boluses: list[tuple[int, int, int]]) -> None:
        self._boluses = boluses
        self._bolus_starts_ms = [start_ms for start_ms, _, _ in boluses]
        self._bolus_before = [0, *accumulate(rate * span_ms for _, rate, span_ms in boluses)]

    def with_first(self, boluses: int) -> "Demand":
        """The same with only so many of its boluses."""
        less = copy(self)
        less._take(self._boluses[:boluses])
        return less

    def until(self, time_ms: int) -> Fraction:
        """All demand from midnight of the first day until `time_ms`; negative before it."""
        return Fraction(self._until(time_ms), self._per_unit)

    def _until(self, time_ms: int) -> int:
        day, day_ms = divmod(time_ms, MS_PER_DAY)
        return self._until_day(day) + self._day(day).until(day_ms) + self._bolus_until(time_ms)

    def _day(self, day: int) -> "_Day":
        return self._days[self._pattern_of(day)]

    def _until_day(self, day: int) -> int:
        while len(self._after_days) <= day:
            self._after_days.append(self._after_days[-1] + self._day(len(self._after_days) - 1).total)
        while len(self._before_days) <= -day:
            self._before_days.append(self._before_days[-1] - self._day(-len(self._before_days)).total)
        return self._after_days[day] if day >= 0 else self._before_days[-day]

    def _bolus_until(self, time_ms: int) -> int:
        place = bisect_right(self._bolus_starts_ms, time_ms) - 1
        if place < 0:
            return 0
        start_ms, rate, span_ms = self._boluses[place]
        return self._bolus_before[place] + rate * min(time_ms - start_ms, span_ms)

    def peak_starting(self, window_ms: int, first_ms: int, last_ms: int) -> Peak:
        """The greatest demand of the windows of `window_ms` that begin within `first_ms`..`last_ms`, at the earliest.

        The demand of a window is piecewise linear in its position, and bends only where one of its ends meets a change
        of rate. So those positions suffice, and the first and the last.
        """
        bends_ms = self._bends_ms(first_ms, last_ms + window_ms)
        starts_ms = {first_ms, last_ms, *bends_ms, *(bend - window_ms for bend in bends_ms)}
        return self._best(window_ms, (start for start in starts_ms if first_ms <= start <= last_ms))

    def peak_ending(self, window_ms: int, first_ms: int, last_ms: int) -> Peak:
        """As `peak_starting`, of the windows that end within `first_ms`..`last_ms`."""
        return self.peak_starting(window_ms, first_ms - window_ms, last_ms - window_ms)

    def peak_with_boluses(self, window_ms: int) -> Peak | None:
        """The greatest demand of the windows that any part of a bolus can fall into; None where there is none."""
        peaks = [
            self.peak_starting(window_ms, start_ms - window_ms, start_ms + span_ms)
            for start_ms, _, span_ms in self._boluses
        ]
        return max(peaks, key=_greater, default=None)

    def _bends_ms(self, from_ms: int, until_ms: int) -> set[int]:
        """When the rate changes between two times: at steps of the days, and at every bolus."""
        days = range(from_ms // MS_PER_DAY, until_ms // MS_PER_DAY + 1)
        bends_ms = {day * MS_PER_DAY + start_ms for day in days for start_ms in self._day(day).starts_ms}
        for start_ms, _, duration_ms in self._boluses:
            bends_ms.update((start_ms, start_ms + duration_ms))
        return bends_ms

    def _best(self, window_ms: int, starts_ms: Iterable[int]) -> Peak:
        demands = ((self._until(start_ms + window_ms) - self._until(start_ms), start_ms) for start_ms in starts_ms)
        demand, start_ms = max(demands, key=lambda one: (one[0], one[1] >= 0, -abs(one[1])))
        return Peak(start_ms, Fraction(demand, self._per_unit))

    def greatest_rate(self, from_ms: int, until_ms: int) -> Fraction:
        """The greatest rate per day at any instant between two times, basal and bolus together."""
        changes_ms = (from_ms, *(at for at in self._bends_ms(from_ms, until_ms) if from_ms < at < until_ms))
        return Fraction(max(self._rate_at(at) for at in changes_ms) * MS_PER_DAY, self._per_unit)

    def _rate_at(self, time_ms: int) -> int:
        day, day_ms = divmod(time_ms, MS_PER_DAY)
        place = bisect_right(self._bolus_starts_ms, time_ms) - 1
        start_ms, rate, span_ms = self._boluses[place] if place >= 0 else (time_ms, 0, 0)
        return self._day(day).rate_at(day_ms) + (rate if time_ms < start_ms + span_ms else 0)


class _Day:
    """The steps of one day, in whole parts per ms."""

    def __init__(self, pattern: Pattern, per_unit: int) -> None:
        self.starts_ms = [start_ms for start_ms, _ in pattern]
        self.rates = [int(rate * per_unit / MS_PER_DAY) for _, rate in pattern]
        spans = zip(self.starts_ms, self.rates, [*self.starts_ms[1:], MS_PER_DAY], strict=True)
        self._before = [0, *accumulate(rate * (end_ms - start_ms) for start_ms, rate, end_ms in spans)]
        self.total = self._before[-1]

    def until(self, day_ms: int) -> int:
        place = bisect_right(self.starts_ms, day_ms) - 1
        return self._before[place] + self.rates[place] * (day_ms - self.starts_ms[place])

    def rate_at(self, day_ms: int) -> int:
        return self.rates[bisect_right(self.starts_ms, day_ms) - 1]


def greatest_of(peaks: Iterable[Peak]) -> Peak:
    """The greatest of some peaks; of equals the earliest within the run."""
    return max(peaks, key=_greater)


def _greater(peak: Peak) -> tuple[Fraction, bool, int]:
    return peak.demand, peak.start_ms >= 0, -abs(peak.start_ms)
