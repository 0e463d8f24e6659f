"""Before anything else runs: the motor driver is off, and the heap is kept in order."""

import gc

import board
from machine import Pin

Pin(board.PIN_ENABLE, Pin.OUT, value=1)
# What each module leaves behind while it loads is collected soon: else it lies between what stays, and the heap has no
# room in larger pieces.
gc.threshold(4096)
