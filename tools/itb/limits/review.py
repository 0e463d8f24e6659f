"""The review of one prescription on one board: what a hard limit refuses, and what must be confirmed.

A prescription is accepted only if all of it fits, at every position. Below the lowest maintenance dose of the drug a
continuing therapy is refused. A taper passes below it by order, and the lowest rate of the mechanism is what it is:
both are findings, with the warning of withdrawal.
"""

from collections.abc import Iterator
from fractions import Fraction
from math import floor

from itb.boards.board import Board
from itb.errors import InputError
from itb.limits.doses import dose_findings, patient_findings, refuse_doses
from itb.limits.guarded import Guarded
from itb.limits.limits import NAMES, Caps, Finding
from itb.limits.titration import findings_within, refuse_rises_within
from itb.limits.windows import Peak
from itb.quantity import DAILY_DOSE, HOURLY_DOSE, VOLUME_RATE, amount, decimal_down, decimal_up
from itb.rx.orders import MS_PER_DAY, NL_PER_ML, day_dose_ug, volume_text
from itb.rx.prescription import Prescription


class Review:
    """One prescription on one board, held against its limits.

    `caps` are the limits in force, `guarded` is what the pump's guard will count.
    """

    def __init__(self, prescription: Prescription, board: Board, tick_ms: int) -> None:
        self._rx = prescription
        self._board = board
        self.caps = Caps(prescription, board)
        self.guarded = Guarded(self.caps, tick_ms)

    @property
    def peaks(self) -> dict[str, Peak]:
        """The greatest demand of the guard's windows, on hour and day, in microsteps."""
        return self.guarded.peaks

    def refuse_hard(self) -> None:
        """Raise InputError for the first hard limit that is broken: field, value, limit, its value and its source."""
        self._check_rates()
        self._check_low()
        refuse_doses(self.caps)
        refuse_rises_within(self._rx)
        self.guarded.refuse_windows()
        self._check_fill()

    def findings(self) -> list[Finding]:
        """Every soft limit that is crossed (D-02)."""
        return [
            *self._concentration_findings(),
            *self._low_findings(),
            *self._high_findings(),
            *dose_findings(self.caps),
            *patient_findings(self.caps, self.guarded),
            *findings_within(self._rx),
        ]

    def _check_rates(self) -> None:
        rx, low, high = self._rx, self._board.min_rate_nl_day, self._board.max_rate_nl_day
        for key, rate_ug_day in self._rates():
            if not low <= rx.volume_nl(rate_ug_day) <= high:
                raise InputError(rx.field(key), self.caps.rate_text(rate_ug_day), self._accepted_rates())
        self._check_fastest("periodic", "basal and periodic bolus", self.guarded.greatest_basal_rate())
        for key, rate_steps_day in self.guarded.bolus_rates():
            self._check_fastest(key, "basal and bolus", rate_steps_day)
        if rx.patient:
            bolus = self.caps.steps(rx.patient.dose_ug * MS_PER_DAY / rx.patient.duration_ms)
            self._check_fastest("patient_bolus", "basal and bolus", self.guarded.greatest_basal_rate() + bolus)

    def _rates(self) -> Iterator[tuple[str, Fraction]]:
        """Every rate that must be one of the mechanism's, with its key. Between periodic boluses there may be none."""
        rx = self._rx
        for day, steps in enumerate(rx.basal):
            yield from ((rx.basal_field(day, place), step.rate_ug_day) for place, step in enumerate(steps))
        if rx.periodic and not rx.basal:
            yield "periodic", rx.periodic.rate_ug_day
        for place, stage in enumerate(rx.plan[1:], 1):
            for pattern in (stage.weekday, stage.weekend):
                rates = [step.rate_ug_day for step in rx.patterns[pattern] if step.rate_ug_day]
                yield from ((f"plan.stage[{place}].daily", rate) for rate in sorted(rates))

    def _accepted_rates(self) -> str:
        low, high = self._board.min_rate_nl_day, self._board.max_rate_nl_day
        low_ug, high_ug = decimal_up(self._rx.dose_ug(low)), decimal_down(self._rx.dose_ug(high))
        return (
            f"{amount(low, VOLUME_RATE, 'mL/day')} to {amount(high, VOLUME_RATE, 'mL/day')} "
            f"(board {self._board.name}), at this concentration {low_ug} to {high_ug} ug/day"
        )

    def _check_fastest(self, key: str, what: str, rate_steps_day: Fraction) -> None:
        rate_ug_day = self.caps.ug(rate_steps_day)
        if self._rx.volume_nl(rate_ug_day) > self._board.max_rate_nl_day:
            value = f"{what} together {self.caps.rate_text(rate_ug_day)}"
            raise InputError(self._rx.field(key), value, self._accepted_rates())

    def _check_low(self) -> None:
        rx, caps = self._rx, self.caps
        if rx.trial or rx.mode == "minimum":
            return
        low = rx.drug.limits["daily"].hard_low
        for key, day_ug in self._first_days():
            if day_ug < low.value:
                accepted = f"a daily total of at least {amount(low.value, DAILY_DOSE)} ({caps.drug_source(low)})"
                raise InputError(rx.field(key), caps.rate_text(day_ug), accepted)
        low = rx.drug.limits["hourly"].hard_low
        for day, steps in enumerate(rx.basal):
            for place, step in enumerate(steps):
                if step.rate_ug_day / 24 < low.value:
                    accepted = f"at least {amount(low.value, HOURLY_DOSE)} ({caps.drug_source(low)})"
                    raise InputError(rx.field(rx.basal_field(day, place)), caps.rate_text(step.rate_ug_day), accepted)

    def _first_days(self) -> list[tuple[str, Fraction]]:
        """The daily doses before any stage of a plan, each with its key."""
        stage = self._rx.plan[0]
        days = {stage.weekday: False, stage.weekend: stage.weekend != stage.weekday}
        return [
            (self._rx.day_field(0, weekend), day_dose_ug(self._rx.patterns[pattern]))
            for pattern, weekend in days.items()
        ]

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
        # The weakest strengths are those for screening.
        if not self._rx.trial:
            yield from self.caps.below("drug.concentration", value, accepted)
        yield from self.caps.above("drug.concentration", value, accepted)

    def _low_findings(self) -> Iterator[Finding]:
        rx, limits = self._rx, self._rx.drug.limits
        if rx.trial:
            return
        lowest_ug = min(day_ug for _, day_ug in self._first_days())
        if lowest_ug < limits["daily"].hard_low.value:
            yield self._withdrawal("daily dose", lowest_ug)
        else:
            yield from self.caps.below("daily dose", lowest_ug, limits["daily"])
        if rx.basal:
            slowest_ug_h = min(step.rate_ug_day for steps in rx.basal for step in steps) / 24
            yield from self.caps.below("hourly dose", slowest_ug_h, limits["hourly"])
        if rx.plan_kind == "taper":
            last = len(rx.plan) - 1
            last_ug = min(day_dose_ug(rx.patterns[at]) for at in (rx.plan[last].weekday, rx.plan[last].weekend))
            # The fall to nothing is a finding of its own.
            if 0 < last_ug < limits["daily"].hard_low.value:
                yield self._withdrawal(f"plan.stage[{last}].daily", last_ug)
            elif last_ug and lowest_ug >= limits["daily"].soft_low.value:
                yield from self.caps.below(f"plan.stage[{last}].daily", last_ug, limits["daily"])

    def _withdrawal(self, key: str, day_ug: Fraction) -> Finding:
        """The finding that a dose lies below the lowest of a maintenance."""
        low = self._rx.drug.limits["daily"].hard_low
        source = f"{self.caps.drug_source(low)}; {self._rx.drug.withdrawal}"
        expected = f"at least {amount(low.value, DAILY_DOSE)}, unless the therapy is to end"
        return Finding(self._rx.field(key), amount(day_ug, DAILY_DOSE, places=3), expected, source)

    def _high_findings(self) -> Iterator[Finding]:
        for kind, name in NAMES.items():
            if kind != "bolus":
                highest_ug = self.caps.ug(self.guarded.true_peak(kind).demand)
                yield from self.caps.above(f"{name} dose", highest_ug, self._rx.drug.limits[name])
