"""The figures kept with their complement: a flip of any bit of any of them halts before one more step goes out.

Which they are is read from the pump itself: whatever has `GUARDED` names them. Every other number that a tick can reach
has its place in `UNGUARDED`, with the reason.
"""

from collections.abc import Callable, Iterator
from functools import reduce
from typing import Any

import pytest

from benchtop import FAST, FAST_STEPS_DAY, Benchtop
from pump.core.errors import Refused
from pump.safety.alarms import MEMORY_CORRUPT
from pump.therapy.bolus import Bolus
from rig import MINUTE_MS, NG_ML, program

# A small int of the chips: 30 bits, and the sign that stands for all the higher ones.
FLIPS = [*(1 << bit for bit in range(30)), -1 << 30]
SLICES = 5


def basal() -> Benchtop:
    pump = Benchtop().started(FAST)
    pump.slice(5)
    return pump


def stopped() -> Benchtop:
    pump = basal()
    pump.control.stop()
    pump.slice(2)
    return pump


def with_a_bolus() -> Benchtop:
    pump = Benchtop().started(program([[0, FAST_STEPS_DAY // 2, 0]]))
    pump.control.give_bolus(3000, 0, 1, 5 * MINUTE_MS)
    pump.slice(5)
    return pump


def in_a_bridge() -> Benchtop:
    pump = Benchtop().started(program([[0, 24_000, 0]]))
    pump.slice(60)
    pump.control.stop()
    pump.slice(2)
    pump.control.refill(pump.fill_steps, pump.status()["reservoir_steps"], 4 * NG_ML)
    bridge = {"concentration_ng_ml": 4 * NG_ML, "bridge": [12_000, 43_200_000]}
    pump.control.load(program([[0, 6000, 0]], parts=bridge))
    pump.control.start()
    pump.slice(30)
    return pump


def in_a_prime() -> Benchtop:
    pump = Benchtop()
    pump.control.refill(pump.fill_steps, 0, NG_ML)
    pump.control.prime(6000, 20 * MINUTE_MS, True)
    pump.slice(5)
    return pump


PUMPS: dict[str, Callable[[], Benchtop]] = {
    "basal": basal,
    "stopped": stopped,
    "bolus": with_a_bolus,
    "bridge": in_a_bridge,
    "prime": in_a_prime,
}

# By class, what a tick can reach and is not guarded, and why it need not be.
UNGUARDED = {
    "Tick": {
        "_resting": "is the complement",
        "_not_last_ticks": "is the complement",
        "_holds": "ticks end, and with them the watchdog's food",
        "beats": "is only compared with itself",
        "late_ticks": "is only told",
        "_late_ms": "is only told",
        "_mismatch_steps": "halts early, or late: free flow still halts",
        "_unheld_ticks": "halts early, or some ticks late: nothing goes out without the driver",
    },
    "Halt": {"_not_reasons": "is the complement"},
    "MirroredTally": {"_not_high": "is the complement", "_not_low": "is the complement"},
    "Tally": {"high": "is only told", "low": "is only told"},
    "Guard": {
        "_not_lease_left_steps": "is the complement",
        "_not_caps": "is the complement",
        "priming": "without a prime its volume is 0; in one the caps hold, and it counts as dose",
        "prime_left_steps": "what is left of the prime itself is guarded",
        "_burst_max_steps": "only when it goes out",
    },
    "Windows": {
        "_not_minute_ms": "is the complement",
        "_not_minutes_turned": "is the complement",
        "_not_hour_steps": "is the complement",
        "_not_day_steps": "is the complement",
    },
    "Limit": {"steps": "guarded by the guard, and that of a bolus is asked by the loop only"},
    "IntRing": {"_size": "a bound of the array", "_newest": "a place in the array: the sums are guarded"},
    "Demand": {
        "_not_mode": "is the complement",
        "_not_owed_steps": "is the complement",
        "bridge_steps": "is only told, and asked by the loop",
    },
    "Bolus": {
        "_not_left_steps": "is the complement",
        "_not_ordered": "is the complement",
        "active": "nothing is left of one that is not",
        "_wait_ms": "only when it begins",
        "left_ms": "no more than is left can come, at its rate",
    },
    "Drip": {
        "_not_rate": "is the complement",
        "_rest": "below a microstep: at most a dozen of them, once, for a rate by the day",
        "_rest_frac": "as `_rest`",
        "_span_ms": "how it is reckoned, not how much: or the tick never ends, nor does the watchdog wait for it",
    },
    "Basal": {
        "time_known": "which programmed rate holds",
        "day": "is only told, and asked by the loop",
        "day_ms": "which programmed rate holds",
        "weekday": "which programmed rate holds",
        "stage": "which programmed rate holds",
        "plan_day": "which programmed rate holds",
        "paused": "which programmed rate holds",
        "pattern": "which programmed rate holds",
        "ceiling_steps_day": "which programmed rate holds",
        "_day_for_ms": "which programmed rate holds",
        "_plan_for_ms": "which programmed rate holds",
        "_row": "which programmed rate holds",
        "_row_end_ms": "which programmed rate holds",
    },
    "Schedule": {
        "rate_den": "each new rate is taken from it: bounded by the caps",
        "patterns": "is asked by the loop only",
        "stages": "which programmed rate holds",
    },
    "Reservoir": {
        "capacity_steps": "is asked by the loop only",
        "residual_steps": "how dry it may run: no more than was ordered",
        "low_steps": "an alarm early or late",
        "tolerance_steps": "is asked by the loop only",
        "concentration_ng_ml": "is asked by the loop only",
        "left_steps": "how dry it may run: no more than was ordered",
    },
    "Burst": {"_span_us": "how fast a burst is, not how much"},
    "Confirmation": {
        "in_flight_steps": "what was sent, not what is: edges come without a burst, or too few, and halt",
        "disagreement_steps": "halts early, or late",
        "free_flow": "is made anew in every tick",
        "_last_count": "edges come without a burst, and halt",
        "_patience_ms": "what is missing is found early, or late",
        "_since_sent_ms": "what is missing is found early, or late",
        "_gone_steps": "what is missing is found early, or late",
        "_abandoning": "what is missing is not found once",
    },
}


def reached(owner: object, seen: dict[int, object] | None = None) -> Iterator[object]:
    """The objects of the firmware that `owner`, itself one, can reach, each once."""
    seen = {} if seen is None else seen
    seen[id(owner)] = owner
    yield owner
    for value in vars(owner).values():
        if type(value).__module__.startswith("pump.") and id(value) not in seen:
            yield from reached(value, seen)


def in_force(pump: Benchtop) -> dict[str, tuple[object, str]]:
    """The guarded figures, each with its name, its owner and its place there. A bolus that does not run has none."""
    found: dict[str, tuple[object, str]] = {}
    idle = {id(one) for one in reached(pump.app.tick) if isinstance(one, Bolus) and not one.active}
    drips = {id(one._drip) for one in reached(pump.app.tick) if isinstance(one, Bolus) and not one.active}
    for owner in reached(pump.app.tick):
        if id(owner) in idle | drips:
            continue
        for path in getattr(owner, "GUARDED", ()):
            *way, name = path.split(".")
            place = reduce(getattr, way, owner)
            label = f"{type(owner).__name__}.{path}"
            found[label if label not in found else f"{label} again"] = (place, name)
    return found


def flip(place: object, name: str, bits: int) -> None:
    before = getattr(place, name)
    setattr(place, name, not before if isinstance(before, bool) else before ^ bits)


CASES = [(kind, figure) for kind, make in PUMPS.items() for figure in in_force(make())]
# What counts in the pump with nothing but basal, too.
ELSEWHERE = {(kind, figure) for kind, figure in CASES if ("basal", figure) in CASES}


def bits_of(kind: str, figure: str) -> list[int]:
    """All that can flip; what counts in every pump flips bit by bit in one of them, and now and then in the others."""
    place, name = in_force(PUMPS[kind]())[figure]
    if isinstance(getattr(place, name), bool):
        return [1]
    return FLIPS if kind == "basal" or (kind, figure) not in ELSEWHERE else FLIPS[::-9]


def gone_out(pump: Benchtop) -> tuple[int, int]:
    """What the guard granted, and what the step port was told to send: not a figure of the firmware."""
    return pump.status()["granted_steps"], pump.bench.step.bursts


def assert_shut_down(pump: Benchtop, before: tuple[int, int]) -> None:
    assert gone_out(pump) == before
    assert pump.app.tick._halt.reasons & 1 << MEMORY_CORRUPT
    assert pump.control.state == "halted"
    assert "memory_corrupt" in pump.alarms()
    assert not pump.app.tick.sound()
    assert not pump.bench.dead_man.enabled


def tried(act: Callable[[], object]) -> None:
    """Do `act`, which may be refused."""
    try:
        act()
    except Refused:
        return


@pytest.mark.parametrize("kind", PUMPS)
def test_without_a_flip_all_is_sound_and_what_runs_goes_on(kind: str) -> None:
    pump = PUMPS[kind]()
    before = pump.bench.step.bursts
    pump.slice(60)
    assert pump.app.tick.sound()
    assert (pump.bench.step.bursts > before) == (kind != "stopped")
    assert pump.alarms() == []


@pytest.mark.req("M-02", "D-06")
@pytest.mark.parametrize("kind, figure", CASES)
def test_a_flip_of_any_bit_halts_before_one_more_step_goes_out(kind: str, figure: str) -> None:
    for bits in bits_of(kind, figure):
        pump = PUMPS[kind]()
        before = gone_out(pump)
        flip(*in_force(pump)[figure], bits)
        pump.slice(SLICES)
        assert_shut_down(pump, before)


@pytest.mark.req("M-02", "D-06")
@pytest.mark.parametrize("kind, figure", CASES)
def test_no_command_gets_it_to_deliver_again_before_a_restart(kind: str, figure: str) -> None:
    for bits in bits_of(kind, figure)[::16]:
        pump = PUMPS[kind]()
        before = gone_out(pump)
        flip(*in_force(pump)[figure], bits)
        pump.slice(SLICES)
        for _ in range(2):
            tried(pump.control.acknowledge)
            tried(pump.control.start)
            tried(lambda pump=pump: pump.control.load(FAST))
            tried(pump.control.start)
            pump.slice(SLICES)
        assert_shut_down(pump, before)


@pytest.mark.req("M-02", "D-06")
@pytest.mark.parametrize("kind, figure", [case for case in CASES if case[0] in ("basal", "bridge")])
@pytest.mark.parametrize("command", ["stop", "keep_open", "set_time", "refill", "load", "acknowledge", "give_bolus"])
def test_a_command_between_the_flip_and_the_next_tick_hides_nothing(kind: str, figure: str, command: str) -> None:
    pump = PUMPS[kind]()
    before = gone_out(pump)
    control: Any = pump.control
    arguments = {
        "set_time": (1000, 3),
        "refill": (pump.fill_steps, 0, NG_ML),
        "load": (FAST,),
        "give_bolus": (10, 0, 1, 1000),
    }.get(command, ())
    flip(*in_force(pump)[figure], 1 << 4)
    tried(lambda: getattr(control, command)(*arguments))
    tried(control.start)
    pump.slice(SLICES)
    assert_shut_down(pump, before)


@pytest.mark.parametrize("kind", PUMPS)
def test_every_number_that_a_tick_can_reach_is_guarded_or_said_why_it_is_not(kind: str) -> None:
    unknown = set()
    for owner in reached(PUMPS[kind]().app.tick):
        known = {*getattr(owner, "GUARDED", ()), *UNGUARDED.get(type(owner).__name__, {})}
        numbers = {name for name, value in vars(owner).items() if isinstance(value, int)}
        unknown |= {f"{type(owner).__name__}.{name}" for name in numbers - known}
    assert unknown == set()


def test_what_must_be_guarded_is() -> None:
    guarded = {figure.removesuffix(" again") for _, figure in CASES}
    assert guarded == {
        "Tick.delivering",
        "Tick._last_ticks",
        "Halt.reasons",
        "MirroredTally.high",
        "MirroredTally.low",
        "Guard.lease_left_steps",
        "Guard.limits.hour.steps",
        "Guard.limits.day.steps",
        "Windows.minute_ms",
        "Windows.minutes_turned",
        "Windows.hour_steps",
        "Windows.day_steps",
        "Demand.mode",
        "Demand.owed_steps",
        "Demand._waiting_ms",
        "Demand._waiting_steps",
        "Drip.whole",
        "Drip.frac",
        "Drip._den",
        "Drip._per_ms",
        "Bolus.left_steps",
        "Bolus.steps",
        "Bolus.duration_ms",
    }
