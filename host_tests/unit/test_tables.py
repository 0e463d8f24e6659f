"""One reader for all TOML files: every read states what it takes, and every key must be read."""

from datetime import date, datetime
from pathlib import Path

import pytest

from itb.errors import InputError
from itb.quantity import TIME, VOLUME
from itb.tables import Table, read_table


def table(**data: object) -> Table:
    return Table(dict(data), "x.toml")


def refused(call, *fragments: str) -> None:
    with pytest.raises(InputError) as caught:
        call()
    for fragment in fragments:
        assert fragment in str(caught.value)


def test_keys_that_nobody_asked_for_are_refused_with_the_nearest_that_was():
    root = table(rate="1 ms", notse="hello")
    root.quantity("rate", TIME)
    root.has("notes")
    refused(root.finish, "x.toml: notse: an unknown key", "the keys rate, notes", 'is "notes" meant?')


def test_keys_of_tables_within_are_looked_at_too():
    root = table(basal={"step": [{"rate": "1 ms"}, {"rate": "1 ms", "speed": 2}]})
    for step in root.table("basal").tables("step", 1, 48):
        step.quantity("rate", TIME)
    refused(root.finish, "x.toml: basal.step[2].speed: an unknown key", "the keys rate")


def test_a_missing_key_names_what_may_be_a_slip_for_it():
    refused(
        lambda: table(rtae="1 ms").quantity("rate", TIME), "x.toml: rate: (missing)", 'found "rtae": is rate meant?'
    )
    refused(lambda: table().text("name"), "x.toml: name: (missing)", "a non-empty text")


def test_texts():
    assert table(name="a").text("name") == "a"
    for bad in ("", "  ", 5, ["a"], "x" * 2001):
        refused(lambda bad=bad: table(name=bad).text("name"), "x.toml: name", "a non-empty text")
    refused(lambda: table(mode="flexx").text("mode", ("flex", "continuous")), 'one of "flex"', 'is "flex" meant?')


def test_whole_numbers_are_within_their_range_and_no_booleans():
    assert table(pin=29).whole("pin", 0, 29) == 29
    for bad in (-1, 30, 1.0, True, "3"):
        refused(lambda bad=bad: table(pin=bad).whole("pin", 0, 29), "x.toml: pin", "from 0 to 29")


def test_quantities_are_within_their_range():
    assert table(tick="10 ms").quantity("tick", TIME, "10 ms", "1 s") == 10
    assert table(tick="1 s").quantity("tick", TIME, "10 ms", "1 s") == 1000
    refused(lambda: table(tick="9 ms").quantity("tick", TIME, "10 ms", "1 s"), "'9 ms'", "from 10 ms up to 1 s")
    refused(lambda: table(tick="1001 ms").quantity("tick", TIME, "10 ms", "1 s"), "'1001 ms'")
    refused(lambda: table(fill=2.0).quantity("fill", VOLUME), "fill: 2.0", '"18 mL"')


def test_times_of_day():
    assert table(at="23:59").clock("at") == 86_340_000
    for bad in ("24:00", "7:00", "07:60", "07:00:00", "0700", "", 700):
        refused(lambda bad=bad: table(at=bad).clock("at"), "x.toml: at", '"06:30"')


def test_tables_and_lists_of_tables_are_what_they_claim():
    refused(lambda: table(basal=5).table("basal"), "x.toml: basal: 5", "a table [basal]")
    refused(lambda: table(step={"a": 1}).tables("step", 1, 2), "a table", "1 to 2 tables [[step]]")
    refused(lambda: table(step=[1]).tables("step", 1, 2), "a list", "1 to 2 tables [[step]]")
    refused(lambda: table(step=[{}, {}, {}]).tables("step", 1, 2), "3 tables", "1 to 2 tables [[step]]")


@pytest.mark.parametrize(
    "content, fragment",
    [
        (b"rate = ", "does not parse"),
        (b"\xff\xfe", "does not parse"),
        (b"x = " + b"9" * 5000, "does not parse"),
        (b"x = " + b"[" * 100_000, "does not parse"),
        (b"x = 1\nx = 2", "does not parse"),
        (b"#" * (256 * 1024 + 1), "a larger file"),
    ],
)
def test_files_that_are_not_ours_are_refused(tmp_path: Path, content: bytes, fragment: str):
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    refused(lambda: read_table(path, "a prescription"), str(path), fragment, "a prescription as a TOML file")


def test_files_that_are_not_there_are_refused(tmp_path: Path):
    refused(lambda: read_table(tmp_path / "none.toml", "a board"), "No such file", "a board as a TOML file")
    refused(lambda: read_table(tmp_path, "a board"), "Is a directory")


def test_flags_are_true_or_false_without_quotes():
    assert table(on=True).flag("on")
    assert not table(on=False).flag("on")
    for bad in ("true", 1, 0, None):
        refused(lambda bad=bad: table(on=bad).flag("on"), "x.toml: on", "true or false, without quotes")


def test_dates():
    assert table(start="2026-02-28").date("start") == date(2026, 2, 28)
    for bad in ("2026-02-29", "2026-2-8", "20260228", "2026-W09-6", "2026-02-28 10:00", date(2026, 2, 28), 5):
        refused(lambda bad=bad: table(start=bad).date("start"), "x.toml: start", 'a date in quotes, like "2026-01-05"')


def test_dates_with_a_time_of_day():
    assert table(at="2026-02-28 23:59").moment("at") == datetime(2026, 2, 28, 23, 59)
    for bad in ("2026-02-28", "2026-02-28 24:00", "2026-02-28T10:00", "2026-02-28 10:00:00", "2026-02-28 1:00", 5):
        refused(lambda bad=bad: table(at=bad).moment("at"), "x.toml: at", "a date and a time of day in quotes")
