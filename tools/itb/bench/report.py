"""A calibration and an accuracy run in words and numbers: tables for people, facts for machines."""

from collections.abc import Mapping
from math import ceil

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from itb import BENCH_ONLY
from itb.bench.accuracy import NOISE_FACTOR, Accuracy
from itb.bench.gravimetric import Fit
from itb.boards.board import Board

NL_PER_UL, NL_PER_ML = 1e3, 1e6


def calibration_told(fit: Fit, board: Board) -> RenderableType:
    """The points with what the line leaves over, and the result."""
    table = _table("Calibration", "revolutions", "volume, uL", "left over, uL")
    for revolutions, volume_nl, rest_nl in zip(fit.revolutions, fit.volumes_nl, fit.residuals_nl, strict=True):
        table.add_row(f"{revolutions:g}", f"{volume_nl / NL_PER_UL:.2f}", f"{rest_nl / NL_PER_UL:+.3f}")
    share = 100 * fit.expanded_nl_per_rev / fit.nl_per_rev
    change = 100 * (fit.nl_per_rev / board.nl_per_rev - 1)
    result = Text.assemble(
        (f"{fit.nl_per_rev:.1f} ± {fit.expanded_nl_per_rev:.1f} nL per revolution", "bold"),
        f" ({share:.2g} %), {change:+.2f} % from the {board.nl_per_rev} of {board.file}",
    )
    coverage = f"95 %, k = {fit.k:g} (Student's t for {len(fit.revolutions)} points)"
    doubt = f"Standard uncertainty {fit.u_nl_per_rev:.2g} nL; ± is {coverage}."
    scatter_ul, digit_ul = fit.scatter_nl / NL_PER_UL, fit.step_nl / NL_PER_UL
    scatter = f"Readings scatter by {scatter_ul:.2g} uL about the line; one digit of the scale is {digit_ul:.2g} uL."
    return Group(table, result, Text(doubt), Text(scatter), take_up_told(fit, board))


def take_up_told(fit: Fit, board: Board) -> Text:
    """The take-up, and what follows from it."""
    steps, doubt_steps = fit.take_up_steps(board.steps_per_rev), fit.expanded_take_up_steps(board.steps_per_rev)
    volumes = f"{fit.take_up_nl / NL_PER_UL:.2f} ± {fit.expanded_take_up_nl / NL_PER_UL:.2f} uL"
    return Text.assemble(
        (f"Take-up {steps} ± {doubt_steps:.0f} microsteps", "bold"),
        f" ({volumes}): not in the nL per revolution. After such a rest, prime {ceil(steps + doubt_steps)} microsteps "
        "before the first dose.",
    )


def written_told(values: Mapping[str, str]) -> str:
    """The keys as they stand in the file."""
    return "\n".join(f'  {key} = "{value}"' for key, value in values.items())


def accuracy_told(found: Accuracy) -> RenderableType:
    """The trumpet as a table, and what the scale has to do with it."""
    title = f"Trumpet: minutes {found.from_s / 60:g} to {found.to_s / 60:g}, a reading every {found.interval_s:g} s"
    table = _table(title, "window, min", "windows", "Ep(min), %", "Ep(max), %", "digits make, %", "scale makes, %")
    for one in found.windows:
        table.add_row(
            str(one.minutes),
            str(one.count),
            f"{one.min_percent:+.2f}",
            f"{one.max_percent:+.2f}",
            _doubt(one.step_percent),
            _doubt(one.scale_percent),
        )
    mean = Text.assemble(
        f"Mean error A at {found.rate_nl_day / NL_PER_ML:g} mL/day: ",
        (f"{found.mean_percent:+.3g} %", "bold"),
        f", known to {_doubt(found.mean_scale_percent)} % by this scale.",
    )
    return Group(table, mean, Text(_scale_told(found)))


def _scale_told(found: Accuracy) -> str:
    """The honest line."""
    shortest, scale = found.windows[0], found.scale
    volume_ul = found.rate_nl_day * shortest.minutes / 1440 / NL_PER_UL
    return (
        f"A window of {shortest.minutes} min holds {volume_ul:.3g} uL. The scale's digits of {scale.step_mg:g} mg "
        f"alone make up to {_doubt(shortest.step_percent)} % of that, with three standard deviations of its noise of "
        f"{scale.repeatability_mg:g} mg {_doubt(shortest.scale_percent)} %: what lies within says nothing of the pump."
    )


def _doubt(percent: float) -> str:
    return f"± {percent:.0f}" if percent >= 10 else f"± {percent:.2g}"


def accuracy_facts(found: Accuracy) -> dict[str, object]:
    """The facts for machines: flows in mL/day, times in s, deviations in percent."""
    return {
        "bench_only": BENCH_ONLY,
        "data": found.name,
        "rate_ml_day": found.rate_nl_day / NL_PER_ML,
        "interval_s": found.interval_s,
        "temperature_c": found.conditions.temperature_c,
        "evaporation_mg_h": float(found.conditions.evaporation_mg_h),
        "scale": {
            "resolution_mg": found.scale.step_mg,
            "repeatability_mg": found.scale.repeatability_mg,
            "noise_factor": NOISE_FACTOR,
        },
        "period_s": [found.from_s, found.to_s],
        "mean_percent": found.mean_percent,
        "mean_scale_percent": found.mean_scale_percent,
        "windows": [
            {
                "minutes": one.minutes,
                "count": one.count,
                "max_percent": one.max_percent,
                "min_percent": one.min_percent,
                "resolution_percent": one.step_percent,
                "scale_percent": one.scale_percent,
            }
            for one in found.windows
        ],
        "start_up": {
            "edges_s": list(found.edges_s),
            "ml_day": [flow / NL_PER_ML for flow in found.flows_nl_day],
        },
    }


def _table(title: str, *columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right")
    return table
