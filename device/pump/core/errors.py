"""What the pump refuses, and what it calls misuse of its own parts."""


class Refused(Exception):
    """Input the pump will not act on. Names the field, its value and what would be accepted."""

    def __init__(self, field: str, value: object, accepted: str) -> None:
        super().__init__("%s: %s is refused; accepted: %s" % (field, value, accepted))
        self.field = field
        self.value = value
        self.accepted = accepted


class Misuse(Exception):
    """A port was called against its contract: a fault in our code, never in the user's input."""


def refuse_unless_int(field: str, value: object, low: int, high: int) -> int:
    """Return `value` if it is an int within `low`..`high`, both included; raise Refused otherwise."""
    if type(value) is not int or value < low or value > high:
        raise Refused(field, value, "a whole number from %d to %d" % (low, high))
    return value
