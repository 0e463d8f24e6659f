"""The pump on the twin's bench, step by step: what the tests of motion, runtime, memory and link share."""

import json
from functools import cache
from types import ModuleType
from typing import Any

from pump.app import App
from pump.core.ports import EdgeCounter, StepPort
from pump.safety.alarms import TABLE
from rig import MONDAY, NG_ML, board_module, program
from twin.bench import Bench
from twin.faults import Faults

SECOND_MS = 1000
# 60 microsteps in each second: nearly the most that a burst takes, 65, and that the board's hour does.
FAST_STEPS_DAY = 5_184_000
# Ten microsteps in each second: 36,000 an hour.
STEADY_STEPS_DAY = 864_000
STEADY = program([[0, STEADY_STEPS_DAY, 0]])
FAST = program([[0, FAST_STEPS_DAY, 0]])

constants = cache(board_module)


def with_limits(source: dict[str, Any], limits: dict[str, int]) -> dict[str, Any]:
    """`source` with these of its limits replaced."""
    return {**source, "limits": {**source["limits"], **{name: [steps, "test"] for name, steps in limits.items()}}}


class Benchtop:
    """A pump that was opened, and is stopped until told otherwise. A slice is a second unless told otherwise."""

    def __init__(
        self,
        faults: list[list[Any]] | None = None,
        board: ModuleType | None = None,
        fill_steps: int | None = None,
        seed: int = 1,
        opened: bool = True,
        ports: dict[str, object] | None = None,
    ) -> None:
        """`ports` replaces ports of the bench, by name."""
        self.board = board or constants(slice_ms=SECOND_MS)
        self.fill_steps = self.board.RESERVOIR_CAPACITY_STEPS if fill_steps is None else fill_steps
        self.bench = Bench(self.board, self.fill_steps, Faults(faults or []), seed)
        self._replaced = dict(ports or {})
        self._boot()
        if opened:
            self.app.open()

    def _boot(self) -> None:
        for name, port in self._replaced.items():
            setattr(self.bench.ports, name, port)
        self.app = App(self.board, self.bench.ports)
        self.control = self.app.control

    def restart(self, cause: str = "power", off_ms: int = 0, settings_damaged: bool = False) -> "Benchtop":
        """Without power for `off_ms`, and on again; what the ports were replaced by stays in their place."""
        self.bench.power_off()
        if off_ms:
            self.bench.advance(off_ms)
        self.bench.power_on(cause)
        self._boot()
        self.app.open(settings_damaged)
        return self

    def programmed(self, source: dict[str, Any] | None = None, day_ms: int | None = 0) -> "Benchtop":
        """Filled, with a program and the time of day, which is not set when `day_ms` is None."""
        self.control.refill(self.fill_steps, 0, NG_ML)
        self.control.load(STEADY if source is None else source)
        if day_ms is not None:
            self.control.set_time(day_ms, MONDAY)
        return self

    def refill(self, fill_steps: int) -> None:
        """Draw off what the pump expects to be there, and fill with as many steps of what was there before."""
        self.control.refill(fill_steps, self.status()["reservoir_steps"], NG_ML)

    def started(self, source: dict[str, Any] | None = None, day_ms: int | None = 0) -> "Benchtop":
        """Programmed and delivering."""
        self.programmed(source, day_ms)
        self.control.start()
        return self

    def tick(self, count: int = 1, span_ms: int | None = None) -> None:
        """`count` times: let a slice pass, then tick. The loop does not run."""
        for _ in range(count):
            self.bench.advance(self.board.TICK_MS if span_ms is None else span_ms)
            self.app.tick.run_once()

    def slice(self, count: int = 1, span_ms: int | None = None) -> None:
        """`count` times: let a slice pass, then tick, then loop."""
        for _ in range(count):
            self.tick(1, span_ms)
            self.app.loop.poll()

    def until_state(self, state: str, slices: int = 100) -> None:
        """Slice until the pump is in `state`; fails when it is not after `slices`."""
        for _ in range(slices):
            if self.control.state == state:
                return
            self.slice()
        raise AssertionError(f"the pump is {self.control.state}, not {state}, after {slices} slices")

    def kinds(self) -> list[str]:
        """The kinds of the journal's events, in order."""
        return [event.kind for event in self.app.journal.since(0)]

    def events(self, kind: str) -> list[tuple[int, int]]:
        """The two numbers of each of the journal's events of `kind`, in order."""
        return [(event.a, event.b) for event in self.app.journal.since(0) if event.kind == kind]

    def alarms(self) -> list[str]:
        """The names of the alarms that stand."""
        return self.status()["alarms"]

    def status(self) -> dict[str, Any]:
        """The pump's account of itself."""
        return self.app.status.read()

    def asked(self, request: bytes) -> dict[str, Any]:
        """The answer to one line over the link."""
        self.bench.ports.link.put(request + b"\n")
        self.app.loop.poll()
        return json.loads(self.bench.ports.link.take())

    def snapshot(self) -> tuple[object, ...]:
        """All that a refused command must leave as it is."""
        return (
            self.status(),
            self.kinds(),
            self.control.program,
            self.app.tick.demand.basal,
            self.app.tick.delivering,
            self.app.tick._holds,
            self.app.tick.demand.mode,
            self.control.limits,
            self.control.programs.line,
            self.control._priming.allowed,
        )


def running(pump: Benchtop) -> Benchtop:
    """Ticked until its bursts go out. What it owes from before the first keeps them at their greatest, 65 steps."""
    pump.started(FAST)
    pump.tick(3)
    assert pump.bench.step.busy()
    return pump


def halted_by(pump: Benchtop) -> list[int]:
    """The alarms for which delivery is shut down."""
    reasons = pump.app.tick._halt.reasons
    assert reasons < 1 << len(TABLE)
    return [alarm for alarm in range(len(TABLE)) if reasons & 1 << alarm]


def logged(snapshot: tuple[object, ...], kind: str) -> tuple[object, ...]:
    """`snapshot`, and one event of `kind` more in the journal."""
    status, kinds, *others = snapshot
    assert isinstance(kinds, list)
    return (status, [*kinds, kind], *others)


class ScriptedSteps(StepPort):
    """A step port that is busy for as long as it is told, and remembers its bursts."""

    def __init__(self) -> None:
        self.is_busy = False
        self.bursts: list[tuple[int, int]] = []

    def set_direction(self, forward: bool) -> None:
        del forward

    def burst(self, steps: int, interval_us: int) -> None:
        self.bursts.append((steps, interval_us))

    def busy(self) -> bool:
        return self.is_busy


class ScriptedEdges(EdgeCounter):
    """An edge counter that counts what it is told, modulo 2**30."""

    def __init__(self, start: int = 0) -> None:
        self.now = start

    def count(self) -> int:
        return self.now

    def see(self, edges: int) -> None:
        self.now = (self.now + edges) % 2**30
