"""The greatest demand of any window of a given length, exact, over every position of the window."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from math import lcm

MS_PER_DAY = 86_400_000


@dataclass(frozen=True)
class Peak:
    """The greatest demand of a window, and where the window begins (ms since midnight of the first day)."""

    start_ms: int
    demand: Fraction


class Demand:
    """Demand over all time: the basal day, repeated for ever both ways, and single boluses.

    `basal` is [start_ms, rate per day] ascending from 0; `boluses` is [start_ms, dose, duration_ms] ascending, not
    overlapping. The unit of dose is the caller's.
    """

    def __init__(
        self, basal: Sequence[tuple[int, Fraction]], boluses: Sequence[tuple[int, Fraction, int]] = ()
    ) -> None:
        dens = [rate.denominator for _, rate in basal] + [dose.denominator for _, dose, _ in boluses]
        # In this part of the caller's unit every demand is a whole number. Fractions would be as exact, and slow.
        self._per_unit = lcm(MS_PER_DAY, *(duration_ms for _, _, duration_ms in boluses)) * lcm(*dens)
        self._starts_ms = [start_ms for start_ms, _ in basal]
        self._rates = [int(rate * self._per_unit / MS_PER_DAY) for _, rate in basal]
        spans = zip(self._starts_ms, self._rates, [*self._starts_ms[1:], MS_PER_DAY], strict=True)
        self._before = [0, *accumulate(rate * (end_ms - start_ms) for start_ms, rate, end_ms in spans)]
        self._boluses = [(at, int(dose * self._per_unit / span_ms), span_ms) for at, dose, span_ms in boluses]
        self._bolus_starts_ms = [start_ms for start_ms, _, _ in boluses]
        self._bolus_before = [0, *accumulate(rate * span_ms for _, rate, span_ms in self._boluses)]

    @property
    def day(self) -> Fraction:
        """The basal of one day."""
        return Fraction(self._before[-1], self._per_unit)

    def until(self, time_ms: int) -> Fraction:
        """All demand from midnight of the first day until `time_ms`; negative before it."""
        return Fraction(self._until(time_ms), self._per_unit)

    def _until(self, time_ms: int) -> int:
        day, day_ms = divmod(time_ms, MS_PER_DAY)
        place = bisect_right(self._starts_ms, day_ms) - 1
        within = self._before[place] + self._rates[place] * (day_ms - self._starts_ms[place])
        return day * self._before[-1] + within + self._bolus_until(time_ms)

    def _bolus_until(self, time_ms: int) -> int:
        place = bisect_right(self._bolus_starts_ms, time_ms) - 1
        if place < 0:
            return 0
        start_ms, rate, span_ms = self._boluses[place]
        return self._bolus_before[place] + rate * min(time_ms - start_ms, span_ms)

    def peak(self, window_ms: int) -> Peak:
        """The greatest demand of any window of `window_ms`, at its earliest position.

        The demand of a window is piecewise linear in its position, and bends only where one of its ends meets a change
        of rate. So those positions suffice. Only days that a bolus can reach need be looked at, and one without any.
        """
        reach_days = window_ms // MS_PER_DAY + 1
        days = set(range(-reach_days, reach_days + 1))
        for start_ms, _, duration_ms in self._boluses:
            first, last = start_ms // MS_PER_DAY, (start_ms + duration_ms) // MS_PER_DAY
            days.update(range(first - reach_days, last + reach_days + 1))
        bends_ms = self._bends_ms(days)
        return self._best(window_ms, {at for bend in bends_ms for at in (bend, bend - window_ms)})

    def peak_ending(self, window_ms: int, first_ms: int, last_ms: int) -> Peak:
        """As `peak`, of the windows that end within `first_ms`..`last_ms`."""
        bends_ms = self._bends_ms(range((first_ms - window_ms) // MS_PER_DAY, last_ms // MS_PER_DAY + 1))
        ends_ms = {first_ms, last_ms, *bends_ms, *(bend + window_ms for bend in bends_ms)}
        return self._best(window_ms, {end - window_ms for end in ends_ms if first_ms <= end <= last_ms})

    def _bends_ms(self, days: Iterable[int]) -> set[int]:
        """When the rate changes: at basal steps on `days`, and at every bolus."""
        bends_ms = {day * MS_PER_DAY + start_ms for day in days for start_ms in self._starts_ms}
        for start_ms, _, duration_ms in self._boluses:
            bends_ms.update((start_ms, start_ms + duration_ms))
        return bends_ms

    def _best(self, window_ms: int, starts_ms: Iterable[int]) -> Peak:
        # Ties go to the earliest position within the run, then to the last before it.
        demands = ((self._until(start_ms + window_ms) - self._until(start_ms), start_ms) for start_ms in starts_ms)
        demand, start_ms = max(demands, key=lambda one: (one[0], one[1] >= 0, -abs(one[1])))
        return Peak(start_ms, Fraction(demand, self._per_unit))

    def greatest_rate(self) -> Fraction:
        """The greatest rate per day at any instant, basal and bolus together."""
        greatest = max(self._rates)
        for start_ms, rate, span_ms in self._boluses:
            changes_ms = (start_ms, *self._changes_within(start_ms, start_ms + span_ms))
            greatest = max(greatest, rate + max(self._rate_at(at) for at in changes_ms))
        return Fraction(greatest * MS_PER_DAY, self._per_unit)

    def _rate_at(self, time_ms: int) -> int:
        return self._rates[bisect_right(self._starts_ms, time_ms % MS_PER_DAY) - 1]

    def _changes_within(self, start_ms: int, end_ms: int) -> list[int]:
        days = range(start_ms // MS_PER_DAY, end_ms // MS_PER_DAY + 1)
        changes = [day * MS_PER_DAY + at for day in days for at in self._starts_ms]
        return [at for at in changes if start_ms < at < end_ms]
