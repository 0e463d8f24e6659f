"""One table says of every alarm what it is and what it does; what stands is ordered by priority."""

import pytest

from pump.safety import alarms as table
from pump.safety.alarms import (
    CYAN_1,
    HALT,
    HIGH,
    INHIBIT,
    KEEP,
    LATCHING,
    LEASE_ENDED,
    LOW,
    MEDIUM,
    MESSAGE,
    MOTOR,
    NAME,
    NONE,
    PRIORITY,
    RED_10,
    SIGNAL,
    SILENT,
    STOPPED_LONG,
    TABLE,
    WITHHOLD,
    YELLOW_3,
    Alarms,
)

# The whole table, by hand: name -> priority, latching, motor, message.
EXPECTED = {
    "none": (0, False, "keeps running", "No alarm."),
    "self_test_failed": (3, True, "stays off", "Self-test failed; the pump will not run."),
    "reservoir_empty": (3, True, "halts", "Reservoir empty; delivery has stopped."),
    "motor_mismatch": (3, True, "halts", "Steps sent and steps counted disagree; delivery has stopped."),
    "free_flow": (3, True, "halts", "Steps counted that were never sent; delivery has stopped."),
    "motor_stall": (3, True, "halts", "The motor does not follow; delivery has stopped."),
    "occlusion": (3, True, "halts", "Catheter pressure is too high; delivery has stopped."),
    "driver_off": (3, True, "halts", "The motor driver does not stay enabled; delivery has stopped."),
    "stopped_long": (3, False, "keeps running", "No delivery for 48 h: withdrawal; verify before resuming."),
    "memory_lost": (3, True, "stays off", "What the pump delivered is not known any more; it will not run."),
    "memory_corrupt": (
        3,
        True,
        "halts",
        "A figure in memory changed by itself, restart the pump; delivery has stopped.",
    ),
    "lease_ended": (3, False, "withholds", "Memory cannot be written; the lease withholds delivery."),
    "end_of_service": (3, True, "halts", "End of service; delivery has stopped."),
    "restarted": (2, True, "keeps running", "The pump restarted; what was not delivered by then is not made up."),
    "replacement_due": (1, False, "keeps running", "Replace the pump within 90 days."),
    "not_resumed": (3, True, "keeps running", "After a restart the pump could not go on; nothing is delivered."),
    "limit_reached": (2, True, "withholds", "A dose limit withholds delivery."),
    "reservoir_low": (2, False, "keeps running", "Reservoir low; plan a refill."),
    "residual_mismatch": (2, True, "keeps running", "What was withdrawn is not what was expected; check the pump."),
    "prime_incomplete": (2, True, "keeps running", "The prime did not end in its time; the line may hold air."),
    "time_unknown": (1, False, "keeps running", "Time of day unknown; the lowest rate of the day runs."),
    "bolus_missed": (1, True, "keeps running", "A bolus was not given: its time passed."),
    "keep_open": (1, False, "keeps running", "The minimum rate runs instead of the program."),
    "memory_error": (2, True, "keeps running", "Memory is damaged or cannot be written; see the journal."),
}
ALARMS = list(range(1, len(TABLE)))
EACH_ALARM = pytest.mark.parametrize("alarm", ALARMS, ids=[TABLE[alarm][NAME] for alarm in ALARMS])
EACH_PAIR = pytest.mark.parametrize("first, second", [(a, b) for a in ALARMS for b in ALARMS if a != b])
LATCHED = [alarm for alarm in ALARMS if TABLE[alarm][LATCHING]]
UNLATCHED = [alarm for alarm in ALARMS if not TABLE[alarm][LATCHING]]


def constants() -> dict[str, int]:
    """The alarms by the names of their constants: every capital int of the module that is no priority and no column."""
    others = {"SILENT", "LOW", "MEDIUM", "HIGH", "NAME", "PRIORITY", "LATCHING", "SIGNAL", "MESSAGE", "MOTOR"}
    return {
        name: value
        for name, value in vars(table).items()
        if name.isupper() and type(value) is int and name not in others
    }


@pytest.mark.req("A-01")
def test_every_alarm_constant_is_the_index_of_its_own_row_and_every_row_has_a_constant() -> None:
    assert {name.lower(): index for name, index in constants().items()} == {
        row[NAME]: index for index, row in enumerate(TABLE)
    }


@pytest.mark.req("A-01")
def test_the_table_gives_each_alarm_its_priority_latching_motor_action_and_message() -> None:
    assert {row[NAME]: (row[PRIORITY], row[LATCHING], row[MOTOR], row[MESSAGE]) for row in TABLE} == EXPECTED


@pytest.mark.req("A-01")
@EACH_ALARM
def test_every_row_is_filled(alarm: int) -> None:
    row = TABLE[alarm]
    assert len(row) == 6
    assert row[NAME]
    assert row[PRIORITY] in (LOW, MEDIUM, HIGH)
    assert type(row[LATCHING]) is bool
    assert row[MESSAGE].endswith(".")
    assert row[MOTOR] in (KEEP, WITHHOLD, HALT, INHIBIT)


@pytest.mark.req("A-01")
@EACH_ALARM
def test_the_signal_follows_the_priority(alarm: int) -> None:
    signals = {HIGH: RED_10, MEDIUM: YELLOW_3, LOW: CYAN_1}
    assert TABLE[alarm][SIGNAL] == signals[TABLE[alarm][PRIORITY]]


@pytest.mark.req("A-01")
def test_signals_are_those_of_the_standard() -> None:
    assert RED_10.split(", ") == ["red flashing", "10 pulses"]
    assert YELLOW_3.split(", ") == ["yellow flashing", "3 pulses"]
    assert CYAN_1.split(", ") == ["cyan steady", "1 pulse"]


def test_priorities_are_those_the_sounder_knows() -> None:
    assert (SILENT, LOW, MEDIUM, HIGH) == (0, 1, 2, 3)


@pytest.mark.req("A-01")
@EACH_ALARM
def test_the_message_says_what_becomes_of_delivery(alarm: int) -> None:
    row = TABLE[alarm]
    assert (row[MOTOR] == HALT) == row[MESSAGE].endswith("delivery has stopped.")
    assert (row[MOTOR] == INHIBIT) == ("will not run" in row[MESSAGE])
    assert (row[MOTOR] == WITHHOLD) == ("withholds delivery" in row[MESSAGE])


@pytest.mark.req("A-01")
@EACH_ALARM
def test_what_stops_delivery_is_of_high_priority_and_waits_to_be_acknowledged(alarm: int) -> None:
    row = TABLE[alarm]
    if row[MOTOR] in (HALT, INHIBIT):
        assert (row[PRIORITY], row[LATCHING]) == (HIGH, True)


def test_messages_tell_alarms_apart() -> None:
    assert len({row[MESSAGE] for row in TABLE}) == len(TABLE)


@pytest.mark.req("A-01")
def test_the_row_of_no_alarm_is_silent() -> None:
    assert TABLE[NONE][NAME : MOTOR + 1] == ("none", SILENT, False, "", "No alarm.", KEEP)
    assert NONE == 0


def test_at_first_no_alarm_stands() -> None:
    alarms = Alarms()
    assert alarms.standing() == []
    assert alarms.priority == SILENT
    assert not any(alarms.stands(alarm) for alarm in ALARMS)


@EACH_ALARM
def test_an_alarm_is_new_once(alarm: int) -> None:
    alarms = Alarms()
    assert alarms.set(alarm) is True
    assert alarms.set(alarm) is False
    assert alarms.standing() == [alarm]
    assert [other for other in ALARMS if alarms.stands(other)] == [alarm]
    assert alarms.priority == TABLE[alarm][PRIORITY]


@pytest.mark.req("A-01")
@EACH_PAIR
def test_of_any_two_alarms_the_higher_comes_first_and_the_lower_waits(first: int, second: int) -> None:
    alarms = Alarms()
    alarms.set(first)
    alarms.set(second)
    assert alarms.standing() == sorted([first, second], key=lambda alarm: (-TABLE[alarm][PRIORITY], alarm))
    assert alarms.priority == max(TABLE[first][PRIORITY], TABLE[second][PRIORITY])


def test_all_alarms_stand_in_order_of_priority_and_of_the_table_within_one() -> None:
    alarms = Alarms()
    for alarm in reversed(ALARMS):
        alarms.set(alarm)
    assert alarms.standing() == ALARMS
    assert [TABLE[alarm][PRIORITY] for alarm in ALARMS] == [HIGH] * 13 + [MEDIUM] * 6 + [LOW] * 4


@pytest.mark.req("A-01")
@pytest.mark.parametrize("alarm", LATCHED)
def test_a_latching_alarm_outlives_its_cause_until_it_is_acknowledged(alarm: int) -> None:
    alarms = Alarms()
    alarms.set(alarm)
    assert alarms.cause_gone(alarm) is False
    assert alarms.stands(alarm)
    assert alarms.acknowledge() == [alarm]
    assert not alarms.stands(alarm)
    assert alarms.set(alarm) is True


@pytest.mark.req("A-01")
@pytest.mark.parametrize("alarm", UNLATCHED)
def test_another_alarm_goes_with_its_cause_and_not_by_being_acknowledged(alarm: int) -> None:
    alarms = Alarms()
    alarms.set(alarm)
    assert alarms.acknowledge() == []
    assert alarms.stands(alarm)
    assert alarms.cause_gone(alarm) is True
    assert not alarms.stands(alarm)
    assert alarms.cause_gone(alarm) is False


@EACH_ALARM
def test_the_cause_of_an_alarm_that_does_not_stand_ends_nothing(alarm: int) -> None:
    alarms = Alarms()
    for other in ALARMS:
        if other != alarm:
            alarms.set(other)
    assert alarms.cause_gone(alarm) is False
    assert set(alarms.standing()) == set(ALARMS) - {alarm}


def test_acknowledging_ends_every_latching_alarm_in_order_and_no_other() -> None:
    alarms = Alarms()
    for alarm in reversed(ALARMS):
        alarms.set(alarm)
    assert alarms.acknowledge() == LATCHED
    assert alarms.standing() == UNLATCHED
    assert alarms.priority == HIGH
    alarms.cause_gone(STOPPED_LONG)
    alarms.cause_gone(LEASE_ENDED)
    assert alarms.priority == MEDIUM
    assert alarms.acknowledge() == []
