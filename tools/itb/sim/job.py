"""What one run of the simulated bench is asked to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from itb.story.bridge import DeadVolume
from itb.story.story import Story

# A run of years is sampled less often than one of a day: nobody looks at a hundred thousand samples. All divide a day,
# so that every midnight has its sample.
SAMPLE_MINUTES = (5, 10, 15, 30, 60, 120, 240, 480, 720, 1440)
SAMPLES_MAX = 10_000


@dataclass(frozen=True)
class Job:
    """The guest's job file, field by field; times in ms.

    A fault is kind, at, until, amount; a command at, name, arguments. The run begins on a `weekday`, 0 for Monday, with
    `line_ng_ml` in path and catheter (None: what the program is for), and delivering if `autostart`. `plant` says what
    is different on the twin's bench, by the names of `twin.plant`. With `flash` the pump's memory is on a
    simulated one.
    """

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
    weekday: int = 0
    line_ng_ml: int | None = None
    commands: tuple[tuple[object, ...], ...] = ()
    autostart: bool = True
    plant: Mapping[str, float] = field(default_factory=dict[str, float])
    flash: bool = False


def job_of(story: Story, days_ms: int, slice_ms: int) -> Job:
    """The job that runs `story` for `days_ms`. Commands from its end on are left out."""
    return Job(
        program=story.plan.program.as_dict(),
        days_ms=days_ms,
        slice_ms=slice_ms,
        fill_steps=story.fill_steps,
        sample_ms=sample_ms(days_ms, slice_ms),
        weekday=story.weekday,
        line_ng_ml=story.line_ng_ml,
        commands=tuple((one.at_ms, one.name, *one.arguments) for one in story.commands if one.at_ms < days_ms),
        autostart=story.delivering,
        plant=_plant(story.dead) if story.dead else {},
    )


def _plant(dead: DeadVolume) -> dict[str, float]:
    """The line of the bench is as long and as wide as the story says."""
    return {
        "path_nl": float(dead.path_nl),
        "catheter_nl": float(dead.catheter_nl),
        "catheter_length_mm": float(dead.catheter_mm),
    }


def sample_ms(days_ms: int, slice_ms: int) -> int:
    """How often to sample a run of `days_ms`: every 5 min, or so much less often as keeps to SAMPLES_MAX.

    Never more often than there are ticks.
    """
    choices = [minutes * 60_000 for minutes in SAMPLE_MINUTES]
    fitting = (choice for choice in choices if choice >= slice_ms and days_ms <= choice * SAMPLES_MAX)
    return next(fitting, choices[-1])
