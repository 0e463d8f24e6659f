"""Digital signals on the pins of a chip."""

from machine import Pin

from pump.core.ports import DigitalIO

# What a board's constants say of a pin it does not have.
ABSENT = -1


class InputPin(DigitalIO):
    """A signal that comes in. *tick, loop*; allocates nothing."""

    def __init__(self, number: int, active_high: bool) -> None:
        # Pulled to the inactive level: a wire that came off reads as no signal.
        self._value = Pin(number, Pin.IN, Pin.PULL_DOWN if active_high else Pin.PULL_UP).value
        self._active = 1 if active_high else 0

    def read(self) -> bool:
        return self._value() == self._active


class OutputPin(DigitalIO):
    """A signal that goes out, active high; inactive at first. *tick, loop*; allocates nothing."""

    def __init__(self, number: int) -> None:
        self._value = Pin(number, Pin.OUT, value=0).value

    def read(self) -> bool:
        return self._value() == 1

    def write(self, active: bool) -> None:
        self._value(1 if active else 0)


class NoPin(DigitalIO):
    """A signal that the board does not have: never active, and nobody sees it."""

    def read(self) -> bool:
        return False

    def write(self, active: bool) -> None:
        pass


def signal_in(number: int, active_high: bool) -> DigitalIO:
    """The signal that comes in at pin `number`, or one that never does where the board has none."""
    return NoPin() if number == ABSENT else InputPin(number, active_high)


def signal_out(number: int) -> DigitalIO:
    """The signal that goes out at pin `number`, or nowhere."""
    return NoPin() if number == ABSENT else OutputPin(number)
