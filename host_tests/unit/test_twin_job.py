"""The guest's job file: what it may say, and how it is refused."""

from typing import Any

import pytest

from pump.core.errors import Refused
from rig import NG_ML, program
from twin.commands import ARGUMENTS
from twin.job import Job
from unit.builders import refusal

PROGRAM = program([[0, 46_111, 0]])
LEAST = {"program": PROGRAM, "days_ms": 1000, "slice_ms": 10, "fill_steps": 1}
EVERY_COMMAND = {
    "load": [PROGRAM],
    "verify": [46_111, None],
    "refill": [4_000_000, None, NG_ML],
    "bolus": [100, 0, 1, 60_000],
    "prime": [1000, 60_000, 0],
    "set_time": [0, 6],
    "power_cut": [600_000],
}


def job(**changes: Any) -> Job:
    return Job({**LEAST, **changes})


def test_what_is_left_out_has_its_default() -> None:
    least = job()
    assert (least.seed, least.start_ms, least.weekday, least.sample_ms) == (1, 0, 0, 300_000)
    assert (least.commands, least.autostart, least.trace, least.until_empty) == ([], True, False, False)
    assert not least.flash


def test_reservoir_and_line_hold_what_the_program_is_for_unless_told_otherwise() -> None:
    assert (job().concentration_ng_ml, job().line_ng_ml) == (NG_ML, NG_ML)
    assert (job(line_ng_ml=0).concentration_ng_ml, job(line_ng_ml=0).line_ng_ml) == (NG_ML, 0)
    assert job(line_ng_ml=50_000).line_ng_ml == 50_000
    assert job(line_ng_ml=None).line_ng_ml == NG_ML


def test_every_command_is_read() -> None:
    rows: list[list[object]] = [[at_ms, name, *EVERY_COMMAND.get(name, [])] for at_ms, name in enumerate(ARGUMENTS, 1)]
    assert job(commands=rows).commands == rows


def test_several_commands_may_come_at_one_moment() -> None:
    rows: list[list[object]] = [[5, "stop"], [5, "start"], [6, "stop"]]
    assert job(commands=rows).commands == rows


@pytest.mark.parametrize("name", ["program", "days_ms", "slice_ms", "fill_steps"])
def test_a_field_that_is_missing_is_named(name: str) -> None:
    fields = {key: value for key, value in LEAST.items() if key != name}
    assert refusal(lambda: Job(fields)) == ("job." + name, "nothing", "this field is required")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"slice_ms": 0}, "job.slice_ms: 0 is refused; accepted: a whole number from 1 to 900000"),
        ({"days_ms": -1}, "job.days_ms: -1 is refused"),
        ({"speed": 3}, "job.speed: 3 is refused; accepted: only autostart, commands, days_ms, "),
        ({"faults": [["melt", 0, 1, 0]]}, "faults[0].kind: melt is refused"),
        ({"program": []}, "job.program: [] is refused; accepted: a device program"),
        ({"program": {}}, "job.program.concentration_ng_ml: None is refused"),
        ({"program": {"concentration_ng_ml": 0}}, "job.program.concentration_ng_ml: 0 is refused"),
        ({"weekday": 7}, "job.weekday: 7 is refused; accepted: a whole number from 0 to 6"),
        ({"weekday": "Monday"}, "job.weekday: Monday is refused"),
        ({"line_ng_ml": -1}, "job.line_ng_ml: -1 is refused"),
        ({"line_ng_ml": 0.5}, "job.line_ng_ml: 0.5 is refused"),
        ({"autostart": 1}, "job.autostart: 1 is refused; accepted: true or false"),
        ({"trace": "yes"}, "job.trace: yes is refused"),
        ({"until_empty": 0}, "job.until_empty: 0 is refused"),
        ({"refill_at_low": None}, "job.refill_at_low: None is refused"),
        ({"faults": "stall"}, "job.faults: stall is refused; accepted: a list of [kind, at_ms, until_ms, amount]"),
        ({"flash": 1}, "job.flash: 1 is refused; accepted: true or false"),
        ({"plant": []}, "job.plant: [] is refused; accepted: parameters by their names"),
    ],
)
def test_a_job_it_cannot_use_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused) as caught:
        job(**changes)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("stop", "job.commands: stop is refused; accepted: a list of [at_ms, name, arguments...]"),
        (["stop"], "job.commands[0]: stop is refused; accepted: [at_ms, name, arguments...]"),
        ([[1]], "job.commands[0]: [1] is refused"),
        ([[0, "stop"]], "job.commands[0].at_ms: 0 is refused; accepted: a whole number from 1 to "),
        ([[2.5, "stop"]], "job.commands[0].at_ms: 2.5 is refused"),
        ([[9, "stop"], [8, "start"]], "job.commands[1].at_ms: 8 is refused; accepted: a whole number from 9 to "),
        ([[1, "explode"]], "job.commands[0].name: explode is refused; accepted: acknowledge, bolus, "),
        ([[1, ["stop"]]], "job.commands[0].name: ['stop'] is refused"),
        ([[1, "stop", 1]], "job.commands[0]: stop with 1 arguments is refused; accepted: stop with nothing"),
        ([[1, "load"]], "job.commands[0]: load with 0 arguments is refused; accepted: load with program"),
        ([[1, "bolus", 1, 0, 1]], "accepted: bolus with whole, frac, den, duration_ms"),
        ([[1, "bolus", 1, 0, 1, None]], "job.commands[0].duration_ms: None is refused"),
        ([[1, "bolus", 1, 0, 1, True]], "job.commands[0].duration_ms: True is refused"),
        ([[1, "refill", 5, None, -1]], "job.commands[0].concentration_ng_ml: -1 is refused"),
        ([[1, "refill", None, None, 1]], "job.commands[0].fill_steps: None is refused"),
        ([[1, "verify", None, "all"]], "job.commands[0].left_steps: all is refused"),
        ([[1, "power_cut"]], "job.commands[0]: power_cut with 0 arguments is refused; accepted: power_cut with off_ms"),
        ([[1, "power_cut", 0]], "job.commands[0].off_ms: 0 is refused; accepted: a whole number from 1 to "),
        ([[1, "power_cut", None]], "job.commands[0].off_ms: None is refused"),
        ([[1, "watchdog_reset", 5]], "accepted: watchdog_reset with nothing"),
        ([[1, "prime", 5, 5, 2]], "job.commands[0].emptied: 2 is refused; accepted: a whole number from 0 to 1"),
        ([[1, "prime", 1 << 30, 5, 1]], "job.commands[0].steps: 1073741824 is refused"),
    ],
)
def test_commands_it_cannot_give_are_refused(rows: object, words: str) -> None:
    with pytest.raises(Refused) as caught:
        job(commands=rows)
    assert words in str(caught.value)
