"""The picture of what a lease costs: years of flash against what a restart cannot know (docs/lease.png).

    python -m itb.picture.lease docs/lease.png

The figures it is drawn from stand in the PNG, under COMMENT.
"""

import argparse
from math import log
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from itb import BENCH_ONLY
from itb.boards.board import load_board
from itb.picture.style import BLACK, BLUE, DASHED, GREY, PURPLE, SKY, VERMILION, Label, label_ends, plain
from itb.sim.ask import BOARD
from itb.sim.lease import Curve, Point, measured
from itb.sim.wear import DEFAULT_NL, years

COMMENT = "Comment"
GOAL_YEARS = 100
# What a volume is worth at 2000 ug/mL, and in percent of a day of 400 ug.
UG_PER_UL, DAY_UG = 2.0, 400.0
NL_PER_UL = 1000
_MARGINS = {"left": 0.085, "right": 0.78, "top": 0.85, "bottom": 0.085, "hspace": 0.16}


def draw_lease(curve: Curve) -> Figure:
    """Years until the flash is worn above, what a restart adds below, both over the lease."""
    figure = Figure(figsize=(10, 8), dpi=150, facecolor="white")
    wear, doubt = figure.subplots(2, 1, sharex=True, gridspec_kw=_MARGINS)
    figure.text(0.085, 0.95, "What the size of a lease is paid with", fontsize=15, fontweight="bold", color=BLACK)
    said = "0.2 mL/day of 2000 µg/mL      above: erases counted on littlefs      below: power cuts at random"
    figure.text(0.085, 0.918, said, fontsize=9.5, color=GREY)
    figure.text(0.085, 0.887, BENCH_ONLY, fontsize=9.5, color=VERMILION)
    _draw_years(wear, curve)
    _draw_doubt(doubt, curve.points)
    for axes in (wear, doubt):
        axes.axvline(float(DEFAULT_NL) / NL_PER_UL, color=GREY, linewidth=1, linestyle=DASHED)
        axes.set_xscale("log")
        plain(axes)
    leases_ul = [one.lease_nl / NL_PER_UL for one in curve.points]
    doubt.set_xticks(leases_ul, [f"{lease:g}" for lease in leases_ul])
    doubt.set_xticks([], minor=True)
    doubt.set_xlim(leases_ul[0], leases_ul[-1])
    doubt.set_xlabel("lease, µL", fontsize=10.5)
    figure.align_ylabels((wear, doubt))
    return figure


def _draw_years(axes: Axes, curve: Curve) -> None:
    default_ul = float(DEFAULT_NL) / NL_PER_UL
    leases_ul = [one.lease_nl / NL_PER_UL for one in curve.points]
    axes.set_yscale("log")
    labels: list[tuple[float, str, str]] = [(GOAL_YEARS, "goal, 100 years", BLACK)]
    for (name, worst_day), colour in zip(curve.worst_day.items(), (BLUE, PURPLE), strict=True):
        mean = [years(one.mean_day[name]) for one in curve.points]
        axes.plot(leases_ul, mean, "o-", color=colour, linewidth=2.2, markersize=5, label=f"{name}, mean block")
        axes.plot([default_ul], [years(worst_day)], "v", color=colour, markersize=8, label=f"{name}, worst block")
        labels.append((mean[-1], name, colour))
    axes.annotate(
        "worst blocks of a year",
        (default_ul, min(years(worst_day) for worst_day in curve.worst_day.values())),
        (8, -14),
        textcoords="offset points",
        fontsize=9.5,
        color=BLACK,
    )
    axes.axhline(GOAL_YEARS, color=BLACK, linewidth=1.1, linestyle=DASHED)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_ylim(50, 2000)
    axes.set_ylabel("years to 100,000 erases", fontsize=10.5)
    _label(axes, labels)


def _draw_doubt(axes: Axes, points: tuple[Point, ...]) -> None:
    step_ul = float(load_board(BOARD).nl_per_step) / NL_PER_UL
    leases_ul = [one.lease_nl / NL_PER_UL for one in points]
    most_ul = [one.most_slack_steps * step_ul for one in points]
    mean_ul = [one.mean_slack_steps * step_ul for one in points]
    axes.set_yscale("log")
    axes.plot(leases_ul, leases_ul, color=BLACK, linewidth=1.1, linestyle=DASHED, label="one lease")
    axes.plot(leases_ul, most_ul, "o", color=VERMILION, markersize=6, label="worst")
    axes.plot(leases_ul, mean_ul, "o-", color=SKY, linewidth=1.6, markersize=4, label="mean")
    axes.set_ylim(0.2, 100)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_ylabel("accounted, not delivered, µL", fontsize=10.5)
    for lease_ul in (leases_ul[0], float(DEFAULT_NL) / NL_PER_UL, leases_ul[-1]):
        ug = lease_ul * UG_PER_UL
        text = f"{ug:g} µg, {100 * ug / DAY_UG:g} % of a day"
        right = lease_ul == leases_ul[-1]
        axes.annotate(
            text,
            (lease_ul, lease_ul),
            (-8 if right else 8, 4 if right else -14),
            textcoords="offset points",
            fontsize=9.5,
            color=BLACK,
            ha="right" if right else "left",
        )
    labels = [
        (leases_ul[-1] * 1.3, "at most one lease,\nand the worst found", VERMILION),
        (mean_ul[-1] / 1.3, "mean", SKY),
    ]
    _label(axes, labels)


def _label(axes: Axes, labels: list[tuple[float, str, str]]) -> None:
    """Names at the right, by values of a logarithmic axis."""
    low, high = axes.get_ylim()
    placed = [Label(_linear(value, low, high), text, colour) for value, text, colour in labels]
    label_ends(axes, placed)


def _linear(value: float, low: float, high: float) -> float:
    """Where on a linear axis from `low` to `high` is, what is at `value` on a logarithmic one."""
    return low + (high - low) * log(value / low) / log(high / low)


def save_lease(curve: Curve, path: Path) -> None:
    """Write the PNG, with its figures in it."""
    draw_lease(curve).savefig(path, metadata={COMMENT: curve.as_json()})


def main() -> None:
    """Count and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    save_lease(measured(), parser.parse_args().path)


if __name__ == "__main__":
    main()
