"""A calibration is written into its board file, into nothing else of it, and only when all is well."""

import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from itb.bench.calibration_file import rewritten, values_of, write_calibration
from itb.bench.gravimetric import Conditions, fit
from itb.bench.readings import Point, Points
from itb.bench.water import nl_per_mg
from itb.boards.board import CONFIGS, read_board
from itb.errors import InputError
from prescriptions import changed

SIM = (CONFIGS / "sim.toml").read_text(encoding="utf-8")
VALUES = {
    "calibration": "13884 nL/rev",
    "calibrated": "2026-11-21",
    "calibration_uncertainty": "15 nL/rev",
    "take_up": "119 steps",
}


def board_file(directory: Path, text: str = SIM) -> Path:
    path = directory / "sim.toml"
    path.write_bytes(text.encode())
    return path


def test_one_value_is_replaced_and_three_lines_follow_it() -> None:
    new = rewritten(SIM, VALUES, "sim.toml")
    line = next(line for line in SIM.splitlines() if line.startswith("calibration"))
    added = [f'{key} = "{value}"' for key, value in VALUES.items() if key != "calibration"]
    assert new == SIM.replace(line, "\n".join([line.replace("13879", "13884"), *added]))


def test_a_second_calibration_replaces_all_four() -> None:
    once = rewritten(SIM, VALUES, "sim.toml")
    again = {**VALUES, "calibration": "13900 nL/rev", "calibrated": "2027-01-02", "take_up": "0 steps"}
    twice = rewritten(once, again, "sim.toml")
    assert twice == once.replace("13884", "13900").replace("2026-11-21", "2027-01-02").replace("119 steps", "0 steps")


@pytest.mark.parametrize(
    "old, new",
    [
        ('  calibration="1 nL/rev"   # why', '  calibration="13884 nL/rev" # why'),
        ("calibration = '13879 nL/rev'", 'calibration = "13884 nL/rev"'),
        ('calibration = "13879 nL/rev"      # wide', 'calibration = "13884 nL/rev"      # wide'),
        ('calibration = "13879 nL/rev" # a "quoted" word', 'calibration = "13884 nL/rev" # a "quoted" word'),
    ],
)
def test_spaces_quotes_and_comments_stay(old: str, new: str) -> None:
    text = (
        f'[other]\ncalibration = "1 nL/rev"\n[mechanism] # here\nbore = "1 mm"\n{old}\n\n[motor]\ncalibration = "2"\n'
    )
    assert rewritten(text, {"calibration": "13884 nL/rev"}, "x.toml") == text.replace(old, new)


def test_line_ends_stay_as_they_are_and_a_last_line_gets_one() -> None:
    crlf = '[mechanism]\r\ncalibration = "1 nL/rev"\r\nbore = "1 mm"\r\n'
    assert rewritten(crlf, VALUES, "x.toml") == (
        '[mechanism]\r\ncalibration = "13884 nL/rev"\r\ncalibrated = "2026-11-21"\r\n'
        'calibration_uncertainty = "15 nL/rev"\r\ntake_up = "119 steps"\r\nbore = "1 mm"\r\n'
    )
    assert rewritten('[mechanism]\ncalibration = "1"', {"calibration": "2", "take_up": "3"}, "x.toml") == (
        '[mechanism]\ncalibration = "2"\ntake_up = "3"\n'
    )


@pytest.mark.parametrize(
    "text, field",
    [
        ('mechanism.calibration = "1 nL/rev"\n', "x.toml: mechanism"),
        ('mechanism = { calibration = "1 nL/rev" }\n', "x.toml: mechanism"),
        ('[mechanism]\nbore = "1 mm"\n[motor]\ncalibration = "1 nL/rev"\n', "x.toml: mechanism.calibration"),
        ('[mechanism]\n"calibration" = "1 nL/rev"\n', "x.toml: mechanism.calibration"),
    ],
)
def test_a_layout_that_cannot_be_edited_by_lines_is_refused(text: str, field: str) -> None:
    with pytest.raises(InputError) as caught:
        rewritten(text, VALUES, "x.toml")
    assert caught.value.field == field


def test_the_board_that_is_written_is_the_board_that_is_read(tmp_path: Path) -> None:
    path = board_file(tmp_path)
    path.chmod(0o640)
    old = read_board(path)
    new = write_calibration(path, old, VALUES)
    assert read_board(path) == new
    assert (new.nl_per_rev, new.calibrated, new.calibration_uncertainty_nl, new.take_up_steps) == (
        13884,
        "2026-11-21",
        Fraction(15),
        119,
    )
    assert replace(new, nl_per_rev=13879, calibrated=None, calibration_uncertainty_nl=None, take_up_steps=0) == old
    assert path.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["sim.toml"]


def test_a_link_to_a_board_file_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real = board_file(tmp_path / "real")
    link = tmp_path / "sim.toml"
    link.symlink_to(real)
    write_calibration(link, read_board(link), VALUES)
    assert link.is_symlink()
    assert read_board(real).nl_per_rev == 13884


def test_a_dry_run_says_what_would_be_and_changes_nothing(tmp_path: Path) -> None:
    path = board_file(tmp_path)
    assert write_calibration(path, read_board(path), VALUES, dry_run=True).nl_per_rev == 13884
    assert path.read_bytes() == SIM.encode()
    assert os.listdir(tmp_path) == ["sim.toml"]


REFUSED = [
    ({"calibration": "14574 nL/rev"}, "mechanism.calibration: '14574 nL/rev' is refused; accepted: 13186 to 14573"),
    ({"calibration": "13185 nL/rev"}, "within 5 %"),
    ({"calibration": "13884.5 nL/rev"}, "a whole number of nL/rev"),
    ({"calibrated": "yesterday"}, "mechanism.calibrated: 'yesterday'"),
    ({"take_up": "10001 steps"}, "mechanism.take_up: '10001 steps'"),
    ({"calibration_uncertainty": "0 nL/rev"}, "mechanism.calibration_uncertainty: '0 nL/rev'"),
]


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("bad, said", REFUSED, ids=[next(iter(bad.values())) for bad, _ in REFUSED])
def test_a_value_the_board_refuses_changes_nothing(
    bad: dict[str, str], said: str, dry_run: bool, tmp_path: Path
) -> None:
    path = board_file(tmp_path)
    with pytest.raises(InputError) as caught:
        write_calibration(path, read_board(path), {**VALUES, **bad}, dry_run)
    assert said in str(caught.value)
    assert path.read_bytes() == SIM.encode()
    assert os.listdir(tmp_path) == ["sim.toml"]


def test_a_file_that_changed_during_the_run_is_left_alone(tmp_path: Path) -> None:
    path = board_file(tmp_path)
    measured = read_board(path)
    other = changed(SIM, ('dir_setup = "20 us"', 'dir_setup = "30 us"'))
    path.write_bytes(other.encode())
    with pytest.raises(InputError, match="a file that was changed during the run is refused"):
        write_calibration(path, measured, VALUES)
    assert path.read_bytes() == other.encode()


def test_a_header_within_a_text_of_several_lines_is_not_taken_for_one(tmp_path: Path) -> None:
    """The file stays whole where lines do not tell the layout: what is new is compared with what was."""
    trap = changed(SIM, ('module = "none: simulated"', 'module = """\n[mechanism]\ncalibration = "1 nL/rev"\n"""'))
    path = board_file(tmp_path, trap)
    with pytest.raises(InputError, match="a layout that is not understood is refused"):
        write_calibration(path, read_board(path), VALUES)
    assert path.read_bytes() == trap.encode()


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_directory_that_cannot_be_written_leaves_the_file(tmp_path: Path) -> None:
    path = board_file(tmp_path)
    board = read_board(path)
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError):
        write_calibration(path, board, VALUES)
    assert path.read_bytes() == SIM.encode()


def test_a_move_that_fails_leaves_the_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    path = board_file(tmp_path)
    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="No space"):
        write_calibration(path, read_board(path), VALUES)
    assert path.read_bytes() == SIM.encode()
    assert os.listdir(tmp_path) == ["sim.toml"]


def test_the_keys_hold_the_result_and_its_expanded_uncertainty_rounded_up() -> None:
    step_mg = Fraction(1, 10)
    points = [Point(Fraction(x), Fraction(round(13.84 * (x - 0.05) * 10), 10)) for x in (2, 4, 6, 8)]
    line = fit(Points(tuple(points), step_mg, "run"), Conditions())
    values = values_of(line, 3200, "2026-11-21")
    assert values["calibration"] == f"{line.nl_per_rev:.0f} nL/rev"
    assert values["calibrated"] == "2026-11-21"
    uncertainty = int(values["calibration_uncertainty"].split()[0])
    assert uncertainty - 1 < line.expanded_nl_per_rev <= uncertainty
    assert line.expanded_nl_per_rev == pytest.approx(4.53 * line.scatter_nl / 20**0.5)
    assert values["take_up"] == f"{round(line.take_up_rev * 3200)} steps"
    assert nl_per_mg(20) * 13.84 == pytest.approx(line.nl_per_rev, rel=0.01)
