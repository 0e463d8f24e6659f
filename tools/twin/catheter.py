"""The drug between reservoir and tip: which concentration the pump takes in, and which leaves the catheter.

Plug flow: what enters the line first leaves it first, and nothing mixes. A simplification: in a real line diffusion,
and the faster flow in the middle of the bore, smear the border between two concentrations, so that its front arrives
earlier and its end later than here; the dose in all is the same. Nor does anything of the old filling stay in the
reservoir.

What is pumped is counted in whole microsteps times ng/mL, exactly. What left the tip is that less what the line holds
now, so that it does not drift over years.
"""

from math import floor

NL_PER_ML = 1_000_000
BEFORE_ALL = -1


class PlugFlow:
    """Doses in ng, concentrations in ng/mL. The line holds its dead volume and what its give stores under pressure.

    Reading costs as much as there are borders between concentrations in the line; flow costs nothing.
    """

    def __init__(self, nl_per_rev: int, steps_per_rev: int, dead_nl: float, line_ng_ml: int, ng_ml: int) -> None:
        """A reservoir of `ng_ml` before a line of `dead_nl` that holds `line_ng_ml`, 0 for no drug."""
        self.ng_ml = ng_ml
        self._nl_per_rev = nl_per_rev
        self._steps_per_rev = steps_per_rev
        self._step_nl = nl_per_rev / steps_per_rev
        self._dead_nl = dead_nl
        self._at_first_ng = dead_nl * line_ng_ml / NL_PER_ML
        # What is in the line, oldest first: which microstep brought its first drop, and ng/mL. The oldest ends at the
        # tip, wherever it began.
        self._slugs = [(BEFORE_ALL, line_ng_ml), (0, ng_ml)]
        self._since_steps = 0
        self._until_then = 0

    def draw_from(self, ng_ml: int, displaced_steps: int, stored_nl: float) -> None:
        """The reservoir holds `ng_ml` from now on, after `displaced_steps` and with `stored_nl` in the line's give."""
        self._until_then += (displaced_steps - self._since_steps) * self.ng_ml
        self._since_steps = displaced_steps
        self.ng_ml = ng_ml
        slugs = self._slugs
        if slugs[-1][0] == displaced_steps:
            slugs.pop()
        if slugs[-1][1] != ng_ml:
            slugs.append((displaced_steps, ng_ml))
        line_nl = self._dead_nl + stored_nl
        while len(slugs) > 1 and (displaced_steps - slugs[1][0]) * self._step_nl >= line_nl:
            slugs.pop(0)

    def pump_ng(self, displaced_steps: int) -> int:
        """What was displaced so far, each microstep with the concentration then in the reservoir; nearest ng."""
        dose, den = self._pumped(displaced_steps)
        return (2 * dose + den) // (2 * den)

    def tip_ng(self, displaced_steps: int, stored_nl: float) -> int:
        """What left the tip so far; nearest ng."""
        dose, den = self._pumped(displaced_steps)
        line_ng = self.line_ng(displaced_steps, stored_nl)
        return dose // den + floor(dose % den / den + self._at_first_ng - line_ng + 0.5)

    def line_ng(self, displaced_steps: int, stored_nl: float) -> float:
        """What the line holds."""
        slugs = self._slugs
        left_nl = self._dead_nl + stored_nl
        until_steps = displaced_steps
        held = 0.0
        for i in range(len(slugs) - 1, 0, -1):
            since_steps, ng_ml = slugs[i]
            slug_nl = min(left_nl, (until_steps - since_steps) * self._step_nl)
            held += slug_nl * ng_ml
            left_nl -= slug_nl
            until_steps = since_steps
        return (held + left_nl * slugs[0][1]) / NL_PER_ML

    def _pumped(self, displaced_steps: int) -> "tuple[int, int]":
        """What was displaced so far, in ng, as (numerator, denominator)."""
        dose = self._until_then + (displaced_steps - self._since_steps) * self.ng_ml
        return dose * self._nl_per_rev, self._steps_per_rev * NL_PER_ML
