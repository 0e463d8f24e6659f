"""The board's constants lie there twice: one copy is enough, and the pump says when the other is not what it was."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pump.core.errors import Refused
from pump.core.sealed import as_made
from pump.hal import settings
from pump.hal.files import Files
from rig import board_module
from two_copies import TwoCopies, constants_of, source_of

pytestmark = pytest.mark.req("I-02")

# Every third or fourth byte, another bit of each; all of them on the VM (vm/test_board_flips.py).
STRIDE = 29
SIM = constants_of(board_module())


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoCopies]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("root")
        patch.syspath_prepend(str(folder))
        # It would be taken for that of the next damage of the same second.
        patch.setattr(sys, "dont_write_bytecode", True)
        patch.setitem(sys.modules, "board", None)
        # A collection takes long beside a whole test run.
        patch.setattr(settings, "gc", SimpleNamespace(collect=lambda: 0))
        yield TwoCopies(folder)


@pytest.fixture(autouse=True)
def both_whole(copies: TwoCopies) -> None:
    copies.write(copies.good, copies.good)


def assert_it_stands(copies: TwoCopies) -> None:
    """The right constants are found, the damage is told and mended, and the next start finds none."""
    found = copies.start()
    assert constants_of(found.board) == SIM
    assert found.damaged
    found.mend()
    first, second = copies.read()
    assert first == second
    assert found.damaged
    again = copies.start()
    assert constants_of(again.board) == SIM
    assert not again.damaged


def assert_no_delivery(copies: TwoCopies) -> Any:
    """Something loads that the self-test does not pass, and nothing is written over what lies there."""
    before = copies.read()
    found = copies.start()
    assert not as_made(found.board)
    assert not found.damaged
    found.mend()
    assert copies.read() == before
    return found.board


def test_both_whole_they_are_read_and_nothing_is_written(copies: TwoCopies, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Files, "write", None)
    found = copies.start()
    assert constants_of(found.board) == SIM
    assert not found.damaged
    found.mend()


def test_what_is_imported_as_board_is_what_was_chosen_and_the_other_is_let_go(copies: TwoCopies) -> None:
    copies.damage(0, None)
    found = copies.start()
    assert sys.modules["board"] is found.board
    assert "board_copy" not in sys.modules


DAMAGES = {
    "missing": None,
    "empty": b"",
    "erased": b"\xff" * 1000,
    "zero": bytes(1000),
    "not python": b"((((" * 300,
    "bytecode": b"M\x06\x00\x1f" + bytes(range(200)),
    "raises": b"NAME = 1 // 0",
    "nothing in it": b'"""Constants."""\n',
}


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("damage", DAMAGES)
def test_one_is_enough_whatever_became_of_the_other(copies: TwoCopies, number: int, damage: str) -> None:
    copies.damage(number, DAMAGES[damage])
    assert_it_stands(copies)
    assert copies.read() == [copies.good, copies.good]


@pytest.mark.parametrize("number", [0, 1])
def test_one_is_enough_whichever_bit_of_the_other_flipped(copies: TwoCopies, number: int) -> None:
    # The first of them are in the line that says what it is: damage too, though both copies stand.
    for flip in range(0, 8 * len(copies.good), STRIDE):
        copies.damage(number, flipped(copies.good, flip))
        assert_it_stands(copies)


@given(number=st.integers(0, 1), length=st.integers(0, 2000))
def test_one_is_enough_wherever_the_other_ends(copies: TwoCopies, number: int, length: int) -> None:
    if length < len(copies.good):
        copies.damage(number, copies.good[:length])
        assert_it_stands(copies)


@pytest.mark.parametrize("number", [0, 1])
def test_a_missing_one_is_not_taken_from_elsewhere(
    copies: TwoCopies, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / copies.paths()[number].name).write_bytes(source_of(tmp_path / "other", "sim-10ml"))
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    copies.damage(number, None)
    assert_it_stands(copies)


@pytest.mark.parametrize("number", [0, 1])
def test_a_damage_that_cannot_be_mended_is_told_at_each_start(
    copies: TwoCopies, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_files: Files, _name: str, _data: bytes) -> None:
        raise OSError("the memory is full")

    copies.damage(number, None)
    monkeypatch.setattr(Files, "write", refuse)
    for _ in range(2):
        found = copies.start()
        assert constants_of(found.board) == SIM
        assert found.damaged
        found.mend()
    monkeypatch.undo()
    assert_it_stands(copies)


@pytest.mark.parametrize("number", [0, 1])
def test_a_copy_that_cannot_be_replaced_is_told_and_the_other_stands(copies: TwoCopies, number: int) -> None:
    path = copies.paths()[number]
    path.unlink()
    path.mkdir()
    try:
        found = copies.start()
        assert constants_of(found.board) == SIM
        found.mend()
        assert found.damaged
        assert path.is_dir()
    finally:
        path.rmdir()


def test_the_same_bit_flipped_in_both_is_never_believed(copies: TwoCopies) -> None:
    for flip in range(0, 8 * len(copies.good), STRIDE):
        damaged = flipped(copies.good, flip)
        copies.write(damaged, damaged)
        try:
            found = copies.start()
        except Refused:
            continue
        assert not as_made(found.board) or constants_of(found.board) == SIM
        found.mend()
        assert copies.read() == [damaged, damaged]


def test_of_two_that_do_not_stand_the_fuller_one_opens_the_ports_to_tell(copies: TwoCopies) -> None:
    half = b"\n".join(copies.good.splitlines()[:20])
    other = copies.good.replace(b"OCCLUSION_KPA = 80", b"OCCLUSION_KPA = 81")
    assert other != copies.good
    for contents in ((half, other), (other, half), (None, other), (b"(", other)):
        copies.write(*contents)
        assert constants_of(assert_no_delivery(copies)).keys() == SIM.keys()


@pytest.mark.parametrize("contents", [(None, None), (b"NAME =", None), (b"NAME =", b"("), (b"\xff", b"\xff")])
def test_where_neither_loads_it_says_what_to_do(copies: TwoCopies, contents: tuple[bytes | None, ...]) -> None:
    copies.write(*contents)
    with pytest.raises(Refused, match=r"board\.py, board_copy\.py: two that cannot be loaded .*flash the board again"):
        copies.start()


@pytest.mark.parametrize("swapped", [False, True])
def test_two_whole_ones_of_two_boards_are_none(copies: TwoCopies, tmp_path: Path, swapped: bool) -> None:
    other = source_of(tmp_path, "sim-10ml")
    copies.write(*((copies.good, other) if swapped else (other, copies.good)))
    assert_no_delivery(copies)


def test_a_start_reads_them_once(monkeypatch: pytest.MonkeyPatch) -> None:
    starts: list[str] = []

    class Found:
        def __init__(self, folder: str) -> None:
            starts.append(folder)

    monkeypatch.setattr(settings, "_settings", None)
    monkeypatch.setattr(settings, "Settings", Found)
    assert settings.read_settings() is settings.read_settings()
    assert starts == [settings.ROOT]


def flipped(source: bytes, flip: int) -> bytes:
    """`source` with bit `flip` of it changed."""
    return source[: flip >> 3] + bytes([source[flip >> 3] ^ 1 << (flip & 7)]) + source[(flip >> 3) + 1 :]
