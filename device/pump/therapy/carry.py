"""What doses have below a whole microstep."""

from pump.therapy.program import Dose

# Denominators of up to 2**20 come together here; beyond this one less than 1 / 2**40 microstep is dropped.
DEN_MAX = 1 << 40


class Carry:
    """Kept from one dose to the next, so that no dose is rounded up and nothing is lost over many. *loop* only."""

    def __init__(self) -> None:
        self._rest = 0
        self._den = 1

    def steps(self, dose: Dose) -> int:
        """The whole microsteps of `dose`, with what earlier doses carried over."""
        return dose.whole + self._parts(dose) // (dose.den * self._den)

    def given(self, dose: Dose) -> None:
        """`dose` is given; its part below a microstep is carried."""
        den = dose.den * self._den
        rest = self._parts(dose) % den
        common = _common(rest, den)
        self._rest = rest // common
        self._den = den // common
        if self._den > DEN_MAX:
            self._rest = self._rest * DEN_MAX // self._den
            self._den = DEN_MAX

    def kept(self) -> "list[int]":
        """What must survive a restart."""
        return [self._rest, self._den]

    def restore(self, kept: "list[int]") -> None:
        """After a restart: what was `kept`."""
        self._rest, self._den = kept

    def _parts(self, dose: Dose) -> int:
        """What `dose` and the carry have below a microstep, in units of 1 / (dose.den * self._den)."""
        return dose.frac * self._den + self._rest * dose.den


def _common(a: int, b: int) -> int:
    """The greatest common divisor."""
    while a:
        a, b = b % a, a
    return b
