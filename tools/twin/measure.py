"""The loops whose cost `make bench` counts, on hardware that costs next to nothing."""

from pump.app import App
from pump.core.ticks import MASK
from twin.ideal import IdealPorts
from twin.job import read_job


class Subject:
    """A pump that delivers the program of a job, `job.slice_ms` a tick. Made in two parts: its heap can be read.

    Whoever measures collects the garbage between the parts, from outside of any function: see `twin.run` on the
    collector of the WebAssembly build.
    """

    def __init__(self, board, job_path: str) -> None:
        self._board = board
        self._job = read_job(job_path)
        self._ports = IdealPorts()
        self._tick_ms = self._job.slice_ms

    def start_pump(self) -> None:
        """Open the pump and let it deliver."""
        job = self._job
        self.app = App(self._board, self._ports)
        self.app.open()
        self.app.control.refill(job.fill_steps, 0, job.concentration_ng_ml)
        self.app.control.load(job.program)
        self.app.control.set_time(job.start_ms, job.weekday)
        self.app.control.start()

    def clock_only(self, count: int) -> None:
        """The baseline: time passes, and nothing else."""
        clock = self._ports.clock
        for _ in range(count):
            clock.now_ticks = (clock.now_ticks + self._tick_ms) & MASK

    def ticks(self, count: int) -> None:
        """Time passes and the tick runs."""
        clock = self._ports.clock
        tick = self.app.tick.run_once
        for _ in range(count):
            clock.now_ticks = (clock.now_ticks + self._tick_ms) & MASK
            tick()

    def polls(self, count: int) -> None:
        """Time passes and the loop polls."""
        clock = self._ports.clock
        poll = self.app.loop.poll
        for _ in range(count):
            clock.now_ticks = (clock.now_ticks + self._tick_ms) & MASK
            poll()
