"""The guest's entry: the firmware on the twin's bench, from a job file to a stream of messages.

Each message is one JSON object on a line, its kind under "k": start, sample, event, command, power, burst, line,
end, error.
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
from twin.commands import NEVER_MS, Commands
from twin.job import Job, read_job

DONE, STOPPED, EMPTY = "done", "stopped", "empty"
# What took the pump's life, as its ports tell the next one.
POWER, WATCHDOG = "power", "watchdog"
ERRORS = (Refused, Misuse, OSError, ValueError)
# Bytes in use, where the VM can tell.
HEAP_USED = getattr(gc, "mem_alloc", None)
# The collector of the WebAssembly build does not see what a running function with more than about eleven slots holds,
# and frees it. There, garbage is collected between stretches only, with nothing but small functions running.
COLLECTOR_IS_BLIND = getattr(sys.implementation, "_build", "") == "wasi"
STRETCH_SLICES = 256
# How long the bench passes at once while the pump has no power.
DARK_MS = 86_400_000


class Run:
    """One run of the firmware on a bench of its own. `emit` takes each message as a line of text.

    The refill, the time of day and the start of delivery come at time 0; the first tick one slice later. The run goes
    in stretches, each up to the next sample or command or of STRETCH_SLICES; between them `rest`.

    A command is given after the tick and the poll of a slice that is cut short to end at its very millisecond; what is
    left of the slice follows as one of its own. A sample of that moment is taken before it.

    While the pump has no power there is no `app`, and samples tell what its status was when the power went, in state
    "off". When the power is back its slices begin anew. The journal's times are told as times of the run.
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
            flash=_new_flash() if job.flash else None,
        )
        self.app = App(board, self.bench.ports)
        self._commands = Commands(job.commands, self.app, self.bench, self)
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
        # From the pump's own time to the run's: the pump's stands still while it has no power.
        self._offset_ms = 0
        self._alive = True
        self._cause = POWER
        self._on_ms = NEVER_MS
        self._status_before = {}
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
            if self._on_ms <= self._elapsed_ms:
                self._power_on()
            elif self._commands.next_ms <= self._elapsed_ms:
                self._say(self._commands.give(self._elapsed_ms))
                self._report_events()
            elif self._over:
                self._end()
                self.goes_on = False
            elif not self._alive:
                self._pass_dark()
            else:
                self._stretch()
        except ERRORS as error:
            _say_error(self._emit, error)
            self.failed = True
            self.goes_on = False

    def cut(self, off_ms: int) -> None:
        """The power goes now, and comes back after `off_ms`."""
        self._power_off(POWER, off_ms)

    def reset(self) -> None:
        """The watchdog resets the pump now."""
        self._power_off(WATCHDOG, 0)

    def _power_off(self, cause: str, off_ms: int) -> None:
        self._report_events()
        status = self.app.status.read()
        self._say_power(cause, False, status)
        self._cause = cause
        self._on_ms = self._elapsed_ms + off_ms
        self._status_before = status
        status.update({"state": "off", "alarms": [], "rate_steps_day": 0})
        self._alive = False
        # Let go of, so that there is room for the next.
        del self.app
        self._commands.app = None
        self.bench.power_off()

    def _power_on(self) -> None:
        """A new life of the pump begins, one slice before its first tick."""
        self._on_ms = NEVER_MS
        self._due_ms = self._elapsed_ms
        self.bench.power_on(self._cause)
        self.app = App(self._board, self.bench.ports)
        self._alive = True
        self._commands.app = self.app
        self.app.open()
        journal = self.app.journal
        self._offset_ms = self._elapsed_ms - journal.uptime_ms
        # A journal that was lost begins anew.
        self._events_seen = journal.seq - len(journal.since(0))
        self._bursts_seen = self.bench.step.bursts
        self._say_power(self._cause, True, self.app.status.read())
        self._report_events()

    def _say_power(self, cause: str, on: bool, status: dict) -> None:
        plant = self.bench.truth()
        t_ms = self._elapsed_ms
        uptime_ms = t_ms - self._offset_ms
        told = {"k": "power", "t_ms": t_ms, "uptime_ms": uptime_ms, "on": on, "cause": cause}
        told.update({"status": status, "plant": plant})
        self._say(told)

    def _pass_dark(self) -> None:
        """Time passes, and the pump has no power."""
        wanted_ms = min(self._elapsed_ms + DARK_MS, self._on_ms, self._commands.next_ms)
        end_ms = min(wanted_ms, self._next_sample_ms, self._last_ms)
        if end_ms > self._elapsed_ms:
            self.bench.advance(end_ms - self._elapsed_ms)
            self._elapsed_ms = end_ms
        if self._job.trace:
            self._trace_lines()
        self._over = self._elapsed_ms >= self._last_ms
        if self._elapsed_ms >= self._next_sample_ms:
            self._sample()

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
                "lease_steps": self._board.LEASE_STEPS,
            }
        )
        self._report_events()
        if self._job.trace:
            self._trace_lines()

    def _report_events(self) -> None:
        """Say what is new in the journal; refill, or end the run, where the job wants that."""
        if not self._alive:
            return
        journal = self.app.journal
        while journal.seq != self._events_seen:
            for event in journal.since(self._events_seen):
                self._events_seen = event.seq
                self._say_event(event)
                if event.kind == "alarm":
                    self._heed(event.a)

    def _say_event(self, event) -> None:
        t_ms = event.uptime_ms + self._offset_ms
        self._say({"k": "event", "t_ms": t_ms, "seq": event.seq, "kind": event.kind, "a": event.a, "b": event.b})

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
                "flash": _work_of(self.bench.flash),
            }
        )

    def _status(self) -> dict:
        """The firmware's own account, asked for over the link as a programmer would; without power, its last."""
        if not self._alive:
            return self._status_before
        link = self.bench.ports.link
        link.put(b"status\n")
        self.app.loop.poll()
        return json.loads(link.take())

    def _say(self, message: dict) -> None:
        self._emit(json.dumps(message))


def _new_flash():
    # Here, since few runs have one, and the heap of a chip is small.
    from twin.flash.nor import NorFlash

    return NorFlash()


def _work_of(flash) -> "dict | None":
    """What a flash was put to: its operations, of them the erases, those of the block with most, and bytes."""
    if flash is None:
        return None
    return {
        "operations": flash.operations,
        "erases": sum(flash.erases),
        "most_erases": max(flash.erases),
        "programmed_bytes": flash.programmed_bytes,
    }


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
