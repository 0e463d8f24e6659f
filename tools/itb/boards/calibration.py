"""What a board file says of how its calibration came about: keys of [mechanism] that `itb calibrate` writes."""

from datetime import date
from fractions import Fraction

from itb.quantity import CALIBRATION, STEPS
from itb.tables import Table

TAKE_UP_STEPS_MAX = 10_000


def read_calibration(mechanism: Table) -> tuple[str | None, Fraction | None, int]:
    """Date, expanded uncertainty in nL/rev, and take-up in microsteps; None or 0 where the file says nothing.

    Raises InputError for a date that is none, an uncertainty of 0 and a take-up beyond TAKE_UP_STEPS_MAX.
    """
    calibrated, uncertainty_nl, take_up_steps = None, None, 0
    if mechanism.has("calibrated"):
        calibrated = mechanism.text("calibrated")
        if not is_day(calibrated):
            raise mechanism.refuse("calibrated", 'a date in quotes, like "2026-11-21"')
    if mechanism.has("calibration_uncertainty"):
        uncertainty_nl = mechanism.quantity("calibration_uncertainty", CALIBRATION)
    if mechanism.has("take_up"):
        steps = mechanism.quantity("take_up", STEPS, high=f"{TAKE_UP_STEPS_MAX} steps", zero=True)
        if steps.denominator != 1:
            raise mechanism.refuse("take_up", f"whole steps, from 0 steps to {TAKE_UP_STEPS_MAX} steps")
        take_up_steps = int(steps)
    return calibrated, uncertainty_nl, take_up_steps


def is_day(text: str) -> bool:
    """Whether `text` is a date such as "2026-11-21"."""
    try:
        # Python 3.11 also reads "20261121"; one form is enough.
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
