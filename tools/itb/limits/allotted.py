"""What the patient's boluses can bring into a window when every one that is allotted is asked for.

They follow each other at the lockout at the closest, each over before the next begins, until the maximum of 24 h is
reached.
"""

from fractions import Fraction

from itb.limits.guarded import ROUNDING_STEPS, TRUE_MINUTES, Guarded
from itb.rx.orders import MS_PER_DAY, MS_PER_MINUTE, PatientBolus


def most_within(patient: PatientBolus, window_ms: int) -> Fraction:
    """The most, in ug, that they can bring into any window."""
    days, rest_ms = divmod(window_ms, MS_PER_DAY)
    day_ug = min(_unbroken(patient, MS_PER_DAY), patient.per_day * patient.dose_ug)
    return min(_unbroken(patient, window_ms), days * day_ug + min(_unbroken(patient, rest_ms), day_ug))


def most_before(patient: PatientBolus, window_ms: int) -> Fraction:
    """The most, in ug, that they can have brought into a window of less than 48 h when the next one may begin."""
    pause_ms = patient.lockout_ms - patient.duration_ms
    # Of those begun more than 24 h before, what the window still holds.
    older_ug = _unbroken(patient, max(window_ms - MS_PER_DAY + patient.duration_ms, 0))
    return min(_unbroken(patient, max(window_ms - pause_ms, 0)), (patient.per_day - 1) * patient.dose_ug + older_ug)


def _unbroken(patient: PatientBolus, window_ms: int) -> Fraction:
    """What a window holds of boluses that follow each other at the lockout without end, beginning with one."""
    whole, rest_ms = divmod(window_ms, patient.lockout_ms)
    return patient.dose_ug * (whole + min(Fraction(rest_ms, patient.duration_ms), Fraction(1)))


def judged_steps(guarded: Guarded, kind: str) -> Fraction:
    """The most, in microsteps, that the pump can come to judge a window of hour or day to hold, were nothing denied.

    It judges a bolus as if all of it lay in every window that can hold a part of it.
    """
    patient, caps, window_ms = guarded.caps.rx.patient, guarded.caps, guarded.windows_ms[kind]
    if patient is None:
        return guarded.peaks[kind].demand
    # What is owed when it is judged: of the schedule, and of the bolus before.
    late_steps = caps.steps(patient.dose_ug) * min(Fraction(guarded.lag_ms, patient.duration_ms), Fraction(1))
    of_one = patient.dose_ug * min(Fraction(window_ms, patient.duration_ms), Fraction(1))
    requested = guarded.peaks[kind].demand + guarded.owed_steps + caps.steps(most_before(patient, window_ms) + of_one)
    scheduled = guarded.most_judged(kind)
    if scheduled:
        scheduled += caps.steps(most_within(patient, window_ms))
    return max(requested + ROUNDING_STEPS, scheduled) + late_steps


def most_ug(patient: PatientBolus, kind: str) -> Fraction:
    """The most that they can bring into any hour or any 24 h, as it is and not as the pump counts."""
    return most_within(patient, TRUE_MINUTES[kind] * MS_PER_MINUTE)
