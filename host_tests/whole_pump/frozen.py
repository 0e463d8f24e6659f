"""The firmware's objects as plain values, to see whether anything changed."""

from array import array

from pump.core.errors import Refused
from pump.memory.journal import Journal
from pump.therapy.program import Program


def frozen(value: object, seen: dict[int, int] | None = None) -> object:
    """The firmware's objects from `value` on, as plain values: two are equal when nothing differs, down to the last
    remainder. The journal is left out, and so is what is no part of the firmware."""
    seen = {} if seen is None else seen
    if isinstance(value, int | str | bytes | None):
        return value
    if isinstance(value, Program):
        # Nothing in it ever changes.
        return ("program", id(value))
    if isinstance(value, array):
        return value.tobytes()
    if id(value) in seen:
        return ("seen", seen[id(value)])
    # How a refusal would read is no state.
    if isinstance(value, Journal | Refused) or type(value).__module__.split(".")[0] not in ("pump", "builtins"):
        return None
    seen[id(value)] = len(seen)
    if isinstance(value, list | tuple):
        return tuple(frozen(item, seen) for item in value)
    if isinstance(value, dict):
        return tuple((key, frozen(item, seen)) for key, item in value.items())
    if not type(value).__module__.startswith("pump."):
        return None
    return (type(value).__name__, tuple((name, frozen(item, seen)) for name, item in vars(value).items()))
