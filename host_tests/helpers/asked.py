"""Pumps that boluses are asked of: what the tests of boluses on request share."""

from typing import Any

from rig import DAY_MS, HOUR_MS, MINUTE_MS, program
from watched import Watched

BASAL_STEPS_DAY = 24_000
DOSE, DURATION_MS, LOCKOUT_MS, PER_DAY = 500, 10 * MINUTE_MS, 4 * HOUR_MS, 3
PATIENT = [DOSE, 0, DURATION_MS, LOCKOUT_MS, PER_DAY]
TRIAL = [[100, 0, MINUTE_MS], [150, 0, MINUTE_MS], [200, 0, MINUTE_MS]]
CLINICIANS = 1000
CLINICIANS_MS = 10 * MINUTE_MS


def bolus_source(
    rate_den: int = 1, boluses: list[list[int]] | None = None, limits: dict[str, int] | None = None, **parts: object
) -> dict[str, Any]:
    """A program with a patient's bolus and a trial, unless `parts` replace them."""
    fields = {"patient": PATIENT, "trial": TRIAL, **parts}
    return program([[0, BASAL_STEPS_DAY, 0]], rate_den, boluses, fields, **(limits or {}))


def delivering(source: dict[str, Any] | None = None, day_ms: int | None = 0, slice_ms: int = MINUTE_MS) -> Watched:
    """A pump that has just been started with `source`."""
    pump = Watched(slice_ms)
    pump.started(source or bolus_source(), day_ms)
    return pump


def extra_steps(pump: Watched) -> int:
    """What was ordered beyond the basal of a pump that has delivered ever since it was opened."""
    return pump.status()["ordered_steps"] - BASAL_STEPS_DAY * pump.app.journal.uptime_ms // DAY_MS


def request(pump: Watched) -> None:
    """The patient asks."""
    pump.control.request_bolus()


def give(pump: Watched) -> None:
    """The clinician orders."""
    pump.control.give_bolus(CLINICIANS, 0, 1, CLINICIANS_MS)


def step(pump: Watched) -> None:
    """The next rung is ordered."""
    pump.control.give_trial_step()
