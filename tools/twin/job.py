"""The guest job: what the host wants run, read from its JSON file and checked."""

import json

from pump.core.errors import Refused, refuse_unless_int
from pump.core.units import MS_PER_DAY, SMALL_MAX
from twin.commands import check_commands
from twin.faults import LATEST_MS, Faults

SLICE_MAX_MS = 900_000
SUNDAY = 6
DEFAULTS = {
    "sample_ms": 300_000,
    "seed": 1,
    "start_ms": 0,
    "weekday": 0,
    # The concentration of the program.
    "line_ng_ml": None,
    "commands": [],
    "autostart": True,
    "faults": [],
    "trace": False,
    "until_empty": False,
    "refill_at_low": False,
    "stop_file": None,
    "plant": {},
    "flash": False,
}
REQUIRED = ("program", "days_ms", "slice_ms", "fill_steps")


class Job:
    """What to run, in ms and microsteps. Everything but programs, which the firmware itself checks, is sound.

    `concentration_ng_ml` is what the reservoir holds at first, and `line_ng_ml` path and catheter. With `flash` the
    pump's memory is on a simulated flash, which is slow, and else in what lasts as long as the run.
    """

    def __init__(self, fields: dict) -> None:
        """Raises Refused, naming the field, on one that is missing, unknown or out of range."""
        for name in REQUIRED:
            if name not in fields:
                raise Refused("job." + name, "nothing", "this field is required")
        for name in fields:
            if name not in REQUIRED and name not in DEFAULTS:
                raise Refused("job." + name, fields[name], "only " + ", ".join(sorted(REQUIRED + tuple(DEFAULTS))))
        self._fields = {}
        self._fields.update(DEFAULTS)
        self._fields.update(fields)
        self.program = fields["program"]
        self.concentration_ng_ml = _concentration_ng_ml(self.program)
        self.days_ms = self._number("days_ms", 1, LATEST_MS)
        self.slice_ms = self._number("slice_ms", 1, SLICE_MAX_MS)
        self.fill_steps = self._number("fill_steps", 0, SMALL_MAX)
        self.sample_ms = self._number("sample_ms", 1, LATEST_MS)
        self.seed = self._number("seed", 0, SMALL_MAX)
        self.start_ms = self._number("start_ms", 0, MS_PER_DAY - 1)
        self.weekday = self._number("weekday", 0, SUNDAY)
        self.line_ng_ml = self.concentration_ng_ml
        if self._fields["line_ng_ml"] is not None:
            self.line_ng_ml = self._number("line_ng_ml", 0, SMALL_MAX)
        self.commands = check_commands(self._fields["commands"])
        self.autostart = self._of_type("autostart", bool, "true or false")
        self.faults = Faults(self._of_type("faults", list, "a list of [kind, at_ms, until_ms, amount]"))
        self.trace = self._of_type("trace", bool, "true or false")
        self.until_empty = self._of_type("until_empty", bool, "true or false")
        self.refill_at_low = self._of_type("refill_at_low", bool, "true or false")
        self.stop_file = self._fields["stop_file"]
        self.plant = self._of_type("plant", dict, "parameters by their names")
        self.flash = self._of_type("flash", bool, "true or false")

    def _number(self, name: str, low: int, high: int) -> int:
        return refuse_unless_int("job." + name, self._fields[name], low, high)

    def _of_type(self, name: str, kind: type, accepted: str):
        value = self._fields[name]
        if type(value) is not kind:
            raise Refused("job." + name, value, accepted)
        return value


def _concentration_ng_ml(program: object) -> int:
    if type(program) is not dict:
        raise Refused("job.program", program, "a device program")
    return refuse_unless_int("job.program.concentration_ng_ml", program.get("concentration_ng_ml"), 1, SMALL_MAX)


def read_job(path: str) -> Job:
    """The job in the JSON file at `path`. Raises OSError or ValueError when it cannot be read, Refused when unsound."""
    with open(path) as file:
        return Job(json.load(file))
