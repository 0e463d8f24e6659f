"""The panel of days, for long runs: each day's dose, what it was made of, and what was prescribed and left the tip."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise

from matplotlib.axes import Axes

from itb.account.account import Account
from itb.account.tracks import Amount
from itb.picture.intended import Intended
from itb.picture.style import (
    BLACK,
    BLUE,
    DASHED,
    GREEN,
    GREY,
    MS_PER_HOUR,
    PURPLE,
    SKY,
    VERMILION,
    YELLOW,
    Label,
    label_ends,
    micro,
)
from itb.rx.prescribed import MS_PER_DAY
from itb.sim.bolus_events import SCHEDULED

# With more days the bars run together.
BARS_MAX = 120
BAR_HOURS = 19


def draw_days(axes: Axes, intended: Intended, account: Account, with_tip: bool) -> None:
    """Delivered as bars, of which boluses, bridge and prime are parts; prescribed as a line."""
    days, course = account.days, account.course
    midnights_ms = [min(day * MS_PER_DAY, account.last.t_ms) for day in range(len(days) + 1)]
    doses = [float(day.amount.ug) for day in days]
    prescribed = _daily(midnights_ms, lambda t_ms: float(intended.ug_by(t_ms)))
    parts = [
        ("boluses", GREEN, _daily(midnights_ms, lambda t_ms: _ug(course.bolus.by(t_ms)))),
        ("bridge", YELLOW, _daily(midnights_ms, lambda t_ms: _ug(course.bridge.by(t_ms)))),
        ("prime", GREY, _daily(midnights_ms, lambda t_ms: _ug(course.prime.by(t_ms)))),
    ]
    labels = [Label(prescribed[-1] * 1.001, "prescribed", BLACK), Label(doses[-1], "delivered", BLUE)]
    _bars(axes, doses, [0.0] * len(days), SKY, "delivered")
    # From the top of each bar down.
    upper = doses
    for name, colour, part in parts:
        if any(part):
            heights = [min(one, top) for one, top in zip(part, upper, strict=True)]
            upper = [top - one for one, top in zip(heights, upper, strict=True)]
            _bars(axes, heights, upper, colour, name)
            labels.append(Label(max(prescribed[-1], doses[-1]), f"{name}, in bars", colour))
    edges = [24.0 * day for day in range(len(days))] + [account.last.t_ms / MS_PER_HOUR]
    tops = [*prescribed, *doses]
    if with_tip:
        tip = [float(day.tip_ug) for day in days]
        axes.stairs(tip, edges, color=PURPLE, linewidth=1.8, baseline=None, label="at the tip")
        labels.append(Label(tip[-1], "at the tip", PURPLE))
        tops += tip
    axes.stairs(prescribed, edges, color=BLACK, linewidth=1.1, linestyle=DASHED, baseline=None, label="prescribed")
    axes.set_ylim(0, 1.3 * max([*tops, 1e-9]))
    labels += _draw_requests(axes, account)
    axes.set_ylabel(micro("dose of the day, ug"), fontsize=10.5)
    label_ends(axes, labels)


def _ug(amount: Amount) -> float:
    return float(amount.ug)


def _daily(midnights_ms: Sequence[int], ug_by: Callable[[int], float | Fraction]) -> list[float]:
    """What each day adds to a dose that is known by any time."""
    doses = [float(ug_by(t_ms)) for t_ms in midnights_ms]
    return [after - before for before, after in pairwise(doses)]


def _bars(axes: Axes, heights: Sequence[float], bottoms: Sequence[float], colour: str, name: str) -> None:
    if len(heights) <= BARS_MAX:
        middles = [24 * day + 12 for day in range(len(heights))]
        axes.bar(middles, heights, width=BAR_HOURS, bottom=bottoms, color=colour, label=name)
    else:
        edges = [24 * day for day in range(len(heights) + 1)]
        tops = [height + bottom for height, bottom in zip(heights, bottoms, strict=True)]
        axes.stairs(tops, edges, baseline=bottoms, fill=True, color=colour, label=name)


def _draw_requests(axes: Axes, account: Account) -> list[Label]:
    """A tick for each bolus on request at the top, given or denied; how many there are of both."""
    asked = [bolus for bolus in account.boluses if bolus.source != SCHEDULED]
    labels: list[Label] = []
    kinds = ((True, GREEN, 0.97, "on request"), (False, VERMILION, 0.925, "denied"))
    for begun, colour, level, name in kinds:
        hours = [bolus.t_ms / MS_PER_HOUR for bolus in asked if bolus.begun == begun]
        if hours:
            transform = axes.get_xaxis_transform()
            levels = [level] * len(hours)
            axes.plot(hours, levels, "|", color=colour, markersize=7, transform=transform, label=name, clip_on=False)
            labels.append(Label(level * axes.get_ylim()[1], f"{len(hours)} {name}", colour))
    return labels
