"""docs/journal.md names every kind of event that the firmware logs, and none that it does not."""

import ast
import re
from pathlib import Path

import pytest

from itb.boards.board import ROOT
from itb.journal.wire import PATIENCE_S
from pump.link.server import PAGE_EVENTS
from pump.memory.journal import SEGMENT_EVENTS, SEGMENTS
from pump.runtime import states
from pump.runtime.boluses import CLINICIAN, PATIENT, REASONS
from pump.safety.alarms import HIGH, LOW, MEDIUM, MESSAGE, NAME, PRIORITY, TABLE

pytestmark = pytest.mark.req("I-03")

PAGE = (ROOT / "docs" / "journal.md").read_text(encoding="utf-8")
ROWS: list[tuple[str, ...]] = re.findall(r"^\| `([a-z_.]+)` \| (.+) \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)
DOCUMENTED = [row[0] for row in ROWS]
# What stands before "_bolus" where the kind is put together.
SOURCES = (PATIENT, CLINICIAN)


def is_log(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).endswith("journal.log")


def kinds_of(argument: ast.expr, function: ast.FunctionDef, module: ast.Module) -> set[str]:
    """The kinds that the first argument of a call of `log` in `function` may be; "x_..." where the end is open."""
    match argument:
        case ast.Constant(value=str(kind)):
            return {kind}
        case ast.BinOp(left=ast.Constant(value=str(start)), op=ast.Add()):
            return {f"{start}..."}
        case ast.BinOp(op=ast.Add(), right=ast.Constant(value=str(end))):
            return {source + end for source in SOURCES}
        case ast.Name(id=name):
            place = [each.arg for each in function.args.args].index(name) - 1
            calls = [node for node in ast.walk(module) if isinstance(node, ast.Call)]
            given = [call.args[place] for call in calls if ast.unparse(call.func) == f"self.{function.name}"]
            assert given, f"nobody calls {function.name}"
            return {kind for each in given for kind in kinds_of(each, function, module)}
    raise AssertionError(f"a kind that is not understood: {ast.unparse(argument)}")


def logged(path: Path) -> set[str]:
    """The kinds that the module at `path` logs."""
    module = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef)]
    return {
        kind
        for function in functions
        for node in ast.walk(function)
        if is_log(node) and isinstance(node, ast.Call)
        for kind in kinds_of(node.args[0], function, module)
    }


def calls_of_log(path: Path) -> int:
    return len(re.findall(r"journal\.log\(", path.read_text(encoding="utf-8")))


def test_every_kind_that_is_logged_has_its_row_and_no_other() -> None:
    sources = sorted((ROOT / "device").rglob("*.py"))
    found = [path for path in sources if calls_of_log(path)]
    assert len(found) > 5
    kinds = {kind for path in found for kind in logged(path)}
    assert sorted(kinds) == DOCUMENTED


def test_open_ends_are_spelt_out() -> None:
    told = {row[0]: set(re.findall(r"`(\w+)`", row[1])) for row in ROWS}
    assert told["state_..."] == {state for pair in states.TRANSITIONS for state in (pair[0], states.TRANSITIONS[pair])}
    assert told["reset_..."] == {"power", "watchdog", "soft", "other"}


def test_reasons_have_their_numbers() -> None:
    rows = re.findall(r"^\| ([0-9]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)
    assert rows == [(str(number), reason) for number, reason in enumerate(REASONS) if number]


def test_alarms_have_their_numbers() -> None:
    rows = re.findall(r"^\| ([0-9]+) \| `(\w+)` \| (\w+) \| (.+) \|$", PAGE, re.MULTILINE)
    words = {LOW: "low", MEDIUM: "medium", HIGH: "high"}
    expected = [(str(i), row[NAME], words[row[PRIORITY]], row[MESSAGE]) for i, row in enumerate(TABLE) if i]
    assert rows == expected


def test_its_figures_are_the_firmware_s_and_the_tool_s() -> None:
    least, most = (SEGMENTS - 1) * SEGMENT_EVENTS + 1, SEGMENTS * SEGMENT_EVENTS
    text = " ".join(PAGE.split())
    assert f"the events of the newest {least:,} numbers at least, of {most:,} at most" in text
    assert f"dropped, {SEGMENT_EVENTS} at a time" in text
    assert f"first stored after N, {PAGE_EVENTS} at most" in text
    assert f"nothing answers for {PATIENCE_S:g} s" in text
