"""The panel of rates, for runs of hours and days: what was prescribed, what was delivered, and what left the tip."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from itb.account.account import Account
from itb.account.bolus_ledger import CourseBolus
from itb.account.counts import COUNTED, Counts
from itb.account.told import bolus_told
from itb.account.walk import THERAPY
from itb.picture.intended import Intended
from itb.picture.lane import Mark, place_within, rows, write_within
from itb.picture.style import (
    BLACK,
    BLUE,
    DASHED,
    GREEN,
    LABEL_PT,
    MS_PER_HOUR,
    PURPLE,
    SKY,
    VERMILION,
    Label,
    label_ends,
    micro,
    panel_pt,
)
from itb.sim.bolus_events import CLINICIAN, PATIENT, SCHEDULED, TRIAL
from itb.sim.messages import Sample
from itb.sim.record import Record

# A rate is measured over so many microsteps at least, so that whole microsteps do not show as noise.
STEPS_PER_MEASUREMENT = 50
MEASUREMENTS_MAX = 500
# With more rows of labels the first of each kind stands for all.
BOLUS_ROWS_MAX = 3
MARK_PT = 14.0
# How far the rate at the tip may stretch the scale beyond what is prescribed.
TIP_ROOM = 6
NAMES = {SCHEDULED: "bolus", CLINICIAN: "clinician", PATIENT: "patient", TRIAL: "trial"}


@dataclass(frozen=True)
class Measured:
    """The mean rate between `edges_ms`, in ug/h."""

    edges_ms: list[int]
    rates_ug_h: list[float]


def measured_rates(record: Record, counts: Counts) -> Measured:
    """The rate of delivery as the ledger shows it, over spans long enough to tell; without what restarts took as
    delivered, which was at no rate."""
    return _measured(record, lambda sample: float(counts.by(COUNTED, sample).ug))


def tip_rates(record: Record) -> Measured:
    """The rate at which the drug leaves the catheter's tip, by the twin."""
    return _measured(record, lambda sample: sample.plant.tip_ng / 1000)


def _measured(record: Record, dose_ug: Callable[[Sample], float]) -> Measured:
    samples = record.samples
    total_steps = samples[-1].status.counted_steps
    wanted = max(1, min(MEASUREMENTS_MAX, total_steps // STEPS_PER_MEASUREMENT))
    stride = max(1, -(-len(samples) // wanted))
    picked = [*samples[stride - 1 :: stride]]
    if picked[-1] is not samples[-1]:
        picked.append(samples[-1])
    edges_ms, doses = [0], [0.0]
    for sample in picked:
        if sample.t_ms > edges_ms[-1]:
            edges_ms.append(sample.t_ms)
            doses.append(dose_ug(sample))
    spans = zip(edges_ms, edges_ms[1:], doses, doses[1:], strict=False)
    return Measured(edges_ms, [(after - before) * MS_PER_HOUR / (t1 - t0) for t0, t1, before, after in spans])


def draw_rates(axes: Axes, intended: Intended, record: Record, account: Account, with_tip: bool) -> None:
    """The scale is that of the basal and the bridge; a bolus that leaves it is labelled with its rate."""
    measured = measured_rates(record, Counts(record.samples, account.course))
    hours = [edge / MS_PER_HOUR for edge in measured.edges_ms]
    axes.stairs(measured.rates_ug_h, hours, fill=True, color=SKY, alpha=0.45, linewidth=0, label="delivered")
    axes.stairs(measured.rates_ug_h, hours, color=BLUE, linewidth=1.4, baseline=None)
    labels = [Label(measured.rates_ug_h[-1], "at the pump" if with_tip else "delivered", BLUE)]
    basal_top = float(intended.basal_top_ug_h())
    top = max(basal_top, _bridge_top(account)) or _bolus_top(account)
    if with_tip:
        tip = tip_rates(record)
        axes.stairs(tip.rates_ug_h, hours, color=PURPLE, linewidth=1.8, baseline=None, label="at the tip")
        labels.append(Label(tip.rates_ug_h[-1], "at the tip", PURPLE))
        top = max(top, min(_steady_top(tip, account), TIP_ROOM * top))
    edges_ms, prescribed = intended.rates()
    rates = [float(rate) for rate in prescribed]
    hours = [edge / MS_PER_HOUR for edge in edges_ms]
    axes.stairs(rates, hours, color=BLACK, linewidth=1.1, linestyle=DASHED, baseline=None, label="prescribed")
    labels.append(Label(rates[-1] * 1.001, "prescribed", BLACK))
    axes.set_ylabel(micro("rate, ug/h"), fontsize=10.5)
    _draw_boluses(axes, account, top)
    label_ends(axes, labels)


def _bridge_top(account: Account) -> float:
    rates = (piece.rate_steps_ms * piece.ug_per_step * MS_PER_HOUR for piece in account.course.bridge.pieces)
    return float(max(rates, default=0))


def _bolus_top(account: Account) -> float:
    rates = (bolus.ug * MS_PER_HOUR / bolus.dose.duration_ms for bolus in account.boluses)
    return float(max(rates, default=1))


def _steady_top(tip: Measured, account: Account) -> float:
    """The greatest rate at the tip while the program ran and no bolus did."""
    boluses = [(piece.from_ms, piece.until_ms) for piece in account.course.bolus.pieces]
    spans = account.course.modes(THERAPY)
    edges = zip(tip.edges_ms, tip.edges_ms[1:], tip.rates_ug_h, strict=False)
    return max(
        (
            rate
            for from_ms, until_ms, rate in edges
            if any(begin <= from_ms and until_ms <= end for begin, end in spans)
            and not any(from_ms < end and begin < until_ms for begin, end in boluses)
        ),
        default=0.0,
    )


def _draw_boluses(axes: Axes, account: Account, top: float) -> None:
    """A mark at every bolus, filled where all of it was given; another says what became of it."""
    shown = [bolus for bolus in account.boluses if bolus.t_ms < account.last.t_ms]
    width, height = panel_pt(axes)
    begun_ms = [bolus.t_ms for bolus in shown if bolus.begun]
    placed = place_within(bolus_labels(shown), account.last.t_ms, width, begun_ms)
    if rows(placed) > BOLUS_ROWS_MAX:
        placed = place_within(kind_labels(shown), account.last.t_ms, width, begun_ms)
    lines = max((one.mark.text.count("\n") + 1 for one in placed), default=0)
    needed_pt = (MARK_PT + rows(placed) * lines * LABEL_PT + 6) if shown else 0
    axes.set_ylim(0, top * max(1.2, 1.06 / (1 - min(needed_pt / height, 0.6))))
    for bolus in shown:
        colour = bolus_colour(bolus)
        fill = colour if bolus.outcome == "given" else "white"
        hour = bolus.t_ms / MS_PER_HOUR
        level = axes.get_ylim()[1] * (1 - MARK_PT / 2 / height)
        axes.plot([hour], [level], marker="v", markersize=8, color=colour, markerfacecolor=fill, zorder=7)
    write_within(axes, placed, lines, MARK_PT)


def bolus_colour(bolus: CourseBolus) -> str:
    """Green for what was given."""
    return GREEN if bolus.outcome in ("given", "running", "suspended") else VERMILION


def bolus_labels(shown: Sequence[CourseBolus]) -> list[Mark]:
    """A label for each."""
    return [Mark(bolus.t_ms, _told(bolus), bolus_colour(bolus)) for bolus in shown]


def kind_labels(shown: Sequence[CourseBolus]) -> list[Mark]:
    """A label for the first of each kind, with how many there are."""
    counts = Counter((bolus.source, bolus.outcome) for bolus in shown)
    first = {(bolus.source, bolus.outcome): bolus for bolus in reversed(shown)}
    return [
        Mark(bolus.t_ms, f"{_named(bolus)}\n{counts[kind]} {bolus.outcome}", bolus_colour(bolus))
        for kind, bolus in first.items()
    ]


def _named(bolus: CourseBolus) -> str:
    return f"{NAMES[bolus.source]} {float(bolus.ug):.3g} ug"


def _told(bolus: CourseBolus) -> str:
    if bolus.reason and bolus.source != SCHEDULED:
        left = f", {bolus.wait_minutes} min left" if bolus.wait_minutes else ""
        return f"{NAMES[bolus.source]} denied\n{bolus.reason}{left}"
    rate_ug_h = float(bolus.ug * MS_PER_HOUR / bolus.dose.duration_ms)
    became = bolus_told(bolus)
    return f"{_named(bolus)}\n{f'at {rate_ug_h:.3g} ug/h' if became == 'given' else became}"
