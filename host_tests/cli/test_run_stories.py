"""`itb run` of either kind of file: how long it lasts, and what it says of commands that go otherwise than expected."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from itb.cli import app
from prescriptions import CONTINUOUS, changed
from stories import DAY_MS, DEAD_VOLUME, event, rx, text

STORY = text(event("06 10:00", "bolus", 'dose = "20 ug"', 'over = "10 min"'))


def ran(source: str, directory: Path, *options: str) -> tuple[int, str, str]:
    """Exit status, output and what was said on the error side of a run of `source`."""
    path = directory / "file.toml"
    path.write_text(source, encoding="utf-8")
    result = CliRunner().invoke(app, ["run", str(path), "--slice", "15 min", *options])
    return result.exit_code, result.stdout, result.stderr


def simulated_ms(source: str, directory: Path, *options: str) -> int:
    status, out, err = ran(source, directory, "--json", *options)
    assert (status, err) == (0, "")
    return json.loads(out)["simulated_ms"]


@pytest.mark.parametrize(
    "options, days",
    [
        ((), 3),
        (("--days", "1"), 1),
        (("--days", "1.5"), 1.5),
        (("--until", "2026-01-07"), 2),
        (("--until", "2026-01-07 12:00"), 2.5),
        (("--until", "2026-01-15"), 10),
    ],
)
def test_a_story_lasts_as_long_as_it_says_or_as_it_is_told(
    options: tuple[str, ...], days: float, tmp_path: Path
) -> None:
    assert simulated_ms(STORY, tmp_path, *options) == days * DAY_MS


def test_a_storys_own_end_counts_where_nothing_else_is_said(tmp_path: Path) -> None:
    ends = STORY.replace("\nfirst", '\nuntil = "2026-01-10"\nfirst', 1)
    assert simulated_ms(ends, tmp_path) == 5 * DAY_MS
    assert simulated_ms(ends, tmp_path, "--days", "6") == 6 * DAY_MS
    assert simulated_ms(ends, tmp_path, "--until", "2026-01-06") == DAY_MS


@pytest.mark.parametrize(
    "options, refused",
    [
        (("--until", "soon"), "--until: 'soon' is refused; accepted: a date like \"2026-03-01\""),
        (("--until", "2026-02-30"), "--until: '2026-02-30' is refused; accepted: a date"),
        (("--until", "2026-01-05"), "--until: '2026-01-05' is refused; accepted: a time after the story's start"),
        (("--until", "2025-01-05"), "--until: '2025-01-05' is refused; accepted: a time after the story's start"),
        (("--until", "2226-01-05"), "--until: '2226-01-05' is refused; accepted: a time after the story's start"),
        (
            ("--until", "2026-01-07", "--days", "1"),
            "--until: '2026-01-07' is refused; accepted: only one of --days and",
        ),
        (("--days", "0"), "--days: 0.0 is refused"),
    ],
)
def test_an_end_that_makes_no_sense_is_refused(options: tuple[str, ...], refused: str, tmp_path: Path) -> None:
    status, out, err = ran(STORY, tmp_path, *options)
    assert (status, out) == (2, "")
    assert refused in err
    assert err.count("\n") == 1


def test_a_prescription_has_no_dates(tmp_path: Path) -> None:
    status, out, err = ran(CONTINUOUS, tmp_path, "--until", "2026-01-07")
    assert (status, out) == (2, "")
    assert err == (
        "itb: --until: '2026-01-07' is refused; accepted: a run of a story, which has a start date; for a prescription "
        "say how long, like --days 28\n"
    )


def test_until_empty_wants_a_bound_where_the_basal_ends(tmp_path: Path) -> None:
    taper = CONTINUOUS + '[plan]\nkind = "taper"\n[[plan.stage]]\nfrom_day = 2\ndaily = "0 ug/day"\n'
    status, out, err = ran(taper, tmp_path, "--until-empty", "--confirm-soft")
    assert (status, out) == (2, "")
    assert "--until-empty: a prescription with days of no basal is refused; accepted: --days too" in err
    assert simulated_ms(CONTINUOUS + '[reservoir]\nfill = "0.4 mL"\n', tmp_path, "--until-empty") < 2 * DAY_MS


def test_commands_after_the_end_are_not_given(tmp_path: Path) -> None:
    status, out, _ = ran(STORY, tmp_path, "--json", "--days", "1")
    assert status == 0
    assert json.loads(out)["commands"] == []


def test_a_command_that_is_refused_unexpectedly_fails_the_run_and_is_told(tmp_path: Path) -> None:
    status, out, _ = ran(text(event("05 10:00", "start")), tmp_path, "--days", "1")
    assert status == 1
    words = " ".join(out.split())
    assert "REFUSED: start: " in words
    assert "THE ACCOUNT DOES NOT BALANCE: commands." in words


def test_a_refusal_that_does_not_come_fails_the_run(tmp_path: Path) -> None:
    status, out, _ = ran(text(event("05 10:00", "keep open", 'expect = "refused"')), tmp_path, "--days", "1", "--json")
    assert status == 1
    told = json.loads(out)
    assert [(one["accepted"], one["as_expected"]) for one in told["commands"]] == [(True, False)]
    assert not told["balanced"]


@pytest.mark.req("D-02")
def test_soft_limits_of_a_story_must_be_confirmed_too(tmp_path: Path) -> None:
    bold = text(event("05 10:00", "bolus", 'dose = "60 ug"', 'over = "30 min"'))
    status, out, err = ran(bold, tmp_path, "--days", "1")
    assert (status, out) == (2, "")
    assert "to be confirmed: file.toml: event[1].dose: 60 ug; expected at most 50 ug" in err
    status, out, err = ran(bold, tmp_path, "--days", "1", "--confirm-soft", "--json")
    assert status == 0
    assert [finding["confirmed"] for finding in json.loads(out)["findings"]] == [True]


def test_the_line_of_the_bench_is_that_of_the_story(tmp_path: Path) -> None:
    """0.8 mL/day: a line of 0.4 mL that was empty gives the first dose after half a day."""
    source = text(DEAD_VOLUME, head='line = "empty"\n')
    status, out, _ = ran(source, tmp_path, "--json", "--days", "1", "--slice", "1 min")
    assert status == 0
    assert json.loads(out)["tip_ug"] == pytest.approx(200, abs=0.5)


def test_the_facts_name_the_story_its_start_and_its_programs(tmp_path: Path) -> None:
    source = text(rx("two", "440 ug/day"), event("06 10:00", "program", 'rx = "two"'))
    status, out, _ = ran(source, tmp_path, "--json")
    told = json.loads(out)
    assert status == 0
    assert told["story"] == {"title": "A course", "file": "file.toml", "start": "2026-01-05"}
    assert [one["from_ms"] for one in told["programs"]] == [0, DAY_MS + 36_000_000]


def test_a_picture_of_a_story_is_written(tmp_path: Path) -> None:
    assert ran(STORY, tmp_path, "--plot", str(tmp_path / "story.png"))[0] == 0
    assert (tmp_path / "story.png").read_bytes().startswith(b"\x89PNG")


def test_a_story_that_is_refused_runs_nothing(tmp_path: Path) -> None:
    status, out, err = ran(changed(STORY, ('"20 ug"', '"20"')), tmp_path)
    assert (status, out) == (2, "")
    assert err.startswith("itb: file.toml: event[1].dose: '20' is refused; accepted: a dose")


def test_the_same_course_on_every_engine(tmp_path: Path) -> None:
    source = text(
        rx("strong", ug_ml=2000),
        DEAD_VOLUME,
        event("05 08:00", "concentration", 'rx = "strong"', 'fill = "18 mL"'),
    )
    told: list[dict[str, object]] = []
    for engine in ("vm", "wasm", "cpython"):
        status, out, err = ran(source, tmp_path, "--json", "--days", "1", "--engine", engine)
        assert (status, err) == (0, "")
        told.append({**json.loads(out), "heap": None, "catheter_ml": None})
    assert told[0] == told[1] == told[2]


def test_a_story_of_many_large_programs_runs_or_is_refused_by_an_engine_that_cannot_hold_it(tmp_path: Path) -> None:
    days = range(6, 26)
    half_hours = [f"{minutes // 60:02d}:{minutes % 60:02d}" for minutes in range(0, 1440, 30)]
    steps = [f'[[rx.NAME.basal.step]]\nstart = "{at}"\nrate = "{10 + at.count("0")}.5 ug/h"\n' for at in half_hours]
    weekend = [step.replace("step", "weekend_step") for step in steps]
    flex = rx("NAME").split("[rx.NAME.basal]")[0] + "\n".join(['[rx.NAME.basal]\nmode = "flex"', *steps, *weekend])
    programs = [flex.replace("NAME", f"p{day}") for day in days]
    source = text(*programs, *(event(f"{day:02d} 10:00", "program", f'rx = "p{day}"') for day in days))
    status, out, err = ran(source, tmp_path, "--json", "--confirm-soft")
    assert status == 0, err
    assert len(json.loads(out)["programs"]) == len(days) + 1
    status, out, err = ran(source, tmp_path, "--confirm-soft", "--engine", "wasm")
    assert status == 2
    assert "--engine: wasm is refused; accepted: vm or cpython: the programs of this story do not fit its memory" in err
