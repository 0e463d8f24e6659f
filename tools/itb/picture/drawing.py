"""One picture of a run: rates or days, cumulative dose, reservoir, and what happened meanwhile.

What is drawn as delivered is the firmware's ledger; what is drawn at the tip is the twin's truth. Every line is
labelled where it stands.
"""

from fractions import Fraction

from matplotlib.figure import Figure

from itb import BENCH_ONLY
from itb.account.account import Account
from itb.account.course import Course
from itb.picture.axis import time_axis
from itb.picture.days import draw_days
from itb.picture.intended import Intended
from itb.picture.lane import place, rows, write_above
from itb.picture.levels import draw_dose, draw_reservoir
from itb.picture.marks import draw_lines, in_short, marks, shade
from itb.picture.rates import draw_rates
from itb.picture.style import BLACK, GREY, LABEL_PT, PT_PER_INCH, VERMILION, micro, plain
from itb.rx.prescribed import MS_PER_DAY
from itb.sim.record import Record
from itb.story.story import Story

# Longer runs show each day's dose instead of the rate by the hour: thirty equal days side by side tell nothing.
HOURLY_DAYS_MAX = 7
WIDTH_IN, HEIGHT_IN = 11.0, 8.2
LEFT, RIGHT, BOTTOM, MARGIN_RIGHT = 0.075, 0.84, 0.085, 0.985
# With more rows of labels above the panels, programs that follow one another are told in one.
LANE_ROWS_MAX = 6
# Below the title and its facts, with room for some labels in any case.
TITLE_BOTTOM, TOP_MAX, TOP_MIN = 0.912, 0.855, 0.62


def draw(story: Story, record: Record, account: Account) -> Figure:
    """The picture of a run; `savefig` writes it."""
    course = account.course
    figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), dpi=150, facecolor="white")
    width_pt = (RIGHT - LEFT) * WIDTH_IN * PT_PER_INCH
    margin_pt = (MARGIN_RIGHT - RIGHT) * WIDTH_IN * PT_PER_INCH
    shown = marks(record, course, width_pt)
    placed = place(shown, course.end_ms, width_pt, margin_pt)
    if rows(placed) > LANE_ROWS_MAX:
        placed = place(in_short(shown), course.end_ms, width_pt, margin_pt)
    lane = (rows(placed) * LABEL_PT + 6) / PT_PER_INCH / HEIGHT_IN
    sides = {"left": LEFT, "right": RIGHT, "bottom": BOTTOM, "top": max(TOP_MIN, min(TOP_MAX, TITLE_BOTTOM - lane))}
    first, dose, reservoir = figure.subplots(
        3, 1, sharex=True, gridspec_kw={"height_ratios": (3, 2, 1.3), "hspace": 0.16, **sides}
    )
    all_axes = (first, dose, reservoir)
    _title(figure, story, account)
    intended, with_tip = Intended(course), tip_differs(story, course)
    time_axis(reservoir, course.end_ms, course.orders.start)
    if course.end_ms <= HOURLY_DAYS_MAX * MS_PER_DAY:
        draw_rates(first, intended, record, account, with_tip)
    else:
        draw_days(first, intended, account, with_tip)
    draw_dose(dose, intended, record, account, with_tip)
    draw_reservoir(reservoir, story.board, story.fill_steps, record)
    shade(all_axes, course)
    draw_lines(all_axes, shown, record)
    write_above(first, placed)
    for axes in all_axes:
        plain(axes)
    figure.align_ylabels(all_axes)
    return figure


def tip_differs(story: Story, course: Course) -> bool:
    """Whether what leaves the tip is ever of another concentration than what leaves the pump."""
    return bool(course.doses.changes) or story.line_ng_ml != course.doses.ng_ml(0)


def _title(figure: Figure, story: Story, account: Account) -> None:
    figure.text(LEFT, 0.955, micro(story.title), fontsize=17, fontweight="bold", color=BLACK)
    facts = f"{_drug(story, account.course)}      {_dose(story, account.course)}      board {story.board.name}"
    figure.text(LEFT, 0.922, micro(facts), fontsize=11, color=BLACK)
    verdict = "the account balances" if account.balanced else "THE ACCOUNT DOES NOT BALANCE"
    colour = GREY if account.balanced else VERMILION
    bench, never = BENCH_ONLY.rstrip(".").split("; ")
    figure.text(MARGIN_RIGHT, 0.958, bench.upper(), fontsize=9, fontweight="bold", color=VERMILION, ha="right")
    figure.text(MARGIN_RIGHT, 0.938, never, fontsize=9, color=VERMILION, ha="right")
    source = f"delivered = the pump's own ledger of confirmed steps; {verdict}"
    if account.course.outages:
        source = source.replace("confirmed steps", "confirmed steps and of what restarts took as delivered")
    if tip_differs(story, account.course):
        source = "at the tip = what the simulated catheter gave; at the pump = " + source.removeprefix("delivered = ")
    figure.text(MARGIN_RIGHT, 0.018, source, fontsize=8, color=colour, ha="right")


def _drug(story: Story, course: Course) -> str:
    strengths = [course.doses.ng_ml(0), *(after for _, _, after in course.doses.changes)]
    return f"{story.plan.prescription.drug.name} {', then '.join(f'{one / 1000:g}' for one in strengths)} ug/mL"


def _dose(story: Story, course: Course) -> str:
    """The daily dose at first, in ug and mL."""
    day_steps = course.loaded[0].prescribed.day_steps
    at_first = " at first" if len(course.loaded) > 1 or course.stages else ""
    if not day_steps:
        return f"no basal{at_first}"
    day_ug, day_ml = day_steps * course.doses.ug_per_step(0), day_steps * story.board.nl_per_step / Fraction(1_000_000)
    return f"basal {float(day_ug):g} ug/day = {float(day_ml):.4g} mL/day{at_first}"
