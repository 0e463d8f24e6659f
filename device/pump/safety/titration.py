"""How fast the daily dose may rise (requirement D-05)."""

from pump.core.errors import Refused
from pump.core.units import MS_PER_DAY


class DoseHistory:
    """The daily doses in force within the last 24 h. *loop* only.

    A dose is a pair of whole numbers, numerator and denominator, in any unit that is always the same. Times are ms of
    uptime, which the caller gives. A day without basal is no dose to rise from, and is not kept.
    """

    def __init__(self) -> None:
        self._doses = []

    def kept(self) -> "list[list[int]]":
        """What must survive a restart."""
        return [[dose[0], dose[1], at_ms] for dose, at_ms in self._doses]

    def restore(self, kept: "list[list[int]]") -> None:
        """After a restart: what was `kept`."""
        self._doses = [((numerator, den), at_ms) for numerator, den, at_ms in kept]

    def note(self, dose: "tuple[int, int]", now_ms: int) -> None:
        """From now on `dose` is in force."""
        if dose[0] == 0:
            return
        while len(self._doses) > 1 and self._doses[1][1] <= now_ms - MS_PER_DAY:
            self._doses.pop(0)
        if not self._doses or self._doses[-1][0] != dose:
            self._doses.append((dose, now_ms))

    def lowest(self, now_ms: int) -> "tuple[int, int] | None":
        """The lowest dose that was in force within the last 24 h; None before the first."""
        lowest = None
        for place in range(len(self._doses)):
            ended = place + 1 < len(self._doses) and self._doses[place + 1][1] <= now_ms - MS_PER_DAY
            dose = self._doses[place][0]
            if not ended and (lowest is None or dose[0] * lowest[1] < lowest[0] * dose[1]):
                lowest = dose
        return lowest


def refuse_steep_rise(before: "tuple[int, int]", after: "tuple[int, int]", percent: int, source: str) -> None:
    """Raise Refused when `after` exceeds `before`, unless that is 0, by more than `percent`, which `source` set."""
    if before[0] and after[0] * before[1] * 100 > before[0] * after[1] * (100 + percent):
        risen = -(-after[0] * before[1] * 100 // (before[0] * after[1])) - 100
        accepted = "a rise of at most %d %% within 24 h, the titration limit of the %s" % (percent, source)
        raise Refused("daily dose", "a rise of %d %%" % risen, accepted)
