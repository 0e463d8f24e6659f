"""The fit of a calibration run: nL of one revolution, and the revolutions that take up slack before anything comes.

    volume = nl_per_rev * (revolutions - take_up)

A run begins after a rest or a retract, with its first reading before the first revolution. What backlash and the give
of stopper and tubing take is then missing from every point alike, so that the slope of the line is free of it and its
intercept is it.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

import numpy as np

from itb.bench.readings import Points
from itb.bench.water import nl_per_mg
from itb.boards.calibration import TAKE_UP_STEPS_MAX
from itb.errors import InputError

FEWEST_POINTS = 3
UNCERTAINTY_MOST = 0.02
MG_H_PER_MG_S = 3600

# Student's t for 95.45 %, by degrees of freedom (GUM, JCGM 100:2008, table G.2). Between two of them the one before
# holds; the last is the k = 2 of many points.
_COVERAGE = {
    1: 13.97,
    2: 4.53,
    3: 3.31,
    4: 2.87,
    5: 2.65,
    6: 2.52,
    7: 2.43,
    8: 2.37,
    9: 2.32,
    10: 2.28,
    11: 2.25,
    12: 2.23,
    13: 2.21,
    14: 2.20,
    15: 2.18,
    16: 2.17,
    17: 2.16,
    18: 2.15,
    19: 2.14,
    20: 2.13,
    25: 2.11,
    30: 2.09,
    40: 2.06,
    50: 2.05,
    100: 2.03,
    1000: 2.00,
}


@dataclass(frozen=True)
class Conditions:
    """The water's temperature in degC, and what evaporates from the vessel in mg/h."""

    temperature_c: float = 20.0
    evaporation_mg_h: Fraction = Fraction(0)


@dataclass(frozen=True)
class Fit:
    """A line through a run: volumes in nL, a take-up in revolutions. `u_` are standard uncertainties.

    `scatter_nl` is the standard deviation of one reading about the line, never less than the scale's resolution allows.
    """

    revolutions: tuple[float, ...]
    volumes_nl: tuple[float, ...]
    residuals_nl: tuple[float, ...]
    nl_per_rev: float
    u_nl_per_rev: float
    take_up_rev: float
    u_take_up_rev: float
    scatter_nl: float
    step_nl: float
    conditions: Conditions
    name: str

    @property
    def freedom(self) -> int:
        """Degrees of freedom: points less the two numbers of a line."""
        return len(self.revolutions) - 2

    @property
    def k(self) -> float:
        """The factor that makes a standard uncertainty an expanded one of 95 %."""
        return coverage(self.freedom)

    @property
    def expanded_nl_per_rev(self) -> float:
        """The expanded uncertainty of `nl_per_rev`."""
        return self.k * self.u_nl_per_rev

    @property
    def take_up_nl(self) -> float:
        """The take-up as the volume that is missing."""
        return self.take_up_rev * self.nl_per_rev

    @property
    def expanded_take_up_nl(self) -> float:
        """The expanded uncertainty of `take_up_nl`."""
        return self.k * self.u_take_up_rev * self.nl_per_rev

    def take_up_steps(self, steps_per_rev: int) -> int:
        """The take-up in whole microsteps, 0 where the line begins above 0."""
        return max(0, round(self.take_up_rev * steps_per_rev))

    def expanded_take_up_steps(self, steps_per_rev: int) -> float:
        """The expanded uncertainty of the take-up, in microsteps."""
        return self.k * self.u_take_up_rev * steps_per_rev


def coverage(freedom: int) -> float:
    """The factor for an expanded uncertainty of 95 % with so many degrees of freedom, 1 or more."""
    return _COVERAGE[max(known for known in _COVERAGE if known <= freedom)]


def fit(run: Points, conditions: Conditions) -> Fit:
    """Least squares through a run. Raises InputError for one that no pump can have made.

    These are: fewer than three points, revolutions or volumes that do not rise, and evaporation with unknown times.
    """
    if len(run.points) < FEWEST_POINTS:
        raise InputError(run.name, f"{len(run.points)} points", f"at least {FEWEST_POINTS} points")
    factor = nl_per_mg(conditions.temperature_c)
    revolutions = [float(point.revolutions) for point in run.points]
    volumes_nl = [float(mass_mg) * factor for mass_mg in _masses_mg(run, conditions)]
    _refuse_unless_rising(run, revolutions, volumes_nl)
    x, y = np.array(revolutions), np.array(volumes_nl)
    line, unscaled = np.polyfit(x, y, 1, cov="unscaled")
    slope, intercept = float(line[0]), float(line[1])
    residuals = y - slope * x - intercept
    step_nl = float(run.step_mg) * factor
    # Readings that happen to lie on a line are still known no better than their last digit: uniform within it.
    scatter_nl = max(sqrt(float(residuals @ residuals) / (len(x) - 2)), step_nl / sqrt(12))
    covariance = scatter_nl**2 * unscaled
    # take_up = -intercept / slope, to first order. The reading before the run is in every point alike: its error moves
    # the line and is not seen in the scatter.
    gradient = np.array([intercept / slope**2, -1 / slope])
    variance_rev = float(gradient @ covariance @ gradient) + (scatter_nl / slope) ** 2
    return Fit(
        revolutions=tuple(revolutions),
        volumes_nl=tuple(volumes_nl),
        residuals_nl=tuple(float(residual) for residual in residuals),
        nl_per_rev=slope,
        u_nl_per_rev=sqrt(float(covariance[0, 0])),
        take_up_rev=-intercept / slope,
        u_take_up_rev=sqrt(variance_rev),
        scatter_nl=scatter_nl,
        step_nl=step_nl,
        conditions=conditions,
        name=run.name,
    )


def refuse_unless_sound(line: Fit, steps_per_rev: int) -> None:
    """Raises InputError for a result that must not become a calibration, saying which bound it breaks."""
    share = line.expanded_nl_per_rev / line.nl_per_rev
    if share > UNCERTAINTY_MOST:
        raise InputError(
            f"{line.name}: uncertainty of nL per revolution",
            f"{100 * share:.2g} % (95 %, k = {line.k:g})",
            f"at most {100 * UNCERTAINTY_MOST:g} %: take more points, farther apart, or steadier readings",
        )
    if line.take_up_rev + line.k * line.u_take_up_rev < 0:
        raise InputError(
            f"{line.name}: take-up",
            f"{line.take_up_nl / 1000:.2f} uL",
            "a line that begins at or below 0: read the scale before the first revolution, with no drop at the tip",
        )
    steps = line.take_up_steps(steps_per_rev)
    if steps > TAKE_UP_STEPS_MAX:
        accepted = f"at most {TAKE_UP_STEPS_MAX} microsteps: look for air, a leak, or a loose nut"
        raise InputError(f"{line.name}: take-up", f"{steps} microsteps", accepted)


def _masses_mg(run: Points, conditions: Conditions) -> list[Fraction]:
    """What came out, with what evaporated since the run began added again."""
    masses_mg: list[Fraction] = []
    for number, point in enumerate(run.points, 1):
        lost_mg = Fraction(0)
        if conditions.evaporation_mg_h:
            if point.seconds is None:
                accepted = "a column `seconds`, the time since the run began, where evaporation is to be added"
                raise InputError(f"{run.name}: point {number}", "no time", accepted)
            lost_mg = conditions.evaporation_mg_h * point.seconds / MG_H_PER_MG_S
        masses_mg.append(point.mass_mg + lost_mg)
    return masses_mg


def _refuse_unless_rising(run: Points, revolutions: list[float], volumes_nl: list[float]) -> None:
    before_rev, before_nl = 0.0, float("-inf")
    for number, (rev, nl) in enumerate(zip(revolutions, volumes_nl, strict=True), 1):
        if rev <= before_rev:
            accepted = "revolutions counted from the beginning of the run: above 0, and more at each point"
            raise InputError(f"{run.name}: point {number}, revolutions", f"{rev:g}", accepted)
        if nl <= before_nl:
            accepted = f"a weight above the {float(run.points[number - 2].mass_mg) / 1000:g} g of the point before"
            shown_g = f"{float(run.points[number - 1].mass_mg) / 1000:g} g"
            raise InputError(f"{run.name}: point {number}, weight", shown_g, accepted)
        before_rev, before_nl = rev, nl
