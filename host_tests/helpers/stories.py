"""Stories for tests: ways to write and read them."""

from pathlib import Path

from itb.boards.board import load_board
from itb.story.reading import read_story
from itb.story.story import Command, Story

DEAD_VOLUME = """\
[dead_volume]
path = "0.18 mL"
catheter_length = "100 cm"
volume_per_cm = "0.0022 mL/cm"
"""
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def rx(name: str, rate: str = "400 ug/day", ug_ml: int = 500, *more: str) -> str:
    """A constant rate under a name, with more tables of it after that."""
    drug = f'[rx.{name}.drug]\nname = "baclofen"\nconcentration = "{ug_ml} ug/mL"\nprofile = "spinal"\n'
    basal = f'[rx.{name}.basal]\nmode = "continuous"\nrate = "{rate}"\n'
    return "\n".join([f'[rx.{name}]\ntitle = "{name}"\n', drug, basal, *more])


def event(at: str, do: str, *keys: str) -> str:
    """One event of January 2026: `at` is like "06 10:00"."""
    return "\n".join(["[[event]]", f'at = "2026-01-{at}"', f'do = "{do}"', *keys]) + "\n"


def text(*parts: str, head: str = "") -> str:
    """A story from Monday 2026-01-05 that begins with the program "one", 400 ug/day of 500 ug/mL."""
    begin = f'title = "A course"\nstart = "2026-01-05"\nfirst = "one"\n{head}'
    return "\n".join([begin, rx("one"), *parts])


def story(source: str, directory: Path, slice_ms: int | None = None) -> Story:
    """The story in `source`, by way of a file story.toml, on the board "sim"."""
    path = directory / "story.toml"
    path.write_text(source, encoding="utf-8")
    return read_story(path, load_board("sim"), slice_ms)


def told(command: Command) -> tuple[object, ...]:
    """A command as the bench gets it."""
    return (command.at_ms, command.name, *command.arguments)
