"""Runs on the emulated chip in place of main.py: the pump as main.py starts it, with a program, obeying test pins.

`started` is the project's main.py under another name; /story.json holds what to begin with.
"""

import gc
import json
import time

import started  # pyright: ignore[reportMissingImports]
from machine import Pin, disable_irq, enable_irq
from spin import turns

MONDAY = 0


class Story:
    """Wraps the pump's loop: a command is taken when its pin goes high."""

    def __init__(self, app, told: dict) -> None:
        self.app = app
        self._told = told
        self._loop = app.loop
        self._polling = Pin(told["polling"], Pin.OUT, value=0)
        self._commands = []
        for name in sorted(told["commands"]):
            self._commands.append([Pin(told["commands"][name], Pin.IN, Pin.PULL_DOWN), 0, getattr(self, name)])
        app.loop = self

    def poll(self) -> None:
        self._polling.on()
        self._loop.poll()
        self._polling.off()
        for command in self._commands:
            level = command[0].value()
            if level and not command[1]:
                command[2]()
            command[1] = level

    def begin(self) -> None:
        control = self.app.control
        # A pump that has just been given power expects nothing in its reservoir.
        control.refill(self._told["fill_steps"], 0, self._told["concentration_ng_ml"])
        control.load(self._told["program"])
        control.set_time(self._told["day_ms"], MONDAY)
        self.start()

    def start(self) -> None:
        self.app.control.start()
        print("STARTED")

    def stop(self) -> None:
        self.app.control.stop()

    def report_heap(self) -> None:
        gc.collect()
        print("HEAP", gc.mem_free(), gc.mem_alloc())

    def report_left_over(self) -> None:
        print("BUSY", turns(self._told["spin_ms"]))

    def mask_interrupts(self) -> None:
        """As the erasure of a sector of flash does."""
        masked_us = self._told["masked_us"]
        state = disable_irq()
        start_us = time.ticks_us()
        while time.ticks_diff(time.ticks_us(), start_us) < masked_us:
            pass
        enable_irq(state)

    def hang_loop(self) -> None:
        while True:
            pass

    def hang_tick(self) -> None:
        disable_irq()
        while True:
            pass


class Probe:
    """Shows on a pin when the tick runs."""

    def __init__(self, tick, number: int) -> None:
        self._run_once = tick.run_once
        pin = Pin(number, Pin.OUT, value=0)
        self._on = pin.on
        self._off = pin.off
        tick.run_once = self.run_once

    def run_once(self) -> None:
        self._on()
        self._run_once()
        self._off()


def prepare(app) -> None:
    with open("/story.json") as file:
        told = json.load(file)
    Story(app, told)
    Probe(app.tick, told["ticking"])
    print("FREE", turns(told["spin_ms"]))


started.run(prepare)
