"""Scale readings as CSV: exact both ways, and refused by line and column."""

from fractions import Fraction
from pathlib import Path

import pytest

from itb.bench.readings import Point, Points, points_text, read_points, read_weights, weights_text
from itb.errors import InputError


def written(text: str | bytes, directory: Path) -> Path:
    path = directory / "run.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_calibration_run_is_read_exactly(tmp_path: Path) -> None:
    run = read_points(written("# by hand\n\nrevolutions,grams\n2,0.0271\n 2.5 , 0.034 \r\n", tmp_path))
    assert run.points == (
        Point(Fraction(2), Fraction("27.1")),
        Point(Fraction(5, 2), Fraction(34)),
    )
    assert (run.step_mg, run.name) == (Fraction(1, 10), "run.csv")


def test_a_calibration_run_may_have_times(tmp_path: Path) -> None:
    run = read_points(written("revolutions,grams,seconds\n2,0.0271,61.5\n", tmp_path))
    assert run.points == (Point(Fraction(2), Fraction("27.1"), Fraction("61.5")),)


def test_weights_over_time_are_read_exactly(tmp_path: Path) -> None:
    weights = read_weights(written("\ufeffseconds,grams\n0,-0.00010\n30,12\n", tmp_path))
    assert weights.seconds == (0, 30)
    assert weights.masses_mg == (Fraction(-1, 10), Fraction(12000))
    assert weights.step_mg == Fraction(1, 100)


@pytest.mark.parametrize("times", [(None, None), (Fraction(5), Fraction("7.25"))])
@pytest.mark.parametrize("step_mg", [Fraction(1, 10), Fraction(1), Fraction(1000)])
def test_a_run_that_is_written_is_read_back(
    times: tuple[Fraction | None, ...], step_mg: Fraction, tmp_path: Path
) -> None:
    points = tuple(Point(Fraction(2 + place), step_mg * (place + 10), time) for place, time in enumerate(times))
    run = Points(points, step_mg, "run.csv")
    text = points_text(run, ["one remark", "another"])
    assert read_points(written(text, tmp_path)) == run
    assert text.startswith("# one remark\n# another\n")


def test_weights_that_are_written_are_read_back(tmp_path: Path) -> None:
    weights = read_weights(written("seconds,grams\n0,-0.0010\n30.5,12.3400\n", tmp_path))
    assert read_weights(written(weights_text(weights), tmp_path)) == weights


@pytest.mark.parametrize(
    "text, field, value",
    [
        ("", "run.csv", "a file without readings"),
        ("# only this\n", "run.csv", "a file without readings"),
        ("turns,grams\n1,1\n", "run.csv: line 1", "'turns,grams'"),
        ("revolutions,grams,minutes\n1,1,1\n", "run.csv: line 1", "'revolutions,grams,minutes'"),
        ("revolutions;grams\n1;1\n", "run.csv: line 1", "'revolutions;grams'"),
        ("revolutions,grams\n1,1\n\n2\n", "run.csv: line 4", "'2'"),
        ("revolutions,grams\n1,1,1\n", "run.csv: line 2", "'1,1,1'"),
        ("revolutions,grams\n1,\n", "run.csv: line 2, grams", "''"),
        ("revolutions,grams\n1,1 g\n", "run.csv: line 2, grams", "'1 g'"),
        ("revolutions,grams\n1,nan\n", "run.csv: line 2, grams", "'nan'"),
        ("revolutions,grams\n1,1e3\n", "run.csv: line 2, grams", "'1e3'"),
        ("revolutions,grams\n\u0661,1\n", "run.csv: line 2, revolutions", "'\u0661'"),
        ("revolutions,grams\n" + "9" * 4000 + ",1\n", "run.csv: line 2, revolutions", "'999"),
        (b"revolutions,grams\n\xff,1\n", "run.csv", "text that is not UTF-8"),
        (b"#" * (8 * 1024 * 1024 + 1), "run.csv", "a larger file"),
    ],
    ids=range(15),
)
def test_what_is_no_run_is_refused_by_line_and_column(
    text: str | bytes, field: str, value: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        read_points(written(text, tmp_path))
    assert caught.value.field.endswith(field)
    assert caught.value.value.startswith(value)


def test_a_missing_file_and_the_other_kind_of_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_weights(tmp_path / "none.csv")
    with pytest.raises(InputError, match=r'line 1: .* accepted: a first line "seconds,grams"'):
        read_weights(written("revolutions,grams\n1,1\n", tmp_path))
