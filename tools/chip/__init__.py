"""An emulated Pico on the bench: a stock MicroPython, our build on its file system, wires between its pins."""
