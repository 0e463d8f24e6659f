"""The two pictures of the bench: what is drawn is what was found, and they say what they are."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import ArrayLike

from itb.bench.accuracy import Accuracy, ScaleLimits, analyse
from itb.bench.curves import draw_accuracy, draw_calibration
from itb.bench.gravimetric import Conditions, Fit, fit
from itb.bench.readings import read_points, read_weights
from itb.boards.board import ROOT, load_board

SIM = load_board("sim")
BENCH = ROOT / "examples" / "bench"


@pytest.fixture
def line() -> Fit:
    return fit(read_points(BENCH / "twin-calibration.csv"), Conditions())


@pytest.fixture
def found() -> Accuracy:
    weights = read_weights(BENCH / "twin-flow-24ml-day.csv")
    period_s = (Fraction(3600), Fraction(7200))
    return analyse(weights, Fraction(24_000_000), ScaleLimits(0.1, 0.1), Conditions(), period_s)


def texts(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text))


def points(data: ArrayLike) -> list[float]:
    return np.asarray(data, dtype=float).tolist()


def drawn(axes: Axes, label: str) -> tuple[list[float], list[float]]:
    found = next(line for line in axes.get_lines() if line.get_label() == label)
    return points(found.get_xdata()), points(found.get_ydata())


def test_the_calibration_is_drawn_with_its_line_and_what_is_left_over(line: Fit) -> None:
    above, below = draw_calibration(line, SIM, "2026-11-21").axes
    assert drawn(above, "weighed") == (
        pytest.approx([2, 4, 6, 8, 10, 12, 14, 16]),
        pytest.approx([nl / 1000 for nl in line.volumes_nl]),
    )
    revolutions, volumes_ul = drawn(above, "fit")
    assert (revolutions[0], volumes_ul[0]) == (line.take_up_rev, 0)
    assert (volumes_ul[1] / (revolutions[1] - revolutions[0])) == pytest.approx(line.nl_per_rev / 1000)
    assert drawn(below, "left over")[1] == pytest.approx([nl / 1000 for nl in line.residuals_nl])
    low, high = below.get_ylim()
    assert all(low < rest / 1000 < high for rest in line.residuals_nl)


def test_the_calibration_says_its_result_with_units_and_purpose(line: Fit) -> None:
    figure = draw_calibration(line, SIM, "2026-11-21")
    said = texts(figure)
    assert f"{line.nl_per_rev:,.0f} nL per revolution" in said
    assert "95 %, k = 2.52" in said
    assert "board sim, 2026-11-21" in said
    assert f"take-up: {line.take_up_steps(3200)} ± " in said
    assert "BENCH DEMONSTRATOR, FOR WATER AND DYE" in said
    assert "never for a person or an animal" in said
    labels = [axes.get_ylabel() for axes in figure.axes]
    assert labels == ["volume since the start, µL", "left over, µL"]


def test_the_trumpet_is_drawn_as_found(found: Accuracy) -> None:
    _, trumpet = draw_accuracy(found).axes
    assert drawn(trumpet, "Ep(max)") == ([2, 5, 11, 19, 31], [one.max_percent for one in found.windows])
    assert drawn(trumpet, "Ep(min)")[1] == [one.min_percent for one in found.windows]
    assert set(drawn(trumpet, "mean")[1]) == {found.mean_percent}
    low, high = trumpet.get_ylim()
    assert all(low < one.min_percent <= one.max_percent < high for one in found.windows)


def test_what_the_scale_alone_makes_lies_around_the_mean(found: Accuracy) -> None:
    _, trumpet = draw_accuracy(found).axes
    bands = {band.get_label(): band for band in trumpet.collections}
    for name in ("scale", "digits"):
        path = bands[name].get_paths()[0]
        heights = [y for x, y in np.asarray(path.vertices).tolist() if x == 2]
        shortest = found.windows[0]
        reach = shortest.scale_percent if name == "scale" else shortest.step_percent
        assert (min(heights), max(heights)) == (
            pytest.approx(found.mean_percent - reach),
            pytest.approx(found.mean_percent + reach),
        )


def test_the_start_up_curve_is_drawn_against_what_was_set(found: Accuracy) -> None:
    start, _ = draw_accuracy(found).axes
    minutes, flows = drawn(start, "mean")
    assert (minutes[0], minutes[-1]) == (5, 115)
    assert flows == pytest.approx([flow / 1e6 for flow in found.smoothed_nl_day])
    assert set(drawn(start, "set")[1]) == {24}
    low, high = start.get_ylim()
    assert low < min(flows) <= max(flows) < high


def test_the_curves_say_what_they_are(found: Accuracy) -> None:
    figure = draw_accuracy(found)
    said = texts(figure)
    assert f"24 mL/day: {found.mean_percent:+.2g} %, known to ± " in said
    assert "twin-flow-24ml-day.csv      every 30 s      water at 20 °C" in said
    assert "BENCH DEMONSTRATOR, FOR WATER AND DYE" in said
    assert [axes.get_ylabel() for axes in figure.axes] == ["flow, mL/day", "deviation of the flow, %"]
    assert "within minutes 60 to 120" in figure.axes[1].get_xlabel()
    for one in found.windows:
        assert f"{one.max_percent:+#.2g}" in said


def test_they_are_written_as_png(line: Fit, found: Accuracy, tmp_path: Path) -> None:
    draw_calibration(line, SIM, "2026-11-21").savefig(tmp_path / "line.png")
    draw_accuracy(found).savefig(tmp_path / "curves.png")
    for name in ("line.png", "curves.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
