"""The guest job: what the host wants run, read from its JSON file and checked."""

import json

from pump.core.errors import Refused, refuse_unless_int
from pump.core.units import MS_PER_DAY
from twin.faults import LATEST_MS, Faults

SLICE_MAX_MS = 900_000
SMALL_MAX = (1 << 30) - 1
DEFAULTS = {
    "sample_ms": 300_000,
    "seed": 1,
    "start_ms": 0,
    "faults": [],
    "trace": False,
    "until_empty": False,
    "refill_at_low": False,
    "stop_file": None,
    "plant": {},
}
REQUIRED = ("program", "days_ms", "slice_ms", "fill_steps")


class Job:
    """What to run, in ms and microsteps. Everything but the program, which the firmware itself checks, is sound."""

    def __init__(self, fields: dict) -> None:
        """Raises Refused, naming the field, on one that is missing, unknown or out of range."""
        for name in REQUIRED:
            if name not in fields:
                raise Refused("job." + name, "nothing", "this field is required")
        for name in fields:
            if name not in REQUIRED and name not in DEFAULTS:
                raise Refused("job." + name, fields[name], "only " + ", ".join(sorted(REQUIRED + tuple(DEFAULTS))))
        get = fields.get
        self.program = fields["program"]
        self.days_ms = refuse_unless_int("job.days_ms", fields["days_ms"], 1, LATEST_MS)
        self.slice_ms = refuse_unless_int("job.slice_ms", fields["slice_ms"], 1, SLICE_MAX_MS)
        self.fill_steps = refuse_unless_int("job.fill_steps", fields["fill_steps"], 0, SMALL_MAX)
        self.sample_ms = refuse_unless_int("job.sample_ms", get("sample_ms", DEFAULTS["sample_ms"]), 1, LATEST_MS)
        self.seed = refuse_unless_int("job.seed", get("seed", DEFAULTS["seed"]), 0, SMALL_MAX)
        self.start_ms = refuse_unless_int("job.start_ms", get("start_ms", DEFAULTS["start_ms"]), 0, MS_PER_DAY - 1)
        self.faults = Faults(get("faults", DEFAULTS["faults"]))
        self.trace = get("trace", DEFAULTS["trace"])
        self.until_empty = get("until_empty", DEFAULTS["until_empty"])
        self.refill_at_low = get("refill_at_low", DEFAULTS["refill_at_low"])
        self.stop_file = get("stop_file", DEFAULTS["stop_file"])
        self.plant = get("plant", DEFAULTS["plant"])


def read_job(path: str) -> Job:
    """The job in the JSON file at `path`. Raises OSError or ValueError when it cannot be read, Refused when unsound."""
    with open(path) as file:
        return Job(json.load(file))
