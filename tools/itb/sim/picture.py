"""One picture of a run: rates, cumulative dose, reservoir, boluses and alarms.

What is drawn as delivered is the firmware's ledger. Colours are from the Okabe-Ito palette, which colour-blind
readers can tell apart; every line is labelled where it stands.
"""

from dataclasses import dataclass
from fractions import Fraction

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MultipleLocator

from itb import BENCH_ONLY
from itb.rx.prescribed import MS_PER_DAY, Prescribed, prescribed_on
from itb.rx.program import Plan
from itb.sim.account import Account
from itb.sim.alarms import title as alarm_title
from itb.sim.record import Record
from itb.sim.summary import bolus_told, ml, ug

BLUE, VERMILION, GREEN, SKY, GREY, BLACK = "#0072B2", "#D55E00", "#009E73", "#56B4E9", "#7A7A7A", "#222222"

MS_PER_HOUR = 3_600_000
# Longer runs show each day's dose instead of the rate by the hour: thirty equal days side by side tell nothing.
HOURLY_DAYS_MAX = 7
# A rate is measured over so many microsteps at least, so that whole microsteps do not show as noise.
STEPS_PER_MEASUREMENT = 50
MEASUREMENTS_MAX = 500
BOLUS_LABELS_MAX = 8
BARS_MAX = 120


@dataclass(frozen=True)
class Measured:
    """The mean rate of the ledger between `edges_ms`, in ug/h."""

    edges_ms: list[int]
    rates_ug_h: list[float]


def draw(plan: Plan, record: Record, account: Account) -> Figure:
    """The picture of a run; `savefig` writes it."""
    figure = Figure(figsize=(11, 8.2), dpi=150, facecolor="white")
    rate, dose, reservoir = figure.subplots(
        3, 1, sharex=True, gridspec_kw={"height_ratios": (3, 2, 1.3), "hspace": 0.16, **_MARGINS}
    )
    prescribed = prescribed_on(plan.prescription, plan.board)
    _title(figure, plan, account)
    if record.last.t_ms <= HOURLY_DAYS_MAX * MS_PER_DAY:
        _draw_rates(rate, plan, prescribed, record, account)
    else:
        _draw_day_doses(rate, plan, prescribed, account)
    _draw_dose(dose, plan, prescribed, record)
    _draw_reservoir(reservoir, plan, record)
    _draw_alarms((rate, dose, reservoir), record)
    for axes in (rate, dose, reservoir):
        _plain(axes)
    _time_axis(reservoir, record.last.t_ms)
    figure.align_ylabels((rate, dose, reservoir))
    return figure


_MARGINS = {"left": 0.075, "right": 0.84, "top": 0.855, "bottom": 0.085}


def measured_rates(plan: Plan, record: Record) -> Measured:
    """The rate of delivery as the ledger shows it, over spans long enough to tell."""
    samples = record.samples
    total_steps = samples[-1].status.confirmed_steps
    wanted = max(1, min(MEASUREMENTS_MAX, total_steps // STEPS_PER_MEASUREMENT))
    stride = max(1, -(-len(samples) // wanted))
    picked = [*samples[stride - 1 :: stride]]
    if picked[-1] is not samples[-1]:
        picked.append(samples[-1])
    edges_ms, counts = [0], [0]
    for sample in picked:
        if sample.t_ms > edges_ms[-1]:
            edges_ms.append(sample.t_ms)
            counts.append(sample.status.confirmed_steps)
    spans = zip(edges_ms, edges_ms[1:], counts, counts[1:], strict=False)
    rates = [float(ug(plan.scale, Fraction((c1 - c0) * MS_PER_HOUR, t1 - t0))) for t0, t1, c0, c1 in spans]
    return Measured(edges_ms, rates)


def _title(figure: Figure, plan: Plan, account: Account) -> None:
    rx = plan.prescription
    day_steps = plan.program.day_total_steps()
    total = f"{float(ug(plan.scale, day_steps)):g} ug/day = {float(ml(plan.scale, day_steps)):.4g} mL/day"
    drug = f"{rx.drug.name} {float(rx.concentration_ug_ml):g} ug/mL"
    figure.text(0.075, 0.955, _micro(rx.title), fontsize=17, fontweight="bold", color=BLACK)
    facts = _micro(f"{drug}      basal {total}      board {plan.board.name}")
    figure.text(0.075, 0.922, facts, fontsize=11, color=BLACK)
    verdict = "the account balances" if account.balanced else "THE ACCOUNT DOES NOT BALANCE"
    colour = GREY if account.balanced else VERMILION
    bench, never = BENCH_ONLY.rstrip(".").split("; ")
    figure.text(0.985, 0.958, bench.upper(), fontsize=9, fontweight="bold", color=VERMILION, ha="right")
    figure.text(0.985, 0.938, never, fontsize=9, color=VERMILION, ha="right")
    source = f"delivered = the pump's own ledger of confirmed steps; {verdict}"
    figure.text(0.985, 0.018, source, fontsize=8, color=colour, ha="right")


def _draw_rates(axes: Axes, plan: Plan, prescribed: Prescribed, record: Record, account: Account) -> None:
    """Ordered and delivered rate. The scale is the basal's; a bolus that leaves it is labelled with its rate."""
    end_ms = record.last.t_ms
    edges_ms, ordered = _ordered_rates(plan, prescribed, end_ms)
    basal_top = max(float(ug(plan.scale, prescribed.rate_steps_day(edge) / 24)) for edge in edges_ms)
    measured = measured_rates(plan, record)
    top = 1.45 * max(basal_top, 1e-9)
    hours = [edge / MS_PER_HOUR for edge in measured.edges_ms]
    axes.stairs(measured.rates_ug_h, hours, fill=True, color=SKY, alpha=0.45, linewidth=0, label="delivered")
    axes.stairs(measured.rates_ug_h, hours, color=BLUE, linewidth=1.4, baseline=None)
    axes.stairs(
        ordered,
        [edge / MS_PER_HOUR for edge in edges_ms],
        color=BLACK,
        linewidth=1.1,
        linestyle=(0, (4, 2)),
        baseline=None,
        label="ordered",
    )
    axes.set_ylim(0, top)
    axes.set_ylabel(_micro("rate, ug/h"), fontsize=10.5)
    _label_end(axes, ordered[-1], "ordered", BLACK, "bottom")
    _label_end(axes, measured.rates_ug_h[-1], "delivered", BLUE, "top")
    _draw_boluses(axes, plan, account, top)


def _ordered_rates(plan: Plan, prescribed: Prescribed, end_ms: int) -> tuple[list[int], list[float]]:
    """Basal and boluses as they are prescribed: the edges in ms, and the rate between them in ug/h."""
    starts = [step.start_ms for step in plan.prescription.basal]
    days = range(-(-end_ms // MS_PER_DAY))
    changes_ms = {day * MS_PER_DAY + start for day in days for start in starts}
    changes_ms |= {edge for bolus in prescribed.boluses for edge in (bolus.start_ms, bolus.end_ms)}
    edges_ms = sorted(edge for edge in changes_ms if edge < end_ms)
    rates: list[float] = []
    for edge in edges_ms:
        steps_day = prescribed.rate_steps_day(edge)
        for bolus in prescribed.boluses:
            if bolus.start_ms <= edge < bolus.end_ms:
                steps_day += bolus.dose_steps * MS_PER_DAY / bolus.duration_ms
        rates.append(float(ug(plan.scale, steps_day / 24)))
    return [*edges_ms, end_ms], rates


def _draw_boluses(axes: Axes, plan: Plan, account: Account, top: float) -> None:
    """A mark at every bolus, filled where all of it was given; another says what became of it."""
    marks = [bolus for bolus in account.boluses if bolus.t_ms < account.last.t_ms]
    for place, bolus in enumerate(marks):
        hour = bolus.t_ms / MS_PER_HOUR
        colour = GREEN if bolus.outcome in ("given", "running") else VERMILION
        fill = colour if bolus.outcome == "given" else "white"
        axes.plot([hour], [top * 0.96], marker="v", markersize=8, color=colour, markerfacecolor=fill, zorder=5)
        if len(marks) <= BOLUS_LABELS_MAX or place == 0:
            told = bolus_told(plan.scale, bolus)
            dose_ug = float(ug(plan.scale, bolus.steps))
            at_rate = f"at {dose_ug * MS_PER_HOUR / bolus.duration_ms:.3g} ug/h"
            text = f"bolus {dose_ug:.3g} ug\n{at_rate if told == 'given' else told}"
            near_end = bolus.t_ms > 0.7 * account.last.t_ms
            axes.annotate(
                _micro(text),
                (hour, top * 0.985),
                (-8 if near_end else 8, 0),
                textcoords="offset points",
                color=colour,
                fontsize=9.5,
                fontweight="bold",
                va="top",
                ha="right" if near_end else "left",
            )


def _draw_day_doses(axes: Axes, plan: Plan, prescribed: Prescribed, account: Account) -> None:
    """Each day's dose: delivered as bars, ordered as a line."""
    days = account.days
    doses = [float(ug(plan.scale, day.steps)) for day in days]
    ordered: list[float] = []
    for day in days:
        span = ((day.day - 1) * MS_PER_DAY, min(day.day * MS_PER_DAY, account.last.t_ms))
        ordered.append(float(ug(plan.scale, prescribed.during([span], prescribed.boluses).steps)))
    if len(days) <= BARS_MAX:
        axes.bar([24 * day.day - 12 for day in days], doses, width=19, color=SKY, label="delivered")
    edges = [24 * (day.day - 1) for day in days] + [24 * len(days)]
    if len(days) > BARS_MAX:
        axes.stairs(doses, edges, fill=True, color=SKY, label="delivered")
    axes.stairs(ordered, edges, color=BLACK, linewidth=1.1, linestyle=(0, (4, 2)), baseline=None, label="ordered")
    axes.set_ylim(0, 1.3 * max([*ordered, *doses, 1e-9]))
    axes.set_ylabel(_micro("dose of the day, ug"), fontsize=10.5)
    _label_end(axes, ordered[-1], "ordered", BLACK, "bottom")
    _label_end(axes, doses[-1], "delivered", BLUE, "top")


def _draw_dose(axes: Axes, plan: Plan, prescribed: Prescribed, record: Record) -> None:
    """What was delivered so far, against what the prescription asks for whatever happens."""
    samples = record.samples
    times_ms = [0, *(sample.t_ms for sample in samples)]
    delivered = [0.0, *(float(ug(plan.scale, sample.status.confirmed_steps)) for sample in samples)]
    asked = [float(ug(plan.scale, prescribed.during([(0, t)], prescribed.boluses).steps)) for t in times_ms]
    hours = [t / MS_PER_HOUR for t in times_ms]
    axes.plot(hours, delivered, color=BLUE, linewidth=2.6, solid_capstyle="butt", label="delivered")
    axes.plot(hours, asked, color=BLACK, linewidth=1.1, linestyle=(0, (4, 2)), label="prescribed")
    axes.set_ylim(0, 1.12 * max(asked[-1], delivered[-1], 1e-9))
    axes.set_ylabel(_micro("dose so far, ug"), fontsize=10.5)
    if abs(asked[-1] - delivered[-1]) < 0.25 * axes.get_ylim()[1]:
        text = f"{delivered[-1]:,.1f} ug\ndelivered of\n{asked[-1]:,.1f} ug\nprescribed"
        _label_end(axes, delivered[-1], text, BLUE, "top")
    else:
        _label_end(axes, asked[-1], f"{asked[-1]:,.1f} ug\nprescribed", BLACK, "top")
        _label_end(axes, delivered[-1], f"{delivered[-1]:,.1f} ug\ndelivered", BLUE, "center")


def _draw_reservoir(axes: Axes, plan: Plan, record: Record) -> None:
    samples = record.samples
    hours = [0.0, *(sample.t_ms / MS_PER_HOUR for sample in samples)]
    level = [float(ml(plan.scale, plan.fill_steps))]
    level += [float(ml(plan.scale, sample.status.reservoir_steps)) for sample in samples]
    axes.plot(hours, level, color=BLUE, linewidth=2.2, label="reservoir")
    axes.fill_between(hours, level, color=SKY, alpha=0.25, linewidth=0)
    axes.set_ylim(0, 1.15 * max(level))
    axes.set_ylabel("reservoir, mL", fontsize=10.5)
    low_ml, empty_ml = float(plan.board.low_nl / 1_000_000), float(plan.board.residual_nl / 1_000_000)
    marks = {"low": (low_ml, VERMILION), "empty": (empty_ml, BLACK)}
    for name, (mark_ml, colour) in marks.items():
        axes.axhline(mark_ml, color=colour, linewidth=1.1, linestyle=(0, (1, 1.5)), label=name)
    # Kept above the two marks, that no label covers another.
    _label_end(axes, max(level[-1], low_ml + 0.28 * max(level)), f"{level[-1]:.2f} mL left", BLUE, "center")
    _label_end(axes, low_ml, f"low at {low_ml:g} mL", VERMILION, "bottom")
    _label_end(axes, empty_ml, f"empty at {empty_ml:g} mL", BLACK, "center")


def _draw_alarms(all_axes: tuple[Axes, ...], record: Record) -> None:
    """A line through every panel where an alarm began, its name at the top; grey where the pump did not deliver."""
    end_ms = record.last.t_ms
    stopped_ms = 0
    for from_ms, until_ms in [*record.delivering(), (end_ms, end_ms)]:
        if from_ms > stopped_ms:
            for axes in all_axes:
                axes.axvspan(stopped_ms / MS_PER_HOUR, from_ms / MS_PER_HOUR, color=GREY, alpha=0.13, linewidth=0)
            middle = (stopped_ms + from_ms) / 2 / MS_PER_HOUR
            if from_ms - stopped_ms > 0.08 * end_ms:
                all_axes[0].text(
                    middle,
                    0.06,
                    "not delivering",
                    transform=all_axes[0].get_xaxis_transform(),
                    ha="center",
                    va="center",
                    color=GREY,
                    fontsize=11,
                )
        stopped_ms = until_ms
    for row, alarm in enumerate(record.alarms()):
        hour = alarm.from_ms / MS_PER_HOUR
        colour = VERMILION if alarm.priority > 1 else GREY
        for axes in all_axes:
            axes.axvline(hour, color=colour, linewidth=1.3)
        late = alarm.from_ms > 0.7 * end_ms
        all_axes[0].annotate(
            f"ALARM: {alarm_title(alarm.name)}, {_clock(alarm.from_ms)}",
            (hour, 1),
            (-3 if late else 3, 5 + 12 * (row % 3)),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            color=colour,
            fontsize=9.5,
            fontweight="bold",
            ha="right" if late else "left",
            annotation_clip=False,
        )


def _clock(t_ms: int) -> str:
    minutes = t_ms // 60_000
    time = f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"
    return time if minutes < 1440 else f"day {minutes // 1440 + 1} {time}"


def _label_end(axes: Axes, value: float, text: str, colour: str, align: str) -> None:
    """A line's name, right of its end; `align` is which part of the text stands at `value`."""
    axes.annotate(
        _micro(text),
        (1, value),
        (7, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        color=colour,
        fontsize=9.5,
        va=align,
        ha="left",
        annotation_clip=False,
        fontweight="bold",
    )


def _micro(text: str) -> str:
    """Units as a reader knows them; files and commands keep to "ug"."""
    return text.replace("ug", "µg")


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#E4E4E4", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=9.5, length=3)


def _time_axis(axes: Axes, end_ms: int) -> None:
    """Time of day for a day or two, days for more."""
    hours = end_ms / MS_PER_HOUR
    axes.set_xlim(0, hours)
    if hours <= 48:
        spacing = next(step for step in (0.25, 0.5, 1, 3, 6) if hours / step <= 10 or step == 6)
        axes.xaxis.set_major_locator(MultipleLocator(spacing))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda hour, _: _time_of_day(hour)))
        axes.set_xlabel("time of day", fontsize=10.5)
    else:
        spacing = next(step for step in (1, 2, 5, 10, 30, 90, 365, 3650) if hours / 24 / step <= 12 or step == 3650)
        axes.xaxis.set_major_locator(MultipleLocator(24 * spacing))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda hour, _: f"{hour / 24:g}"))
        axes.set_xlabel("days since the start", fontsize=10.5)


def _time_of_day(hour: float) -> str:
    minutes = round(hour * 60)
    return "24:00" if minutes and minutes % 1440 == 0 else f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"
