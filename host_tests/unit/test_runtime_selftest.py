"""The self-test: each check fails by itself, is named in the journal, and keeps the pump from starting."""

from collections.abc import Callable
from types import ModuleType

import pytest

from benchtop import STEADY, Benchtop, ScriptedEdges, ScriptedSteps, logged
from frail import FrailNvm
from pump.core.errors import Refused
from pump.core.ports import DeadMan, DigitalIO, EdgeCounter, Sensor
from pump.runtime.selftest import failed_checks
from pump.safety.alarms import MEMORY_ERROR, OCCLUSION
from twin.driver import DeadManLine
from twin.peripherals import RamNvm, TwinSounder


class Reading(Sensor):
    """A sensor that always reads the same."""

    def __init__(self, value: int) -> None:
        self._value = value

    def read(self) -> int:
        return self._value


class ActiveLine(DigitalIO):
    """A line that is always active."""

    def read(self) -> bool:
        return True


class RunningEdges(EdgeCounter):
    """Counts an edge with every look."""

    def __init__(self) -> None:
        self._count = 0

    def count(self) -> int:
        self._count += 1
        return self._count


class ForgettingNvm(RamNvm):
    """Keeps its first `keeps` writes and loses all later ones."""

    def __init__(self, keeps: int) -> None:
        super().__init__()
        self._keeps = keeps

    def write(self, name: str, data: bytes) -> None:
        if self._keeps:
            self._keeps -= 1
            super().write(name, data)


def full_nvm(room: int = 0) -> FrailNvm:
    nvm = FrailNvm()
    nvm.writes_left = room
    return nvm


class StuckDriver(DeadMan):
    """A driver that is enabled whatever the line says."""

    def feed(self) -> None:
        pass

    def release(self) -> None:
        pass

    def held(self) -> bool:
        return True


class LatchingDriver(DeadManLine):
    """A driver that, once enabled, stays so."""

    def release(self) -> None:
        pass


def busy_steps() -> ScriptedSteps:
    port = ScriptedSteps()
    port.is_busy = True
    return port


def broken_sounder() -> TwinSounder:
    sounder = TwinSounder()
    sounder.broken = True
    return sounder


def dead_driver() -> DeadManLine:
    driver = DeadManLine(5000)
    driver.set_power(False)
    return driver


FAILURES = [
    ("driver", "dead_man", dead_driver),
    ("driver", "dead_man", StuckDriver),
    ("driver", "dead_man", lambda: LatchingDriver(5000)),
    ("sounder", "sounder", broken_sounder),
    ("memory", "nvm", lambda: ForgettingNvm(0)),
    ("memory", "nvm", lambda: ForgettingNvm(1)),
    ("memory", "nvm", full_nvm),
    ("pressure", "pressure", lambda: Reading(-11)),
    ("pressure", "pressure", lambda: Reading(80)),
    ("stall", "stall", ActiveLine),
    ("steps", "step", busy_steps),
    ("steps", "edges", RunningEdges),
]


def test_on_a_sound_bench_nothing_fails_and_nothing_moves() -> None:
    pump = Benchtop(opened=False)
    assert failed_checks(pump.board, pump.bench.ports) == []
    assert pump.bench.step.bursts == 0
    assert not pump.bench.dead_man.enabled


@pytest.mark.parametrize("pressure_kpa", [-10, 0, 79])
def test_a_plausible_pressure_passes(pressure_kpa: int) -> None:
    assert Benchtop(ports={"pressure": Reading(pressure_kpa)}).control.state == "stopped"


@pytest.mark.req("I-01")
@pytest.mark.parametrize("check, name, make", FAILURES)
def test_each_check_fails_by_itself_and_inhibits(check: str, name: str, make: Callable[[], object]) -> None:
    pump = Benchtop(ports={name: make()})
    # A memory that takes nothing at all has not taken the first record either.
    unstored = [alarm for alarm in pump.alarms() if alarm != "self_test_failed"]
    assert unstored in ([], ["memory_error"] if check == "memory" else [])
    assert pump.kinds() == ["alarm"] * len(unstored) + ["self_test_" + check, "state_inhibited", "alarm"]
    assert pump.status()["failed_checks"] == [check]
    assert pump.control.state == "inhibited"
    assert pump.alarms() == ["self_test_failed", *unstored]


class SteppingSensor(Sensor):
    """A sensor that sees nothing, and lets `edges` come while it is read."""

    def __init__(self, counter: ScriptedEdges, edges: int) -> None:
        self._counter = counter
        self._edges = edges

    def read(self) -> int:
        self._counter.see(self._edges)
        return 0


@pytest.mark.req("I-01")
@pytest.mark.parametrize("edges, state", [(0, "stopped"), (1, "inhibited"), (2, "inhibited")])
def test_steps_that_nobody_sent_are_found_while_the_other_checks_take_their_time(edges: int, state: str) -> None:
    counter = ScriptedEdges(2**30 - 1)
    pump = Benchtop(ports={"edges": counter, "pressure": SteppingSensor(counter, edges)})
    assert pump.control.state == state
    assert ("self_test_steps" in pump.kinds()) == (edges > 0)


@pytest.mark.req("I-01")
def test_every_check_has_a_failure_above() -> None:
    pump = Benchtop(opened=False, ports={name: make() for _, name, make in FAILURES})
    board = ModuleType("board")
    vars(board).update({**vars(pump.board), "LIMIT_DAY_STEPS": pump.board.LIMIT_DAY_STEPS + 1})
    named = dict.fromkeys(check for check, _, _ in FAILURES)
    assert failed_checks(board, pump.bench.ports) == ["settings", *named]


@pytest.mark.req("I-01")
def test_an_inhibited_pump_takes_no_command_that_could_start_it() -> None:
    pump = Benchtop(ports={"sounder": broken_sounder()})
    before = pump.snapshot()
    for command in (pump.control.start, pump.control.acknowledge, lambda: pump.control.load(STEADY)):
        with pytest.raises(Refused):
            command()
    assert pump.snapshot() == logged(before, "program_refused")
    pump.control.stop()
    pump.slice(5)
    assert pump.control.state == "inhibited"
    assert pump.bench.truth()["enabled"] == 0
    assert pump.alarms()[0] == "self_test_failed"


@pytest.mark.req("A-01")
def test_memory_that_fills_up_keeps_no_alarm_from_being_raised_and_is_one_itself() -> None:
    nvm = full_nvm(1000)
    pump = Benchtop(ports={"nvm": nvm}).started()
    pump.slice(5)
    nvm.writes_left = 0
    pump.control.raise_alarm(OCCLUSION)
    assert pump.control.state == "halted"
    assert pump.alarms() == ["occlusion"]
    pump.slice()
    assert pump.alarms() == ["occlusion", "memory_error"]
    # At hand the events are all the same.
    assert pump.kinds()[-3:] == ["state_halted", "alarm", "alarm"]
    assert pump.events("alarm") == [(OCCLUSION, 3), (MEMORY_ERROR, 2)]
    nvm.writes_left = 1000
    pump.control.acknowledge()
    pump.slice(3)
    assert pump.alarms() == []
