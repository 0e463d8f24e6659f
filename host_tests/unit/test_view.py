"""The view of a running simulation: plain lines where there is no terminal, a panel where there is one."""

import datetime
import io

import pytest
from rich.console import Console

from itb import BENCH_ONLY
from itb.account.told import clock, moment, span
from itb.run.view import View
from itb.rx.prescribed import MS_PER_DAY
from runs import MS_PER_HOUR, NG_ML, SCALE, sample_at, sound_run


def shown(days: int, terminal: bool = False) -> str:
    out = io.StringIO()
    now_s = iter(range(100_000))
    console = Console(file=out, force_terminal=terminal, width=200)
    with View(console, SCALE, days * MS_PER_DAY, lambda: next(now_s)) as view:
        for sample in sound_run(hours=24 * days).samples:
            view.show(sample)
    return out.getvalue()


def test_the_first_line_says_what_this_is_for() -> None:
    assert shown(1).splitlines()[0] == BENCH_ONLY
    assert "never for a person or an animal" in BENCH_ONLY


def test_a_plain_view_has_no_escape_codes_and_a_line_every_hour() -> None:
    lines = shown(1).splitlines()
    assert "\x1b" not in shown(1)
    assert len(lines) == 1 + 24
    assert lines[12].startswith("day 1, 12:00   50 %")
    assert lines[24].startswith("day 1, 24:00  100 %")


def test_a_long_plain_view_has_a_line_every_two_percent() -> None:
    assert len(shown(10).splitlines()) == 1 + 50


def test_what_is_shown_as_delivered_is_the_ledger() -> None:
    out = io.StringIO()
    view = View(Console(file=out, width=200), SCALE, MS_PER_DAY)
    view.show(sample_at(12 * MS_PER_HOUR, ordered_steps=2000, confirmed_steps=1500, reservoir_steps=500_000))
    assert "delivered 30.00 of 40.00 ug ordered" in out.getvalue()
    assert "reservoir 5.000 mL" in out.getvalue()
    assert "rate 2.00 ug/h" in out.getvalue()
    assert "no alarm" in out.getvalue()


def test_after_a_change_of_concentration_each_microstep_counts_for_what_it_carries() -> None:
    out = io.StringIO()
    view = View(Console(file=out, width=200), SCALE, MS_PER_DAY)
    view.show(sample_at(6 * MS_PER_HOUR, ordered_steps=1000, confirmed_steps=1000))
    weak = {"concentration_ng_ml": NG_ML // 4, "rate_steps_day": 9600}
    view.show(sample_at(12 * MS_PER_HOUR, ordered_steps=1500, confirmed_steps=1400, **weak))
    line = out.getvalue().splitlines()[-1]
    assert "delivered 22.00 of 22.50 ug ordered" in line
    assert "rate 2.00 ug/h" in line


def test_standing_alarms_are_named() -> None:
    out = io.StringIO()
    view = View(Console(file=out, width=200), SCALE, MS_PER_DAY)
    view.show(sample_at(12 * MS_PER_HOUR, alarms=("motor_stall", "reservoir_low")))
    assert "ALARM: motor stall, reservoir low" in out.getvalue()


def test_the_live_panel_shows_progress_speed_and_alarms() -> None:
    text = shown(1, terminal=True)
    assert "\x1b" in text
    for part in ("simulated", "days a minute", "delivered", "reservoir", "alarms", "none"):
        assert part in text


@pytest.mark.parametrize(
    "t_ms, told, length",
    [
        (0, "day 1, 00:00", "00:00"),
        (MS_PER_DAY + 90 * 60_000, "day 2, 01:30", "1 day 01:30"),
        (MS_PER_DAY, "day 2, 00:00", "1 day"),
        (3 * MS_PER_DAY, "day 4, 00:00", "3 days"),
    ],
)
def test_times_are_told_as_a_day_and_a_clock(t_ms: int, told: str, length: str) -> None:
    assert clock(t_ms) == told
    assert span(t_ms) == length


def test_moments_of_a_dated_run_are_dates() -> None:
    start = datetime.date(2026, 2, 27)
    assert moment(2 * MS_PER_DAY + 90 * 60_000, start) == "2026-03-01 01:30"
    assert moment(90 * 60_000, None) == "day 1, 01:30"
