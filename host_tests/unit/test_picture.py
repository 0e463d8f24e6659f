"""The picture: what is drawn is what was said, and it says what it is."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from numpy.typing import ArrayLike

from itb.account.account import account
from itb.account.counts import Counts
from itb.account.course import course_of
from itb.picture.drawing import draw
from itb.picture.intended import Intended
from itb.picture.rates import measured_rates
from itb.picture.style import GREEN, GREY, VERMILION
from itb.plan.program import Plan
from itb.rx.prescribed import MS_PER_DAY
from itb.sim.alarms import alarm_kinds
from itb.sim.messages import Event, Sample
from itb.sim.record import Record
from itb.story.story import Story
from prescriptions import FLEX
from prescriptions import plan as plan_of
from runs import MS_PER_HOUR, events, status_at, truth

NOON_MS = 12 * MS_PER_HOUR


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return plan_of(FLEX, tmp_path)


def faithful_run(plan: Plan, days: int, halt_ms: int | None = None) -> Record:
    """The ledger follows the prescription to the microstep, and stands still from `halt_ms` on."""
    asked, record = intended(plan, days), Record()
    for t_ms in range(300_000, days * MS_PER_DAY + 1, 300_000):
        steps = int(plan.scale.steps(asked.ug_by(t_ms if halt_ms is None else min(t_ms, halt_ms))))
        counts = dict.fromkeys(("ordered_steps", "granted_steps", "confirmed_steps"), steps)
        status = status_at(t_ms, **counts, reservoir_steps=plan.fill_steps - steps, filled_steps=plan.fill_steps)
        record.add(Sample(t_ms, status, truth(steps)))
    record.events = journal(halt_ms)
    return record


def intended(plan: Plan, days: int) -> Intended:
    """What is prescribed for so many days."""
    record = Record()
    record.add(Sample(days * MS_PER_DAY, status_at(0), truth(0)))
    record.events = journal(None)
    return Intended(course_of(Story.of_prescription(plan), record))


def journal(halt_ms: int | None) -> list[Event]:
    told = [(0, "state_delivering", 0, 0), (8 * MS_PER_HOUR, "bolus", 2304, 0)]
    if halt_ms is not None:
        told += [(halt_ms, "state_halted", 0, 0), (halt_ms, "alarm", 5, 3)]
    return events(*told)


def picture(plan: Plan, record: Record) -> Figure:
    story = Story.of_prescription(plan)
    return draw(story, record, account(record, course_of(story, record)))


def texts(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text))


def points(data: ArrayLike) -> list[float]:
    return np.asarray(data, dtype=float).tolist()


def line(axes: Axes, label: str) -> tuple[list[float], list[float]]:
    found = next(line for line in axes.get_lines() if line.get_label() == label)
    return points(found.get_xdata()), points(found.get_ydata())


def test_the_title_names_prescription_drug_dose_and_purpose(plan: Plan) -> None:
    said = texts(picture(plan, faithful_run(plan, 1)))
    for part in ("A flex day", "baclofen 2000 µg/mL", "420 µg/day = 0.21 mL/day", "never for a person or an animal"):
        assert part in said
    assert "BENCH DEMONSTRATOR, FOR WATER AND DYE" in said


def test_each_panel_names_its_quantity_and_unit(plan: Plan) -> None:
    rate, dose, reservoir = picture(plan, faithful_run(plan, 1)).axes
    labels = [axes.get_ylabel() for axes in (rate, dose, reservoir)]
    assert labels == ["rate, µg/h", "dose so far, µg", "reservoir, mL"]
    assert reservoir.get_xlabel() == "time of day"


def test_the_dose_panel_draws_the_ledger_against_the_prescription(plan: Plan) -> None:
    record = faithful_run(plan, 1, halt_ms=NOON_MS)
    dose = picture(plan, record).axes[1]
    hours, delivered = line(dose, "delivered")
    _, prescribed = line(dose, "prescribed")
    assert hours[-1] == 24
    assert prescribed[-1] == pytest.approx(440)
    ledger_ug = float(plan.scale.ug(Fraction(record.last.status.confirmed_steps)))
    assert delivered[-1] == pytest.approx(ledger_ug) == pytest.approx(200, abs=0.01)


def test_the_delivered_rate_is_measured_from_the_ledger(plan: Plan) -> None:
    record = faithful_run(plan, 1, halt_ms=NOON_MS)
    course = course_of(Story.of_prescription(plan), record)
    measured = measured_rates(record, Counts(record.samples, course))
    at = {edge // MS_PER_HOUR: rate for edge, rate in zip(measured.edges_ms, measured.rates_ug_h, strict=False)}
    assert at[3] == pytest.approx(10, abs=0.15)
    assert at[10] == pytest.approx(20, abs=0.15)
    assert at[15] == 0
    total_ug = sum(
        rate * (after - before) / MS_PER_HOUR
        for rate, before, after in zip(measured.rates_ug_h, measured.edges_ms, measured.edges_ms[1:], strict=False)
    )
    assert total_ug == pytest.approx(200, abs=0.01)


def test_the_reservoir_panel_has_its_level_and_both_marks(plan: Plan) -> None:
    record = faithful_run(plan, 1)
    reservoir = picture(plan, record).axes[2]
    _, level = line(reservoir, "reservoir")
    assert level[0] == pytest.approx(18, abs=1e-5)
    assert level[-1] == pytest.approx(18 - 0.22, abs=1e-4)
    assert line(reservoir, "low")[1] == [2, 2]
    assert line(reservoir, "empty")[1] == [0.3, 0.3]


def test_boluses_and_alarms_are_marked_and_named(plan: Plan) -> None:
    figure = picture(plan, faithful_run(plan, 1, halt_ms=NOON_MS))
    said = texts(figure)
    assert "bolus 20 µg\nat 120 µg/h" in said
    assert "ALARM: motor stall, 12:00" in said
    assert "not delivering" in said
    for axes in figure.axes:
        assert any(points(line.get_xdata()) == [12, 12] for line in axes.get_lines())


def test_a_bolus_the_firmware_never_came_to_is_shown_as_not_given(plan: Plan) -> None:
    said = texts(picture(plan, faithful_run(plan, 2, halt_ms=NOON_MS)))
    assert "bolus 10 µg\nnot given" in said


def bolus_marks(figure: Figure) -> list[tuple[object, object]]:
    """Colour and filling of every bolus mark."""
    marks = [line for line in figure.axes[0].get_lines() if line.get_marker() == "v"]
    return [(mark.get_color(), mark.get_markerfacecolor()) for mark in marks]


def test_a_bolus_that_was_given_is_a_filled_mark_and_one_cut_short_is_not(plan: Plan) -> None:
    record = faithful_run(plan, 1)
    figure = picture(plan, record)
    assert bolus_marks(figure) == [(GREEN, GREEN)]
    assert "cut short" not in texts(figure)
    record.events += events((8 * MS_PER_HOUR + 80_000, "bolus_cancelled", 1997, 0))
    figure = picture(plan, record)
    assert bolus_marks(figure) == [(VERMILION, "white")]
    assert "bolus 20 µg\ncut short, 2.7 of 20 µg" in texts(figure)


def test_a_bolus_missed_is_marked_and_its_low_alarm_is_grey(plan: Plan) -> None:
    record = faithful_run(plan, 1)
    missed_ms = 8 * MS_PER_HOUR + 1_200_000
    number = next(place for place, kind in enumerate(alarm_kinds()) if kind.name == "bolus_missed")
    record.events = events(
        (0, "state_delivering", 0, 0), (missed_ms, "bolus_missed", 2304, 0), (missed_ms, "alarm", number, 1)
    )
    figure = picture(plan, record)
    assert bolus_marks(figure) == [(VERMILION, "white")]
    assert "bolus 20 µg\nmissed" in texts(figure)
    alarm = next(text for text in figure.findobj(Text) if text.get_text() == "ALARM: bolus missed, 08:20")
    assert alarm.get_color() == GREY


def test_a_long_run_shows_the_dose_of_each_day(plan: Plan) -> None:
    rate, _, reservoir = picture(plan, faithful_run(plan, 9)).axes
    assert rate.get_ylabel() == "dose of the day, µg"
    heights = [bar.get_height() for bar in rate.patches if isinstance(bar, Rectangle)]
    assert heights[:9] == [pytest.approx(ug, abs=0.02) for ug in [440, 430, *[420] * 7]]
    # Of these, boluses; the second was never begun.
    assert heights[9:18] == [pytest.approx(ug, abs=0.02) for ug in [20, *[0] * 8]]
    assert reservoir.get_xlabel() == "days since the start"


def test_it_is_written_as_a_png(plan: Plan, tmp_path: Path) -> None:
    picture(plan, faithful_run(plan, 1)).savefig(tmp_path / "day.png")
    assert (tmp_path / "day.png").read_bytes().startswith(b"\x89PNG")
