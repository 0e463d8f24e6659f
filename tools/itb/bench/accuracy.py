"""Accuracy of a flow from weights over time: start-up curve and trumpet curve, in the manner of IEC 60601-2-24.

For readings W every S minutes, a rate r and a density d the flow of an interval is Q = 60 (W[i] - W[i-1]) / (S d).
Within the analysis period, the deviation of a window of P minutes is the mean of 100 (Q - r) / r over its P / S
intervals. Ep(max) and Ep(min) are the greatest and the least over all (T - P) / S + 1 windows of that length in a
period of T minutes; A is the deviation over the whole of it.

The standard is for pumps outside of the body, most of them a hundred times faster. At fractions of a millilitre a day
the scale decides about the short windows; `Window` tells how much of each figure the scale alone can make.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt
from statistics import median
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from itb.bench.gravimetric import Conditions
from itb.bench.readings import Weights
from itb.bench.water import nl_per_mg
from itb.errors import InputError

Floats: TypeAlias = NDArray[np.float64]

WINDOWS_MIN = (2, 5, 11, 19, 31)
START_UP_S = 7200
PERIOD_FROM_S, PERIOD_TO_S = 3600, 7200
S_PER_DAY = 86_400
SHORTEST_S, LONGEST_S = 1, 60
# The readings of one interval differ from another's by at most this share of it; beyond that one is missing.
JITTER = 0.1
SMOOTHED_MIN = 10
# Three standard deviations of a difference of two readings: the worst of some sixty windows, not of one.
NOISE_FACTOR = 3 * sqrt(2)


@dataclass(frozen=True)
class ScaleLimits:
    """One of the scale's last digit, and the standard deviation of its readings, in mg."""

    step_mg: float
    repeatability_mg: float


@dataclass(frozen=True)
class Window:
    """All windows of one length: the extreme deviations in percent, and what the scale alone can make of them.

    `step_percent` is the most that whole last digits make; `scale_percent` adds three standard deviations of noise.
    """

    minutes: int
    count: int
    max_percent: float
    min_percent: float
    step_percent: float
    scale_percent: float


@dataclass(frozen=True)
class Accuracy:
    """What was found. Flows in nL/day, each over the seconds between two edges."""

    name: str
    rate_nl_day: float
    interval_s: float
    from_s: float
    to_s: float
    mean_percent: float
    mean_scale_percent: float
    windows: tuple[Window, ...]
    edges_s: tuple[float, ...]
    flows_nl_day: tuple[float, ...]
    smoothed_s: tuple[float, ...]
    smoothed_nl_day: tuple[float, ...]
    smoothed_scale_percent: float
    scale: ScaleLimits
    conditions: Conditions


def analyse(
    weights: Weights,
    rate_nl_day: Fraction,
    scale: ScaleLimits,
    conditions: Conditions,
    period_s: tuple[Fraction, Fraction] = (Fraction(PERIOD_FROM_S), Fraction(PERIOD_TO_S)),
) -> Accuracy:
    """Both curves. Time counts from the first reading, at which the flow begins.

    Raises InputError for readings that are not even in time, and for a period that is too short or not in the data.
    """
    rate = float(rate_nl_day)
    interval_s = sampling_interval_s(weights)
    times_s = np.array([float(second - weights.seconds[0]) for second in weights.seconds])
    volumes_nl = _volumes_nl(weights, times_s, conditions)
    first, last = _period(weights, times_s, interval_s, period_s)
    in_s, in_nl = times_s[first : last + 1], volumes_nl[first : last + 1]
    windows = [window(in_s, in_nl, rate, interval_s, minutes) for minutes in WINDOWS_MIN]
    factor = nl_per_mg(conditions.temperature_c)
    start = times_s <= START_UP_S + interval_s / 2
    edges_s, start_nl = times_s[start], volumes_nl[start]
    flows = np.diff(start_nl) / np.diff(edges_s) * S_PER_DAY
    width = min(round(SMOOTHED_MIN * 60 / interval_s), len(edges_s) - 1)
    smoothed = (start_nl[width:] - start_nl[:-width]) / (edges_s[width:] - edges_s[:-width]) * S_PER_DAY
    period = float(in_s[-1] - in_s[0])
    return Accuracy(
        name=weights.name,
        rate_nl_day=rate,
        interval_s=interval_s,
        from_s=float(in_s[0]),
        to_s=float(in_s[-1]),
        mean_percent=100 * (float(in_nl[-1] - in_nl[0]) / period * S_PER_DAY / rate - 1),
        mean_scale_percent=_scale_percent(scale, factor, rate, period)[1],
        windows=tuple(
            Window(minutes, count, most, least, *_scale_percent(scale, factor, rate, minutes * 60))
            for minutes, (count, most, least) in zip(WINDOWS_MIN, windows, strict=True)
        ),
        edges_s=_tuple(edges_s),
        flows_nl_day=_tuple(flows),
        smoothed_s=_tuple((edges_s[width:] + edges_s[:-width]) / 2),
        smoothed_nl_day=_tuple(smoothed),
        smoothed_scale_percent=_scale_percent(scale, factor, rate, width * interval_s)[1],
        scale=scale,
        conditions=conditions,
    )


def window(
    times_s: Floats, volumes_nl: Floats, rate_nl_day: float, interval_s: float, minutes: int
) -> tuple[int, float, float]:
    """How many windows of `minutes` there are, and the greatest and least deviation in them, in percent."""
    width = round(minutes * 60 / interval_s)
    flows = (volumes_nl[width:] - volumes_nl[:-width]) / (times_s[width:] - times_s[:-width]) * S_PER_DAY
    percents = 100 * (flows / rate_nl_day - 1)
    return len(percents), float(percents.max()), float(percents.min())


def sampling_interval_s(weights: Weights) -> float:
    """The interval of the readings, a whole part of a minute. Raises InputError for a gap and for uneven times."""
    if len(weights.seconds) < 3:
        raise InputError(weights.name, f"{len(weights.seconds)} readings", "at least 3 readings")
    steps_s = [float(after - before) for before, after in zip(weights.seconds, weights.seconds[1:], strict=False)]
    usual_s = median(steps_s)
    accepted = f"readings every {SHORTEST_S} s to {LONGEST_S} s, an even part of a minute, like 30 s"
    if not SHORTEST_S * (1 - JITTER) <= usual_s <= LONGEST_S * (1 + JITTER):
        raise InputError(f"{weights.name}: interval", f"{usual_s:g} s", accepted)
    interval_s = 60 / round(60 / usual_s)
    if abs(interval_s - usual_s) > 0.01 * interval_s:
        raise InputError(f"{weights.name}: interval", f"{usual_s:g} s", accepted)
    for place, step_s in enumerate(steps_s):
        if abs(step_s - interval_s) > JITTER * interval_s:
            kind = "a gap" if step_s > 0 else "a step back"
            raise InputError(
                f"{weights.name}: after {float(weights.seconds[place]):g} s",
                f"{kind} of {abs(step_s):g} s",
                f"readings every {interval_s:g} s, each within {100 * JITTER:g} %",
            )
    return interval_s


def _volumes_nl(weights: Weights, times_s: Floats, conditions: Conditions) -> Floats:
    masses_mg = np.array([float(mass_mg) for mass_mg in weights.masses_mg])
    evaporated_mg = float(conditions.evaporation_mg_h) * times_s / 3600
    return (masses_mg + evaporated_mg) * nl_per_mg(conditions.temperature_c)


def _period(
    weights: Weights, times_s: Floats, interval_s: float, period_s: tuple[Fraction, Fraction]
) -> tuple[int, int]:
    """The readings that begin and end the analysis period."""
    from_s, to_s = float(period_s[0]), float(period_s[1])
    end_s = float(times_s[-1])
    if to_s > end_s + interval_s / 2:
        accepted = f"at most the {end_s / 60:.4g} min of {weights.name}; name an analysis period with --from and --to"
        raise InputError("--to", f"{to_s / 60:g} min", accepted)
    first, last = int(np.abs(times_s - from_s).argmin()), int(np.abs(times_s - to_s).argmin())
    longest_min = max(WINDOWS_MIN)
    if last - first < round(longest_min * 60 / interval_s):
        accepted = f"an analysis period of at least {longest_min} min, the longest window"
        raise InputError("--from, --to", f"{from_s / 60:g} min to {to_s / 60:g} min", accepted)
    return first, last


def _scale_percent(scale: ScaleLimits, factor: float, rate_nl_day: float, span_s: float) -> tuple[float, float]:
    """What whole last digits, and those with noise, make of the deviation over a span, in percent either way."""
    percent_per_mg = 100 * factor / (rate_nl_day * span_s / S_PER_DAY)
    step = percent_per_mg * scale.step_mg
    return step, step + percent_per_mg * NOISE_FACTOR * scale.repeatability_mg


def _tuple(values: Floats | Sequence[float]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
