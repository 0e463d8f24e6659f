"""The digital twin of the bench: everything behind the pump's ports, under CPython and MicroPython alike."""
