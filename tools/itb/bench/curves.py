"""Two pictures: a calibration with what its line leaves over, and the start-up and trumpet curves of an accuracy run.

Style and colours are those of `itb.picture.drawing`.
"""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from itb import BENCH_ONLY
from itb.bench.accuracy import SMOOTHED_MIN, WINDOWS_MIN, Accuracy
from itb.bench.gravimetric import Fit
from itb.boards.board import Board
from itb.picture.style import BLACK, BLUE, GREY, SKY, VERMILION

NL_PER_ML, NL_PER_UL = 1e6, 1e3
_DASHED = (0, (4, 2))
_PALE = 0.15
_MARGINS = {"left": 0.085, "right": 0.795, "top": 0.845, "bottom": 0.09}


def draw_calibration(fit: Fit, board: Board, day: str) -> Figure:
    """Weighed volume over revolutions with the fitted line, and what the line leaves over."""
    figure = Figure(figsize=(10, 7.2), dpi=150, facecolor="white")
    line, rest = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (2.2, 1), "hspace": 0.18, **_MARGINS})
    result = f"{fit.nl_per_rev:,.0f} nL per revolution"
    doubt = f"± {fit.expanded_nl_per_rev:.2g} nL ({100 * fit.expanded_nl_per_rev / fit.nl_per_rev:.2g} %)"
    water = f"water at {fit.conditions.temperature_c:g} °C"
    _title(figure, result, f"{doubt}, 95 %, k = {fit.k:g}      board {board.name}, {day}      {water}")
    end = 1.06 * fit.revolutions[-1]
    volumes_ul = [nl / NL_PER_UL for nl in fit.volumes_nl]
    ends = [0.0, end]
    line.plot(
        [fit.take_up_rev, end],
        [0, fit.nl_per_rev * (end - fit.take_up_rev) / NL_PER_UL],
        color=BLACK,
        linewidth=1.1,
        linestyle=_DASHED,
        label="fit",
    )
    line.plot(fit.revolutions, volumes_ul, "o", color=BLUE, markersize=8, label="weighed")
    line.set_ylabel("volume since the start, µL", fontsize=10.5)
    line.set_ylim(bottom=min(0.0, *volumes_ul))
    _beside(line, 0.9, "weighed", BLUE)
    steps = fit.take_up_steps(board.steps_per_rev)
    take_up = f"take-up: {steps} ± {fit.expanded_take_up_steps(board.steps_per_rev):.0f} microsteps\n"
    take_up += f"{fit.take_up_nl / NL_PER_UL:.2f} ± {fit.expanded_take_up_nl / NL_PER_UL:.2f} µL"
    line.annotate(
        take_up,
        (fit.take_up_rev, 0),
        (0.3, 0.07),
        textcoords="axes fraction",
        color=VERMILION,
        fontsize=9.5,
        fontweight="bold",
        arrowprops={"arrowstyle": "-", "color": VERMILION, "linewidth": 1.2},
    )
    _draw_rest(rest, fit, ends)
    rest.set_xlim(0, end)
    rest.set_xlabel("revolutions since the start", fontsize=10.5)
    for axes in (line, rest):
        _plain(axes)
    figure.align_ylabels((line, rest))
    return figure


def _draw_rest(axes: Axes, fit: Fit, ends: list[float]) -> None:
    """What is left over, against one digit of the scale: points within the band cannot be told from the line."""
    step_ul = fit.step_nl / NL_PER_UL
    axes.axhspan(-step_ul, step_ul, color=GREY, alpha=0.18, linewidth=0, label="one digit of the scale")
    axes.plot(ends, [0, 0], color=BLACK, linewidth=1.1, linestyle=_DASHED)
    rests_ul = [nl / NL_PER_UL for nl in fit.residuals_nl]
    axes.plot(fit.revolutions, rests_ul, "o", color=BLUE, markersize=7, label="left over")
    most = 1.3 * max(step_ul, *(abs(rest) for rest in rests_ul))
    axes.set_ylim(-most, most)
    axes.set_ylabel("left over, µL", fontsize=10.5)
    _beside(axes, 0.5, "grey: one digit\nof the scale", GREY)


def draw_accuracy(found: Accuracy) -> Figure:
    """Start-up curve above, trumpet curve below."""
    figure = Figure(figsize=(10, 8.2), dpi=150, facecolor="white")
    start, trumpet = figure.subplots(2, 1, gridspec_kw={"height_ratios": (1, 1.35), "hspace": 0.36, **_MARGINS})
    rate_ml = found.rate_nl_day / NL_PER_ML
    heading = f"{rate_ml:g} mL/day: {found.mean_percent:+.2g} %, known to ± {found.mean_scale_percent:.2g} %"
    facts = f"{found.name}      every {found.interval_s:g} s      water at {found.conditions.temperature_c:g} °C"
    _title(figure, heading, facts)
    _draw_start(start, found)
    _draw_trumpet(trumpet, found)
    for axes in (start, trumpet):
        _plain(axes)
    figure.align_ylabels((start, trumpet))
    return figure


def _draw_start(axes: Axes, found: Accuracy) -> None:
    minutes = [second / 60 for second in found.edges_s]
    flows = [nl / NL_PER_ML for nl in found.flows_nl_day]
    smoothed = [nl / NL_PER_ML for nl in found.smoothed_nl_day]
    rate = found.rate_nl_day / NL_PER_ML
    noise = rate * found.smoothed_scale_percent / 100
    axes.axhspan(rate - noise, rate + noise, color=GREY, alpha=_PALE, linewidth=0, label="scale")
    axes.stairs(flows, minutes, color=SKY, linewidth=0.8, alpha=0.45, baseline=None, label="each interval")
    axes.axhline(rate, color=BLACK, linewidth=1.1, linestyle=_DASHED, label="set")
    axes.plot([second / 60 for second in found.smoothed_s], smoothed, color=BLUE, linewidth=2.2, label="mean")
    axes.set_xlim(0, minutes[-1])
    # Single intervals may lie far outside; the axis is for the mean.
    reach = 1.25 * max(noise, *(abs(value - rate) for value in smoothed))
    axes.set_ylim(rate - reach, rate + reach)
    axes.set_xlabel("start-up: minutes since the start", fontsize=10.5)
    axes.set_ylabel("flow, mL/day", fontsize=10.5)
    _beside(axes, 0.66, f"mean of {SMOOTHED_MIN} min", BLUE)
    _beside(axes, 0.5, f"set: {rate:g} mL/day", BLACK)
    _beside(axes, 0.34, f"each {found.interval_s:g} s", SKY)
    _beside(axes, 0.14, "grey: what the scale\nalone makes of\nthe mean", GREY)


def _draw_trumpet(axes: Axes, found: Accuracy) -> None:
    minutes = [window.minutes for window in found.windows]
    mean = found.mean_percent
    all_scale = [window.scale_percent for window in found.windows]
    digits = [window.step_percent for window in found.windows]
    for percents, alpha, name in ((all_scale, _PALE, "scale"), (digits, 0.25, "digits")):
        low, high = [mean - percent for percent in percents], [mean + percent for percent in percents]
        axes.fill_between(minutes, low, high, color=GREY, alpha=alpha, linewidth=0, label=name)
    axes.axhline(0, color=BLACK, linewidth=1.1, linestyle=_DASHED, label="set")
    axes.axhline(mean, color=VERMILION, linewidth=1.4, label="mean")
    most = [window.max_percent for window in found.windows]
    least = [window.min_percent for window in found.windows]
    for percents, name, up in ((most, "Ep(max)", True), (least, "Ep(min)", False)):
        axes.plot(minutes, percents, "o-", color=BLUE, linewidth=2.2, markersize=6, label=name)
        for minute, percent in zip(minutes, percents, strict=True):
            axes.annotate(
                f"{percent:+#.2g}" if abs(percent) < 10 else f"{percent:+.0f}",
                (minute, percent),
                (3, 5 if up else -5),
                textcoords="offset points",
                ha="left",
                va="bottom" if up else "top",
                color=BLUE,
                fontsize=10,
                fontweight="bold",
            )
    reach = 1.25 * max(*(abs(value - mean) for value in (*most, *least)), *digits)
    axes.set_ylim(mean - reach, mean + reach)
    axes.set_xlim(0, max(WINDOWS_MIN) + 1)
    axes.set_xticks(minutes)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:+g}" if value else "0"))
    period = f"minutes {found.from_s / 60:g} to {found.to_s / 60:g}"
    axes.set_xlabel(f"trumpet: length of the window in min, within {period}", fontsize=10.5)
    axes.set_ylabel("deviation of the flow, %", fontsize=10.5)
    _beside(axes, 0.9, "Ep(max), Ep(min)", BLUE)
    _beside(axes, 0.5, f"mean A: {mean:+.2g} %", VERMILION)
    step, noise = found.scale.step_mg, found.scale.repeatability_mg
    scale = f"grey: what the scale\nalone makes;\ndark: its digits, {step:g} mg,\npale: noise too, {noise:g} mg"
    _beside(axes, 0.16, scale, GREY)


def _title(figure: Figure, heading: str, facts: str) -> None:
    figure.text(0.085, 0.945, heading, fontsize=17, fontweight="bold", color=BLACK)
    figure.text(0.085, 0.905, facts, fontsize=10.5, color=BLACK)
    bench, never = BENCH_ONLY.rstrip(".").split("; ")
    figure.text(0.985, 0.958, bench.upper(), fontsize=8.5, fontweight="bold", color=VERMILION, ha="right")
    figure.text(0.985, 0.938, never, fontsize=8.5, color=VERMILION, ha="right")


def _beside(axes: Axes, height: float, text: str, colour: str) -> None:
    """A name right of the axes, its middle at this share of their height."""
    axes.annotate(
        text,
        (1, height),
        (7, 0),
        xycoords="axes fraction",
        textcoords="offset points",
        color=colour,
        fontsize=9.5,
        fontweight="bold",
        va="center",
        ha="left",
        annotation_clip=False,
    )


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#E4E4E4", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=9.5, length=3)
