"""The fluid: reservoir, plunger, the give of syringe and tubing, catheter and its tip.

One compliance behind one resistance. Pulses are impulses of volume, so the update over any span is exact: one span or a
thousand give the same volumes to rounding. Microsteps are whole and exact; floats stand only in what is stored under
pressure.

Where the default numbers come from. Catheter: silicone, 80 cm with 0.5 mm bore, which holds 0.16 mL, as intrathecal
catheters do. Its resistance follows from these two by Hagen-Poiseuille for water at 20 degC (1.0 mPa s):
0.0005 kPa s/nL. Compliance: order of magnitude only, for a 1 mL syringe with rubber stopper and short soft tubing;
measure it on the bench. With them 0.2 mL/day needs about 0.001 kPa, and an occluded catheter reaches 80 kPa after 8 uL,
which at 0.2 mL/day is 58 minutes. Stall pressure: order of magnitude, a small stepper behind that syringe. Path: what
lies between reservoir and catheter, inside the pump and its connector; none, unless the bench at hand has one.
"""

from math import exp, pi

from pump.core.errors import Refused
from twin.catheter import PlugFlow

DEFAULTS = {
    "compliance_nl_per_kpa": 100.0,
    "path_nl": 0.0,
    "catheter_nl": 160000.0,
    "catheter_length_mm": 800.0,
    "viscosity_mpa_s": 1.0,
    "stall_kpa": 1000.0,
}
MAY_BE_NONE = ("path_nl",)
GREATEST = 1e9
ENDLESS_STEPS = (1 << 30) - 1


class Plant:
    """Volumes in nL, pressures in kPa above the room's, at the pump's outlet.

    `displaced_steps` is what the plunger really displaced; plunger = catheter tip + stored, always.
    """

    def __init__(
        self,
        board,
        fill_steps: int,
        params: dict,
        concentration_ng_ml: int = 0,
        line_ng_ml: "int | None" = None,
    ) -> None:
        """`params` overrides DEFAULTS. The reservoir holds `concentration_ng_ml`, path and catheter `line_ng_ml`: None
        for the same, 0 for no drug.

        Raises Refused on an unknown name or a value outside 0 < value <= 1e9; `path_nl` may be 0.
        """
        numbers = _read(params)
        self._nl_per_rev = board.NL_PER_REV
        self._steps_per_rev = board.STEPS_PER_REV
        self._has_end_stop = board.MECHANISM == "syringe"
        self._step_nl = board.NL_PER_REV / board.STEPS_PER_REV
        self._compliance_nl_per_kpa = numbers["compliance_nl_per_kpa"]
        self._stall_nl = numbers["stall_kpa"] * self._compliance_nl_per_kpa
        resistance = _resistance_kpa_s_per_nl(
            numbers["catheter_nl"], numbers["catheter_length_mm"], numbers["viscosity_mpa_s"]
        )
        self._tau_us = resistance * self._compliance_nl_per_kpa * 1e6
        self._decay_span_us = 0
        self._decay = 1.0
        self._stored_nl = 0.0
        self.occluded = False
        self.displaced_steps = 0
        self.reservoir_steps = fill_steps
        self.withdrawn_steps = 0
        self._drug = PlugFlow(
            board.NL_PER_REV,
            board.STEPS_PER_REV,
            numbers["path_nl"] + numbers["catheter_nl"],
            concentration_ng_ml if line_ng_ml is None else line_ng_ml,
            concentration_ng_ml,
        )

    @property
    def concentration_ng_ml(self) -> int:
        """What the reservoir holds."""
        return self._drug.ng_ml

    def refill(self, fill_steps: int, concentration_ng_ml: "int | None" = None) -> None:
        """Withdraw what the reservoir still holds and fill in `fill_steps` worth, of the same concentration if None."""
        self.withdrawn_steps += self.reservoir_steps
        self.reservoir_steps = fill_steps
        if concentration_ng_ml is not None:
            self._drug.draw_from(concentration_ng_ml, self.displaced_steps, self._stored_nl)

    def room_steps(self) -> int:
        """The microsteps the motor can make before the syringe's end stop or the stall pressure holds it."""
        room_steps = self.reservoir_steps if self._has_end_stop else ENDLESS_STEPS
        if self.occluded:
            room_steps = min(room_steps, max(0, int((self._stall_nl - self._stored_nl) / self._step_nl)))
        return room_steps

    def flow(self, span_us: int, steps: int, first_us: int, interval_us: int) -> None:
        """Let `span_us` pass with `steps` microsteps in it, the first at `first_us`, the others `interval_us` apart."""
        stored_nl = self._stored_nl
        if not self.occluded:
            if span_us != self._decay_span_us:
                self._decay_span_us = span_us
                self._decay = exp(-span_us / self._tau_us)
            stored_nl *= self._decay
        if steps:
            steps = min(steps, self.reservoir_steps)
            self.reservoir_steps -= steps
            self.displaced_steps += steps
            if self.occluded:
                stored_nl += steps * self._step_nl
            elif steps:
                stored_nl += self._step_nl * self._left_of_burst(span_us, steps, first_us, interval_us)
        self._stored_nl = stored_nl

    def _left_of_burst(self, span_us: int, steps: int, first_us: int, interval_us: int) -> float:
        """How much of a burst of unit impulses is still stored at the end of its span."""
        tau_us = self._tau_us
        after_last_us = span_us - first_us - (steps - 1) * interval_us
        left = exp(-after_last_us / tau_us)
        if steps > 1:
            left *= _decayed_share(steps * interval_us / tau_us) / _decayed_share(interval_us / tau_us)
        return left

    def pressure_kpa(self) -> float:
        """Pressure at the outlet."""
        return self._stored_nl / self._compliance_nl_per_kpa

    def stored_nl(self) -> float:
        """What syringe and tubing hold by their give, above their volume at rest."""
        return self._stored_nl

    def plunger_nl(self) -> float:
        """What the plunger displaced."""
        return self.displaced_steps * self._nl_per_rev / self._steps_per_rev

    def catheter_nl(self) -> float:
        """What left the catheter's tip. Derived by conservation, so that it does not drift over years."""
        return self.plunger_nl() - self._stored_nl

    def reservoir_nl(self) -> float:
        """What the reservoir still holds."""
        return self.reservoir_steps * self._nl_per_rev / self._steps_per_rev

    def pump_ng(self) -> int:
        """The dose that left the pump: every microstep displaced, with the concentration then in the reservoir."""
        return self._drug.pump_ng(self.displaced_steps)

    def line_ng(self) -> float:
        """The dose that path and catheter hold, and what their give stores under pressure."""
        return self._drug.line_ng(self.displaced_steps, self._stored_nl)

    def tip_ng(self) -> int:
        """The dose that left the catheter's tip. Derived by conservation, as `catheter_nl` is."""
        return self._drug.tip_ng(self.displaced_steps, self._stored_nl)


def _decayed_share(x: float) -> float:
    """1 - exp(-x) for x > 0, also where exp(-x) is close to 1."""
    if x < 1e-3:
        return x * (1.0 - x / 2.0 * (1.0 - x / 3.0 * (1.0 - x / 4.0)))
    return 1.0 - exp(-x)


def _resistance_kpa_s_per_nl(volume_nl: float, length_mm: float, viscosity_mpa_s: float) -> float:
    """Hagen-Poiseuille, 8 pi mu L / A**2 with A = V / L. nL/mm is 1e-9 m2, mPa s is 1e-3 Pa s, nL is 1e-12 m3."""
    area_m2 = volume_nl / length_mm * 1e-9
    pa_s_per_m3 = 8.0 * pi * viscosity_mpa_s * 1e-3 * length_mm * 1e-3 / (area_m2 * area_m2)
    return pa_s_per_m3 * 1e-12 * 1e-3


def _read(params: dict) -> dict:
    numbers = {}
    for name in DEFAULTS:
        numbers[name] = DEFAULTS[name]
    for name in params:
        value = params[name]
        if name not in numbers:
            raise Refused("plant." + name, value, "only " + ", ".join(sorted(numbers)))
        may_be_none = name in MAY_BE_NONE
        if type(value) not in (int, float) or not (0 < value <= GREATEST or (value == 0 and may_be_none)):
            accepted = "a number %s, at most 1e9" % ("from 0" if may_be_none else "above 0")
            raise Refused("plant." + name, value, accepted)
        numbers[name] = float(value)
    return numbers
