"""What the model of the pump is made of: small, exact, and without knowledge of one another."""

from copy import copy
from dataclasses import dataclass, field, replace
from fractions import Fraction

from ordered import DAY_MS, HOUR_MS, MINUTE_MS
from sliding import Sliding


@dataclass(frozen=True)
class Facts:
    """What the board and the build fix, in microsteps and ms."""

    tick_ms: int
    capacity: int
    residual: int
    minimum_steps_day: int
    prime_most: int
    caps: dict[str, int]

    @property
    def ahead_ms(self) -> int:
        """How long before its time a scheduled bolus is looked at."""
        return max(2000, 2 * self.tick_ms)

    @property
    def lag_ms(self) -> int:
        """How much later than it is owed something may go out."""
        return 2 * self.tick_ms


@dataclass
class Leg:
    """Whole `steps`, evenly over `duration_ms`, `wait_ms` from now: a bolus, what is left of one, a bridge, a prime."""

    steps: int
    wait_ms: int
    duration_ms: int
    source: str = ""
    passed_ms: int = 0

    def passes(self, span_ms: int) -> None:
        """Let `span_ms` pass."""
        waited_ms = min(span_ms, self.wait_ms)
        self.wait_ms -= waited_ms
        self.passed_ms = min(self.passed_ms + span_ms - waited_ms, self.duration_ms)

    @property
    def ordered(self) -> int:
        """The microsteps owed so far."""
        return self.steps * self.passed_ms // self.duration_ms

    @property
    def left_steps(self) -> int:
        """The microsteps still to come."""
        return self.steps - self.ordered

    @property
    def left_ms(self) -> int:
        """The time it still takes, without the wait."""
        return self.duration_ms - self.passed_ms

    @property
    def over(self) -> bool:
        """Whether all of it is owed."""
        return self.left_ms == 0


@dataclass
class Line:
    """What the pump knows of path and catheter: the concentration, 0 for no drug, and the daily dose before (D_prev) in
    microsteps of it."""

    ng_ml: int = 0
    day_total: Fraction = Fraction(0)


@dataclass
class Reservoir:
    """In microsteps."""

    ng_ml: int = 0
    filled: int = 0
    wasted: int = 0

    def left(self, confirmed: int) -> int:
        """What is left when `confirmed` microsteps have gone in all."""
        return self.filled - self.wasted - confirmed


@dataclass
class Caps:
    """The caps in force, in microsteps of `ng_ml`."""

    hour: int = 0
    day: int = 0
    bolus: int = 0
    ng_ml: int = 1


class Given:
    """The doses granted as therapy, in microsteps times ng/mL: in true sliding windows of an hour and of a day, and in
    windows with a minute more, on the pump's own time, which the pump's never exceed."""

    def __init__(self) -> None:
        self.real_ms = 0
        # The pump's time stands still while it is off.
        self.pump_ms = 0
        self._true = {"hour": Sliding(HOUR_MS), "day": Sliding(DAY_MS)}
        self._wider = {"hour": Sliding(HOUR_MS + MINUTE_MS), "day": Sliding(DAY_MS + MINUTE_MS)}
        # The pump counts whole microsteps of this concentration; each change of it may add a part of one.
        self.ng_ml = self.before_ng_ml = 1
        self.slack = 0

    def passes(self, span_ms: int) -> None:
        """Let `span_ms` pass."""
        self.real_ms += span_ms
        self.pump_ms += span_ms

    def give(self, dose: int) -> None:
        """`dose` is granted now."""
        for window in self._true.values():
            window.give(self.real_ms, dose)
        self.count(dose)

    def count(self, dose: int) -> None:
        """The pump counts `dose` as granted now."""
        for window in self._wider.values():
            window.give(self.pump_ms, dose)

    def least(self, name: str) -> int:
        """What the pump's window of an hour or a day (`name`) holds at least: what was given."""
        return self._true[name].look(self.real_ms)

    def most(self, name: str) -> int:
        """What it holds at most."""
        return self._wider[name].look(self.pump_ms) + self.slack

    def count_in(self, ng_ml: int) -> None:
        """The pump counts in microsteps of `ng_ml` from now on."""
        self.before_ng_ml, self.ng_ml = self.ng_ml, ng_ml
        self.slack += ng_ml

    def copy(self) -> "Given":
        """What the pump counts; what was given is shared, being the truth."""
        other = copy(self)
        other._wider = {name: window.copy() for name, window in self._wider.items()}
        return other


@dataclass
class Remembered:
    """What outlasts programs. Times are ms of uptime."""

    patient_ms: list[int] = field(default_factory=list)
    trial_ms: list[int] = field(default_factory=list)
    # Daily doses, in microsteps times ng/mL, and since when each was in force.
    doses: list[tuple[int, Fraction]] = field(default_factory=list)
    # All doses of boluses given so far, and the whole microsteps they came to.
    exact: Fraction = Fraction(0)
    steps: int = 0

    def copy(self) -> "Remembered":
        """The same, on its own from here on."""
        return replace(self, patient_ms=[*self.patient_ms], trial_ms=[*self.trial_ms], doses=[*self.doses])

    def whole(self, dose: Fraction) -> int:
        """The whole microsteps of a `dose` given next, with what earlier ones left over."""
        return (self.exact + dose) // 1 - self.steps

    def gave(self, dose: Fraction) -> None:
        """`dose` is given."""
        self.steps += self.whole(dose)
        self.exact += dose

    def in_force(self, dose: Fraction, now_ms: int) -> None:
        """The daily `dose` is in force from now on. A day without basal is no dose to rise from."""
        if dose and (not self.doses or self.doses[-1][1] != dose):
            self.doses.append((now_ms, dose))

    def lowest_dose(self, now_ms: int) -> Fraction | None:
        """The lowest daily dose in force within the last 24 h."""
        ends_ms = [at_ms for at_ms, _ in self.doses[1:]] + [now_ms + 1]
        recent = [dose for (_, dose), end_ms in zip(self.doses, ends_ms, strict=False) if end_ms > now_ms - DAY_MS]
        return min(recent, default=None)


def waits_ms(begun_ms: list[int], lockout_ms: int, per_day: int, now_ms: int) -> tuple[int, int]:
    """How long the lockout holds the next one back, and how long the maximum of 24 h does."""
    lockout_left_ms = begun_ms[-1] + lockout_ms - now_ms if begun_ms else 0
    day_left_ms = begun_ms[-per_day] + DAY_MS - now_ms if len(begun_ms) >= per_day else 0
    return max(lockout_left_ms, 0), max(day_left_ms, 0)
