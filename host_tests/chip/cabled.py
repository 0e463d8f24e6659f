"""An emulated Pico at a pseudo-terminal, in a process of its own: `python cabled.py BOARD FD`.

FD is the far end of the pseudo-terminal whose near end a host opens as it would open the port of a real Pico. The port
stays while the chip restarts, as that of a USB to UART bridge does.
"""

import os
import select
import sys

from chip.bench import ChipBench
from chip.emulator import Chip
from chip.pump import constants_module
from chip.stock import stock_uf2
from itb.boards.board import load_board

# Emulated time between two looks at the cable.
TURN_MS = 0.2
FILL_STEPS = 40_000


def serve(board_name: str, cable: int) -> None:
    """Be the chip and the cable, until the process is ended."""
    chip = Chip(stock_uf2())
    ChipBench(chip, constants_module(load_board(board_name)), FILL_STEPS)
    while True:
        if select.select([cable], [], [], 0)[0]:
            chip.send(os.read(cable, 4096))
        # Without the fluid: nothing flows while a board is flashed.
        chip.run_ms(TURN_MS)
        if chip.console:
            os.write(cable, bytes(chip.console))
            chip.console.clear()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
