"""The parts of a prescription, as exact numbers: rates in ug/day, doses in ug, volumes in nL, times in ms."""

from dataclasses import dataclass
from fractions import Fraction

from itb.quantity import VOLUME, amount

MS_PER_MINUTE = 60_000
MS_PER_DAY = 86_400_000
NL_PER_ML = 1_000_000


@dataclass(frozen=True)
class BasalStep:
    """From `start_ms` of a day, until the next step or midnight, this rate."""

    start_ms: int
    rate_ug_day: Fraction


@dataclass(frozen=True)
class Stage:
    """From plan day `from_day` (0 is the first) on: which day pattern weekdays have, and which Saturday and Sunday."""

    from_day: int
    weekday: int
    weekend: int


@dataclass(frozen=True)
class ScheduledBolus:
    """One dose on one day (1 is the first), given evenly over `duration_ms`: whole ms, never faster than was asked."""

    day: int
    at_ms: int
    dose_ug: Fraction
    duration_ms: int

    @property
    def start_ms(self) -> int:
        """Start, since midnight of the first day."""
        return (self.day - 1) * MS_PER_DAY + self.at_ms

    @property
    def end_ms(self) -> int:
        """End, since midnight of the first day."""
        return self.start_ms + self.duration_ms


@dataclass(frozen=True)
class Periodic:
    """A dose over `duration_ms`, every `every_ms` (a divisor of 24 h) of every day, the first at `first_ms`."""

    dose_ug: Fraction
    duration_ms: int
    every_ms: int
    first_ms: int

    @property
    def starts_ms(self) -> range:
        """When it begins, in ms of the day."""
        return range(self.first_ms, MS_PER_DAY, self.every_ms)

    @property
    def rate_ug_day(self) -> Fraction:
        """Its rate while it runs."""
        return self.dose_ug * MS_PER_DAY / self.duration_ms


@dataclass(frozen=True)
class PatientBolus:
    """What the patient may ask for: a dose, `lockout_ms` from start to start at least, `per_day` in any 24 h."""

    dose_ug: Fraction
    duration_ms: int
    lockout_ms: int
    per_day: int

    @property
    def most_per_day(self) -> int:
        """How many can be begun within 24 h: `per_day`, or fewer where the lockout lets fewer."""
        return min(self.per_day, -(-MS_PER_DAY // self.lockout_ms))


@dataclass(frozen=True)
class TrialStep:
    """One rung of a screening trial: a dose over `duration_ms`, on command."""

    dose_ug: Fraction
    duration_ms: int


def day_dose_ug(pattern: tuple[BasalStep, ...]) -> Fraction:
    """The dose of a whole day of a pattern, in ug."""
    ends_ms = [*(step.start_ms for step in pattern[1:]), MS_PER_DAY]
    parts = (step.rate_ug_day * (end_ms - step.start_ms) for step, end_ms in zip(pattern, ends_ms, strict=True))
    return sum(parts, Fraction(0)) / MS_PER_DAY


def clock(time_ms: int) -> str:
    """Time of day as "06:30", with seconds where there are any."""
    seconds = time_ms // 1000
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}"
    return text + (f":{seconds % 60:02d}" if seconds % 60 else "")


def moment(time_ms: int, up: bool = False) -> str:
    """A time since midnight of the first day as "day 1 06:30", in whole minutes: those begun, or with `up` the next."""
    minutes = -(-time_ms // 60_000) if up else time_ms // 60_000
    day, minute = divmod(minutes, 1440)
    return f"day {day + 1} {clock(minute * 60_000)}"


def volume_text(volume_nl: Fraction) -> str:
    """A volume in mL."""
    return amount(volume_nl, VOLUME, "mL")
