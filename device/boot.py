"""Before anything else runs: the motor driver is off."""

import board
from machine import Pin

Pin(board.PIN_ENABLE, Pin.OUT, value=1)
