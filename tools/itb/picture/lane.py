"""Labels of moments: rows above a panel or within it, each label beginning at its moment, none over another."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from itb.picture.style import LABEL_PT, LABEL_SIZE, MS_PER_HOUR, label_pt, micro, panel_pt

GAP_PT = 6.0
SHIFT_PT = 3.0


@dataclass(frozen=True)
class Mark:
    """Something that happened at `t_ms`, told by `text`."""

    t_ms: int
    text: str
    colour: str


@dataclass(frozen=True)
class Placed:
    """A mark with its row, 0 the lowest, and whether its text ends at the moment instead of beginning there."""

    mark: Mark
    row: int
    leftwards: bool


def place(marks: Sequence[Mark], end_ms: int, width: float, margin: float) -> list[Placed]:
    """Rows for labels of a panel that is `width` points wide and has `margin` more to its right.

    A label's own line rises to it from the panel. So a label stands above all that it reaches over, that no line need
    cross the label of another; the few near the right end, which end at their moment instead, do not go by that.
    """
    spans: list[tuple[float, float, Placed]] = []
    for leftwards in (False, True):
        for mark in sorted(marks, key=lambda one: one.t_ms, reverse=not leftwards):
            at, long = mark.t_ms / end_ms * width, label_pt(micro(mark.text)) + SHIFT_PT + GAP_PT
            if (at + long > width + margin) == leftwards:
                begin, until = (at - long, at + GAP_PT) if leftwards else (at, at + long)
                below = [placed.row for one, other, placed in spans if one < until and begin < other]
                spans.append((begin, until, Placed(mark, max(below, default=-1) + 1, leftwards)))
    return [placed for _, _, placed in spans]


def place_within(marks: Sequence[Mark], end_ms: int, width: float, lines_ms: Sequence[int]) -> list[Placed]:
    """Rows for labels inside a panel, as few as keep them off one another, and off the lines at `lines_ms` if they can.

    A label stands beside its own line, which it may touch.
    """
    spans: list[tuple[float, float, Placed]] = []
    lines = [(t_ms, t_ms / end_ms * width) for t_ms in lines_ms]
    for mark in sorted(marks, key=lambda one: one.t_ms):
        at, long = mark.t_ms / end_ms * width, label_pt(micro(mark.text)) + SHIFT_PT + GAP_PT
        others = [x for t_ms, x in lines if t_ms != mark.t_ms]
        spots = [(row, leftwards) for row in range(len(marks)) for leftwards in (False, True)]
        free = [spot for spot in spots if _is_free(spot, at, long, width, spans)]
        clear = [
            spot for spot in free if not any(_reach(spot, at, long)[0] < x < _reach(spot, at, long)[1] for x in others)
        ]
        # A row more is no reason to cover a line; many are.
        row, leftwards = next((spot for spot in clear if spot[0] <= free[0][0] + 1), free[0])
        begin, until = _reach((row, leftwards), at, long)
        spans.append((begin, until, Placed(mark, row, leftwards)))
    return [placed for _, _, placed in spans]


def _reach(spot: tuple[int, bool], at: float, long: float) -> tuple[float, float]:
    return (at - long, at) if spot[1] else (at, at + long)


def _is_free(
    spot: tuple[int, bool], at: float, long: float, width: float, spans: Sequence[tuple[float, float, Placed]]
) -> bool:
    begin, until = _reach(spot, at, long)
    # One that is too wide for any place begins at its moment.
    inside = (begin >= 0 and until <= width) or (not spot[1] and at < long and at + long > width)
    return inside and not any(one < until and begin < other for one, other, placed in spans if placed.row == spot[0])


def rows(placed: Sequence[Placed]) -> int:
    """How many rows there are."""
    return max((one.row for one in placed), default=-1) + 1


def write_above(axes: Axes, placed: Sequence[Placed]) -> None:
    """Write labels above a panel, each with a line down to it."""
    for one in placed:
        hour = one.mark.t_ms / MS_PER_HOUR
        low_pt = 4 + LABEL_PT * one.row
        axes.annotate(
            micro(one.mark.text),
            (hour, 1),
            (-SHIFT_PT if one.leftwards else SHIFT_PT, low_pt),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            color=one.mark.colour,
            fontsize=LABEL_SIZE,
            fontweight="bold",
            ha="right" if one.leftwards else "left",
            va="bottom",
            annotation_clip=False,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
            zorder=6,
        )
        axes.annotate(
            "",
            (hour, 1),
            (0, low_pt + LABEL_PT - 2),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            arrowprops={"arrowstyle": "-", "color": one.mark.colour, "linewidth": 1.0, "shrinkA": 0, "shrinkB": 0},
            annotation_clip=False,
        )


def write_within(axes: Axes, placed: Sequence[Placed], lines: int, from_pt: float) -> None:
    """Write labels of so many `lines` each into a panel, `from_pt` below its top the first of them."""
    _, height_pt = panel_pt(axes)
    for one in placed:
        down_pt = from_pt + LABEL_PT * lines * one.row
        axes.annotate(
            micro(one.mark.text),
            (one.mark.t_ms / MS_PER_HOUR, 1 - down_pt / height_pt),
            (-SHIFT_PT if one.leftwards else SHIFT_PT, 0),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            color=one.mark.colour,
            fontsize=LABEL_SIZE,
            fontweight="bold",
            ha="right" if one.leftwards else "left",
            va="top",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.8},
            zorder=6,
        )
