"""The pictures of stories: no label covers another, whatever happens in them, and each says what it is for."""

from itertools import combinations, pairwise, permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from itb.account.counts import Counts
from itb.picture.lane import Mark, Placed, place, place_within
from itb.picture.rates import measured_rates
from itb.picture.style import BLACK, ORANGE, PURPLE, VERMILION, label_pt, micro, spread
from rig import DAY_MS, HOUR_MS
from told_runs import SLICE_MS, labels, told

STORIES = (
    *("stories/bridge-2000-to-500", "stories/bridge-500-to-2000", "stories/bridge-omitted", "stories/keep-open"),
    *(
        "stories/patient-bolus",
        "stories/prime",
        "stories/refill",
        "stories/screening-trial",
        "stories/single-bolus-now",
    ),
    *("stories/stop-and-resume", "stories/taper", "stories/titration", "six-months"),
    *("stories/power-cut-in-bolus", "stories/watchdog-in-taper"),
)
# What is ordered in one slice goes out in the next, or one later where the driver has to be enabled first.
TWO_SLICES_UG = 2 * 400 * SLICE_MS / DAY_MS + 0.1


@pytest.mark.parametrize("name", STORIES)
def test_the_account_balances_and_no_label_covers_another(name: str) -> None:
    run = told(name)
    assert [check for check in run.account.checks if not check.ok] == []
    figure = run.picture()
    boxes = [(text.get_text(), text.get_window_extent()) for text in labels(figure)]
    # Neighbours may touch: what is measured has the font's own margins.
    assert [
        (one, other) for (one, a), (other, b) in combinations(boxes, 2) if a.padded(-1.5).overlaps(b.padded(-1.5))
    ] == []
    width, height = figure.canvas.get_width_height()
    assert [text for text, box in boxes if box.x0 < 0 or box.y0 < 0 or box.x1 > width or box.y1 > height] == []


def said(figure: Figure) -> list[str]:
    return [text.get_text() for text in labels(figure)]


def line(axes: Axes, label: str) -> tuple[list[float], list[float]]:
    """Hours and values of a line."""
    found = next(line for line in axes.get_lines() if line.get_label() == label)
    return np.asarray(found.get_xdata(), float).tolist(), np.asarray(found.get_ydata(), float).tolist()


def value_at(axes: Axes, label: str, hour: float) -> float:
    return float(np.interp(hour, *line(axes, label)))


@pytest.mark.req("D-12")
@pytest.mark.parametrize("name", ["stories/bridge-2000-to-500", "stories/bridge-500-to-2000"])
def test_with_a_bridge_the_tip_gives_what_was_prescribed_all_along_though_the_pump_does_not(name: str) -> None:
    dose = told(name).picture().axes[1]
    hours, prescribed = line(dose, "prescribed")
    for hour, ug in zip(hours, prescribed, strict=True):
        assert value_at(dose, "at the tip", hour) == pytest.approx(ug, abs=TWO_SLICES_UG)
    assert abs(value_at(dose, "delivered", hours[-1]) - prescribed[-1]) == pytest.approx(600, abs=TWO_SLICES_UG)


@pytest.mark.req("D-12")
def test_without_the_bridge_the_tip_gives_four_times_the_dose_for_half_a_day() -> None:
    dose = told("stories/bridge-omitted").picture().axes[1]
    change_h = 36
    first, second = (value_at(dose, "at the tip", change_h + hours) for hours in (0, 12))
    assert second - first == pytest.approx(4 * 200, abs=4 * TWO_SLICES_UG)
    assert value_at(dose, "delivered", change_h + 12) - first == pytest.approx(200, abs=TWO_SLICES_UG)


@pytest.mark.req("D-13")
def test_a_prime_fills_the_line_and_gives_nothing_at_the_tip() -> None:
    figure = told("stories/prime").picture()
    assert "prime of 452 µg" in said(figure)
    dose = figure.axes[1]
    assert value_at(dose, "delivered", 10.5) == pytest.approx(452, abs=0.1)
    assert value_at(dose, "at the tip", 10.5) == pytest.approx(0, abs=0.01)
    assert value_at(dose, "at the tip", 24) == pytest.approx(300 * 13.5 / 24, abs=TWO_SLICES_UG)


def test_requests_are_marked_with_who_asked_and_why_not() -> None:
    text = said(told("stories/patient-bolus").picture())
    for part in ("patient 10 µg\nat 60 µg/h", "patient denied\nlockout, 60 min left", "clinician 20 µg\nat 40 µg/h"):
        assert part in text


def test_a_power_cut_and_a_reset_are_named_and_the_ledger_tells_what_it_took_over_them() -> None:
    cut, reset = told("stories/power-cut-in-bolus"), told("stories/watchdog-in-taper")
    text = {one.get_text(): one.get_color() for one in labels(cut.picture())}
    assert text["power cut, 25 min"] == VERMILION
    status = cut.record.last.status
    taken_ug = float(cut.account.course.doses.ug_per_step(0) * status.taken_steps)
    assert any(f"ledger, of it {taken_ug:,.1f}\nover restarts" in one for one in text)
    assert any("of what restarts took as delivered" in one for one in text)
    assert {"watchdog reset", "power cut, 10 h"} <= set(said(reset.picture()))


def test_what_a_restart_takes_as_delivered_is_drawn_at_no_rate() -> None:
    run = told("stories/power-cut-in-bolus")
    measured = measured_rates(run.record, Counts(run.record.samples, run.account.course))
    # The bolus of 10 ug in 20 min upon 15 ug/h is the most; what is ordered in two slices may go out in one.
    assert max(measured.rates_ug_h) < 2 * 45


def test_a_trial_without_basal_is_drawn_to_the_scale_of_its_doses() -> None:
    figure = told("stories/screening-trial").picture()
    assert figure.axes[0].get_ylim()[1] > 400
    assert any("no basal" in text for text in said(figure))


def test_programs_pauses_and_changes_are_named_above_the_panels() -> None:
    taper = {text.get_text(): text.get_color() for text in labels(told("stories/taper").picture())}
    assert {"program “taper”", "plan paused", "plan goes on"} <= set(taper)
    assert taper["plan paused"] == BLACK
    bridge = {text.get_text(): text.get_color() for text in labels(told("stories/bridge-500-to-2000").picture())}
    assert bridge["500 to 2000 µg/mL, program “new”, bridge"] == PURPLE
    kept = {text.get_text(): text.get_color() for text in labels(told("stories/keep-open").picture())}
    assert kept["keep open"] == ORANGE


def test_alarms_of_a_story_have_their_dates() -> None:
    assert "ALARM: stopped long, 8 Jan 08:05" in said(told("stories/stop-and-resume").picture())
    assert "not delivering" in said(told("stories/stop-and-resume").picture())


def test_half_a_year_shows_the_dose_of_each_day_and_what_it_is_made_of() -> None:
    figure = told("six-months").picture()
    text = said(figure)
    for part in ("dose of the day, µg", "boluses, in bars", "bridge, in bars", "prime, in bars", "at the tip"):
        assert part in text
    assert "program “first-dose” to “week”" in text
    assert [text for text in text if text.endswith("denied")] == ["4 denied"]
    ticks = [label.get_text() for label in figure.axes[2].get_xticklabels()]
    assert ticks == ["5 Jan", "1 Feb", "1 Mar", "1 Apr", "1 May", "1 Jun", "1 Jul"]


@given(st.lists(st.tuples(st.floats(-20, 220), st.floats(5, 30)), min_size=1, max_size=6))
def test_labels_at_the_end_of_lines_are_spread_in_order_without_overlap(boxes: list[tuple[float, float]]) -> None:
    wanted, heights = zip(*sorted(boxes), strict=True)
    room = 200.0
    centres = spread(wanted, heights, room)
    bottoms = [centre - height / 2 for centre, height in zip(centres, heights, strict=True)]
    tops = [centre + height / 2 for centre, height in zip(centres, heights, strict=True)]
    assert all(top <= bottom + 1e-6 for top, bottom in zip(tops, bottoms[1:], strict=False))
    assert bottoms[0] >= -1e-6
    assert tops[-1] <= room + 1e-6


def test_a_label_alone_stands_where_its_line_ends() -> None:
    assert spread([50.0], [10.0], 200.0) == [50.0]
    assert spread([50.0, 150.0], [10.0, 10.0], 200.0) == [50.0, 150.0]


MARKS = st.lists(
    st.tuples(st.integers(0, DAY_MS), st.sampled_from(["a", "a longer one", "the longest of all of them"]))
)


@given(MARKS)
def test_labels_above_a_panel_do_not_overlap_and_stand_above_the_lines_they_reach_over(
    given: list[tuple[int, str]],
) -> None:
    width = 600.0
    placed = place([Mark(t_ms, text, BLACK) for t_ms, text in given], DAY_MS, width, 100.0)
    assert len(placed) == len(given)
    for one, other in permutations(placed, 2):
        (begin, until), (other_begin, other_until) = reach(one, width), reach(other, width)
        if one.row == other.row:
            assert until <= other_begin or other_until <= begin
        line_at = other.mark.t_ms / DAY_MS * width
        if begin < line_at < until and not other.leftwards:
            assert other.row < one.row


def reach(placed: Placed, width: float) -> tuple[float, float]:
    """What a label covers of a panel's width."""
    at, long = placed.mark.t_ms / DAY_MS * width, label_pt(micro(placed.mark.text)) + 3
    return (at - long, at) if placed.leftwards else (at, at + long)


@given(MARKS, st.lists(st.integers(0, DAY_MS), max_size=3))
def test_labels_within_a_panel_do_not_overlap_in_their_row(given: list[tuple[int, str]], lines: list[int]) -> None:
    width = 600.0
    placed = place_within([Mark(t_ms, text, BLACK) for t_ms, text in given], DAY_MS, width, lines)
    spans: dict[int, list[tuple[float, float]]] = {}
    for one in placed:
        spans.setdefault(one.row, []).append(reach(one, width))
    assert len(placed) == len(given)
    for row in spans.values():
        ordered = sorted(row)
        assert all(one[1] <= other[0] for one, other in pairwise(ordered))


def test_a_label_within_a_panel_keeps_off_the_line_of_another_bolus_if_it_can() -> None:
    marks = [Mark(12 * HOUR_MS, "the longest of all of them", BLACK)]
    (alone,) = place_within(marks, DAY_MS, 600.0, [])
    (beside,) = place_within(marks, DAY_MS, 600.0, [14 * HOUR_MS])
    assert (alone.leftwards, beside.leftwards) == (False, True)


def test_a_story_s_picture_is_written(tmp_path: Path) -> None:
    told("stories/titration").picture().savefig(tmp_path / "story.svg")
    assert "<svg" in (tmp_path / "story.svg").read_text(encoding="utf-8")
