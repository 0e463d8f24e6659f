"""The panels of what adds up: the dose so far, at the pump and at the tip, and what the reservoir holds."""

from matplotlib.axes import Axes

from itb.account.account import Account
from itb.account.counts import CONFIRMED, TAKEN, Counts
from itb.account.told import NL_PER_ML
from itb.boards.board import Board
from itb.picture.intended import Intended
from itb.picture.style import (
    BLACK,
    BLUE,
    DASHED,
    DOTTED,
    MS_PER_HOUR,
    PURPLE,
    SKY,
    VERMILION,
    Label,
    label_ends,
    micro,
)
from itb.sim.record import Record

# Doses of years have too many digits for the axis.
MG_FROM_UG = 100_000


def draw_dose(axes: Axes, intended: Intended, record: Record, account: Account, with_tip: bool) -> None:
    """What was delivered so far, against what was to reach the patient whatever happens."""
    samples = record.samples
    counts = Counts(samples, account.course)
    at_end_ug = float(max(counts.of(CONFIRMED).ug, intended.ug_by(record.last.t_ms)))
    unit, per_unit = ("mg", 1000) if at_end_ug >= MG_FROM_UG else ("ug", 1)
    times_ms = [0, *(sample.t_ms for sample in samples)]
    hours = [t / MS_PER_HOUR for t in times_ms]
    delivered = [0.0, *(float(counts.by(CONFIRMED, sample).ug) / per_unit for sample in samples)]
    prescribed = [float(intended.ug_by(t)) / per_unit for t in times_ms]
    tip = [0.0, *(sample.plant.tip_ng / 1000 / per_unit for sample in samples)]
    axes.plot(hours, delivered, color=BLUE, linewidth=2.6, solid_capstyle="butt", label="delivered")
    if with_tip:
        axes.plot(hours, tip, color=PURPLE, linewidth=2.2, solid_capstyle="butt", label="at the tip")
    axes.plot(hours, prescribed, color=BLACK, linewidth=1.1, linestyle=DASHED, label="prescribed")
    axes.set_ylim(0, 1.12 * max(prescribed[-1], delivered[-1], tip[-1] if with_tip else 0, 1e-9))
    axes.set_ylabel(micro(f"dose so far, {unit}"), fontsize=10.5)
    if with_tip:
        labels = [
            Label(prescribed[-1], f"{prescribed[-1]:,.1f} {unit}\nprescribed", BLACK),
            Label(tip[-1], f"{tip[-1]:,.1f} {unit}\nat the tip", PURPLE),
            Label(delivered[-1], f"{delivered[-1]:,.1f} {unit}\nat the pump", BLUE),
        ]
    elif taken_ug := counts.of(TAKEN).ug:
        name = f"{delivered[-1]:,.1f} {unit} in the\nledger, of it {float(taken_ug) / per_unit:,.1f}\nover restarts"
        labels = [
            Label(prescribed[-1], f"{prescribed[-1]:,.1f} {unit}\nprescribed", BLACK),
            Label(delivered[-1], name, BLUE),
        ]
    elif abs(prescribed[-1] - delivered[-1]) < 0.03 * axes.get_ylim()[1]:
        text = f"{delivered[-1]:,.1f} {unit}\ndelivered of\n{prescribed[-1]:,.1f} {unit}\nprescribed"
        labels = [Label(delivered[-1], text, BLUE)]
    else:
        labels = [
            Label(prescribed[-1], f"{prescribed[-1]:,.1f} {unit}\nprescribed", BLACK),
            Label(delivered[-1], f"{delivered[-1]:,.1f} {unit}\ndelivered", BLUE),
        ]
    label_ends(axes, labels)


def draw_reservoir(axes: Axes, board: Board, fill_steps: int, record: Record) -> None:
    """The level by the pump's own count, with its two marks."""
    ml_per_step = float(board.nl_per_step / NL_PER_ML)
    hours = [0.0, *(sample.t_ms / MS_PER_HOUR for sample in record.samples)]
    level = [fill_steps * ml_per_step]
    level += [sample.status.reservoir_steps * ml_per_step for sample in record.samples]
    axes.plot(hours, level, color=BLUE, linewidth=2.2, label="reservoir")
    axes.fill_between(hours, level, color=SKY, alpha=0.25, linewidth=0)
    axes.set_ylim(0, 1.15 * max(level))
    axes.set_ylabel("reservoir, mL", fontsize=10.5)
    labels = [Label(level[-1], f"{level[-1]:.2f} mL left", BLUE)]
    low_ml, empty_ml = float(board.low_nl / NL_PER_ML), float(board.residual_nl / NL_PER_ML)
    for name, mark_ml, colour in (("low", low_ml, VERMILION), ("empty", empty_ml, BLACK)):
        axes.axhline(mark_ml, color=colour, linewidth=1.1, linestyle=DOTTED, label=name)
        labels.append(Label(mark_ml, f"{name} at {mark_ml:g} mL", colour))
    label_ends(axes, labels)
