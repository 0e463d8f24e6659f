"""The keys of a board file that tell of its calibration: all optional, each checked."""

from fractions import Fraction
from pathlib import Path

import pytest

from itb.boards.board import CONFIGS, Board, read_board
from itb.boards.calibration import is_day
from itb.errors import InputError
from prescriptions import changed

SIM = (CONFIGS / "sim.toml").read_text(encoding="utf-8")
LEAD = 'lead = "0.8 mm"'


def board_with(directory: Path, *lines: str) -> Board:
    path = directory / "sim.toml"
    path.write_text(changed(SIM, (LEAD, "\n".join(lines) + "\n" + LEAD)), encoding="utf-8")
    return read_board(path)


def test_a_board_without_them_is_not_calibrated(tmp_path: Path) -> None:
    board = board_with(tmp_path)
    assert (board.calibrated, board.calibration_uncertainty_nl, board.take_up_steps) == (None, None, 0)


def test_they_are_read(tmp_path: Path) -> None:
    keys = ('calibrated = "2026-11-21"', 'calibration_uncertainty = "15.5 nL/rev"', 'take_up = "119 steps"')
    board = board_with(tmp_path, *keys)
    assert (board.calibrated, board.calibration_uncertainty_nl) == ("2026-11-21", Fraction(31, 2))
    assert board.take_up_steps == 119
    assert board.constants() == board_with(tmp_path).constants()


@pytest.mark.parametrize("steps", [0, 10_000])
def test_a_take_up_may_be_none_and_may_be_the_most(steps: int, tmp_path: Path) -> None:
    assert board_with(tmp_path, f'take_up = "{steps} steps"').take_up_steps == steps


@pytest.mark.parametrize(
    "line, said",
    [
        ('calibrated = "21.11.2026"', "mechanism.calibrated: '21.11.2026' is refused; accepted: a date in quotes"),
        ('calibrated = "2026-02-30"', "mechanism.calibrated: '2026-02-30'"),
        ('calibrated = "20261121"', "mechanism.calibrated: '20261121'"),
        ("calibrated = 2026-11-21", "mechanism.calibrated: 2026-11-21"),
        ('calibration_uncertainty = "0 nL/rev"', "mechanism.calibration_uncertainty: '0 nL/rev'"),
        ('calibration_uncertainty = "1 %"', "mechanism.calibration_uncertainty: '1 %'"),
        ('take_up = "10001 steps"', "mechanism.take_up: '10001 steps'"),
        ('take_up = "1.5 steps"', "mechanism.take_up: '1.5 steps' is refused; accepted: whole steps"),
        ("take_up = 119", "mechanism.take_up: 119"),
    ],
)
def test_what_they_cannot_be_is_refused(line: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        board_with(tmp_path, line)
    assert said in str(caught.value)


def test_a_day_has_one_form() -> None:
    assert is_day("2024-02-29")
    assert not any(is_day(text) for text in ("2023-02-29", "2024-2-29", "2024-W01-1", "today", ""))
