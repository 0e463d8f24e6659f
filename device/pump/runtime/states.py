"""The pump's states, and what takes it from one to the next, as one table."""

from pump.core.errors import Refused

BOOT, INHIBITED, STOPPED, DELIVERING, HALTED = "boot", "inhibited", "stopped", "delivering", "halted"
PRIMING = "priming"
PASS, FAIL, START, STOP, HALT, ACKNOWLEDGE = "pass self-test", "fail self-test", "start", "stop", "halt", "acknowledge"
PRIME = "prime"

# What is not here is refused. A stop and a halt are taken in every state.
TRANSITIONS = {
    (BOOT, PASS): STOPPED,
    (BOOT, FAIL): INHIBITED,
    (BOOT, STOP): BOOT,
    (BOOT, HALT): INHIBITED,
    (INHIBITED, STOP): INHIBITED,
    (INHIBITED, HALT): INHIBITED,
    (STOPPED, START): DELIVERING,
    (STOPPED, PRIME): PRIMING,
    (STOPPED, STOP): STOPPED,
    (STOPPED, HALT): HALTED,
    (STOPPED, ACKNOWLEDGE): STOPPED,
    (DELIVERING, STOP): STOPPED,
    (DELIVERING, HALT): HALTED,
    (DELIVERING, ACKNOWLEDGE): DELIVERING,
    (PRIMING, STOP): STOPPED,
    (PRIMING, HALT): HALTED,
    (PRIMING, ACKNOWLEDGE): PRIMING,
    (HALTED, STOP): HALTED,
    (HALTED, HALT): HALTED,
    (HALTED, ACKNOWLEDGE): STOPPED,
}


def after(state: str, event: str) -> str:
    """The state that `event` leads to from `state`. Raises Refused when there is none."""
    if (state, event) not in TRANSITIONS:
        accepted = [known for known_state, known in sorted(TRANSITIONS) if known_state == state]
        raise Refused(event, "while " + state, ", ".join(accepted))
    return TRANSITIONS[(state, event)]
