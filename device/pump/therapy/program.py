"""A therapy program as the device understood it: checked integers, or a refusal."""

from pump.core.errors import Refused, refuse_unless_int
from pump.core.reading import mapping, sequence, text
from pump.core.units import MS_PER_DAY, MS_PER_MINUTE, SMALL_MAX
from pump.therapy.schedule import STEPS_MAX, Schedule

VERSION = 2
RATE_DEN_MAX = 1 << 20
BOLUSES_MAX = 64
TRIAL_MAX = 3
PER_DAY_MAX = 48
# What a bridge may take; D-12 gives days to a week for the volumes of real catheters.
BRIDGE_MS_MAX = 10 * MS_PER_DAY
# Half of what a drip over that time could take.
BRIDGE_STEPS_MAX = (SMALL_MAX - BRIDGE_MS_MAX) >> 1
# Boluses are begun one by one, each after the loop has seen the end of the one before.
BOLUS_GAP_MS = MS_PER_MINUTE
FIELDS = (
    "version",
    "rate_den",
    "concentration_ng_ml",
    "patterns",
    "plan",
    "boluses",
    "patient",
    "trial",
    "bridge",
    "override",
    "titration",
    "limits",
)


class Dose:
    """`whole + frac / den` microsteps over `duration_ms`."""

    def __init__(self, whole: int, frac: int, den: int, duration_ms: int) -> None:
        self.whole = whole
        self.frac = frac
        self.den = den
        self.duration_ms = duration_ms


def read_dose(name: str, whole: object, frac: object, den: int, duration_ms: object) -> Dose:
    """A dose in units of 1 / `den` microstep. Raises Refused, naming the field below `name`."""
    return Dose(
        refuse_unless_int(name + ".whole", whole, 0, STEPS_MAX),
        refuse_unless_int(name + ".frac", frac, 0, den - 1),
        den,
        refuse_unless_int(name + ".duration_ms", duration_ms, 1, MS_PER_DAY),
    )


class BolusOrder:
    """A single bolus: `dose` from `at_ms` of program day `day`."""

    def __init__(self, day: int, at_ms: int, dose: Dose) -> None:
        self.day = day
        self.at_ms = at_ms
        self.dose = dose

    def wait_ms(self, day: int, day_ms: int) -> int:
        """From time `day_ms` of program day `day` until it is to begin; negative when it is late."""
        return (self.day - day) * MS_PER_DAY + self.at_ms - day_ms


class PatientOrder:
    """The bolus a patient may ask for: `dose`, `lockout_ms` from start to start at least, `per_day` in any 24 h."""

    def __init__(self, dose: Dose, lockout_ms: int, per_day: int) -> None:
        self.dose = dose
        self.lockout_ms = lockout_ms
        self.per_day = per_day


class Bridge:
    """The volume between reservoir and tip, `steps`, which still holds the concentration before, over `duration_ms`."""

    def __init__(self, steps: int, duration_ms: int) -> None:
        self.steps = steps
        self.duration_ms = duration_ms


class Program:
    """All that is ordered, and the limits the prescription brings.

    `schedule` has the rates. `boluses` come at their times, `patient` (or None) when asked for, `trial` one by one on
    command. `bridge` (or None) comes before all else. `override`, if not empty, says why a change of concentration
    needs none. `titration` is (percent, who set it): how far the daily dose may rise within 24 h. `limits` maps "hour",
    "day" and "bolus" to (microsteps, who set it).
    """

    def __init__(self, source: object) -> None:
        """Read the mapping `source`. Raises Refused, naming the field, on anything but a whole and sound program."""
        fields = mapping("program", source, FIELDS)
        refuse_unless_int("version", fields["version"], VERSION, VERSION)
        self.rate_den = refuse_unless_int("rate_den", fields["rate_den"], 1, RATE_DEN_MAX)
        self.concentration_ng_ml = refuse_unless_int("concentration_ng_ml", fields["concentration_ng_ml"], 1, SMALL_MAX)
        self.schedule = Schedule(self.rate_den, fields["patterns"], fields["plan"])
        self._read_boluses(sequence("boluses", fields["boluses"], 0, BOLUSES_MAX))
        self.patient = self._patient(fields["patient"])
        self._read_trial(sequence("trial", fields["trial"], 0, TRIAL_MAX))
        self.bridge = _bridge(fields["bridge"])
        self.override = text("override", fields["override"], "why no bridge is needed, or nothing")
        percent, who = sequence("titration", fields["titration"], 2, 2)
        refuse_unless_int("titration", percent, 0, 1000)
        self.titration = (percent, text("titration", who, "the name of who set it"))
        self._read_limits(fields["limits"])

    def _read_boluses(self, rows: list) -> None:
        self.boluses = []
        free_from_ms = 0
        for i in range(len(rows)):
            name = "boluses[%d]" % i
            day, at_ms, whole, frac, duration_ms = sequence(name, rows[i], 5, 5)
            refuse_unless_int(name + ".day", day, 0, SMALL_MAX)
            refuse_unless_int(name + ".at_ms", at_ms, 0, MS_PER_DAY - 1)
            dose = read_dose(name, whole, frac, self.rate_den, duration_ms)
            start_ms = day * MS_PER_DAY + at_ms
            if start_ms < free_from_ms:
                raise Refused(name + ".at_ms", at_ms, "a start at least 60 s after the end of the bolus before it")
            free_from_ms = start_ms + duration_ms + BOLUS_GAP_MS
            self.boluses.append(BolusOrder(day, at_ms, dose))

    def _patient(self, value: object) -> "PatientOrder | None":
        if value is None:
            return None
        whole, frac, duration_ms, lockout_ms, per_day = sequence("patient", value, 5, 5)
        dose = read_dose("patient", whole, frac, self.rate_den, duration_ms)
        refuse_unless_int("patient.lockout_ms", lockout_ms, MS_PER_MINUTE, MS_PER_DAY)
        refuse_unless_int("patient.per_day", per_day, 1, PER_DAY_MAX)
        return PatientOrder(dose, lockout_ms, per_day)

    def _read_trial(self, rows: list) -> None:
        self.trial = []
        for i in range(len(rows)):
            name = "trial[%d]" % i
            whole, frac, duration_ms = sequence(name, rows[i], 3, 3)
            self.trial.append(read_dose(name, whole, frac, self.rate_den, duration_ms))

    def _read_limits(self, source: object) -> None:
        fields = mapping("limits", source, ("hour", "day", "bolus"))
        self.limits = {}
        for name in ("hour", "day", "bolus"):
            steps, who = sequence("limits." + name, fields[name], 2, 2)
            refuse_unless_int("limits." + name, steps, 0, SMALL_MAX)
            self.limits[name] = (steps, text("limits." + name, who, "the name of who set it"))


def _bridge(value: object) -> "Bridge | None":
    if value is None:
        return None
    steps, duration_ms = sequence("bridge", value, 2, 2)
    refuse_unless_int("bridge.steps", steps, 1, BRIDGE_STEPS_MAX)
    refuse_unless_int("bridge.duration_ms", duration_ms, 1, BRIDGE_MS_MAX)
    return Bridge(steps, duration_ms)


def nothing_ordered() -> Program:
    """The program of a pump that was not programmed yet."""
    return Program(
        {
            "version": VERSION,
            "rate_den": 1,
            "concentration_ng_ml": 1,
            "patterns": [[[0, 0, 0]]],
            "plan": [[0, 0, 0]],
            "boluses": [],
            "patient": None,
            "trial": [],
            "bridge": None,
            "override": "",
            "titration": [0, "no program"],
            "limits": {"hour": [0, "no program"], "day": [0, "no program"], "bolus": [0, "no program"]},
        }
    )
