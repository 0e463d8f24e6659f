"""Stories: what their events become for the simulated bench."""

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from itb.boards.board import load_board
from itb.story.reading import is_story, read_story
from prescriptions import CONTINUOUS
from stories import DAY_MS, DEAD_VOLUME, HOUR_MS, event, rx, story, text, told


def test_a_prescription_alone_is_a_story_in_which_nothing_is_done(tmp_path: Path) -> None:
    found = story(CONTINUOUS, tmp_path)
    assert not is_story(tmp_path / "story.toml")
    assert (found.title, found.dated, found.commands, found.until) == ("One rate", False, (), None)
    assert (found.weekday, found.end_ms, found.delivering) == (0, DAY_MS, True)
    assert found.line_ng_ml == 2_000_000
    assert found.fill_steps == found.plan.fill_steps == 4_611_283
    assert found.findings == ()


def test_a_story_begins_as_it_says(tmp_path: Path) -> None:
    found = story(text(head='fill = "18 mL"\ndelivering = false\nline = "empty"\nuntil = "2026-01-09"\n'), tmp_path)
    assert is_story(tmp_path / "story.toml")
    assert (found.start, found.until, found.weekday) == (date(2026, 1, 5), date(2026, 1, 9), 0)
    assert found.end_ms == 4 * DAY_MS
    assert (found.fill_steps, found.delivering, found.line_ng_ml) == (4_150_154, False, 0)
    assert (found.first, found.plan.prescription.title) == ("one", "one")
    plain = story(text(), tmp_path)
    assert (plain.fill_steps, plain.delivering, plain.line_ng_ml) == (4_611_283, True, 500_000)
    assert (plain.until, plain.end_ms) == (None, DAY_MS)


def test_without_until_it_ends_with_the_day_after_the_last_command(tmp_path: Path) -> None:
    assert story(text(event("07 23:00", "acknowledge")), tmp_path).end_ms == 4 * DAY_MS


def test_a_prescription_may_be_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text(CONTINUOUS, encoding="utf-8")
    source = 'title = "x"\nstart = "2026-01-05"\nfirst = "one"\n[rx.one]\nfile = "one.toml"\n'
    assert story(source, tmp_path).plan.prescription.concentration_ug_ml == 2000


PLAIN = {
    "start": ("start",),
    "acknowledge": ("acknowledge",),
    "verify": ("verify", None, None),
    "patient bolus": ("patient",),
    "trial step": ("trial",),
    "pause plan": ("pause",),
    "resume plan": ("resume",),
    "keep open": ("keep_open",),
    "run program": ("run_program",),
    "set time": ("set_time", 10 * HOUR_MS, 1),
}


@pytest.mark.parametrize("do, given", PLAIN.items(), ids=PLAIN)
def test_plain_events_are_one_command_at_their_time(do: str, given: tuple[object, ...], tmp_path: Path) -> None:
    (command,) = story(text(event("06 10:00", do)), tmp_path).commands
    assert told(command) == (DAY_MS + 10 * HOUR_MS, *given)
    assert not command.expect_refused
    (refused,) = story(text(event("06 10:00", do, 'expect = "refused"')), tmp_path).commands
    assert refused.expect_refused


@pytest.mark.parametrize(
    "keys, off_ms, words",
    [
        ((), 1000, "power cut for 1 s;"),
        (('off = "10 min"',), 600_000, "power cut for 10 min;"),
        (('off = "90 s"',), 90_000, "power cut for 90 s;"),
        (('off = "2.5 day"',), 216_000_000, "power cut for 60 h;"),
        (('off = "1 ms"',), 1, "power cut for 1 ms;"),
    ],
)
def test_a_power_cut_lasts_as_long_as_it_says(keys: tuple[str, ...], off_ms: int, words: str, tmp_path: Path) -> None:
    (command,) = story(text(event("06 10:00", "power cut", *keys)), tmp_path).commands
    assert told(command) == (DAY_MS + 10 * HOUR_MS, "power_cut", off_ms)
    assert command.text.startswith(words)


@pytest.mark.req("I-05")
def test_what_becomes_of_a_pump_that_is_reset_depends_on_what_it_did(tmp_path: Path) -> None:
    (reset,) = story(text(event("06 10:00", "watchdog reset")), tmp_path).commands
    assert told(reset) == (DAY_MS + 10 * HOUR_MS, "watchdog_reset")
    assert reset.text.endswith("after it delivery goes on by itself, at the lowest rate until the time is set")
    (reset,) = story(text(event("06 10:00", "watchdog reset"), head="delivering = false\n"), tmp_path).commands
    assert "the pump stays stopped, and wants program and reservoir verified before a start" in reset.text


def test_while_the_power_is_off_there_is_only_what_is_expected_to_be_refused(tmp_path: Path) -> None:
    cut = event("06 10:00", "power cut", 'off = "1 h"')
    asked = event("06 10:30", "patient bolus", 'expect = "refused"')
    found = story(text(cut, asked, event("06 11:00", "set time")), tmp_path)
    assert [command.name for command in found.commands] == ["power_cut", "patient", "set_time"]


@pytest.mark.req("D-14")
def test_a_confirmed_stop_is_a_stop(tmp_path: Path) -> None:
    (command,) = story(text(event("06 10:00", "stop", "confirm_withdrawal = true")), tmp_path).commands
    assert told(command) == (DAY_MS + 10 * HOUR_MS, "stop")
    assert "warning is confirmed" in command.text
    assert not command.dose.delivering


def test_a_program_is_loaded_as_the_device_takes_it(tmp_path: Path) -> None:
    found = story(text(rx("two", "480 ug/day"), event("06 10:00", "program", 'rx = "two"')), tmp_path)
    (command,) = found.commands
    assert told(command) == (DAY_MS + 10 * HOUR_MS, "load", found.plans["two"].program.as_dict())
    assert command.plan is found.plans["two"]
    assert command.bridge is None
    assert command.text == 'program "two" with 480 ug/day = 20 ug/h'
    assert command.dose.ug_day == 480


@pytest.mark.req("R-05")
def test_a_refill_names_volume_and_strength_and_what_was_withdrawn(tmp_path: Path) -> None:
    filled = ('fill = "18 mL"', 'concentration = "500 ug/mL"')
    (by_bench,) = story(text(event("06 10:00", "refill", *filled)), tmp_path).commands
    assert told(by_bench)[1:] == ("refill", 4_150_154, None, 500_000)
    (measured,) = story(text(event("06 10:00", "refill", *filled, 'withdrawn = "7.7 mL"')), tmp_path).commands
    assert told(measured)[1:] == ("refill", 4_150_154, 1_775_344, 500_000)
    assert measured.text == "refill with 18 mL of 500 ug/mL, 7.7 mL withdrawn"


@pytest.mark.req("D-07")
def test_a_bolus_keeps_its_part_of_a_microstep(tmp_path: Path) -> None:
    (command,) = story(text(event("06 10:00", "bolus", 'dose = "20 ug"', 'rate = "120 ug/h"')), tmp_path).commands
    _, name, whole, frac, den, duration_ms = told(command)
    assert (name, duration_ms) == ("bolus", 600_000)
    assert isinstance(whole, int)
    assert isinstance(frac, int)
    assert isinstance(den, int)
    # 20 ug of 500 ug/mL are 40,000 nL.
    assert whole + Fraction(frac, den) == Fraction(40_000) / load_board("sim").nl_per_step
    assert (command.dose_ug, command.duration_ms) == (20, 600_000)


@pytest.mark.req("D-13")
def test_a_prime_takes_the_dead_volume(tmp_path: Path) -> None:
    prime = event("06 10:00", "prime", 'over = "30 min"', "emptied = true")
    (command,) = story(text(DEAD_VOLUME, prime), tmp_path).commands
    assert told(command)[1:] == ("prime", 92_225, 1_800_000, 1)


@pytest.mark.req("D-12")
def test_a_change_of_concentration_is_stop_refill_load_with_bridge_start(tmp_path: Path) -> None:
    change = event("06 12:00", "concentration", 'rx = "strong"', 'fill = "18 mL"', 'withdrawn = "18 mL"')
    found = story(text(rx("strong", ug_ml=2000), DEAD_VOLUME, change), tmp_path)
    stop, refill, load, start = found.commands
    assert {command.at_ms for command in found.commands} == {DAY_MS + 12 * HOUR_MS}
    assert [told(one)[1:] for one in (stop, refill, start)] == [
        ("stop",),
        ("refill", 4_150_154, 4_150_154, 2_000_000),
        ("start",),
    ]
    assert load.plan is not None
    assert load.plan.program.bridge == (92_225, 43_200_000)
    assert load.plan.program.override == ""
    assert load.arguments == (load.plan.program.as_dict(),)
    assert load.bridge is not None
    assert load.bridge.days == Fraction(1, 2)
    assert found.plans["strong"].program.bridge is None


@pytest.mark.req("D-12")
def test_an_override_takes_the_place_of_the_bridge_and_is_kept(tmp_path: Path) -> None:
    change = event("06 12:00", "concentration", 'rx = "strong"', 'fill = "18 mL"', 'override = "a new catheter"')
    load = story(text(rx("strong", ug_ml=2000), change), tmp_path).commands[2]
    assert load.plan is not None
    assert (load.plan.program.bridge, load.plan.program.override) == (None, "a new catheter")
    assert (load.bridge, load.left_out) == (None, None)
    assert load.text.endswith("; no bridge: a new catheter")
    with_volume = story(text(rx("strong", ug_ml=2000), DEAD_VOLUME, change), tmp_path).commands[2]
    assert with_volume.bridge is None
    assert with_volume.left_out is not None
    assert with_volume.left_out.omitted is not None
    assert with_volume.left_out.omitted.percent == 25


@pytest.mark.req("D-12")
def test_the_bridge_runs_at_the_dose_in_force_that_day(tmp_path: Path) -> None:
    """2026-01-10 is a Saturday: the weekend's dose is the one to go on with."""
    flex = '[rx.week.basal]\nmode = "flex"\n'
    for name, rate in (("step", 10), ("weekend_step", 12)):
        flex += f'[[rx.week.basal.{name}]]\nstart = "00:00"\nrate = "{rate} ug/h"\n'
    week = rx("week").split("[rx.week.basal]")[0] + flex
    change = event("10 12:00", "concentration", 'rx = "strong"', 'fill = "18 mL"')
    source = text(week, rx("strong", "240 ug/day", 2000), DEAD_VOLUME, change).replace('"one"', '"week"', 1)
    load = story(source, tmp_path).commands[2]
    assert load.bridge is not None
    assert (load.bridge.previous_ug_day, load.bridge.new_ug_day) == (288, 240)


@pytest.mark.req("D-02", "D-05")
def test_soft_limits_of_changes_are_findings(tmp_path: Path) -> None:
    up, down = rx("up", "500 ug/day"), rx("down", "190 ug/day")
    events = (event("06 10:00", "program", 'rx = "up"'), event("08 10:00", "program", 'rx = "down"'))
    found = story(text(up, down, *events), tmp_path).findings
    assert [(one.field, one.value) for one in found] == [
        ("story.toml: event[1].rx", 'a rise by 25 % from 400 ug/day to 500 ug/day with "up"'),
        ("story.toml: event[2].rx", 'a fall by 62 % from 500 ug/day to 190 ug/day with "down"'),
    ]
    assert "withdrawal" in found[1].source


@pytest.mark.req("D-02")
def test_a_bolus_beyond_a_soft_limit_is_a_finding(tmp_path: Path) -> None:
    events = (event("06 10:00", "bolus", 'dose = "3 ug"', 'over = "5 min"'),)
    events += (event("07 10:00", "bolus", 'dose = "60 ug"', 'over = "30 min"'),)
    found = story(text(*events), tmp_path).findings
    assert [(one.field, one.value, one.expected) for one in found] == [
        ("story.toml: event[1].dose", "3 ug", "at least 5 ug"),
        ("story.toml: event[2].dose", "60 ug", "at most 50 ug"),
    ]


@pytest.mark.req("D-05")
def test_two_rises_a_day_apart_are_taken_and_on_one_day_they_are_refused_unless_expected(tmp_path: Path) -> None:
    programs = (rx("two", "480 ug/day"), rx("three", "560 ug/day"), event("06 10:00", "program", 'rx = "two"'))
    later = story(text(*programs, event("07 10:00", "program", 'rx = "three"')), tmp_path)
    assert [command.dose.ug_day for command in later.commands] == [480, 560]
    expected = event("06 16:00", "program", 'rx = "three"', 'expect = "refused"')
    found = story(text(*programs, expected), tmp_path)
    assert [command.expect_refused for command in found.commands] == [False, True]
    # It changes nothing of what later events are judged by.
    assert [command.dose.ug_day for command in found.commands] == [480, 480]


def test_what_is_expected_to_be_refused_is_passed_on_unjudged(tmp_path: Path) -> None:
    events = (
        event("06 10:00", "refill", 'fill = "25 mL"', 'concentration = "2000 ug/mL"', 'expect = "refused"'),
        event("06 10:00", "bolus", 'dose = "5000 ug"', 'over = "5 min"', 'expect = "refused"'),
        event("06 10:00", "program", 'rx = "strong"', 'expect = "refused"'),
        event("06 10:00", "prime", 'over = "1 min"', "emptied = true", 'expect = "refused"'),
    )
    found = story(text(rx("strong", "900 ug/day", 2000), DEAD_VOLUME, *events), tmp_path)
    assert [(one.name, one.expect_refused) for one in found.commands] == [
        ("refill", True),
        ("bolus", True),
        ("load", True),
        ("prime", True),
    ]
    assert {one.dose.ug_day for one in found.commands} == {400}


def test_the_slice_is_the_one_that_is_asked_for(tmp_path: Path) -> None:
    boluses = [f'[[rx.one.bolus]]\nat = "{at}"\ndose = "5 ug"\nover = "10 min"\n' for at in ("08:00", "08:11")]
    path = tmp_path / "story.toml"
    path.write_text(text(*boluses), encoding="utf-8")
    board = load_board("sim")
    assert read_story(path, board, 30_000).plans
    with pytest.raises(Exception, match="--slice: 60 s is refused"):
        read_story(path, board, 60_000)
