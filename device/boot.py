"""Before the pump runs: the motor driver is off, and the heap is kept in order."""

import gc

from machine import Pin

from pump.hal.settings import read_settings

# What each module leaves behind while it loads is collected soon: else it lies between what stays, and the heap has no
# room in larger pieces.
gc.threshold(16384)
Pin(read_settings().board.PIN_ENABLE, Pin.OUT, value=1)
