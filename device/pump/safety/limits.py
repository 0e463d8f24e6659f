"""The dose limits in force: of several, the lowest, and who set it."""

from pump.core.errors import Refused

# No implanted pump exceeds 24 mL a day (the top of the published range of implanted pumps, 0.048-24 mL/day).
BUILD_HOUR_NL = 1_000_000
BUILD_DAY_NL = 24_000_000
BUILD_BOLUS_NL = 1_000_000
# Path and catheter of an implanted pump hold 0.2 to 0.4 mL; a tube of the bench somewhat more.
BUILD_PRIME_NL = 1_000_000


class Limit:
    """At most `steps` microsteps, because `source` says so."""

    def __init__(self, name: str, steps: int, source: str) -> None:
        self.name = name
        self.steps = steps
        self.source = source

    def refuse_above(self, field: str, steps: int) -> None:
        """Raise Refused when `steps` exceeds the limit, naming limit, value and source."""
        if steps > self.steps:
            accepted = "at most %d microsteps, the %s limit of the %s" % (self.steps, self.name, self.source)
            raise Refused(field, "%d microsteps" % steps, accepted)


def lowest(name: str, candidates: "list[tuple[int, str]]") -> Limit:
    """The lowest of `candidates`, each (microsteps, source); the first of equals."""
    steps, source = candidates[0]
    for other_steps, other_source in candidates:
        if other_steps < steps:
            steps = other_steps
            source = other_source
    return Limit(name, steps, source)


class Limits:
    """The rolling 1 h cap, the rolling 24 h cap and the cap on a single bolus."""

    def __init__(self, hour: Limit, day: Limit, bolus: Limit) -> None:
        self.hour = hour
        self.day = day
        self.bolus = bolus
