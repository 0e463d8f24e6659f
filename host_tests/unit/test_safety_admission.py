"""A bolus is begun only if every cap holds with all basal still to come, at every window position."""

from collections.abc import Callable

import pytest

from pump.core.units import MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE
from pump.safety.admission import BolusAhead, refuse_unsafe_ahead, refuse_unsafe_bolus
from pump.safety.limits import Limits
from pump.safety.windows import Windows
from pump.therapy.demand import Demand
from pump.therapy.schedule import Schedule
from unit.builders import basal_at, limits_of, refusal, schedule, walk

HOUR_FIELD = "bolus and basal of an hour"
DAY_FIELD = "bolus and basal of a day"


NO_BASAL = schedule((0, 0))
ONE_A_MINUTE = schedule((0, 1440))
TWO_A_MINUTE = schedule((0, 2880))


def past(*grants: tuple[int, int], minute_ms: int = 0) -> Windows:
    """Windows with grants of (minutes ago, steps), `minute_ms` into the present minute."""
    windows = Windows()
    now = max((ago for ago, _ in grants), default=0)
    for ago, steps in sorted(grants, reverse=True):
        windows.elapse((now - ago) * MS_PER_MINUTE)
        now = ago
        windows.add(steps)
    windows.elapse(now * MS_PER_MINUTE + minute_ms)
    return windows


def bolus_of(steps: int, wait_ms: int = 0, duration_ms: int = 1, owed_steps: int = 0) -> BolusAhead:
    return BolusAhead(steps, wait_ms, duration_ms, owed_steps)


def asking(
    limits: Limits,
    bolus: BolusAhead,
    plan: Schedule = NO_BASAL,
    day_ms: int = 0,
    windows: Windows | None = None,
    lag_ms: int = 0,
) -> Callable[[], None]:
    held = windows or Windows()
    return lambda: refuse_unsafe_bolus(limits, held, bolus, lag_ms, lambda: walk(plan, day_ms))


def peak(
    name: str,
    bolus: BolusAhead,
    plan: Schedule = NO_BASAL,
    day_ms: int = 0,
    windows: Windows | None = None,
    lag_ms: int = 0,
) -> int:
    """The lowest cap of window `name` under which `bolus` is admitted. At one less it is refused, by that number."""
    field = {"hour": HOUR_FIELD, "day": DAY_FIELD}[name]
    refused_field, value, _ = refusal(asking(limits_of(**{name: 0}), bolus, plan, day_ms, windows, lag_ms))
    assert refused_field == field
    steps = int(str(value).removesuffix(" microsteps"))
    asking(limits_of(**{name: steps}), bolus, plan, day_ms, windows, lag_ms)()
    assert refusal(asking(limits_of(**{name: steps - 1}), bolus, plan, day_ms, windows, lag_ms))[0] == field
    return steps


@pytest.mark.req("D-02", "D-03", "D-06")
@pytest.mark.parametrize(
    "name, field, source",
    [("bolus", "bolus", "prescription"), ("hour", HOUR_FIELD, "board"), ("day", DAY_FIELD, "drug")],
)
def test_a_bolus_at_the_cap_is_admitted_and_one_microstep_above_is_refused_by_limit_value_and_source(
    name: str, field: str, source: str
) -> None:
    limits = limits_of(**{name: 100})
    asking(limits, bolus_of(99))()
    asking(limits, bolus_of(100))()
    assert refusal(asking(limits, bolus_of(101))) == (
        field,
        "101 microsteps",
        f"at most 100 microsteps, the {name} limit of the {source}",
    )


def test_the_cap_on_a_bolus_counts_the_bolus_alone() -> None:
    asking(limits_of(bolus=100), bolus_of(100, owed_steps=50), ONE_A_MINUTE, 0, past((0, 70)))()


@pytest.mark.req("D-06")
def test_the_basal_of_61_and_1441_minutes_counts_with_the_bolus() -> None:
    assert peak("hour", bolus_of(100), ONE_A_MINUTE) == 61 + 100
    assert peak("day", bolus_of(100), ONE_A_MINUTE) == 1441 + 100


def test_a_bolus_of_nothing_still_counts_the_basal() -> None:
    assert peak("hour", bolus_of(0), ONE_A_MINUTE) == 61


@pytest.mark.req("D-06")
@pytest.mark.parametrize("ago", [0, 1, 2, 30, 58, 59, 60])
def test_the_past_counts_with_the_basal_that_comes_before_it_leaves_the_hour(ago: int) -> None:
    assert peak("hour", bolus_of(100), ONE_A_MINUTE, 0, past((ago, 500))) == 100 + 500 + 61 - ago


@pytest.mark.req("D-06")
@pytest.mark.parametrize("ago", [0, 1, 59, 60, 61, 720, 1439, 1440])
def test_the_past_counts_with_the_basal_that_comes_before_it_leaves_the_day(ago: int) -> None:
    assert peak("day", bolus_of(100), ONE_A_MINUTE, 0, past((ago, 5000))) == 100 + 5000 + 1441 - ago


@pytest.mark.parametrize("name, ago", [("hour", 61), ("day", 1441)])
def test_what_has_left_the_window_no_longer_counts(name: str, ago: int) -> None:
    assert peak(name, bolus_of(100), ONE_A_MINUTE, 0, past((ago, 5000))) == 100 + (61 if name == "hour" else 1441)


@pytest.mark.req("D-06")
def test_each_past_minute_leaves_at_its_own_turn() -> None:
    windows = past((60, 1000), (40, 3000), (5, 2000))
    # At 10 a minute the window of now is the worst; at 60 the last with the 3000; at 100 the last with the 2000.
    assert peak("hour", bolus_of(7), schedule((0, 1440 * 10)), 0, windows) == 7 + 6000 + 10
    assert peak("hour", bolus_of(7), schedule((0, 1440 * 60)), 0, windows) == 7 + 5000 + 21 * 60
    assert peak("hour", bolus_of(7), schedule((0, 1440 * 100)), 0, windows) == 7 + 2000 + 56 * 100


@pytest.mark.req("D-06")
@pytest.mark.parametrize("minute_ms, steps", [(0, 2), (1, 2), (30_000, 1), (30_001, 1), (59_999, 1)])
def test_of_the_minute_that_runs_only_the_rest_is_still_to_come(minute_ms: int, steps: int) -> None:
    windows = past((60, 500), minute_ms=minute_ms)
    assert peak("hour", bolus_of(100), TWO_A_MINUTE, 0, windows) == 600 + steps


@pytest.mark.req("D-06")
@pytest.mark.parametrize(
    "minute_ms, wait_ms, duration_ms, steps",
    [
        # Ends within the minute that runs, of which half is over: the last window that holds it has 60 1/2 to come.
        (30_000, 0, 1, 121),
        (30_000, 0, 29_999, 121),
        (30_000, 29_998, 1, 121),
        # Ends in the next minute: a window of 61 whole minutes holds it.
        (30_000, 0, 30_000, 122),
        (30_000, 29_999, 1, 122),
        (0, 0, 1, 122),
        (59_999, 0, 1, 122),
    ],
)
def test_the_last_window_that_counts_is_the_last_to_hold_any_of_the_bolus(
    minute_ms: int, wait_ms: int, duration_ms: int, steps: int
) -> None:
    windows = past(minute_ms=minute_ms)
    assert peak("hour", bolus_of(100, wait_ms, duration_ms), TWO_A_MINUTE, 0, windows) == 100 + steps


@pytest.mark.req("D-06")
@pytest.mark.parametrize("minutes_away, refused", [(59, True), (60, True), (61, False), (62, False)])
def test_a_basal_peak_that_begins_within_the_hour_of_the_bolus_refuses_it(minutes_away: int, refused: bool) -> None:
    # One minute of 50 steps, `minutes_away` minutes from now.
    start_ms = minutes_away * MS_PER_MINUTE
    plan = schedule((0, 0), (start_ms, 50 * 1440), (start_ms + MS_PER_MINUTE, 0))
    ask = asking(limits_of(hour=149), bolus_of(100), plan)
    if refused:
        assert refusal(ask)[:2] == (HOUR_FIELD, "150 microsteps")
    else:
        ask()


@pytest.mark.req("D-06")
@pytest.mark.parametrize("hours_away", [1, 6, 12, 23])
def test_a_basal_peak_later_in_the_day_refuses_it_by_the_day(hours_away: int) -> None:
    start_ms = hours_away * MS_PER_HOUR
    plan = schedule((0, 0), (start_ms, 50 * 1440), (start_ms + MS_PER_MINUTE, 0))
    assert peak("day", bolus_of(100), plan) == 150


@pytest.mark.req("D-06")
def test_a_peak_of_tomorrow_counts_when_the_bolus_comes_late_today() -> None:
    plan = schedule((0, 50 * 1440), (MS_PER_MINUTE, 0))
    late_ms = MS_PER_DAY - 30 * MS_PER_MINUTE
    assert peak("hour", bolus_of(100), plan, late_ms) == 150
    asking(limits_of(hour=149), bolus_of(100), plan, late_ms - 31 * MS_PER_MINUTE)()


@pytest.mark.req("D-06")
def test_basal_that_left_the_window_no_longer_counts() -> None:
    # An hour at 10 a minute, then 1 a minute; the bolus comes in 3 hours.
    plan = schedule((0, 14_400), (MS_PER_HOUR, 1440))
    assert peak("hour", bolus_of(100, 3 * MS_PER_HOUR), plan) == 100 + 601
    assert peak("hour", bolus_of(100, 3 * MS_PER_HOUR), plan, 2 * MS_PER_HOUR) == 100 + 61


@pytest.mark.req("D-06")
def test_what_is_owed_already_counts_as_if_granted_now() -> None:
    assert peak("hour", bolus_of(100, owed_steps=50), ONE_A_MINUTE) == 50 + 61 + 100
    assert peak("hour", bolus_of(100, owed_steps=50), ONE_A_MINUTE, 0, past((60, 500))) == 550 + 1 + 100


@pytest.mark.req("D-06")
@pytest.mark.parametrize("owed_steps", [0, 1, 610, 611, 700])
def test_what_is_owed_stands_in_every_position_as_a_cap_may_keep_it_back_for_long(owed_steps: int) -> None:
    # Quiet for an hour and a minute; then 10 a minute, with the bolus.
    plan = schedule((0, 0), (61 * MS_PER_MINUTE, 14_400))
    assert peak("hour", bolus_of(100, 3 * MS_PER_HOUR, 1, owed_steps), plan) == 610 + owed_steps + 100


# One a minute for 61 minutes, and what became owed up to the lag before them: a microstep begun counts whole.
LAGS = pytest.mark.parametrize("lag_ms, steps", [(0, 0), (1, 1), (20, 1), (60_000, 1), (60_001, 2), (120_000, 2)])


@pytest.mark.req("D-06")
@LAGS
def test_basal_counts_for_the_lag_longer_than_the_window(lag_ms: int, steps: int) -> None:
    bolus = bolus_of(100, 30 * MS_PER_HOUR)
    assert peak("hour", bolus, ONE_A_MINUTE, lag_ms=lag_ms) == 100 + 61 + steps
    assert peak("day", bolus, ONE_A_MINUTE, lag_ms=lag_ms) == 100 + 1441 + steps


@pytest.mark.req("D-06")
@LAGS
def test_of_a_long_bolus_the_lag_counts_too(lag_ms: int, steps: int) -> None:
    # One a minute, and one more for where the window begins.
    assert peak("hour", bolus_of(300, 0, 300 * MS_PER_MINUTE), lag_ms=lag_ms) == 62 + steps


@pytest.mark.req("D-06")
@pytest.mark.parametrize("lag_ms, steps", [(0, 61), (59_998, 61), (59_999, 62), (60_000, 62), (119_999, 63)])
def test_a_bolus_granted_late_is_still_held_by_a_later_window(lag_ms: int, steps: int) -> None:
    assert peak("hour", bolus_of(100), ONE_A_MINUTE, lag_ms=lag_ms) == 100 + steps


@pytest.mark.req("D-06")
@pytest.mark.parametrize("granted, steps", [(0, 610), (610, 610), (611, 611), (700, 700)])
def test_what_was_granted_in_the_minute_that_runs_leaves_the_window_with_it(granted: int, steps: int) -> None:
    plan = schedule((0, 0), (61 * MS_PER_MINUTE, 14_400))
    assert peak("hour", bolus_of(100, 3 * MS_PER_HOUR), plan, 0, past((0, granted))) == steps + 100


@pytest.mark.req("D-06")
@pytest.mark.parametrize("ago", [1440, 1439, 1400, 61])
def test_a_grant_that_left_the_hour_long_ago_does_not_leave_it_again(ago: int) -> None:
    # Quiet for two hours; then 10 a minute, with the bolus.
    plan = schedule((0, 0), (2 * MS_PER_HOUR, 14_400))
    assert peak("hour", bolus_of(100, 4 * MS_PER_HOUR), plan, 0, past((ago, 500))) == 610 + 100


@pytest.mark.req("D-06")
@pytest.mark.parametrize("rate, steps", [(1, 1), (24, 2), (1416, 60), (1417, 61), (1440, 61), (1441, 62)])
def test_a_microstep_of_basal_begun_counts_whole(rate: int, steps: int) -> None:
    assert peak("hour", bolus_of(100), schedule((0, rate))) == 100 + steps


@pytest.mark.req("D-06")
@pytest.mark.parametrize(
    "steps, duration_ms, most",
    [
        (100, 1, 100),
        (100, 61 * MS_PER_MINUTE - 1, 100),
        (100, 61 * MS_PER_MINUTE, 100),
        (100, 62 * MS_PER_MINUTE, 100),
        (122, 122 * MS_PER_MINUTE, 62),
        (123, 122 * MS_PER_MINUTE, 63),
        (120, 2 * MS_PER_HOUR, 62),
        (1440, MS_PER_DAY, 62),
        (1441, MS_PER_DAY, 63),
        (1, MS_PER_DAY, 1),
        (2, MS_PER_DAY, 2),
        (3, MS_PER_DAY, 2),
        (0, MS_PER_DAY, 0),
    ],
)
def test_of_a_long_bolus_an_hour_counts_its_share_rounded_up_and_one_more_at_most_all(
    steps: int, duration_ms: int, most: int
) -> None:
    bolus = bolus_of(steps, 0, duration_ms)
    assert bolus.most_within(61 * MS_PER_MINUTE) == most
    assert peak("hour", bolus, ONE_A_MINUTE) == most + 61
    assert peak("day", bolus, ONE_A_MINUTE) == steps + 1441


@pytest.mark.req("D-06")
@pytest.mark.parametrize("after_minutes, steps", [(0, 160), (45, 160), (46, 200), (90, 200)])
def test_what_a_suspended_bolus_has_left_is_looked_for_until_it_is_over(after_minutes: int, steps: int) -> None:
    # 50 steps that are still to come of another, until so long after this one; one minute of 50 steps in 106 minutes.
    start_ms = 106 * MS_PER_MINUTE
    plan = schedule((0, 0), (MS_PER_MINUTE, 10 * 1440), (2 * MS_PER_MINUTE, 0))
    late = schedule((0, 10 * 1440), (MS_PER_MINUTE, 0), (start_ms, 50 * 1440), (start_ms + MS_PER_MINUTE, 0))
    bolus = BolusAhead(100, 0, 1, 50, after_minutes * MS_PER_MINUTE)
    assert peak("hour", bolus, plan) == 160
    assert peak("hour", bolus, late) == steps


@pytest.mark.req("D-03", "D-06")
@pytest.mark.parametrize(
    "name, field, steps, source",
    [("hour", "basal of an hour", 61 + 50, "board"), ("day", "basal of a day", 1441 + 50, "drug")],
)
def test_a_change_of_basal_is_judged_as_a_bolus_is_and_spoken_of_as_what_it_is(
    name: str, field: str, steps: int, source: str
) -> None:
    nothing = BolusAhead(0, 0, 1, 50)

    def ask(cap: int) -> None:
        limits = limits_of(bolus=0, **{name: cap})
        refuse_unsafe_ahead(limits, Windows(), nothing, 0, lambda: walk(ONE_A_MINUTE, 0), "basal")

    ask(steps)
    assert refusal(lambda: ask(steps - 1)) == (
        field,
        f"{steps} microsteps",
        f"at most {steps - 1} microsteps, the {name} limit of the {source}",
    )


def deliver(
    plan: Schedule, day_ms: int, bolus: BolusAhead, windows: Windows, minutes: int, lag_slices: int = 0
) -> tuple[int, int]:
    """Deliver all that is asked for, with no guard, by slices of 10 s: the most the hour and the day came to hold.

    What became owed in every other slice goes out `lag_slices` later, all else at once.
    """
    late = [0] * (minutes * 6 + lag_slices)
    demand = Demand(basal_at(day_ms, plan))
    demand.bolus.arm(bolus.steps, bolus.wait_ms, bolus.duration_ms)
    hour_steps = day_steps = 0
    for i in range(minutes * 6):
        windows.elapse(10_000)
        steps = demand.advance(10_000, True)
        demand.take(steps)
        late[i + lag_slices * (i % 2)] += steps
        windows.add(late[i])
        hour_steps = max(hour_steps, windows.hour_steps)
        day_steps = max(day_steps, windows.day_steps)
    return hour_steps, day_steps


NIGHTLY = schedule((0, 24 * 60), (6 * MS_PER_HOUR, 24 * 600), (7 * MS_PER_HOUR, 24 * 30), (20 * MS_PER_HOUR, 24 * 120))


@pytest.mark.req("D-06")
@pytest.mark.parametrize("minute_ms, lag_slices", [(0, 0), (10_000, 2), (30_000, 0), (50_000, 0), (50_000, 2)])
@pytest.mark.parametrize("hour", [0, 5, 6, 7, 19, 23])
@pytest.mark.parametrize(
    "steps, wait_ms, duration_ms", [(200, 0, 60_000), (200, 2_000_000, 1000), (500, 10_000, 9_000_000)]
)
def test_no_window_of_an_admitted_bolus_comes_to_hold_more_than_was_looked_at(
    minute_ms: int, lag_slices: int, hour: int, steps: int, wait_ms: int, duration_ms: int
) -> None:
    lag_ms = lag_slices * 10_000
    day_ms = hour * MS_PER_HOUR + 123_000
    grants = ((600, 900), (50, 80), (3, 40), (0, 5))
    bolus = bolus_of(steps, wait_ms, duration_ms)
    minutes = (wait_ms + duration_ms) // MS_PER_MINUTE
    highest_hour = peak("hour", bolus, NIGHTLY, day_ms, past(*grants, minute_ms=minute_ms), lag_ms)
    highest_day = peak("day", bolus, NIGHTLY, day_ms, past(*grants, minute_ms=minute_ms), lag_ms)
    held_hour, _ = deliver(NIGHTLY, day_ms, bolus, past(*grants, minute_ms=minute_ms), minutes + 60, lag_slices)
    _, held_day = deliver(NIGHTLY, day_ms, bolus, past(*grants, minute_ms=minute_ms), minutes + 1440, lag_slices)
    assert held_hour <= highest_hour
    assert held_day <= highest_day


@pytest.mark.req("D-06")
def test_a_window_that_forgets_the_basal_to_come_grants_what_then_overshoots_and_ours_refuses_it() -> None:
    cap = 700
    evening_ms = 5 * MS_PER_HOUR + 55 * MS_PER_MINUTE
    bolus = bolus_of(200, 0, MS_PER_MINUTE // 2)

    def naive_window_grants(windows: Windows) -> bool:
        return windows.hour_steps + bolus.steps <= cap

    assert naive_window_grants(Windows())
    overshoot, _ = deliver(NIGHTLY, evening_ms, bolus, Windows(), 120)
    # Five minutes at 60 an hour, 56 at 600 an hour, and the bolus.
    assert cap < overshoot <= 5 + 560 + 200
    assert refusal(asking(limits_of(hour=cap), bolus, NIGHTLY, evening_ms)) == (
        HOUR_FIELD,
        "765 microsteps",
        "at most 700 microsteps, the hour limit of the board",
    )
    asking(limits_of(hour=765), bolus, NIGHTLY, evening_ms)()
