"""The states, and what leads from one to the next: one table, everything else refused."""

import pytest

from pump.core.errors import Refused
from pump.runtime.states import (
    ACKNOWLEDGE,
    BOOT,
    DELIVERING,
    FAIL,
    HALT,
    HALTED,
    INHIBITED,
    PASS,
    PRIME,
    PRIMING,
    START,
    STOP,
    STOPPED,
    after,
)

STATES = (BOOT, INHIBITED, STOPPED, DELIVERING, PRIMING, HALTED)
EVENTS = (PASS, FAIL, START, STOP, HALT, ACKNOWLEDGE, PRIME)
# The specification, a row for each state in the order of EVENTS; None is a refusal.
SPECIFIED = {
    BOOT: (STOPPED, INHIBITED, None, BOOT, INHIBITED, None, None),
    INHIBITED: (None, None, None, INHIBITED, INHIBITED, None, None),
    STOPPED: (None, None, DELIVERING, STOPPED, HALTED, STOPPED, PRIMING),
    DELIVERING: (None, None, None, STOPPED, HALTED, DELIVERING, None),
    PRIMING: (None, None, None, STOPPED, HALTED, PRIMING, None),
    HALTED: (None, None, None, HALTED, HALTED, STOPPED, None),
}
PAIRS = [(state, event, SPECIFIED[state][EVENTS.index(event)]) for state in STATES for event in EVENTS]


@pytest.mark.parametrize("state, event, target", [pair for pair in PAIRS if pair[2] is not None])
def test_what_the_table_holds_is_taken(state: str, event: str, target: str) -> None:
    assert after(state, event) == target


@pytest.mark.parametrize("state, event", [pair[:2] for pair in PAIRS if pair[2] is None])
def test_what_the_table_does_not_hold_is_refused_naming_what_is_accepted(state: str, event: str) -> None:
    with pytest.raises(Refused) as refusal:
        after(state, event)
    assert (refusal.value.field, refusal.value.value) == (event, "while " + state)
    accepted = [name for name, target in zip(EVENTS, SPECIFIED[state], strict=True) if target is not None]
    assert sorted(refusal.value.accepted.split(", ")) == sorted(accepted)


@pytest.mark.parametrize("event", [STOP, HALT])
@pytest.mark.parametrize("state", STATES)
def test_a_stop_and_a_halt_are_taken_in_every_state_and_never_start_the_motor(state: str, event: str) -> None:
    assert after(state, event) not in (DELIVERING, PRIMING)


@pytest.mark.req("I-01")
def test_only_a_start_while_stopped_begins_delivery() -> None:
    assert [(state, event) for state, event, target in PAIRS if target == DELIVERING and state != DELIVERING] == [
        (STOPPED, START)
    ]


@pytest.mark.req("I-01", "D-13")
def test_only_a_prime_while_stopped_begins_priming() -> None:
    assert [(state, event) for state, event, target in PAIRS if target == PRIMING and state != PRIMING] == [
        (STOPPED, PRIME)
    ]
