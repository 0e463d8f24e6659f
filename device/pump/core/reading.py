"""Reading what came as JSON: mappings and lists of the right shape, or a refusal."""

from pump.core.errors import Refused


def mapping(name: str, value: object, keys: tuple) -> dict:
    """`value` if it is a mapping of exactly `keys`; raises Refused, naming the field, otherwise."""
    if type(value) is not dict:
        raise Refused(name, value, "a mapping of " + ", ".join(keys))
    for key in keys:
        if key not in value:
            raise Refused(name + "." + key, "nothing", "this field is required")
    for key in value:
        if key not in keys:
            raise Refused("%s.%s" % (name, key), value[key], "only " + ", ".join(keys))
    return value


def sequence(name: str, value: object, shortest: int, longest: int) -> list:
    """`value` if it is a list of `shortest` to `longest` items; raises Refused otherwise."""
    if type(value) is not list or not shortest <= len(value) <= longest:
        raise Refused(name, value, "a list of %d to %d items" % (shortest, longest))
    return value


def text(name: str, value: object, what: str) -> str:
    """`value` if it is text; raises Refused, saying that `what` would be accepted, otherwise."""
    if type(value) is not str:
        raise Refused(name, value, what)
    return value
