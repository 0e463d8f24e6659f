"""A therapy program as the device understood it: checked integers, or a refusal."""

from array import array

from pump.core.errors import Refused, refuse_unless_int
from pump.core.units import MS_PER_DAY, MS_PER_MINUTE, SMALL_MAX

VERSION = 1
RATE_DEN_MAX = 1 << 20
SEGMENTS_MAX = 48
BOLUSES_MAX = 64
# Boluses are begun one by one, each after the loop has seen the end of the one before.
BOLUS_GAP_MS = MS_PER_MINUTE
# Half of what a drip could take, so that basal and bolus of one tick together stay within 30 bits.
STEPS_MAX = (SMALL_MAX - MS_PER_DAY) >> 1


class BolusOrder:
    """A single bolus: `whole + frac / rate_den` microsteps over `duration_ms`, from `at_ms` of program day `day`."""

    def __init__(self, day: int, at_ms: int, whole: int, frac: int, duration_ms: int) -> None:
        self.day = day
        self.at_ms = at_ms
        self.whole = whole
        self.frac = frac
        self.duration_ms = duration_ms


class Program:
    """A day schedule of rates, single boluses at their times, and the limits the prescription brings.

    A rate is `whole + frac / rate_den` microsteps per day. `segment_start_ms`, `segment_whole` and `segment_frac` are
    arrays of equal length; the first start is 0 and starts ascend. `limits` maps "hour", "day" and "bolus" to
    (microsteps, who set it).
    """

    def __init__(self, source: object) -> None:
        """Read the mapping `source`. Raises Refused, naming the field, on anything but a whole and sound program."""
        fields = _mapping("program", source, ("version", "rate_den", "segments", "boluses", "limits"))
        refuse_unless_int("version", fields["version"], VERSION, VERSION)
        self.rate_den = refuse_unless_int("rate_den", fields["rate_den"], 1, RATE_DEN_MAX)
        self._read_segments(_sequence("segments", fields["segments"], 1, SEGMENTS_MAX))
        self._read_boluses(_sequence("boluses", fields["boluses"], 0, BOLUSES_MAX))
        self._read_limits(fields["limits"])

    def _read_segments(self, rows: list) -> None:
        self.segment_start_ms = array("i", [0] * len(rows))
        self.segment_whole = array("i", [0] * len(rows))
        self.segment_frac = array("i", [0] * len(rows))
        earliest_ms = 0
        for i in range(len(rows)):
            name = "segments[%d]" % i
            start_ms, whole, frac = _sequence(name, rows[i], 3, 3)
            latest_ms = 0 if i == 0 else MS_PER_DAY - 1
            self.segment_start_ms[i] = refuse_unless_int(name + ".start_ms", start_ms, earliest_ms, latest_ms)
            self.segment_whole[i] = refuse_unless_int(name + ".whole", whole, 0, STEPS_MAX)
            self.segment_frac[i] = refuse_unless_int(name + ".frac", frac, 0, self.rate_den - 1)
            earliest_ms = start_ms + 1

    def _read_boluses(self, rows: list) -> None:
        self.boluses = []
        free_from_ms = 0
        for i in range(len(rows)):
            name = "boluses[%d]" % i
            day, at_ms, whole, frac, duration_ms = _sequence(name, rows[i], 5, 5)
            refuse_unless_int(name + ".day", day, 0, SMALL_MAX)
            refuse_unless_int(name + ".at_ms", at_ms, 0, MS_PER_DAY - 1)
            refuse_unless_int(name + ".whole", whole, 0, STEPS_MAX)
            refuse_unless_int(name + ".frac", frac, 0, self.rate_den - 1)
            refuse_unless_int(name + ".duration_ms", duration_ms, 1, MS_PER_DAY)
            start_ms = day * MS_PER_DAY + at_ms
            if start_ms < free_from_ms:
                raise Refused(name + ".at_ms", at_ms, "a start at least 60 s after the end of the bolus before it")
            free_from_ms = start_ms + duration_ms + BOLUS_GAP_MS
            self.boluses.append(BolusOrder(day, at_ms, whole, frac, duration_ms))

    def _read_limits(self, source: object) -> None:
        fields = _mapping("limits", source, ("hour", "day", "bolus"))
        self.limits = {}
        for name in ("hour", "day", "bolus"):
            steps, who = _sequence("limits." + name, fields[name], 2, 2)
            refuse_unless_int("limits." + name, steps, 0, SMALL_MAX)
            if type(who) is not str:
                raise Refused("limits." + name, who, "the name of who set it")
            self.limits[name] = (steps, who)

    def lowest_segment(self) -> int:
        """The index of the segment with the lowest rate of the day, the earliest of equals."""
        lowest = 0
        for i in range(1, len(self.segment_whole)):
            if (self.segment_whole[i], self.segment_frac[i]) < (self.segment_whole[lowest], self.segment_frac[lowest]):
                lowest = i
        return lowest


def nothing_ordered() -> Program:
    """The program of a pump that was not programmed yet."""
    limits = {"hour": [0, "no program"], "day": [0, "no program"], "bolus": [0, "no program"]}
    return Program({"version": VERSION, "rate_den": 1, "segments": [[0, 0, 0]], "boluses": [], "limits": limits})


def _mapping(name: str, value: object, keys: tuple) -> dict:
    if type(value) is not dict:
        raise Refused(name, value, "a mapping of " + ", ".join(keys))
    for key in keys:
        if key not in value:
            raise Refused(name + "." + key, "nothing", "this field is required")
    for key in value:
        if key not in keys:
            raise Refused("%s.%s" % (name, key), value[key], "only " + ", ".join(keys))
    return value


def _sequence(name: str, value: object, shortest: int, longest: int) -> list:
    if type(value) is not list or not shortest <= len(value) <= longest:
        raise Refused(name, value, "a list of %d to %d items" % (shortest, longest))
    return value
