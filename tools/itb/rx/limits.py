"""Limits: which is in force, what it refuses and what must be confirmed.

Upper limits come from the build, the board, the drug and the prescription; the lowest is in force and is named (D-03).
The pump's guard counts its hour in 61 and its day in 1441 whole minutes, so that no window of 60 or 1440 minutes,
wherever it lies, holds more than the limit. What it counts there became owed up to two ticks before. A prescription is
accepted only if all of it fits, at every position.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from itb.boards.board import Board
from itb.errors import InputError
from itb.quantity import (
    DAILY_DOSE,
    DOSE,
    HOURLY_DOSE,
    VOLUME_RATE,
    Dimension,
    amount,
    decimal_down,
    decimal_up,
    dose_rate,
)
from itb.rx.drug import Bound, Range
from itb.rx.prescription import NL_PER_ML, Prescription, moment, volume_text
from itb.rx.windows import Demand, Peak

MS_PER_MINUTE = 60_000
GUARD_MINUTES = {"hour": 61, "day": 1441}
TRUE_MINUTES = {"hour": 60, "day": 1440}
# What becomes owed goes out at the end of its tick, and one tick later when the driver has to be enabled first.
LAG_TICKS = 2
# The pump decides about a bolus this long before its time, or two ticks before if they are longer.
AHEAD_MS = 2000
# The pump counts whole microsteps, which can add up to less than this above the exact sum: past basal and basal to come
# 1 each, past boluses 2, the bolus itself 3 where it outlasts the window.
ROUNDING_STEPS = 7
# The device's names of the limited quantities, and ours in drug and prescription files.
NAMES = {"hour": "hourly", "day": "daily", "bolus": "bolus"}
# Fixed in code: what implanted pumps deliver at most is 24 mL/day.
BUILD_NL = {"hour": Fraction(NL_PER_ML), "day": Fraction(24 * NL_PER_ML), "bolus": Fraction(NL_PER_ML)}


@dataclass(frozen=True)
class Limit:
    """One upper limit: of which quantity, how much, whose it is, and where its number comes from."""

    kind: str
    volume_nl: Fraction
    origin: str
    source: str


@dataclass(frozen=True)
class Finding:
    """A soft limit that is crossed: the run needs an explicit confirmation."""

    field: str
    value: str
    expected: str
    source: str

    def __str__(self) -> str:
        return f"{self.field}: {self.value}; expected {self.expected} ({self.source})"


def stack(prescription: Prescription, board: Board) -> dict[str, list[Limit]]:
    """Every upper limit on hour, day and bolus, in the order build, board, drug, prescription."""
    boards = {"hour": board.hour_nl, "day": board.day_nl, "bolus": board.bolus_nl}
    limits: dict[str, list[Limit]] = {}
    for kind, name in NAMES.items():
        hard = prescription.drug.limits[name].hard_high
        limits[kind] = [
            Limit(kind, BUILD_NL[kind], "build", "fixed in code"),
            Limit(kind, boards[kind], f"board {board.name}", board.file),
            Limit(kind, prescription.volume_nl(hard.value), prescription.drug.label, hard.source),
        ]
        if name in prescription.limits_ug:
            own_nl = prescription.volume_nl(prescription.limits_ug[name])
            limits[kind].append(Limit(kind, own_nl, "prescription", prescription.field(f"limits.{name}")))
    return limits


def in_force(limits: list[Limit]) -> Limit:
    """The lowest of some limits on one quantity; of equals the first."""
    return min(limits, key=lambda limit: limit.volume_nl)


def peak_moment(peak: Peak) -> str:
    """Where a window begins, to the nearest minute: the lag moves it by a few ms only."""
    return moment(peak.start_ms + MS_PER_MINUTE // 2)


def guard_window_ms(kind: str, tick_ms: int) -> int:
    """The time whose demand can fall into the guard's minutes."""
    return GUARD_MINUTES[kind] * MS_PER_MINUTE + LAG_TICKS * tick_ms


class Review:
    """One prescription on one board, held against its limits. `peaks`: the greatest demand of the guard's windows."""

    def __init__(self, prescription: Prescription, board: Board, tick_ms: int) -> None:
        self._rx = prescription
        self._board = board
        self._basal_steps = [(step.start_ms, self._steps(step.rate_ug_day)) for step in prescription.basal]
        # The pump first looks at the end of its first tick: a bolus of midnight begins then.
        self._boluses = [
            (max(b.start_ms, tick_ms), self._steps(b.dose_ug), b.duration_ms) for b in prescription.boluses
        ]
        self._basal = Demand(self._basal_steps)
        self._all = Demand(self._basal_steps, self._boluses)
        self._limits = {kind: in_force(limits) for kind, limits in stack(prescription, board).items()}
        self._windows_ms = {kind: guard_window_ms(kind, tick_ms) for kind in GUARD_MINUTES}
        self._tick_ms = tick_ms
        self._ahead_ms = max(AHEAD_MS, 2 * tick_ms)
        self.peaks = {kind: self._all.peak(window_ms) for kind, window_ms in self._windows_ms.items()}

    def cap_steps(self, kind: str) -> int:
        """The limit in force, in whole microsteps: what the device is told."""
        return floor(self._board.steps(self._limits[kind].volume_nl))

    def refuse_hard(self) -> None:
        """Raise InputError for the first hard limit that is broken: field, value, limit, its value and its source."""
        self._check_rates()
        self._check_low()
        self._check_boluses()
        for kind in ("day", "hour"):
            self._check_basal_window(kind)
        for kind in ("day", "hour"):
            self._check_bolus_window(kind)
        self._check_fill()

    def findings(self) -> list[Finding]:
        """Every soft limit that is crossed (D-02)."""
        return [*self._concentration_findings(), *self._basal_findings(), *self._bolus_findings()]

    def _steps(self, dose_ug: Fraction) -> Fraction:
        return self._board.steps(self._rx.volume_nl(dose_ug))

    def _ug(self, steps: Fraction) -> Fraction:
        return self._rx.dose_ug(steps * self._board.nl_per_step)

    def _limit_text(self, kind: str) -> str:
        limit = self._limits[kind]
        dose = amount(self._rx.dose_ug(limit.volume_nl), DOSE, places=3)
        return f"limit {NAMES[kind]} {dose} = {volume_text(limit.volume_nl)} from {limit.origin}: {limit.source}"

    def _basal_field(self, place: int) -> str:
        return self._rx.field("basal.rate" if self._rx.mode == "continuous" else f"basal.step[{place}].rate")

    def _check_rates(self) -> None:
        low, high = self._board.min_rate_nl_day, self._board.max_rate_nl_day
        low_ug, high_ug = decimal_up(self._rx.dose_ug(low)), decimal_down(self._rx.dose_ug(high))
        accepted = (
            f"{amount(low, VOLUME_RATE, 'mL/day')} to {amount(high, VOLUME_RATE, 'mL/day')} "
            f"(board {self._board.name}), at this concentration {low_ug} to {high_ug} ug/day"
        )
        for place, step in enumerate(self._rx.basal, 1):
            if not low <= self._rx.volume_nl(step.rate_ug_day) <= high:
                raise InputError(self._basal_field(place), self._rate_text(step.rate_ug_day), accepted)
        fastest_ug_day = self._ug(self._all.greatest_rate())
        if self._rx.volume_nl(fastest_ug_day) > high:
            value = f"basal and bolus together {self._rate_text(fastest_ug_day)}"
            raise InputError(self._rx.field("bolus"), value, accepted)

    def _rate_text(self, rate_ug_day: Fraction) -> str:
        volume = amount(self._rx.volume_nl(rate_ug_day), VOLUME_RATE, "mL/day")
        return f"{dose_rate(rate_ug_day)} = {volume}"

    def _check_low(self) -> None:
        label = self._rx.drug.label
        day_ug = self._ug(self._basal.day)
        low = self._rx.drug.limits["daily"].hard_low
        if day_ug < low.value:
            accepted = f"a daily total of at least {amount(low.value, DAILY_DOSE)} ({label}: {low.source})"
            raise InputError(self._rx.field("basal"), self._rate_text(day_ug), accepted)
        low = self._rx.drug.limits["hourly"].hard_low
        for place, step in enumerate(self._rx.basal, 1):
            if step.rate_ug_day / 24 < low.value:
                accepted = f"at least {amount(low.value, HOURLY_DOSE)} ({label}: {low.source})"
                raise InputError(self._basal_field(place), self._rate_text(step.rate_ug_day), accepted)

    def _check_boluses(self) -> None:
        low = self._rx.drug.limits["bolus"].hard_low
        for place, bolus in enumerate(self._rx.boluses, 1):
            steps = self._steps(bolus.dose_ug)
            field, value = self._rx.field(f"bolus[{place}].dose"), amount(bolus.dose_ug, DOSE)
            if bolus.dose_ug < low.value:
                accepted = f"at least {amount(low.value, DOSE)} ({self._rx.drug.label}: {low.source})"
                raise InputError(field, value, accepted)
            if steps < 1:
                raise InputError(field, value, f"at least one microstep, {decimal_up(self._ug(Fraction(1)), 6)} ug")
            if steps > self.cap_steps("bolus"):
                greatest = decimal_down(self._ug(Fraction(self.cap_steps("bolus"))))
                raise InputError(field, value, f"at most {greatest} ug ({self._limit_text('bolus')})")

    def _check_basal_window(self, kind: str) -> None:
        window_ms = self._windows_ms[kind]
        peak = self._basal.peak(window_ms)
        if peak.demand > self.cap_steps(kind):
            day_ug = self._ug(self._basal.day)
            # The shape kept, demand of every window grows with the daily total.
            greatest = decimal_down(day_ug * self.cap_steps(kind) / peak.demand)
            accepted = (
                f"a daily total of at most {greatest} ug/day in this shape; {self._window_text(kind, peak, window_ms)}"
            )
            raise InputError(self._rx.field("basal"), self._rate_text(day_ug), accepted)

    def _check_bolus_window(self, kind: str) -> None:
        """Ask for each bolus what the pump will ask when it is about to begin.

        That is: does it fit on top of whatever any window holds that ends between then and one window after the bolus?
        The pump keeps room in every window for what it owes then: at most what became owed within the lag.
        """
        window_ms, cap_steps, lag_ms = self._windows_ms[kind], self.cap_steps(kind), LAG_TICKS * self._tick_ms
        for place, (start_ms, dose_steps, duration_ms) in enumerate(self._boluses):
            before = Demand(self._basal_steps, self._boluses[:place])
            look_ms = start_ms - self._ahead_ms
            held = before.peak_ending(window_ms, look_ms, start_ms + duration_ms + window_ms)
            owed = before.peak_ending(lag_ms, look_ms, start_ms)
            room_steps = cap_steps - held.demand - owed.demand - ROUNDING_STEPS
            if dose_steps * min(1, Fraction(window_ms, duration_ms)) > room_steps:
                value = amount(self._ug(dose_steps), DOSE)
                accepted = f"{self._room_text(room_steps)}; apart from it {self._window_text(kind, held, window_ms)}"
                raise InputError(self._rx.field(f"bolus[{place + 1}].dose"), value, accepted)

    def _room_text(self, room_steps: Fraction) -> str:
        return f"at most {decimal_down(self._ug(room_steps))} ug" if room_steps > 0 else "no bolus at this time"

    def _window_text(self, kind: str, peak: Peak, window_ms: int) -> str:
        minutes = decimal_down(Fraction(window_ms, MS_PER_MINUTE))
        greatest = decimal_down(self._ug(Fraction(self.cap_steps(kind))))
        return (
            f"the {minutes} min from {peak_moment(peak)} hold {decimal_up(self._ug(peak.demand))} ug and "
            f"may hold {greatest} ug ({self._limit_text(kind)})"
        )

    def _check_fill(self) -> None:
        """The pump counts whole microsteps, and starts with one at least above those it cannot deliver."""
        board, fill_nl = self._board, self._rx.fill_nl
        if fill_nl is None:
            return
        if floor(board.steps(fill_nl)) <= board.residual_steps or fill_nl > board.capacity_nl:
            least = decimal_up((board.residual_steps + 1) * board.nl_per_step / NL_PER_ML, 6)
            residual, capacity = volume_text(board.residual_nl), volume_text(board.capacity_nl)
            accepted = (
                f"at least {least} mL, a microstep more than the residual {residual}, up to {capacity} "
                f"(board {board.name})"
            )
            raise InputError(self._rx.field("reservoir.fill"), volume_text(fill_nl), accepted)

    def _concentration_findings(self) -> Iterator[Finding]:
        accepted, value = self._rx.drug.concentration, self._rx.concentration_ug_ml
        yield from self._outside(self._rx.field("drug.concentration"), value, value, accepted, accepted.dimension)

    def _basal_findings(self) -> Iterator[Finding]:
        for kind, dimension in (("day", DAILY_DOSE), ("hour", HOURLY_DOSE)):
            highest = self._all.peak(TRUE_MINUTES[kind] * MS_PER_MINUTE)
            lowest_ug = self._ug(self._basal.day) if kind == "day" else self._slowest_ug_h()
            field = self._rx.field(f"{NAMES[kind]} dose")
            accepted = self._rx.drug.limits[NAMES[kind]]
            yield from self._outside(field, lowest_ug, self._ug(highest.demand), accepted, dimension)

    def _slowest_ug_h(self) -> Fraction:
        return min(step.rate_ug_day for step in self._rx.basal) / 24

    def _bolus_findings(self) -> Iterator[Finding]:
        for place, bolus in enumerate(self._rx.boluses, 1):
            field = self._rx.field(f"bolus[{place}].dose")
            yield from self._outside(field, bolus.dose_ug, bolus.dose_ug, self._rx.drug.limits["bolus"], DOSE)

    def _outside(
        self, field: str, lowest: Fraction, highest: Fraction, accepted: Range, dimension: Dimension
    ) -> Iterator[Finding]:
        if lowest < accepted.soft_low.value:
            yield self._finding(field, lowest, "at least", accepted.soft_low, dimension)
        if highest > accepted.soft_high.value:
            yield self._finding(field, highest, "at most", accepted.soft_high, dimension)

    def _finding(self, field: str, value: Fraction, side: str, bound: Bound, dimension: Dimension) -> Finding:
        expected = f"{side} {amount(bound.value, dimension)}"
        return Finding(field, amount(value, dimension, places=3), expected, f"{self._rx.drug.label}: {bound.source}")
