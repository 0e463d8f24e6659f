"""The figures kept with their complement agree through anything a pump is told and lives through, tick by tick."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchtop import Benchtop, constants
from pump.core.errors import Refused
from pump.safety.alarms import OCCLUSION
from rig import DAY_MS, HOUR_MS, MINUTE_MS, NG_ML, UNLIMITED, program

DEN = (1 << 20) - 3
SPAN_MS = st.sampled_from([1, 17, 999, 1000, 1001, 59_999, MINUTE_MS, 61 * MINUTE_MS, 25 * HOUR_MS])


def order(steps_day: int, ng_ml: int, hour: int, bridge: list[int] | None = None) -> dict[str, Any]:
    rows = [[i * HOUR_MS, steps_day * (1 + i * 7 % 24) // 24, DEN - 1 - i] for i in range(24)]
    orders = [[0, i * HOUR_MS, 300, i, 10 * MINUTE_MS] for i in range(1, 24, 3)]
    parts = {"concentration_ng_ml": ng_ml, "patient": [100, 7, MINUTE_MS, MINUTE_MS, 48]}
    return program(rows, DEN, orders, parts={**parts, "bridge": bridge}, hour=hour)


PROGRAMS = st.builds(
    order,
    st.sampled_from([0, 24_000, 400_000, 2_000_000]),
    st.sampled_from([NG_ML, 3 * NG_ML]),
    st.sampled_from([2000, UNLIMITED]),
    st.sampled_from([None, [500, HOUR_MS]]),
)
COMMANDS = st.one_of(
    st.sampled_from(
        [
            *[("start",), ("stop",), ("keep_open",), ("run_program",), ("pause_plan",), ("resume_plan",)],
            *[("acknowledge",), ("request_bolus",), ("raise_alarm", OCCLUSION)],
        ]
    ),
    st.tuples(st.just("load"), PROGRAMS),
    st.tuples(st.just("give_bolus"), st.integers(1, 3000), st.integers(0, 6), st.just(7), st.integers(1, HOUR_MS)),
    st.tuples(st.just("prime"), st.integers(1, 5000), st.integers(1, 10 * MINUTE_MS), st.just(True)),
    st.tuples(st.just("set_time"), st.integers(0, DAY_MS - 1), st.integers(0, 6)),
    st.tuples(st.just("refill"), st.integers(50_000, 2_000_000), st.just(0), st.sampled_from([NG_ML, 3 * NG_ML])),
)


def told(pump: Benchtop, command: tuple[Any, ...]) -> None:
    """Give `command`, which may be refused."""
    act: Callable[..., None] = getattr(pump.control, command[0])
    try:
        act(*command[1:])
    except Refused:
        return


@pytest.mark.req("M-02", "D-06")
@settings(deadline=None, max_examples=60)
@given(
    story=st.lists(st.tuples(COMMANDS, SPAN_MS, st.integers(1, 8)), min_size=1, max_size=40),
    lost=st.integers(0, 3),
    seed=st.integers(0, 1000),
)
def test_whatever_a_pump_is_told_it_stays_sound(
    story: list[tuple[tuple[Any, ...], int, int]], lost: int, seed: int
) -> None:
    faults: list[list[Any]] = [["lost_edges", HOUR_MS, 3 * HOUR_MS, 17], ["driver_off", 5 * HOUR_MS, 6 * HOUR_MS, 0]]
    pump = Benchtop(faults[:lost], constants(slice_ms=1000), seed=seed).programmed(order(400_000, NG_ML, UNLIMITED))
    pump.control.start()
    for command, span_ms, slices in story:
        told(pump, command)
        assert pump.app.tick.sound()
        for _ in range(slices):
            pump.tick(1, span_ms)
            assert pump.app.tick.sound()
            pump.app.loop.poll()
            assert pump.app.tick.sound()
    assert "memory_corrupt" not in pump.alarms()


@pytest.mark.req("M-02", "D-06")
def test_a_long_life_of_all_therapies_stays_sound() -> None:
    pump = Benchtop(board=constants(slice_ms=MINUTE_MS)).programmed(order(200_000, NG_ML, UNLIMITED))
    pump.control.start()
    for day in range(20):
        ng_ml = NG_ML if day % 4 < 2 else 3 * NG_ML
        if day % 2 == 0:
            pump.control.stop()
            pump.slice(2)
            pump.control.refill(pump.fill_steps, pump.status()["reservoir_steps"], ng_ml)
            # What fills the line anew needs no bridge.
            primed = day % 6 == 0
            if primed:
                pump.control.prime(2000, 10 * MINUTE_MS, True)
                pump.until_state("stopped")
            bridge = None if primed else [500, HOUR_MS]
            pump.control.load(order(200_000 * NG_ML // ng_ml, ng_ml, UNLIMITED, bridge))
            pump.control.start()
        for hour in range(24):
            told(pump, ("request_bolus",))
            if hour % 5 == 0:
                told(pump, ("give_bolus", 300, hour % 7, 7, 20 * MINUTE_MS))
            pump.slice(60)
            assert pump.app.tick.sound()
    status = pump.status()
    assert "bolus_end" in pump.kinds()
    assert status["confirmed_steps"] > 1_000_000
    assert status["primed_steps"] == 2000 * 4
    assert status["state"] == "delivering"
    assert "memory_corrupt" not in pump.alarms()
