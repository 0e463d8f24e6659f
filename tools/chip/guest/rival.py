"""Runs on the emulated chip in place of main.py: a public stepper library, its steps timed by a timer of the chip.

`stepper` is that library; /rival.json says at what rate and on which pins. The work in the foreground is of the kind
and length that the pump's loop has.
"""

import json
import time

from machine import Pin, disable_irq, enable_irq
from spin import turns
from stepper import Stepper  # pyright: ignore[reportMissingImports]

with open("/rival.json") as file:
    told = json.load(file)


def work_ms(span_ms: int) -> None:
    start_ms = time.ticks_ms()
    while time.ticks_diff(time.ticks_ms(), start_ms) < span_ms:
        json.dumps(told)
        time.sleep_ms(5)


print("FREE", turns(told["spin_ms"]))
stepper = Stepper(told["step"], told["dir"], Pin(told["enable"], Pin.OUT, value=0), speed_sps=told["rate_hz"])
stepper.free_run(1)
print("STARTED")
work_ms(told["work_ms"])
print("BUSY", turns(told["spin_ms"]))
state = disable_irq()
start_us = time.ticks_us()
while time.ticks_diff(time.ticks_us(), start_us) < told["masked_us"]:
    pass
enable_irq(state)
work_ms(told["work_ms"])
stepper.stop()
print("STOPPED", stepper.get_pos())
