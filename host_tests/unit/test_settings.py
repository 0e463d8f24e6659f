"""The generated settings are sealed: no constant of a board changes, comes or goes without the self-test noticing."""

from collections import Counter
from pathlib import Path
from types import ModuleType
from warnings import catch_warnings, simplefilter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchtop import Benchtop
from itb.boards.board import board_names, load_board, write_constants
from itb.boards.sealed import CHECKSUM, checksum, sealed
from pump.core.sealed import settings_checksum
from pump.runtime.selftest import failed_checks
from rig import board_module

pytestmark = pytest.mark.req("I-02")

SIM = board_module(slice_ms=1000)


def constants_of(board: ModuleType) -> dict[str, int | str]:
    return {name: value for name, value in vars(board).items() if name[0] != "_"}


def board_like(constants: dict[str, int | str]) -> ModuleType:
    board = ModuleType("board")
    vars(board).update(constants)
    return board


NAMES = sorted(constants_of(SIM))


@pytest.mark.parametrize("name", board_names())
def test_the_board_computes_the_checksum_that_the_generator_wrote(name: str) -> None:
    board = board_module(name)
    assert settings_checksum(board) == constants_of(board)[CHECKSUM] == checksum(constants_without_checksum(board))


def constants_without_checksum(board: ModuleType) -> dict[str, int | str]:
    return {name: value for name, value in constants_of(board).items() if name != CHECKSUM}


@pytest.mark.parametrize("slice_ms", [None, 1, 60_000, 900_000])
def test_boards_made_for_another_slice_are_sealed_too(slice_ms: int | None) -> None:
    board = board_module(slice_ms=slice_ms)
    assert settings_checksum(board) == constants_of(board)[CHECKSUM]


@pytest.mark.parametrize("name", NAMES)
def test_every_single_bit_of_every_constant_is_covered(name: str) -> None:
    constants = constants_of(SIM)
    value = constants[name]
    changed: list[int | str] = []
    if isinstance(value, int):
        changed += [value ^ 1 << bit for bit in range(30)] + [-value - 1, str(value)]
    else:
        changed += [
            value[:at] + chr(ord(letter) ^ 1 << bit) + value[at + 1 :]
            for at, letter in enumerate(value)
            for bit in range(7)
        ]
        changed += [value + "x", value[1:] if value else " "]
    for other in changed:
        board = board_like({**constants, name: other})
        assert settings_checksum(board) != constants_of(board)[CHECKSUM], other


@pytest.mark.parametrize("name", NAMES)
def test_a_constant_that_is_gone_or_has_another_name_is_noticed(name: str) -> None:
    constants = constants_of(SIM)
    value = constants.pop(name)
    for board in (board_like(constants), board_like({**constants, name + "_": value})):
        assert settings_checksum(board) != getattr(board, CHECKSUM, "")


@given(name=st.from_regex("[A-Z][A-Z_]{0,9}", fullmatch=True), value=st.integers(-1, 2**30 - 1) | st.text(max_size=20))
def test_a_constant_that_was_added_is_noticed_until_it_is_sealed(name: str, value: int | str) -> None:
    constants = {**constants_of(SIM), name: value}
    if constants == constants_of(SIM):
        return
    assert settings_checksum(board_like(constants)) != constants[CHECKSUM]
    board = board_like(sealed(constants))
    assert settings_checksum(board) == constants_of(board)[CHECKSUM]


def test_two_constants_that_change_places_are_noticed() -> None:
    constants = constants_of(SIM)
    constants["LIMIT_HOUR_STEPS"], constants["LIMIT_DAY_STEPS"] = (
        constants["LIMIT_DAY_STEPS"],
        constants["LIMIT_HOUR_STEPS"],
    )
    assert settings_checksum(board_like(constants)) != constants[CHECKSUM]


@pytest.mark.parametrize(
    "name, value",
    [("LIMIT_DAY_STEPS", 2**29), ("OCCLUSION_KPA", 81), ("NL_PER_REV", 6940), ("LEASE_STEPS", 2**20), (CHECKSUM, "")],
)
@pytest.mark.req("I-01")
def test_a_pump_whose_settings_changed_does_not_deliver_and_says_why(name: str, value: int | str) -> None:
    board = board_like({**constants_of(SIM), name: value})
    pump = Benchtop(board=board)
    assert failed_checks(board, pump.bench.ports) == ["settings"]
    assert (pump.control.state, pump.status()["failed_checks"]) == ("inhibited", ["settings"])
    assert pump.alarms() == ["self_test_failed"]
    pump.slice(100)
    assert pump.bench.truth()["edges"] == 0


def test_a_pump_with_a_damaged_copy_says_so_and_may_be_started() -> None:
    pump = Benchtop(opened=False)
    pump.app.open(settings_damaged=True)
    assert (pump.control.state, pump.alarms()) == ("stopped", ["memory_error"])
    assert "settings_damaged" in pump.kinds()
    pump.started().slice(20)
    assert pump.bench.truth()["motor_steps"] > 0
    pump.control.acknowledge()
    assert pump.alarms() == []


def test_a_pump_that_delivered_goes_on_with_one_copy_damaged_and_says_so() -> None:
    pump = Benchtop().started()
    pump.slice(20)
    pump.restart(settings_damaged=True)
    assert pump.control.state == "delivering"
    assert set(pump.alarms()) >= {"restarted", "memory_error"}


def test_every_single_bit_of_the_file_changes_nothing_or_keeps_it_from_loading_or_is_noticed(tmp_path: Path) -> None:
    source = write_constants(load_board("sim"), tmp_path, 1000).read_bytes()
    own = constants_of(SIM)
    fates: Counter[str] = Counter()
    for at in range(len(source)):
        for bit in range(8):
            changed = source[:at] + bytes([source[at] ^ 1 << bit]) + source[at + 1 :]
            fate = fate_of(changed, own)
            assert fate != "believed", (at, bit, changed[max(0, at - 20) : at + 20])
            fates[fate] += 1
    # What changes nothing is in the first line, or a space.
    assert fates.total() == 8 * len(source)
    assert min(fates[fate] for fate in ("the same", "does not load", "noticed")) > 100


def fate_of(source: bytes, own: dict[str, int | str]) -> str:
    board = ModuleType("board")
    try:
        with catch_warnings():
            simplefilter("ignore")
            exec(compile(source, "board.py", "exec"), vars(board))
    # A module that is not Python any more, or names what there is not.
    except (SyntaxError, ValueError, NameError, TypeError, AttributeError):
        return "does not load"
    found = constants_of(board)
    if {name: (type(value), value) for name, value in found.items()} == {
        name: (type(value), value) for name, value in own.items()
    }:
        return "the same"
    return "noticed" if settings_checksum(board) != found.get(CHECKSUM, "") else "believed"
