"""`itb check` of a story: its course, bridges, primes and refill dates, for people and for machines."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from itb.story.check import check
from prescriptions import CONTINUOUS
from stories import DAY_MS, DEAD_VOLUME, HOUR_MS, event, rx, text

CHANGE = event("06 12:00", "concentration", 'rx = "strong"', 'fill = "18 mL"')
BRIDGED = text(rx("strong", ug_ml=2000), DEAD_VOLUME, CHANGE, head='fill = "18 mL"\nuntil = "2026-01-09"\n')
TAPER = '[rx.one.plan]\nkind = "taper"\n[[rx.one.plan.stage]]\nfrom_day = 2\ndaily = "75 %"\n'


def checked(source: str, directory: Path, as_json: bool = False, board: str = "sim") -> tuple[int, str, str]:
    """Exit status, what was printed, and what was said on the error side."""
    path = directory / "story.toml"
    path.write_text(source, encoding="utf-8")
    out, err = StringIO(), StringIO()
    status = check(path, board, Console(file=out, width=200), Console(file=err, width=200), as_json)
    return status, out.getvalue(), err.getvalue()


def shown(source: str, directory: Path) -> list[str]:
    """Each line that is shown, its blanks made single."""
    status, out, err = checked(source, directory)
    assert (status, err) == (0, "")
    return [" ".join(line.split()) for line in out.splitlines()]


def facts(source: str, directory: Path) -> dict[str, Any]:
    status, out, err = checked(source, directory, as_json=True)
    assert (status, err) == (0, "")
    return json.loads(out)


def test_the_head_says_what_runs_when_and_where(tmp_path: Path) -> None:
    lines = shown('notes = "For the [bench]."\n' + BRIDGED, tmp_path)
    assert lines[:3] == ["A course", "For the [bench].", "2026-01-05 00:00 to 2026-01-09 00:00, 4 days, board sim"]
    assert "one 500 400 one" in lines
    assert "strong 2000 400 strong" in lines


@pytest.mark.req("D-01", "D-12")
def test_the_course_shows_each_command_and_the_daily_dose_after_it(tmp_path: Path) -> None:
    lines = shown(BRIDGED, tmp_path)
    at = lines.index("Course")
    assert [line for line in lines[at : at + 10] if line[:1] not in ("", "─")][1:] == [
        "when what ug/day mL/day change",
        'Mon 2026-01-05 00:00 program "one", 18 mL of 500 ug/mL filled in, delivering 400 0.8',
        "Tue 2026-01-06 12:00 stop, to change the concentration stopped",
        "refill with 18 mL of 2000 ug/mL stopped",
        'program "strong" with 400 ug/day = ≈16.667 ug/h; before it a bridge of 0.4 mL at 0.8 mL/day = 400 ug/day for '
        "0.5 days stopped",
        "start 400 0.8",
        "Wed 2026-01-07 00:00 the bridge ends, the program's own rate begins 400 0.2",
    ]


@pytest.mark.req("D-12")
def test_the_bridge_is_shown_before_it_is_committed_to(tmp_path: Path) -> None:
    lines = shown(BRIDGED, tmp_path)
    at = lines.index("Bridge, Tue 2026-01-06 12:00")
    assert lines[at + 1 : at + 7] == [
        "dead volume 0.4 mL (path 0.18 mL, catheter 100 cm of 0.0022 mL/cm)",
        "first 0.8 mL/day = 400 ug/day = ≈16.667 ug/h of 500 ug/mL",
        "for 0.5 days, until Wed 2026-01-07 00:00 if nothing stops it",
        "then 0.2 mL/day = 400 ug/day = ≈16.667 ug/h of 2000 ug/mL",
        "in the pump 92225 microsteps in 43200000 ms",
        "without it 25 % of the dose, 100 ug/day, for 2 days at the tip",
    ]


@pytest.mark.req("D-12")
def test_an_override_is_shown_with_what_it_does(tmp_path: Path) -> None:
    override = 'override = "a new [catheter]"\n'
    lines = shown(text(rx("strong", ug_ml=2000), DEAD_VOLUME, CHANGE + override), tmp_path)
    at = lines.index("No bridge, Tue 2026-01-06 12:00")
    assert lines[at + 1 : at + 4] == [
        "reason a new [catheter]",
        "left out a bridge of 0.4 mL at 0.8 mL/day = 400 ug/day for 0.5 days",
        "so 25 % of the dose, 100 ug/day, for 2 days at the tip",
    ]
    assert "left out" not in " ".join(shown(text(rx("strong", ug_ml=2000), CHANGE + override), tmp_path))


@pytest.mark.req("D-13")
def test_the_prime_is_shown_and_one_that_will_be_refused_is_not(tmp_path: Path) -> None:
    keys = ('over = "30 min"', "emptied = true")
    lines = shown(text(DEAD_VOLUME, event("06 10:00", "prime", *keys)), tmp_path)
    at = lines.index("Prime, Tue 2026-01-06 10:00")
    assert lines[at + 1 : at + 4] == [
        "volume 0.4 mL (path 0.18 mL, catheter 100 cm of 0.0022 mL/cm)",
        "over 30 min, 0.8 mL/h",
        "in the pump 92225 microsteps; no therapy",
    ]
    refused = shown(text(DEAD_VOLUME, event("06 10:00", "prime", *keys, 'expect = "refused"')), tmp_path)
    assert not [line for line in refused if line.startswith("Prime,")]
    assert [line for line in refused if "with 0.4 mL over 30 min; expected to be refused" in line]


@pytest.mark.req("D-05")
def test_changes_of_the_dose_are_shown_in_percent(tmp_path: Path) -> None:
    up = rx("up", "360 ug/day") + event("08 10:00", "program", 'rx = "up"')
    lines = shown(text(TAPER, up, head='until = "2026-01-10"\n'), tmp_path)
    assert "Tue 2026-01-06 00:00 stage 2 of the plan begins 300 0.6 -25 %" in lines
    assert 'Thu 2026-01-08 10:00 program "up" with 360 ug/day = 15 ug/h 360 0.72 +20 %' in lines


@pytest.mark.req("R-04")
def test_refill_dates_are_shown(tmp_path: Path) -> None:
    stop = event("06 00:00", "stop", "confirm_withdrawal = true")
    lines = shown(text(head='fill = "18 mL"\n'), tmp_path)
    assert "Mon 2026-01-05 00:00 18.00 Sat 2026-01-24 23:59" in lines
    assert "Mon 2026-01-05 00:00 20.00 what is ordered does not use it up" in shown(text(stop), tmp_path)


@pytest.mark.req("D-02")
def test_findings_are_listed(tmp_path: Path) -> None:
    out = checked(text(event("06 10:00", "bolus", 'dose = "60 ug"', 'over = "30 min"')), tmp_path)[1]
    assert "To be confirmed (soft limits):" in out
    assert "• story.toml: event[1].dose: 60 ug; expected at most 50 ug" in out
    assert "Nothing to confirm: no soft limit is crossed." in checked(text(), tmp_path)[1]


@pytest.mark.req("D-12", "R-04")
def test_a_machine_gets_the_same_facts(tmp_path: Path) -> None:
    told = facts(BRIDGED, tmp_path)
    assert (told["start"], told["end_ms"], told["first"], told["line_ng_ml"]) == (
        "2026-01-05",
        345_600_000,
        "one",
        500_000,
    )
    assert told["dead_volume"] == {"path_ml": 0.18, "ml": 0.4}
    assert list(told["programs"]) == ["one", "strong"]
    assert [row["text"].split(" ")[0] for row in told["course"]] == [
        "program",
        "stop,",
        "refill",
        "program",
        "start",
        "the",
    ]
    assert [(row["at"], row["ug_day"], row["ml_day"]) for row in told["course"][-2:]] == [
        ("2026-01-06 12:00", 400, 0.8),
        ("2026-01-07 00:00", 400, 0.2),
    ]
    (bridge,) = told["bridges"]
    assert (bridge["days_exact"], bridge["steps"], bridge["duration_ms"]) == ([1, 2], 92_225, 43_200_000)
    assert bridge["until_ms"] - bridge["at_ms"] == 43_200_000
    assert bridge["if_omitted"] == {"percent": 25, "ug_day": 100, "days": 2}
    assert [one["ml"] for one in told["refills"]] == pytest.approx([18, 18], abs=1e-5)
    assert (told["overrides"], told["primes"], told["findings"]) == ([], [], [])


def test_a_machine_is_told_of_overrides_and_primes(tmp_path: Path) -> None:
    override = text(rx("strong", ug_ml=2000), DEAD_VOLUME, CHANGE + 'override = "new"\n')
    told = facts(override, tmp_path)
    assert [(one["reason"], one["omitted"]["percent"]) for one in told["overrides"]] == [("new", 25)]
    assert told["bridges"] == []
    prime = text(DEAD_VOLUME, event("06 10:00", "prime", 'over = "30 min"', "emptied = true"))
    assert facts(prime, tmp_path)["primes"] == [
        {"at_ms": 122_400_000, "steps": 92_225, "duration_ms": 1_800_000, "emptied": True}
    ]


def test_a_refusal_is_one_line_or_its_parts(tmp_path: Path) -> None:
    source = text(event("06 10:00", "stop"))
    status, out, err = checked(source, tmp_path)
    assert (status, out) == (2, "")
    assert err.startswith("itb: story.toml: event[1].confirm_withdrawal: (missing) is refused; accepted: ")
    assert err.count("\n") == 1
    status, out, err = checked(source, tmp_path, as_json=True)
    assert (status, err) == (2, "")
    assert json.loads(out)["refused"]["field"] == "story.toml: event[1].confirm_withdrawal"
    assert checked(source, tmp_path, board="none")[2].startswith("itb: --board: 'none'")


def test_a_prescription_is_shown_as_one(tmp_path: Path) -> None:
    assert "Daily total" in checked(CONTINUOUS, tmp_path)[1]
    assert json.loads(checked(CONTINUOUS, tmp_path, as_json=True)[1])["day_total"]["ug_day"] == 400
    status, _, err = checked("title = ", tmp_path)
    assert status == 2
    assert "text that does not parse" in err


def test_a_power_cut_is_shown_with_what_becomes_of_the_pump(tmp_path: Path) -> None:
    source = text(event("06 10:00", "power cut", 'off = "90 min"'), event("07 10:00", "watchdog reset"))
    assert facts(source, tmp_path)["restarts"] == [
        {"at_ms": DAY_MS + 10 * HOUR_MS, "cause": "power", "off_ms": 5_400_000},
        {"at_ms": 2 * DAY_MS + 10 * HOUR_MS, "cause": "watchdog", "off_ms": 0},
    ]
    lines = " ".join(shown(source, tmp_path))
    assert "power cut for 90 min; after it delivery goes on by itself" in lines
    assert "the watchdog resets the pump; after it delivery goes on by itself" in lines
