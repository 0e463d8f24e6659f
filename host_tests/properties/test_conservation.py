"""Whatever happens to the pump on its bench, every microstep is accounted for."""

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pump.core.errors import Refused
from rig import DAY_MS, HOUR_MS, MINUTE_MS, NG_ML, Rig, board_module, program

BOARD = board_module(slice_ms=10_000)
SOURCE = program(
    [[0, 40_000, 0], [6 * HOUR_MS, 90_000, 5], [18 * HOUR_MS, 20_000, 3]],
    rate_den=7,
    boluses=[[0, 2 * HOUR_MS, 4_000, 2, 20 * MINUTE_MS], [0, 4 * HOUR_MS, 500, 6, MINUTE_MS]],
    hour=9_000,
)
KINDS = st.sampled_from(["stall", "slip", "driver_off", "occlusion", "late_tick", "lost_edges"])
AMOUNTS = {"slip": 30, "late_tick": 25_000, "lost_edges": 40}


@st.composite
def fault_rows(draw: st.DrawFn) -> list[list[Any]]:
    rows = []
    for kind in draw(st.lists(KINDS, max_size=3)):
        at_ms = draw(st.integers(1, 3 * HOUR_MS))
        rows.append([kind, at_ms, at_ms + draw(st.integers(1, HOUR_MS)), AMOUNTS.get(kind, 0)])
    return rows


ACTIONS = st.one_of(
    st.tuples(st.just("run"), st.integers(1, 300)),
    st.tuples(st.sampled_from(["start", "stop", "acknowledge"]), st.just(0)),
    st.tuples(st.just("refill"), st.integers(0, BOARD.RESERVOIR_CAPACITY_STEPS + 1)),
    st.tuples(st.just("set_time"), st.integers(-1, DAY_MS)),
    st.tuples(st.just("load"), st.just(0)),
)


def act(rig: Rig, name: str, number: int) -> None:
    """Do one thing; a refusal is a fine answer."""
    control = rig.app.control
    commands = {
        "start": control.start,
        "stop": control.stop,
        "acknowledge": control.acknowledge,
        "refill": lambda: control.refill(number, rig.status()["reservoir_steps"], NG_ML),
        "set_time": lambda: control.set_time(number, number % 7),
        "load": lambda: control.load(SOURCE),
    }
    if name == "run":
        for _ in range(number):
            rig.slice(rig.board.TICK_MS + rig.bench.faults.late_ms)
        return
    with contextlib.suppress(Refused):
        commands[name]()


@pytest.mark.req("R-01", "M-01", "M-09")
@settings(max_examples=60)
@given(fault_rows(), st.lists(ACTIONS, max_size=25), st.integers(0, 3_000_000), st.integers(0, 1 << 30))
def test_every_account_balances_after_every_action(
    faults: list[list[Any]], actions: list[tuple[str, int]], fill_steps: int, seed: int
) -> None:
    rig = Rig(SOURCE, BOARD, faults, max(fill_steps, BOARD.RESERVOIR_RESIDUAL_STEPS + 1), seed=seed)
    for name, number in actions:
        act(rig, name, number)
        now = rig.status()
        assert now["ordered_steps"] == now["granted_steps"] + now["owed_steps"] + now["dropped_steps"]
        confirmed = now["confirmed_steps"] - now["stray_steps"]
        assert (
            now["granted_steps"] == confirmed + now["in_flight_steps"] + now["missing_steps"] + now["abandoned_steps"]
        )
        assert now["filled_steps"] == now["reservoir_steps"] + now["confirmed_steps"] + now["wasted_steps"]
        assert now["reservoir_steps"] >= 0
        assert rig.bench.motor.steps <= now["granted_steps"]
        assert now["hour_steps"] <= 9_000
        assert (now["state"] == "delivering") == rig.app.tick.delivering


@pytest.mark.req("M-01", "M-10")
@settings(max_examples=25)
@given(st.lists(st.integers(1, 90_000), min_size=1, max_size=60), st.integers(0, (1 << 30) - 1))
def test_late_and_early_ticks_and_the_wrap_of_the_clock_change_no_total(spans_ms: list[int], seed: int) -> None:
    source = program([[0, 30_000, 0], [HOUR_MS // 2, 60_000, 0]])
    jittery = Rig(source, BOARD, seed=seed)
    even = Rig(source, BOARD)
    for span_ms in spans_ms:
        jittery.slice(span_ms)
    for _ in range(sum(spans_ms) // 1_000):
        even.slice(1_000)
    if sum(spans_ms) % 1_000:
        even.slice(sum(spans_ms) % 1_000)
    for rig in (jittery, even):
        # Time enough for the driver to come on, and for the last burst to arrive.
        for _ in range(5):
            rig.slice(10_000)
    ours, theirs = jittery.status(), even.status()
    assert ours["ordered_steps"] == theirs["ordered_steps"]
    for now in (ours, theirs):
        assert now["dropped_steps"] == now["owed_steps"] == now["missing_steps"] == now["stray_steps"] == 0
        assert now["confirmed_steps"] + now["in_flight_steps"] == now["ordered_steps"]
