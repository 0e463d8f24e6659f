"""What a microstep carries: by what the reservoir holds, along a run."""

from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

# A microstep of 1 nL at 1 ng/mL carries a billionth of a ug.
NL_NG_ML_PER_UG = 1_000_000_000


class Doses:
    """What a microstep carries, along a run."""

    def __init__(self, nl_per_step: Fraction, concentrations: Sequence[tuple[int, int]]) -> None:
        """`concentrations`: what the reservoir holds, in ng/mL, each from a time of the run on; the first is of the
        start."""
        self._nl_per_step = nl_per_step
        kept = [concentrations[0]]
        kept += [after for before, after in pairwise(concentrations) if after[1] != before[1]]
        self._from_ms = [t_ms for t_ms, _ in kept]
        self._ng_ml = [ng_ml for _, ng_ml in kept]

    @property
    def changes(self) -> list[tuple[int, int, int]]:
        """Every change: its time, and the concentrations before and after it, in ng/mL."""
        return list(zip(self._from_ms[1:], self._ng_ml, self._ng_ml[1:], strict=False))

    def ng_ml(self, t_ms: int) -> int:
        """What the reservoir holds from a time on."""
        return self._ng_ml[max(bisect_right(self._from_ms, t_ms) - 1, 0)]

    def ug_per_step(self, t_ms: int) -> Fraction:
        """What a microstep carries from a time on."""
        return self.ug_at(self.ng_ml(t_ms))

    def ug_at(self, ng_ml: int) -> Fraction:
        """What a microstep of some concentration carries."""
        return self._nl_per_step * ng_ml / NL_NG_ML_PER_UG
