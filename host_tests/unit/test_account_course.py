"""The account of a run in which something is done: therapy, bridge and prime told apart, doses by what was held."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from io import StringIO

import pytest
from rich.console import Console

from itb.account.account import Account, account
from itb.account.course_orders import Given
from itb.account.facts import facts
from itb.account.summary import failing, summary
from itb.rx.orders import Stage
from itb.rx.prescribed import MS_PER_DAY, DayRates, Prescribed, PrescribedDose
from itb.sim.messages import End
from itb.sim.record import Record
from runs import FILL_STEPS, MS_PER_HOUR, NG_ML, course_of, events, sample_at, truth, with_status

WEAK_NG_ML = NG_ML // 4
NOON_MS = MS_PER_DAY // 2
BRIDGE_END_MS = NOON_MS + 4 * MS_PER_HOUR
STRONG = Prescribed("strong", NG_ML, (DayRates([(0, Fraction(2400))]),))
# The same dose of a quarter of the strength, after a bridge of four hours at the rate before.
WEAK = replace(
    STRONG,
    name="weak",
    concentration_ng_ml=WEAK_NG_ML,
    days=(DayRates([(0, Fraction(9600))]),),
    bridge=(400, 4 * MS_PER_HOUR),
)
CHANGE = (
    (0, "state_delivering", 0, 0),
    (NOON_MS, "state_stopped", 0, 0),
    (NOON_MS, "program", 1, 0),
    (NOON_MS, "state_delivering", 0, 0),
    (BRIDGE_END_MS, "bridge_end", 400, 0),
)
ORDERS = {"programs": (STRONG, WEAK), "concentrations": ((0, NG_ML), (NOON_MS, WEAK_NG_ML))}


def changed_run(every_ms: int = MS_PER_HOUR) -> Record:
    """A day with a change of concentration at noon: 100 microsteps an hour, and 400 an hour after the bridge."""
    record = Record()
    for t_ms in range(every_ms, MS_PER_DAY + 1, every_ms):
        after_ms = max(t_ms - BRIDGE_END_MS, 0)
        steps = 100 * (t_ms - after_ms) // MS_PER_HOUR + 400 * after_ms // MS_PER_HOUR
        bridged_ms = min(max(t_ms - NOON_MS, 0), 4 * MS_PER_HOUR)
        held = {"concentration_ng_ml": WEAK_NG_ML} if t_ms > NOON_MS else {}
        left = {"bridge_left_steps": 400 - 100 * bridged_ms // MS_PER_HOUR} if t_ms > NOON_MS else {}
        counts = dict.fromkeys(("ordered_steps", "granted_steps", "confirmed_steps"), steps)
        record.add(sample_at(t_ms, **counts, reservoir_steps=FILL_STEPS - steps, **held, **left))
    last = record.last
    record.add(End(last.t_ms, "done", last.status, last.plant, 0, 0))
    record.events = events(*CHANGE)
    return record


def account_of(record: Record, **orders: object) -> Account:
    return account(record, course_of(record, **{**ORDERS, **orders}))


def lines(account: Account) -> dict[str, tuple[float, float]]:
    """The lines that say anything, in microsteps and ug."""
    return {line.text: (float(line.steps), float(line.ug)) for line in account.lines if line.steps}


def printed(account: Account) -> str:
    console = Console(file=StringIO(), width=160)
    with console.capture() as capture:
        console.print(summary(account))
    return capture.get()


@pytest.mark.req("D-12", "D-13", "M-01")
def test_doses_are_counted_at_the_concentration_of_their_time() -> None:
    changed = account_of(changed_run())
    assert list(failing(changed)) == []
    # A microstep carries 0.02 ug before noon, and a quarter of that after it.
    assert lines(changed) == {
        "prescribed for the whole time": (6000, 48),
        "basal suspended for the bridge": (-1600, -8),
        "bridge": (400, 2),
        "ordered": (4800, 42),
        "granted": (4800, 42),
        "confirmed": (4800, 42),
    }
    assert [(line.text, line.steps, line.ug) for line in changed.parts] == [("therapy", 4400, 40), ("bridge", 400, 2)]
    assert [(day.steps, day.amount.ug) for day in changed.days] == [(4800, 42)]


@pytest.mark.parametrize("every_ms", [2 * MS_PER_HOUR, 8 * MS_PER_HOUR])
def test_a_change_between_two_samples_parts_the_dose_at_its_moment(every_ms: int) -> None:
    # At 8 h no sample falls on noon.
    changed = account_of(changed_run(every_ms))
    assert lines(changed)["confirmed"] == (4800, 42)


def test_the_lines_lead_from_the_prescription_to_the_ledger_in_both_units() -> None:
    total, doses = Fraction(0), Fraction(0)
    for line in account_of(changed_run()).lines:
        if line.is_sum:
            assert total in (0, line.steps)
            assert doses in (0, line.ug)
            total, doses = line.steps, line.ug
        else:
            total, doses = total + line.steps, doses + line.ug


@pytest.mark.parametrize(
    "changes, checks",
    [
        ({"concentration_ng_ml": NG_ML}, ["concentration"]),
        ({"bridge_left_steps": 1}, ["bridge"]),
        ({"primed_ordered_steps": 1}, ["prime"]),
    ],
)
def test_what_the_pump_tells_otherwise_of_its_line_fails_its_check(changes: dict[str, int], checks: list[str]) -> None:
    record = changed_run()
    record.samples[-1] = with_status(record.last, **changes)
    assert list(failing(account_of(record))) == checks


def test_a_program_that_was_not_given_fails_the_programs() -> None:
    record = changed_run()
    again = events(*CHANGE[:3], (NOON_MS, "program", 1, 0), *CHANGE[3:])
    record.events = again
    assert list(failing(account_of(record))) == ["programs"]


GIVEN = Given(NOON_MS, "stop", True, False, "")
REFUSED = Given(NOON_MS, "start", False, True, "start: no program is refused; accepted: a pump with a program loaded")


@pytest.mark.parametrize(
    "given, checks",
    [
        ((GIVEN, REFUSED), []),
        ((replace(GIVEN, expect_refused=True),), ["commands"]),
        ((GIVEN, replace(REFUSED, expect_refused=False)), ["commands"]),
    ],
)
def test_a_command_that_went_otherwise_than_the_story_says_fails(given: Sequence[Given], checks: list[str]) -> None:
    assert list(failing(account_of(changed_run(), given=tuple(given)))) == checks


def test_commands_are_listed_with_what_became_of_them() -> None:
    unexpected = replace(REFUSED, expect_refused=False)
    told = account_of(changed_run(), given=(GIVEN, REFUSED, unexpected, replace(GIVEN, expect_refused=True)))
    text = printed(told)
    for part in ("taken", "refused, as expected: start: no program", "REFUSED: start", "taken, though its refusal"):
        assert part in text
    commands = facts(told)["commands"]
    assert isinstance(commands, list)
    assert [(one["accepted"], one["as_expected"]) for one in commands] == [
        (True, True),
        (False, True),
        (False, False),
        (True, False),
    ]


TAPER = replace(STRONG, days=(*STRONG.days, DayRates([(0, Fraction(1200))])), plan=(Stage(0, 0, 0), Stage(1, 1, 1)))


def tapered(*journal: tuple[int, str, int, int]) -> Account:
    record = Record()
    for hour in range(1, 49):
        steps = 100 * min(hour, 24) + 50 * max(hour - 24, 0)
        counts = dict.fromkeys(("ordered_steps", "granted_steps", "confirmed_steps"), steps)
        record.add(sample_at(hour * MS_PER_HOUR, **counts, reservoir_steps=FILL_STEPS - steps))
    record.events = events((0, "state_delivering", 0, 0), *journal)
    return account_of(record, programs=(TAPER,), concentrations=((0, NG_ML),))


@pytest.mark.parametrize(
    "journal, checks",
    [
        ([(MS_PER_DAY, "stage", 1, 1)], []),
        ([], ["stages"]),
        ([(MS_PER_DAY, "stage", 1, 2)], ["stages"]),
        ([(MS_PER_DAY, "stage", 1, 1), (MS_PER_DAY + 1, "stage", 2, 1)], ["stages"]),
    ],
)
def test_the_stages_must_be_those_the_pump_tells_of(
    journal: list[tuple[int, str, int, int]], checks: list[str]
) -> None:
    assert list(failing(tapered(*journal))) == checks


@pytest.mark.req("D-13")
def test_a_prime_is_neither_therapy_nor_lost() -> None:
    record = Record()
    for hour in range(1, 25):
        steps = min(hour * 450, 900)
        counts = dict.fromkeys(("ordered_steps", "granted_steps", "confirmed_steps", "primed_ordered_steps"), steps)
        record.add(sample_at(hour * MS_PER_HOUR, **counts, reservoir_steps=FILL_STEPS - steps))
    record.events = events((0, "state_priming", 0, 0), (2 * MS_PER_HOUR, "state_stopped", 0, 0))
    primes = ((0, PrescribedDose(Fraction(900), 2 * MS_PER_HOUR)),)
    primed = account_of(record, programs=(STRONG,), concentrations=((0, NG_ML),), primes=primes)
    assert list(failing(primed)) == []
    assert lines(primed)["prime"] == (900, 18)
    assert lines(primed)["basal while the pump did not deliver"] == (-2400, -48)
    assert [(line.text, line.steps) for line in primed.parts] == [("therapy", 0), ("prime", 900)]


def test_the_tip_is_told_by_day_where_the_line_held_something_else() -> None:
    record = changed_run()
    record.samples[-1] = replace(record.last, plant=replace(truth(4800), tip_ng=48_000))
    assert "48.000" in printed(account_of(record))
    assert [float(day.tip_ug) for day in account_of(record).days] == [48]


def test_requests_are_told_with_who_asked_and_why_not() -> None:
    record = changed_run()
    record.events = events(*CHANGE, (BRIDGE_END_MS + 1, "patient_denied", 1, 95))
    told = account_of(record)
    assert list(failing(told)) == []
    assert "denied: lockout, 95 min left" in printed(told)
    (bolus,) = told.boluses
    assert (bolus.source, bolus.reason, bolus.wait_minutes) == ("patient", "lockout", 95)
