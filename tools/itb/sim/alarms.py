"""The firmware's own alarm table, read from the firmware, so that both sides show the same words."""

import functools
import runpy
from dataclasses import dataclass
from typing import cast

from itb.firmware import PUMP


@dataclass(frozen=True)
class AlarmKind:
    """One row: `priority` is 1 low, 2 medium, 3 high."""

    name: str
    priority: int
    message: str


@functools.cache
def alarm_kinds() -> tuple[AlarmKind, ...]:
    """Every alarm the pump can raise, by its number; number 0 is no alarm."""
    module = runpy.run_path(str(PUMP / "safety" / "alarms.py"))
    rows = cast(tuple[tuple[object, ...], ...], module["TABLE"])
    columns = [cast(int, module[name]) for name in ("NAME", "PRIORITY", "MESSAGE")]
    kinds: list[AlarmKind] = []
    for row in rows:
        name, priority, message = (row[column] for column in columns)
        kinds.append(AlarmKind(str(name), cast(int, priority), str(message)))
    return tuple(kinds)


def title(name: str) -> str:
    """The name of an alarm as a reader sees it: "reservoir low"."""
    return name.replace("_", " ")
