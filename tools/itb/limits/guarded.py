"""What the pump's guard will count, held against the caps on hour and day at every position of their windows.

The guard counts its hour in 61 and its day in 1441 whole minutes, so that no window of 60 or 1440 minutes, wherever it
lies, holds more than the limit. What it counts there became owed up to two ticks before. Basal is looked at over every
succession of days that the week and a plan, paused or not, can make; boluses on every weekday that the first day can
be, with the plan going on unpaused. A plan that was paused may have the pump deny a bolus.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from itb.errors import InputError
from itb.limits.days import Day, day_name, pattern_on, phases, three_in_a_row, unpaused
from itb.limits.limits import Caps
from itb.limits.windows import Demand, Pattern, Peak, greatest_of
from itb.quantity import DOSE, amount, decimal_down, decimal_up
from itb.rx.orders import MS_PER_DAY, MS_PER_MINUTE, clock, day_dose_ug, moment

GUARD_MINUTES = {"hour": 61, "day": 1441}
TRUE_MINUTES = {"hour": 60, "day": 1440}
# What becomes owed goes out at the end of its tick, and one tick later when the driver has to be enabled first.
LAG_TICKS = 2
# The pump decides about a bolus this long before its time, or two ticks before if they are longer.
AHEAD_MS = 2000
# The pump counts whole microsteps, which can add up to less than this above the exact sum: past basal and basal to come
# 1 each, past boluses 2, the bolus itself 3 where it outlasts the window.
ROUNDING_STEPS = 7


def guard_window_ms(kind: str, tick_ms: int) -> int:
    """The time whose demand can fall into the guard's minutes."""
    return GUARD_MINUTES[kind] * MS_PER_MINUTE + LAG_TICKS * tick_ms


def peak_moment(peak: Peak) -> str:
    """Where a window begins, to the nearest minute: the lag moves it by a few ms only."""
    start_ms = peak.start_ms + MS_PER_MINUTE // 2
    if not peak.day:
        return moment(start_ms)
    return f"{clock(start_ms // MS_PER_MINUTE * MS_PER_MINUTE % MS_PER_DAY)} on {peak.day}"


@dataclass(frozen=True)
class _Judged:
    """What the pump judges a window to hold when a bolus is about to begin: apart from it, and of the bolus."""

    place: int
    held: Peak
    other_steps: Fraction
    bolus_steps: Fraction

    @property
    def needed_steps(self) -> Fraction:
        """Both together."""
        return self.other_steps + self.bolus_steps


class Guarded:
    """One prescription on one board before the guard.

    `peaks` are the greatest demand of the guard's windows, which have the lengths `windows_ms`. `owed_steps` is the
    most that can be owed at any time, within `lag_ms`.
    """

    def __init__(self, caps: Caps, tick_ms: int) -> None:
        self.caps = caps
        self.lag_ms = LAG_TICKS * tick_ms
        self._tick_ms = tick_ms
        self._ahead_ms = max(AHEAD_MS, 2 * tick_ms)
        self._patterns: list[Pattern] = [
            [(step.start_ms, caps.steps(step.rate_ug_day)) for step in pattern] for pattern in caps.rx.patterns
        ]
        dated = [*self._dated()]
        self._keys = [key for key, _ in dated]
        self._boluses = [bolus for _, bolus in dated]
        # All demand, for every weekday that the first day can be.
        self._courses = [
            Demand(self._patterns, self._boluses, unpaused(caps.rx.plan, phase)) for phase in phases(caps.rx.plan)
        ]
        self._judgements: dict[str, list[_Judged]] = {}
        self.windows_ms = {kind: guard_window_ms(kind, tick_ms) for kind in GUARD_MINUTES}
        self.peaks = {kind: self._peak(window_ms) for kind, window_ms in self.windows_ms.items()}
        self.owed_steps = self._peak(self.lag_ms).demand

    def _dated(self) -> Iterator[tuple[str, tuple[int, Fraction, int]]]:
        """Every bolus at its time, with its key. A trial is looked at with its steps as close as they can follow."""
        rx, steps = self.caps.rx, self.caps.steps
        for place, bolus in enumerate(rx.boluses, 1):
            # The pump first looks at the end of its first tick: a bolus of midnight begins then.
            start_ms = max(bolus.start_ms, self._tick_ms)
            yield f"bolus[{place}]", (start_ms, steps(bolus.dose_ug), bolus.duration_ms)
        for place, rung in enumerate(rx.trial):
            start_ms = self._tick_ms + place * int(rx.drug.trial.gap.value)
            yield f"trial.step[{place + 1}]", (start_ms, steps(rung.dose_ug), rung.duration_ms)

    def true_peak(self, kind: str) -> Peak:
        """The greatest demand of any hour or any 24 h, as it is and not as the guard counts."""
        return self._peak(TRUE_MINUTES[kind] * MS_PER_MINUTE)

    def bolus_rates(self) -> Iterator[tuple[str, Fraction]]:
        """The greatest rate while each bolus runs, the basal with it, in microsteps per day, and its key."""
        for place, (start_ms, _, duration_ms) in enumerate(self._boluses):
            rate = max(course.greatest_rate(start_ms, start_ms + duration_ms) for course in self._courses)
            yield self._keys[place], rate

    def greatest_basal_rate(self) -> Fraction:
        """The greatest rate of the patterns alone, in microsteps per day."""
        return max(rate for pattern in self._patterns for _, rate in pattern)

    def refuse_windows(self) -> None:
        """Raise InputError for the first window that would not keep its cap."""
        for kind in ("day", "hour"):
            self._check_basal(kind)
        for kind in ("day", "hour"):
            self._check_boluses(kind)

    def most_judged(self, kind: str) -> Fraction:
        """The most, in microsteps, that the pump judges a window to hold with a bolus in it; 0 where there is none."""
        return max((one.needed_steps for one in self._judged(kind)), default=Fraction(0))

    def _peak(self, window_ms: int) -> Peak:
        peaks = [course.peak_with_boluses(window_ms) for course in self._courses]
        return greatest_of([self._basal_peak(window_ms)[0], *(peak for peak in peaks if peak)])

    def _basal_peak(self, window_ms: int) -> tuple[Peak, tuple[Day, Day, Day]]:
        """The greatest window of the basal alone, and the days it begins on and reaches into."""
        found: list[tuple[Peak, tuple[Day, Day, Day]]] = []
        plan = self.caps.rx.plan
        for patterns, days in three_in_a_row(plan).items():
            demand = Demand([self._patterns[one] for one in patterns], pattern_of=lambda day: min(max(day, 0), 2))
            peak = demand.peak_starting(window_ms, 0, MS_PER_DAY - 1)
            found.append((Peak(peak.start_ms, peak.demand, day_name(plan, days[0])), days))
        return max(found, key=lambda one: (one[0].demand, -one[0].start_ms))

    def _check_basal(self, kind: str) -> None:
        caps, window_ms = self.caps, self.windows_ms[kind]
        peak, days = self._basal_peak(window_ms)
        if peak.demand > caps.cap_steps(kind):
            fullest = max(days, key=self._day_ug)
            day_ug = self._day_ug(fullest)
            # The shape kept, demand of every window grows with the daily total.
            greatest = decimal_down(day_ug * caps.cap_steps(kind) / peak.demand)
            accepted = (
                f"a daily total of at most {greatest} ug/day in this shape; {self._window_text(kind, peak, window_ms)}"
            )
            raise InputError(self.caps.rx.field(self.caps.rx.day_field(*fullest)), caps.rate_text(day_ug), accepted)

    def _day_ug(self, day: Day) -> Fraction:
        return day_dose_ug(self.caps.rx.patterns[pattern_on(self.caps.rx.plan, day)])

    def _judged(self, kind: str) -> list[_Judged]:
        """Ask for each bolus what the pump will ask when it is about to begin.

        That is: does it fit on top of whatever any window holds that ends between then and one window after the bolus?
        The pump keeps room in every window for what it owes then: at most what became owed within the lag.
        """
        if kind not in self._judgements:
            self._judgements[kind] = [
                self._judge(self.windows_ms[kind], course.with_first(place), place)
                for course in self._courses
                for place in range(len(self._boluses))
            ]
        return self._judgements[kind]

    def _judge(self, window_ms: int, before: Demand, place: int) -> _Judged:
        start_ms, dose_steps, duration_ms = self._boluses[place]
        look_ms = start_ms - self._ahead_ms
        held = before.peak_ending(window_ms, look_ms, start_ms + duration_ms + window_ms)
        owed = before.peak_ending(self.lag_ms, look_ms, start_ms)
        other_steps = held.demand + owed.demand + ROUNDING_STEPS
        return _Judged(place, held, other_steps, dose_steps * min(1, Fraction(window_ms, duration_ms)))

    def _check_boluses(self, kind: str) -> None:
        caps = self.caps
        for one in self._judged(kind):
            room_steps = caps.cap_steps(kind) - one.other_steps
            if one.bolus_steps > room_steps:
                value = amount(caps.ug(self._boluses[one.place][1]), DOSE)
                held = self._window_text(kind, one.held, self.windows_ms[kind])
                accepted = f"{self._room_text(room_steps)}; apart from it {held}"
                raise InputError(caps.rx.field(f"{self._keys[one.place]}.dose"), value, accepted)

    def _room_text(self, room_steps: Fraction) -> str:
        return f"at most {decimal_down(self.caps.ug(room_steps))} ug" if room_steps > 0 else "no bolus at this time"

    def _window_text(self, kind: str, peak: Peak, window_ms: int) -> str:
        minutes = decimal_down(Fraction(window_ms, MS_PER_MINUTE))
        return (
            f"the {minutes} min from {peak_moment(peak)} hold {decimal_up(self.caps.ug(peak.demand))} ug and "
            f"may hold {self.caps.greatest_ug(kind)} ug ({self.caps.limit_text(kind)})"
        )
