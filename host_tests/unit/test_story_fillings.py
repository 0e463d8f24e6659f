"""When a story's reservoir is due for its next refill: every allotted bolus is taken to be taken."""

from pathlib import Path

import pytest

from itb.story.fillings import Filling, fillings
from itb.story.story import Story
from stories import DAY_MS, DEAD_VOLUME, HOUR_MS, event, rx, story, text

# 18 mL and the low mark of 2 mL in whole microsteps of 13879/3200 nL; 0.8 mL are used a day.
USABLE_NL = 4_150_154 * 13_879 / 3_200 - 2_000_000
HEAD = 'fill = "18 mL"\n'
PATIENT = '[rx.one.patient_bolus]\ndose = "10 ug"\nover = "10 min"\nlockout = "2 h"\nper_day = 5\n'


def low_days(source: str, tmp_path: Path) -> list[float | None]:
    found = fillings(story(source, tmp_path))
    return [None if one.low_ms is None else round(one.low_ms / DAY_MS, 5) for one in found]


def lasts(nl_day: float, less_nl: float = 0) -> float:
    return round((USABLE_NL - less_nl) / nl_day, 5)


@pytest.mark.req("R-04")
def test_a_constant_dose_uses_the_reservoir_up_evenly(tmp_path: Path) -> None:
    assert low_days(text(head=HEAD), tmp_path) == [lasts(800_000)]


@pytest.mark.req("R-04")
def test_every_allotted_bolus_is_counted_whether_asked_for_or_not(tmp_path: Path) -> None:
    # Five of 0.02 mL a day.
    assert low_days(text(PATIENT, head=HEAD), tmp_path) == [lasts(900_000)]
    asked = text(PATIENT, event("06 10:00", "patient bolus"), head=HEAD)
    assert low_days(asked, tmp_path) == [lasts(900_000)]


@pytest.mark.req("R-04")
def test_single_boluses_of_program_and_clinician_are_counted(tmp_path: Path) -> None:
    scheduled = '[[rx.one.bolus]]\nday = 3\nat = "06:00"\ndose = "20 ug"\nover = "10 min"\n'
    bolus = event("08 10:00", "bolus", 'dose = "50 ug"', 'over = "30 min"')
    denied = event("09 10:00", "bolus", 'dose = "50 ug"', 'over = "30 min"', 'expect = "refused"')
    assert low_days(text(scheduled, bolus, denied, head=HEAD), tmp_path) == [lasts(800_000, 140_000)]


@pytest.mark.req("R-04")
def test_a_bolus_of_a_program_that_was_replaced_is_not(tmp_path: Path) -> None:
    scheduled = '[[rx.one.bolus]]\nday = 3\nat = "06:00"\ndose = "20 ug"\nover = "10 min"\n'
    source = text(scheduled, rx("two"), event("06 10:00", "program", 'rx = "two"'), head=HEAD)
    assert low_days(source, tmp_path) == [lasts(800_000)]


@pytest.mark.req("R-04")
def test_each_refill_has_a_date_of_its_own(tmp_path: Path) -> None:
    refill = event("15 12:00", "refill", 'fill = "18 mL"', 'concentration = "500 ug/mL"')
    overfill = event("16 12:00", "refill", 'fill = "25 mL"', 'concentration = "500 ug/mL"', 'expect = "refused"')
    found = low_days(text(refill, overfill, head=HEAD), tmp_path)
    assert found == [lasts(800_000), round(10.5 + lasts(800_000), 5)]


@pytest.mark.req("R-04")
def test_a_stop_lets_it_last_longer_and_a_higher_dose_shorter(tmp_path: Path) -> None:
    stop = event("06 00:00", "stop", "confirm_withdrawal = true") + event("07 00:00", "start")
    assert low_days(text(stop, head=HEAD), tmp_path) == [round(1 + lasts(800_000), 5)]
    more = rx("two", "500 ug/day") + event("10 00:00", "program", 'rx = "two"')
    assert low_days(text(more, head=HEAD), tmp_path) == [round(5 + lasts(1_000_000, 4_000_000), 5)]


@pytest.mark.req("R-04", "D-12")
def test_a_bridge_uses_the_dead_volume_at_the_old_rate(tmp_path: Path) -> None:
    change = event("06 00:00", "concentration", 'rx = "strong"', 'fill = "18 mL"')
    source = text(rx("strong", ug_ml=2000), DEAD_VOLUME, change, head=HEAD)
    # 0.4 mL in half a day, then 0.2 mL/day.
    assert low_days(source, tmp_path) == [lasts(800_000), round(1.5 + lasts(200_000, 400_000), 5)]


@pytest.mark.req("R-04", "D-13", "D-15")
def test_primes_and_steps_of_a_trial_are_counted(tmp_path: Path) -> None:
    drug = rx("one").split("[rx.one.basal]")[0]
    steps = "".join(f'[[rx.one.trial.step]]\ndose = "{dose} ug"\nover = "15 min"\n' for dose in (50, 75))
    days = "".join(event(f"{day} 10:00", "trial step") for day in ("06", "07", "08"))
    prime = event("05 10:00", "prime", 'over = "30 min"', "emptied = false") + event("05 11:00", "start")
    two = rx("two", "100 ug/day") + event("12 00:00", "program", 'rx = "two"')
    head = f'title = "x"\nstart = "2026-01-05"\nfirst = "one"\n{HEAD}delivering = false\nline = "empty"\n'
    source = "\n".join([head, drug, steps, DEAD_VOLUME, prime, days, two])
    # 0.4 mL of prime in whole microsteps, 0.1 and 0.15 mL of trial; a third step there is not.
    used_nl = 92_225 * 13_879 / 3_200 + 250_000
    assert low_days(source, tmp_path) == [round(7 + lasts(200_000, used_nl), 5)]


def test_what_is_never_used_up_has_no_date(tmp_path: Path) -> None:
    stop = event("06 00:00", "stop", "confirm_withdrawal = true")
    assert low_days(text(stop, head=HEAD), tmp_path) == [None]


def test_a_filling_that_is_low_from_the_start_is_due_at_once(tmp_path: Path) -> None:
    found: Story = story(text(head='fill = "1.5 mL"\n'), tmp_path)
    (filling,) = fillings(found)
    assert filling == Filling(0, found.fill_steps * found.board.nl_per_step, 0)
    little = event("06 10:00", "refill", 'fill = "2 mL"', 'concentration = "500 ug/mL"')
    assert fillings(story(text(little, head=HEAD), tmp_path))[1].low_ms == DAY_MS + 10 * HOUR_MS
