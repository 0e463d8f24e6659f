"""What ticks and polls cost inside a VM: the loops that are counted, and the heap they leave."""

import gc
import json

from pump.app import App
from twin.bench import Bench
from twin.job import read_job

HEAP_USED = getattr(gc, "mem_alloc", None)


class Subject:
    """A started pump on its bench, `job.slice_ms` a slice."""

    def __init__(self, board, job_path: str) -> None:
        job = read_job(job_path)
        gc.collect()
        before = HEAP_USED()
        self.bench = Bench(board, job.fill_steps, job.faults, job.seed, job.plant)
        gc.collect()
        bench_made = HEAP_USED()
        self.app = App(board, self.bench.ports)
        self.app.open()
        self.app.control.load(job.program)
        self.app.control.refill(job.fill_steps)
        self.app.control.set_time(job.start_ms)
        self.app.control.start()
        gc.collect()
        self.bench_bytes = bench_made - before
        self.pump_bytes = HEAP_USED() - bench_made
        self._slice_ms = job.slice_ms

    def bench_only(self, count: int) -> None:
        """The baseline: time passes, the pump does nothing."""
        advance = self.bench.advance
        for _ in range(count):
            advance(self._slice_ms)

    def ticks(self, count: int) -> None:
        """Time passes and the tick runs."""
        advance = self.bench.advance
        tick = self.app.tick.run_once
        for _ in range(count):
            advance(self._slice_ms)
            tick()

    def ticks_and_polls(self, count: int) -> None:
        """Time passes, the tick and the loop run."""
        advance = self.bench.advance
        tick = self.app.tick.run_once
        poll = self.app.loop.poll
        for _ in range(count):
            advance(self._slice_ms)
            tick()
            poll()

    def poll_bytes(self, count: int) -> int:
        """Bytes of heap that `count` polls allocate."""
        poll = self.app.loop.poll
        gc.collect()
        gc.disable()
        before = HEAP_USED()
        for _ in range(count):
            poll()
        allocated = HEAP_USED() - before
        gc.enable()
        return allocated


def main(job_path: str, what: str, count: int, emit) -> None:
    """Run `what`, one of the loops of Subject or "heap", `count` times; emit one JSON line with what was found."""
    gc.collect()
    import_start = HEAP_USED()
    import board

    subject = Subject(board, job_path)
    found = {"bench_bytes": subject.bench_bytes, "pump_bytes": subject.pump_bytes, "board_bytes": import_start}
    if what == "poll_bytes":
        found["poll_bytes"] = subject.poll_bytes(count)
    else:
        getattr(subject, what)(count)
    emit(json.dumps(found))
