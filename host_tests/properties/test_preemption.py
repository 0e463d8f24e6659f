"""A tick that comes at any line of a command harms nothing."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from benchtop import FAST_STEPS_DAY, SECOND_MS, Benchtop
from pump.app import __file__ as app_file
from pump.safety.alarms import OCCLUSION
from rig import DAY_MS, MONDAY, NG_ML, program

DEVICE = Path(app_file).parent
RUNTIME = DEVICE / "runtime"
OF_RUNTIME = ("control.py", "programs.py", "boluses.py", "priming.py", "status.py")
WATCHED = (*(str(RUNTIME / name) for name in OF_RUNTIME), str(DEVICE / "therapy"), str(DEVICE / "safety"))

ONE_A_SECOND = DAY_MS // SECOND_MS
CHANGE_MS = 20 * SECOND_MS
SLOW, FAST = 10 * ONE_A_SECOND, FAST_STEPS_DAY
TWO_RATES = program([[0, SLOW, 0], [CHANGE_MS, FAST, 0]])
BOLUS_AT_MS, BOLUS_STEPS, BOLUS_MS = 70 * SECOND_MS, 500, 20 * SECOND_MS
WITH_BOLUS = program([[0, ONE_A_SECOND, 0]], boluses=[[0, BOLUS_AT_MS, BOLUS_STEPS, 0, BOLUS_MS]])

Command = Callable[[Benchtop], object]


@contextmanager
def traced(at_line: Callable[[FrameType], None]) -> Iterator[None]:
    """Call `at_line` before every line that runs in the watched modules."""

    def within(frame: FrameType, event: str, _argument: object) -> Any:
        if event == "line":
            at_line(frame)
        return within

    def enter(frame: FrameType, _event: str, _argument: object) -> Any:
        return within if frame.f_code.co_filename.startswith(WATCHED) else None

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        yield
    finally:
        sys.settrace(before)


def lines_of(pump: Benchtop, command: Command) -> list[int]:
    """The lines at which `command` is preempted, each by how many run before it.

    These are all that run; of one that runs over and over the first two times and the last.
    """
    runs: dict[tuple[str, int], list[int]] = {}
    count = 0

    def at_line(frame: FrameType) -> None:
        nonlocal count
        runs.setdefault((frame.f_code.co_filename, frame.f_lineno), []).append(count)
        count += 1

    with traced(at_line):
        command(pump)
    return sorted({number for numbers in runs.values() for number in (*numbers[:2], numbers[-1])})


def preempted(pump: Benchtop, command: Command, number: int) -> str:
    """Do `command`, with a slice and its tick before the line that has `number` lines before it; which line that is."""
    count = 0
    where = ""

    def at_line(frame: FrameType) -> None:
        nonlocal count, where
        if count == number:
            where = f"a tick at {Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
            pump.tick()
            sys.settrace(None)
        count += 1

    with traced(at_line):
        command(pump)
    assert where
    return where


def check_laws(pump: Benchtop, where: str) -> None:
    """What holds at every moment."""
    now = pump.status()
    assert not pump.app.tick._holds, where
    check_balance(now, where)
    assert now["reservoir_steps"] >= pump.board.RESERVOIR_RESIDUAL_STEPS, where
    assert now["state"] in ("delivering", "stopped", "halted"), where
    assert (now["state"] == "delivering") == pump.app.tick.delivering, where


def check_balance(now: dict[str, Any], where: str) -> None:
    """What a status tells adds up."""
    assert now["ordered_steps"] == now["granted_steps"] + now["owed_steps"] + now["dropped_steps"], where
    assert now["granted_steps"] + now["stray_steps"] == (
        now["confirmed_steps"] + now["in_flight_steps"] + now["missing_steps"] + now["abandoned_steps"]
    ), where
    assert now["filled_steps"] == now["reservoir_steps"] + now["confirmed_steps"] + now["wasted_steps"], where


def elapsed_ms(pump: Benchtop) -> int:
    return pump.bench.clock.elapsed_ms


def at_every_line(prepared: Callable[[], Benchtop], command: Command, check: Callable[[Benchtop, str], None]) -> None:
    """Preempt `command` at each of its lines, on a fresh pump each time, and `check` what became of that pump."""
    numbers = lines_of(prepared(), command)
    assert len(numbers) > 5
    for number in numbers:
        pump = prepared()
        where = preempted(pump, command, number)
        check_laws(pump, where)
        check(pump, where)
        check_laws(pump, where)


def delivering(source: dict[str, Any], slices: int, day_ms: int = 0) -> Benchtop:
    """A pump that has a burst in flight and owes some steps more."""
    pump = Benchtop().started(source, day_ms)
    pump.slice(slices)
    return pump


def check_time(pump: Benchtop, where: str, set_ms: int, earliest_ms: int, latest_ms: int) -> None:
    """The time of day is what was set, at `earliest_ms` or `latest_ms`, and what elapsed since; the rate is its own."""
    pump.slice(3)
    day_ms = pump.status()["day_ms"]
    assert day_ms in {(set_ms + elapsed_ms(pump) - at_ms) % DAY_MS for at_ms in (earliest_ms, latest_ms)}, where
    for _ in range(30):
        assert pump.app.tick.demand.basal.rate_steps_day == (FAST if pump.status()["day_ms"] >= CHANGE_MS else SLOW), (
            where
        )
        pump.slice()


@pytest.mark.req("M-01", "M-10")
@pytest.mark.parametrize(
    "day_ms, kept_open", [(0, False), (CHANGE_MS - 8 * SECOND_MS, True), (DAY_MS - 8 * SECOND_MS, False)]
)
def test_load_keeps_the_time_of_day(day_ms: int, kept_open: bool) -> None:
    def prepared() -> Benchtop:
        pump = delivering(TWO_RATES, 6, day_ms)
        if kept_open:
            pump.control.keep_open()
        pump.control.stop()
        return pump

    def check(pump: Benchtop, where: str) -> None:
        check_time(pump, where, day_ms, 0, 0)
        pump.control.start()
        pump.slice(5)
        assert pump.control.state == "delivering", where

    at_every_line(prepared, lambda pump: pump.control.load(TWO_RATES), check)


@pytest.mark.req("R-01", "R-03")
@pytest.mark.parametrize("spare_steps", [1_000_000, 65])
def test_refill_keeps_the_account_of_the_reservoir(spare_steps: int) -> None:
    withdrawn_steps = delivering(TWO_RATES, 6, CHANGE_MS).status()["reservoir_steps"]

    def refill(pump: Benchtop) -> None:
        pump.control.refill(pump.board.RESERVOIR_RESIDUAL_STEPS + spare_steps, withdrawn_steps, NG_ML)

    def check(pump: Benchtop, where: str) -> None:
        for _ in range(5):
            pump.slice()
            check_laws(pump, where)
        fill_steps = pump.board.RESERVOIR_RESIDUAL_STEPS + spare_steps
        assert pump.events("refill")[-1] == (fill_steps, withdrawn_steps), where
        assert pump.events("residual") == [], where

    at_every_line(lambda: delivering(TWO_RATES, 6, CHANGE_MS), refill, check)


@pytest.mark.req("D-11", "M-10")
@pytest.mark.parametrize("from_ms", [0, CHANGE_MS, DAY_MS - 7 * SECOND_MS])
@pytest.mark.parametrize("to_ms", [0, CHANGE_MS - SECOND_MS, CHANGE_MS, DAY_MS - SECOND_MS])
def test_set_time_sets_the_time_and_its_rate(from_ms: int, to_ms: int) -> None:
    before_ms = elapsed_ms(delivering(TWO_RATES, 6, from_ms))

    def check(pump: Benchtop, where: str) -> None:
        check_time(pump, where, to_ms, before_ms, elapsed_ms(pump))

    at_every_line(lambda: delivering(TWO_RATES, 6, from_ms), lambda pump: pump.control.set_time(to_ms, MONDAY), check)


@pytest.mark.req("M-01")
def test_start_begins_to_owe_once() -> None:
    def prepared() -> Benchtop:
        return Benchtop().programmed(WITH_BOLUS, BOLUS_AT_MS + SECOND_MS)

    def check(pump: Benchtop, where: str) -> None:
        # What passed before the pump was started is owed by nobody, but for the one slice within the command: its tick
        # came after the start, or was held off at the start and left its time to the next.
        assert pump.status()["ordered_steps"] in (0, 1), where
        pump.slice(10)
        assert pump.status()["ordered_steps"] in (10, 11), where
        assert pump.events("bolus_missed") == [(BOLUS_STEPS, BOLUS_AT_MS)], where

    at_every_line(prepared, lambda pump: pump.control.start(), check)


def bolus_running() -> Benchtop:
    """A pump in the middle of a bolus, owing more than it may catch up with in a tick."""
    boluses = [[0, CHANGE_MS + 2 * SECOND_MS, BOLUS_STEPS, 0, BOLUS_MS]]
    pump = delivering(program([[0, SLOW, 0], [CHANGE_MS, FAST, 0]], boluses=boluses), 10, CHANGE_MS - 4 * SECOND_MS)
    assert pump.app.tick.demand.bolus.running()
    assert pump.status()["owed_steps"] > 60
    return pump


def check_ended(pump: Benchtop, where: str) -> None:
    """Delivery and its bolus are over: nothing is owed, and the journal says what of the bolus is not given."""
    now = pump.status()
    assert (now["owed_steps"], now["bolus_left_steps"]) == (0, 0), where
    assert len(pump.events("bolus_cancelled")) == 1, where
    pump.slice(4)
    later = pump.status()
    assert later["ordered_steps"] == now["ordered_steps"], where
    assert later["granted_steps"] == now["granted_steps"], where
    assert later["in_flight_steps"] == later["missing_steps"] == 0, where


@pytest.mark.req("M-01")
@pytest.mark.parametrize(
    "command",
    [lambda pump: pump.control.stop(), lambda pump: pump.control.raise_alarm(OCCLUSION)],
    ids=["stop", "halt"],
)
def test_the_end_of_a_delivery_drops_what_is_owed_and_the_bolus(command: Command) -> None:
    at_every_line(bolus_running, command, check_ended)


@pytest.mark.req("M-03")
def test_acknowledge_while_delivering_forgives_nothing() -> None:
    def prepared() -> Benchtop:
        pump = Benchtop([["lost_edges", 1, 10 * SECOND_MS, 10]]).started(TWO_RATES, CHANGE_MS)
        pump.slice(5)
        return pump

    def check(pump: Benchtop, where: str) -> None:
        pump.slice(10)
        assert pump.alarms() == ["motor_mismatch"], where

    at_every_line(prepared, lambda pump: pump.control.acknowledge(), check)


@pytest.mark.req("M-03", "A-01")
@pytest.mark.parametrize("edges", [1, 32, 1000])
def test_acknowledge_after_a_mismatch_or_free_flow_ends_it_for_good(edges: int) -> None:
    def prepared() -> Benchtop:
        pump = delivering(TWO_RATES, 6)
        pump.control.stop()
        pump.slice(3)
        pump.bench.edges.see(edges)
        pump.slice(3)
        assert pump.control.state == "halted"
        return pump

    def check(pump: Benchtop, where: str) -> None:
        pump.slice(3)
        assert (pump.control.state, pump.alarms()) == ("stopped", []), where
        pump.control.start()
        pump.slice(5)
        assert (pump.control.state, pump.alarms()) == ("delivering", []), where

    at_every_line(prepared, lambda pump: pump.control.acknowledge(), check)


@pytest.mark.req("D-07", "M-10")
def test_a_bolus_begun_is_given_whole_and_at_its_time() -> None:
    def prepared() -> Benchtop:
        pump = Benchtop().programmed(WITH_BOLUS)
        # So that the next tick turns the minute of the windows.
        pump.slice(51)
        pump.control.set_time(0, MONDAY)
        pump.control.start()
        pump.slice(BOLUS_AT_MS // SECOND_MS - 3)
        pump.tick()
        assert pump.events("bolus") == []
        assert pump.app.tick._guard.windows.minute_ms == 59 * SECOND_MS
        return pump

    def check(pump: Benchtop, where: str) -> None:
        assert len(pump.events("bolus")) == 1, where
        while pump.status()["day_ms"] < BOLUS_AT_MS + BOLUS_MS // 2:
            pump.slice()
        assert pump.status()["ordered_steps"] == 80 + BOLUS_STEPS // 2, where
        pump.slice(BOLUS_MS // SECOND_MS)
        now = pump.status()
        assert now["ordered_steps"] == 100 + BOLUS_STEPS, where
        assert now["granted_steps"] + now["owed_steps"] == 100 + BOLUS_STEPS, where
        assert pump.events("bolus_end") == [(BOLUS_STEPS, 0)], where
        assert pump.alarms() == [], where

    at_every_line(prepared, lambda pump: pump.app.loop.poll(), check)


@pytest.mark.req("R-01")
def test_a_status_is_of_one_moment() -> None:
    seen: list[dict[str, Any]] = []

    def read(pump: Benchtop) -> None:
        seen.append(pump.status())

    def balanced(_pump: Benchtop, where: str) -> None:
        check_balance(seen[-1], where)

    at_every_line(lambda: delivering(TWO_RATES, 25), read, balanced)
