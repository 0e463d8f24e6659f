"""The check of the firmware's language: what each rule finds, and that it can fail."""

from pathlib import Path

import pytest

from checks import language
from checks.language import RuleSet, check, findings, load

EXACT, LANGUAGE, RUN_TIME, HARDWARE, TWIN = load()


def lines(source: str, rules: RuleSet) -> list[tuple[int, str]]:
    return [(each.line, each.what) for each in findings(source, rules)]


@pytest.mark.parametrize(
    "source, what",
    [
        ("HALF = 0.5", "float literal"),
        ("half = 1e3", "float literal"),
        ("j = 2j", "complex literal"),
        ("def mean(a, b):\n    return (a + b) / 2", "true division"),
        ("a = 4\na /= 2", "true division"),
        ("rate = float(rate_steps)", "the name float"),
        ("import math", "the import of math"),
        ("from math import ceil", "the import of math"),
        ("from fractions import Fraction", "the import of fractions"),
    ],
)
def test_nothing_inexact_where_the_tick_can_reach(source: str, what: str) -> None:
    assert what in [found for _, found in lines(source, EXACT)]


def test_whole_numbers_may_be_computed_with_as_one_likes() -> None:
    assert lines("def carry(a, b, /):\n    return (a * b) // 3 % 7 - (a >> 2) ** 2", EXACT) == []


@pytest.mark.parametrize(
    "source, what",
    [
        ("assert True", "assert"),
        ("text = f'{1}'", "f-string"),
        ("match 1:\n    case 1:\n        pass", "match"),
        ("from pump.core.units import *", "star import"),
        ("class A:\n    __slots__ = ('a',)", "the name __slots__"),
        ("import typing", "the import of typing"),
        ("def late():\n    from typing import Any", "the import of typing"),
        ("import dataclasses", "the import of dataclasses"),
        ("import enum, abc", "the import of abc"),
        ("__import__('enum')", "the import of enum"),
    ],
)
def test_the_firmware_speaks_micropython(source: str, what: str) -> None:
    assert what in [found for _, found in lines(source, LANGUAGE)]


def test_no_code_is_made_at_run_time_but_one_port_may_mean_another_exec() -> None:
    assert lines("exec('1')", RUN_TIME) == [(1, "the name exec")]
    assert RUN_TIME.holds_in("device/pump/hal/esp32.py")
    assert not RUN_TIME.holds_in("device/pump/hal/rp2.py")


def test_imports_for_the_type_checker_never_run() -> None:
    source = "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    from typing import Any\nelse:\n    import enum\n"
    assert lines(source, LANGUAGE) == [(5, "the import of enum")]


@pytest.mark.parametrize("module", ["machine", "rp2", "esp32", "time"])
def test_only_hal_touches_the_hardware(module: str) -> None:
    assert lines(f"import {module}", HARDWARE) == [(1, f"the import of {module}")]
    assert HARDWARE.holds_in("device/main.py")
    assert HARDWARE.holds_in("device/pump/runtime/tick.py")
    assert not HARDWARE.holds_in("device/pump/hal/rp2.py")


def test_names_that_only_begin_alike_are_no_breach() -> None:
    assert lines("import timeline\nfrom enumerate_it import x\nimport mathematics", HARDWARE) == []


@pytest.mark.parametrize("room", ["core", "therapy", "safety", "motion", "runtime"])
def test_every_room_that_the_tick_reaches_is_governed(room: str) -> None:
    assert EXACT.holds_in(f"device/pump/{room}/anything.py")


def test_the_twin_may_use_floats_but_not_the_wall_clock() -> None:
    assert lines("half = 0.5", TWIN) == []
    assert lines("import time", TWIN) == [(1, "the import of time")]


def test_a_breach_is_reported_with_file_line_and_rule(tmp_path: Path) -> None:
    guilty = tmp_path / "device" / "pump" / "core" / "guilty.py"
    guilty.parent.mkdir(parents=True)
    guilty.write_text("OK = 1\nHALF = 0.5\n")
    assert check(tmp_path, [EXACT]) == (1, [f"device/pump/core/guilty.py:2: float literal ({EXACT.name})"])


def test_a_rule_set_that_governs_no_file_is_a_breach(tmp_path: Path) -> None:
    assert check(tmp_path, [EXACT]) == (0, [f"rules.toml: {EXACT.name}: governs no file"])


def test_a_rule_that_nothing_could_break_is_refused(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('[[rules]]\nname = "x"\nfiles = ["*.py"]\nsyntax = ["goto"]\n')
    with pytest.raises(ValueError, match="no such syntax: goto"):
        load(rules)


def test_the_exit_status_says_whether_anything_was_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(language, "ROOT", tmp_path)
    assert language.main() == 1
    assert "governs no file" in capsys.readouterr().out
