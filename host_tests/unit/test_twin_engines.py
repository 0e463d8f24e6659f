"""The guest says the same on every engine: what a story's commands do, and what the bench makes of it."""

import json

import pytest

import itb.sim.engine
from itb.boards.board import load_board
from itb.sim.engine import CPYTHON, VM, WASM, Run
from itb.sim.job import Job
from itb.sim.messages import CommandOutcome, End, Message, Sample, parse_line
from rig import DAY_MS, HOUR_MS, MINUTE_MS, program
from vm.engines import missing

OLD_NG_ML, NEW_NG_ML = 500_000, 2_000_000
OLD = program(
    [[0, 184_451, 0], [12 * HOUR_MS, 190_000, 1]],
    rate_den=3,
    parts={"concentration_ng_ml": OLD_NG_ML, "patient": [500, 0, 10 * MINUTE_MS, HOUR_MS, 4]},
)
NEW = program([[0, 46_113, 0]], parts={"concentration_ng_ml": NEW_NG_ML, "bridge": [36_890, 7 * HOUR_MS]})
COMMANDS: tuple[tuple[object, ...], ...] = (
    (2 * HOUR_MS + 7, "patient"),
    (2 * HOUR_MS + 8, "patient"),
    (3 * HOUR_MS, "load", {}),
    (5 * HOUR_MS, "bolus", 700, 1, 2, 5 * MINUTE_MS),
    (6 * HOUR_MS, "stop"),
    (6 * HOUR_MS + MINUTE_MS, "refill", 4_000_000, None, NEW_NG_ML),
    (6 * HOUR_MS + MINUTE_MS, "load", NEW),
    (6 * HOUR_MS + MINUTE_MS, "start"),
)
# In 13 days the pump's clock wraps, and times outgrow the 31 bits of a small int, as what is pumped long has.
JOB = Job(OLD, 13 * DAY_MS, 5 * MINUTE_MS, 4_000_000, DAY_MS, seed=7, weekday=5, commands=COMMANDS, trace=True)


def said(engine: str, monkeypatch: pytest.MonkeyPatch) -> tuple[list[dict[str, object]], list[Message]]:
    """What the guest says on `engine`, but for the memory it takes: as it comes, and as it is understood."""
    lines: list[dict[str, object]] = []

    def noted(line: str) -> Message:
        lines.append({key: value for key, value in json.loads(line).items() if not key.startswith("heap_")})
        return parse_line(line)

    with monkeypatch.context() as patch, Run(JOB, load_board("sim"), engine) as run:
        patch.setattr(itb.sim.engine, "parse_line", noted)
        messages = list(run)
    return lines, messages


@pytest.mark.parametrize("engine", [VM, WASM])
def test_a_story_goes_the_same_way_in_a_vm_as_in_cpython(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if reason := missing(engine):
        pytest.skip(reason)
    expected, messages = said(CPYTHON, monkeypatch)
    outcomes = [message.accepted for message in messages if isinstance(message, CommandOutcome)]
    assert outcomes == [True, False, False, True, True, True, True, True]
    end = messages[-1]
    assert isinstance(end, End)
    assert (end.why, end.t_ms) == ("done", JOB.days_ms)
    # What the line holds more at the end than at first: 0.16 mL, four times as strong.
    assert end.plant.pump_ng - end.plant.tip_ng == 160_000 * (NEW_NG_ML - OLD_NG_ML) // 1_000_000
    assert len([message for message in messages if isinstance(message, Sample)]) == 13
    assert said(engine, monkeypatch)[0] == expected
