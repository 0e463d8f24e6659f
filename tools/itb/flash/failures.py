"""What can go wrong while a board is flashed; each has an exit status of its own, listed in docs/flashing.md."""


class FlashFailed(Exception):
    """The board was not flashed, or is not as it should be. The message is for people, and says what to do."""

    status = 1


class Differs(FlashFailed):
    """`--verify` found something else on the board than this build."""


class NoPort(FlashFailed):
    """There is no such serial port, or none at all."""

    status = 3


class SeveralPorts(FlashFailed):
    """More than one board may be meant."""

    status = 4


class PortClosed(FlashFailed):
    """The port is there and cannot be opened: in use, or not permitted."""

    status = 5


class NoMicroPython(FlashFailed):
    """Nothing at the port answers as MicroPython does."""

    status = 6


class WrongBoard(FlashFailed):
    """The chip, or its MicroPython, is not one that this build runs on."""

    status = 7


class NoRoom(FlashFailed):
    """The file system of the board is too full."""

    status = 8


class Lost(FlashFailed):
    """The connection ended in the middle, or the board reported an error."""

    status = 9


class Spoiled(FlashFailed):
    """What was read back from the board is not what was sent."""

    status = 10


class NotBack(FlashFailed):
    """After its restart the board did not answer."""

    status = 11


class SelfTestFailed(FlashFailed):
    """The firmware runs, and its self-test found the pump unfit."""

    status = 12
