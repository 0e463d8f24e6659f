"""Runs the guest in the process of the test, from a job file to the messages it says."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from rig import DAY_MS, HOUR_MS, MINUTE_MS, board_module, program
from twin.run import main

# 0.2 mL/day in the first half of the day, twice that in the second.
RATE_STEPS_DAY = 46_111
FLEX = program([[0, RATE_STEPS_DAY, 0], [12 * HOUR_MS, 2 * RATE_STEPS_DAY, 0]])

Messages = list[dict[str, Any]]


class Guest:
    """Runs jobs and keeps what they say."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "job.json"
        self.stop_file = directory / "stop"

    def lines(self, **changes: Any) -> list[str]:
        """What the job says: a day of FLEX in slices of a minute, sampled every six hours, but for `changes`."""
        job = {
            "program": FLEX,
            "days_ms": DAY_MS,
            "slice_ms": MINUTE_MS,
            "sample_ms": 6 * HOUR_MS,
            "fill_steps": 4_000_000,
        }
        self.path.write_text(json.dumps({**job, **changes}))
        said: list[str] = []
        main(str(self.path), said.append)
        return said

    def says(self, **changes: Any) -> Messages:
        return [json.loads(line) for line in self.lines(**changes)]

    def refusal(self, capture: list[str]) -> dict[str, Any]:
        """Run the job file as it stands, which must fail; the last message."""
        with pytest.raises(SystemExit) as ended:
            main(str(self.path), capture.append)
        assert ended.value.code == 1
        return json.loads(capture[-1])


def on_a_simulated_board(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Guest:
    """A guest for the board "sim" in slices of a minute."""
    monkeypatch.setitem(sys.modules, "board", board_module("sim", MINUTE_MS))
    return Guest(directory)


def of_kind(messages: Iterable[dict[str, Any]], kind: str) -> Messages:
    return [message for message in messages if message["k"] == kind]


def events(messages: Messages, kind: str) -> list[tuple[int, int, int]]:
    """The journal's events of `kind`, each as (t_ms, a, b)."""
    return [(event["t_ms"], event["a"], event["b"]) for event in of_kind(messages, "event") if event["kind"] == kind]
