"""How pictures of runs look: colours, units, and labels that stand where their line does and do not cover one another.

Colours are from the Okabe-Ito palette, which colour-blind readers can tell apart; those that letters are set in are
darkened.
"""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

BLUE, VERMILION, GREEN, SKY, GREY, BLACK = "#0072B2", "#D55E00", "#009E73", "#56B4E9", "#7A7A7A", "#222222"
PURPLE, ORANGE, YELLOW = "#A8457F", "#A86F00", "#E69F00"

MS_PER_HOUR = 3_600_000
LABEL_SIZE = 9.5
LABEL_PT = 13.0
PT_PER_INCH = 72
DASHED, DOTTED = (0, (4, 2)), (0, (1, 1.5))


@dataclass(frozen=True)
class Label:
    """A line's name, right of its end at `value` of the axis."""

    value: float
    text: str
    colour: str


def micro(text: str) -> str:
    """Units as a reader knows them; files and commands keep to "ug"."""
    return re.sub(r"\bug\b", "µg", text)


@functools.cache
def label_pt(text: str, size: float = LABEL_SIZE) -> float:
    """How wide a label is, in points: its longest line."""
    font = FontProperties(weight="bold")
    return max(float(TextPath((0, 0), line, size=size, prop=font).get_extents().width) for line in text.split("\n"))


def panel_pt(axes: Axes) -> tuple[float, float]:
    """Width and height of a panel, in points."""
    box, figure = axes.get_position(), axes.get_figure(root=True)
    assert figure is not None
    width_in, height_in = figure.get_size_inches()
    return box.width * width_in * PT_PER_INCH, box.height * height_in * PT_PER_INCH


def plain(axes: Axes) -> None:
    """No frame, faint lines across."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#E4E4E4", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=9.5, length=3)


def label_ends(axes: Axes, labels: Sequence[Label]) -> None:
    """Write all labels of a panel right of it, each as near to its value as the others let it."""
    low, high = axes.get_ylim()
    _, height_pt = panel_pt(axes)
    placed = sorted(labels, key=lambda label: label.value)
    heights = [LABEL_PT * (1 + label.text.count("\n")) for label in placed]
    wanted = [(label.value - low) / (high - low) * height_pt for label in placed]
    for label, centre_pt in zip(placed, spread(wanted, heights, height_pt), strict=True):
        axes.annotate(
            micro(label.text),
            (1, 0),
            (7, centre_pt),
            xycoords="axes fraction",
            textcoords="offset points",
            color=label.colour,
            fontsize=LABEL_SIZE,
            fontweight="bold",
            va="center",
            ha="left",
            annotation_clip=False,
        )


def spread(wanted: Sequence[float], heights: Sequence[float], room: float) -> list[float]:
    """Centres for boxes of `heights`, as near to the ascending `wanted` as they can be without overlap.

    They keep between 0 and `room` where there is room for all.
    """
    groups: list[tuple[list[float], list[float]]] = []
    for want, height in zip(wanted, heights, strict=True):
        groups.append(([want], [height]))
        while len(groups) > 1 and _top(groups[-2], room) > _bottom(groups[-1], room):
            last = groups.pop()
            groups[-1] = (groups[-1][0] + last[0], groups[-1][1] + last[1])
    centres: list[float] = []
    for group in groups:
        bottom = _bottom(group, room)
        for height in group[1]:
            centres.append(bottom + height / 2)
            bottom += height
    return centres


def _bottom(group: tuple[list[float], list[float]], room: float) -> float:
    """Where a stack of boxes begins: centred on where its boxes want to be."""
    wanted, heights = group
    total = sum(heights)
    middle = sum(wanted) / len(wanted)
    return max(min(middle - total / 2, room - total), 0)


def _top(group: tuple[list[float], list[float]], room: float) -> float:
    return _bottom(group, room) + sum(group[1])
