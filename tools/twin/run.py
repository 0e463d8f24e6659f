"""The guest's entry: the firmware on the twin's bench, from a job file to a stream of messages.

Each message is one JSON object on a line, its kind under "k": start, sample, event, command, burst, line, end, error.
"""

import gc
import json
import sys

from pump.app import App
from pump.core.errors import Misuse, Refused
from pump.runtime.states import INHIBITED
from pump.safety.alarms import RESERVOIR_EMPTY, RESERVOIR_LOW
from pump.therapy.forecast import day_total
from twin.bench import Bench
from twin.commands import Commands
from twin.job import Job, read_job

DONE, STOPPED, EMPTY = "done", "stopped", "empty"
ERRORS = (Refused, Misuse, OSError, ValueError)
# Bytes in use, where the VM can tell.
HEAP_USED = getattr(gc, "mem_alloc", None)
# The collector of the WebAssembly build does not see what a running function with more than about eleven slots holds,
# and frees it. There, garbage is collected between stretches only, with nothing but small functions running.
COLLECTOR_IS_BLIND = getattr(sys.implementation, "_build", "") == "wasi"
STRETCH_SLICES = 256


class Run:
    """One run of the firmware on a bench of its own. `emit` takes each message as a line of text.

    The refill, the time of day and the start of delivery come at time 0; the first tick one slice later. The run goes
    in stretches, each up to the next sample or command or of STRETCH_SLICES; between them `rest`.

    A command is given after the tick and the poll of a slice that is cut short to end at its very millisecond; what is
    left of the slice follows as one of its own. A sample of that moment is taken before it.
    """

    def __init__(self, board, job: Job, emit) -> None:
        """Open the pump and start it. Raises Refused when the firmware refuses the program.

        A pump that fails its self-test is not started.
        """
        self.failed = False
        self.goes_on = True
        self.bench = Bench(
            board,
            job.fill_steps,
            job.faults,
            job.seed,
            job.plant,
            trace=job.trace,
            concentration_ng_ml=job.concentration_ng_ml,
            line_ng_ml=job.line_ng_ml,
        )
        self.app = App(board, self.bench.ports)
        self._commands = Commands(job.commands, self.app, self.bench)
        self._board = board
        self._job = job
        self._emit = emit
        self._elapsed_ms = 0
        # When the slice under way is over.
        self._due_ms = 0
        self._last_ms = job.days_ms
        self._over = False
        self._events_seen = 0
        self._bursts_seen = 0
        self._heap_peak = 0
        self._late_ticks = 0
        self._next_sample_ms = job.sample_ms
        self._why = DONE
        self._begin()

    def rest(self) -> None:
        """Collect garbage, and note how many bytes are in use without it."""
        if HEAP_USED:
            gc.collect()
            self._heap_peak = max(self._heap_peak, HEAP_USED())

    def go_on(self) -> None:
        """Give the command that is due, or run one stretch, or end the run where it is over.

        An error of pump or bench is said, and sets `failed`.
        """
        try:
            if self._commands.next_ms <= self._elapsed_ms:
                self._say(self._commands.give(self._elapsed_ms))
                self._report_events()
            elif self._over:
                self._end()
                self.goes_on = False
            else:
                self._stretch()
        except ERRORS as error:
            _say_error(self._emit, error)
            self.failed = True
            self.goes_on = False

    def _stretch(self) -> None:
        trace = self._job.trace
        command_ms = self._commands.next_ms
        journal = self.app.journal
        advance = self.bench.advance
        tick = self.app.tick.run_once
        poll = self.app.loop.poll
        elapsed_ms = self._elapsed_ms
        for _ in range(STRETCH_SLICES):
            if elapsed_ms == self._due_ms:
                self._begin_slice()
            end_ms = min(self._due_ms, self._last_ms, command_ms)
            advance(end_ms - elapsed_ms)
            elapsed_ms = end_ms
            self._elapsed_ms = elapsed_ms
            tick()
            if trace:
                self._trace_burst()
                self._trace_lines()
            poll()
            if journal.seq != self._events_seen:
                self._report_events()
            if elapsed_ms >= self._last_ms:
                self._over = True
            if elapsed_ms >= self._next_sample_ms:
                self._sample()
                break
            if self._over or elapsed_ms == command_ms:
                break

    def _begin_slice(self) -> None:
        self._due_ms += self._job.slice_ms
        late_ms = self._job.faults.late_ms
        if late_ms:
            self._due_ms += late_ms
            self._late_ticks += 1

    def _begin(self) -> None:
        job = self._job
        app = self.app
        app.open()
        # A pump that failed its self-test takes no program; the run then shows it with its alarm.
        inhibited = app.control.state == INHIBITED
        app.control.refill(job.fill_steps, 0, job.concentration_ng_ml)
        if not inhibited:
            app.control.load(job.program)
        app.control.set_time(job.start_ms, job.weekday)
        if job.autostart and not inhibited:
            app.control.start()

    def say_start(self) -> None:
        """Say that the pump stands, how it understood its program, and how it got there."""
        limits = self.app.control.limits
        in_force = (limits.hour, limits.day, limits.bolus)
        self._say(
            {
                "k": "start",
                "heap_used": self._heap_peak,
                "day_total": list(day_total(self.app.control.program)),
                "limits": {limit.name: [limit.steps, limit.source] for limit in in_force},
                "board": self._board.NAME,
            }
        )
        self._report_events()
        if self._job.trace:
            self._trace_lines()

    def _report_events(self) -> None:
        """Say what is new in the journal; refill, or end the run, where the job wants that."""
        journal = self.app.journal
        while journal.seq != self._events_seen:
            for event in journal.since(self._events_seen):
                self._events_seen = event.seq
                self._say_event(event)
                if event.kind == "alarm":
                    self._heed(event.a)

    def _say_event(self, event) -> None:
        self._say(
            {"k": "event", "t_ms": event.uptime_ms, "seq": event.seq, "kind": event.kind, "a": event.a, "b": event.b}
        )

    def _heed(self, alarm: int) -> None:
        if alarm == RESERVOIR_LOW and self._job.refill_at_low:
            self._refill()
        elif alarm == RESERVOIR_EMPTY and self._job.until_empty:
            # Two slices more, so that what is on its way arrives and is accounted for.
            self._last_ms = min(self._last_ms, self._elapsed_ms + 2 * self._job.slice_ms)
            self._why = EMPTY

    def _refill(self) -> None:
        """Fill up with what the reservoir holds, the rest drawn off and measured."""
        fill_steps = self._job.fill_steps
        plant = self.bench.plant
        self.app.control.refill(fill_steps, plant.reservoir_steps, plant.concentration_ng_ml)
        self.bench.refill(fill_steps)

    def _trace_burst(self) -> None:
        step = self.bench.step
        if step.bursts != self._bursts_seen:
            self._bursts_seen = step.bursts
            self._say(
                {
                    "k": "burst",
                    "t_ms": self._elapsed_ms,
                    "steps": step.burst_steps,
                    "interval_us": step.interval_us,
                }
            )

    def _trace_lines(self) -> None:
        for t_ms, name, level in self.bench.lines.take():
            self._say({"k": "line", "t_ms": t_ms, "name": name, "level": level})

    def _sample(self) -> None:
        """Say how things stand, and end the run if someone wants that."""
        sample_ms = self._job.sample_ms
        self._next_sample_ms = (self._elapsed_ms // sample_ms + 1) * sample_ms
        self._say({"k": "sample", "t_ms": self._elapsed_ms, "status": self._status(), "plant": self.bench.truth()})
        if not self._over and _exists(self._job.stop_file):
            self._why = STOPPED
            self._over = True

    def _end(self) -> None:
        status = self._status()
        self._report_events()
        if self._job.trace:
            self._trace_lines()
        self._say(
            {
                "k": "end",
                "t_ms": self._elapsed_ms,
                "why": self._why,
                "status": status,
                "plant": self.bench.truth(),
                "heap_peak": self._heap_peak,
                "late_ticks": self._late_ticks,
            }
        )

    def _status(self) -> dict:
        """The firmware's own account, asked for over the link as a programmer would."""
        link = self.bench.ports.link
        link.put(b"status\n")
        self.app.loop.poll()
        return json.loads(link.take())

    def _say(self, message: dict) -> None:
        self._emit(json.dumps(message))


def _exists(path) -> bool:
    if path is None:
        return False
    try:
        open(path).close()
    except OSError:
        return False
    return True


def _say_error(emit, error) -> None:
    emit(json.dumps({"k": "error", "type": type(error).__name__, "message": str(error)}))


def _open(path: str, emit) -> Run:
    try:
        # Generated, and different in each run: it is not there to be imported before.
        return Run(__import__("board"), read_job(path), emit)
    except ERRORS as error:
        _say_error(emit, error)
        sys.exit(1)


def main(path: str, emit=print) -> None:
    """Run the job in the JSON file at `path`. An error is said as the last message, and raises SystemExit(1)."""
    if COLLECTOR_IS_BLIND:
        gc.disable()
    run = _open(path, emit)
    run.rest()
    run.say_start()
    while run.goes_on:
        run.rest()
        run.go_on()
    if run.failed:
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
