"""What one run of the simulated bench is asked to do."""

from collections.abc import Mapping
from dataclasses import dataclass

# A run of years is sampled less often than one of a day: nobody looks at a hundred thousand samples. All divide a day,
# so that every midnight has its sample.
SAMPLE_MINUTES = (5, 10, 15, 30, 60, 120, 240, 480, 720, 1440)
SAMPLES_MAX = 10_000


@dataclass(frozen=True)
class Job:
    """The guest's job file, field by field; times in ms. A fault is kind, at, until, amount."""

    program: Mapping[str, object]
    days_ms: int
    slice_ms: int
    fill_steps: int
    sample_ms: int
    seed: int = 1
    faults: tuple[tuple[str, int, int, int], ...] = ()
    trace: bool = False
    until_empty: bool = False
    refill_at_low: bool = False


def sample_ms(days_ms: int, slice_ms: int) -> int:
    """How often to sample a run of `days_ms`: every 5 min, or so much less often as keeps to SAMPLES_MAX.

    Never more often than there are ticks.
    """
    choices = [minutes * 60_000 for minutes in SAMPLE_MINUTES]
    fitting = (choice for choice in choices if choice >= slice_ms and days_ms <= choice * SAMPLES_MAX)
    return next(fitting, choices[-1])
