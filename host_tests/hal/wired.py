"""A board on its bench: the simulated chip, wired to a driver as the board's constants say."""

from types import ModuleType, SimpleNamespace
from typing import Any

from hal.simchip import Chip
from itb.boards.sealed import sealed
from rig import board_module

ABSENT = -1


def constants(name: str, **changes: int | str) -> Any:
    """The constants of board `name`, some of them replaced, as its generator would seal them."""
    module: ModuleType = board_module(name)
    own = {key: value for key, value in vars(module).items() if key.isupper()}
    return SimpleNamespace(**sealed({**own, **changes}))


def generic_board(**changes: int | str) -> Any:
    """A board with a chip that no port was made for."""
    return constants("esp32_devkit", **{"CHIP": "generic", **changes})


def wired(board: Any, start_us: int = 0) -> Chip:
    """The chip of `board`: STEP and ENABLE read back at the driver, the motor supply on where it is sensed."""
    chip = Chip(board.CHIP, start_us)
    chip.wire(board.PIN_STEP_READBACK, board.PIN_STEP)
    chip.wire(board.PIN_ENABLE_READBACK, board.PIN_ENABLE, pulled_up=True)
    if board.PIN_SUPPLY != ABSENT:
        chip.drive(board.PIN_SUPPLY, 1)
    if board.PIN_PRESSURE != ABSENT:
        chip.analogue_uv[board.PIN_PRESSURE] = board.PRESSURE_ZERO_MV * 1000
    if board.PIN_STALL != ABSENT:
        chip.drive(board.PIN_STALL, 1 - board.STALL_ACTIVE_HIGH)
    return chip
