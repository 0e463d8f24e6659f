"""Programs: exact to the device's whole numbers and back, and never accepted only to be withheld."""

from fractions import Fraction
from math import ceil
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from itb.boards.board import board_names, load_board
from itb.errors import InputError
from itb.rx.drug import DRUGS, read_profiles
from itb.rx.prescription import BasalStep, Prescription, ScheduledBolus
from itb.rx.program import make_plan
from pump.core.units import MS_PER_MINUTE
from pump.safety.admission import BolusAhead, refuse_unsafe_basal, refuse_unsafe_bolus
from pump.safety.limits import Limit, Limits
from pump.safety.windows import Windows
from pump.therapy.forecast import Forecast, day_total
from pump.therapy.orders import BolusOrders
from pump.therapy.program import Program as DeviceProgram

SPINAL = read_profiles(DRUGS / "baclofen.toml")["spinal"]
BOARDS = [load_board(name) for name in board_names()]
MINUTES_A_DAY = 1440


@st.composite
def prescriptions(draw):
    most_steps = draw(st.sampled_from([0, 3, 47]))
    starts = sorted(draw(st.sets(st.integers(1, MINUTES_A_DAY - 1), max_size=most_steps)))
    # Rates in tenths of ug/h: what a person would write.
    tenths = st.integers(45, 250)
    basal = tuple(BasalStep(minute * MS_PER_MINUTE, Fraction(draw(tenths) * 24, 10)) for minute in [0, *starts])
    boluses: list[ScheduledBolus] = []
    minute = draw(st.integers(0, 600))
    for _ in range(draw(st.integers(0, 4))):
        dose_ug, duration = Fraction(draw(st.integers(2, 60)), 2), draw(st.integers(3, 90))
        day, at = divmod(minute, MINUTES_A_DAY)
        boluses.append(ScheduledBolus(day + 1, at * MS_PER_MINUTE, dose_ug, duration * MS_PER_MINUTE))
        minute += duration + draw(st.integers(2, 300))
    mode = "flex" if starts else "continuous"
    return Prescription(
        "rx.toml", "", "", SPINAL, draw(st.sampled_from([1000, 2000])), mode, basal, tuple(boluses), {}, None
    )


def plan_or_skip(rx, board, slice_ms=None):
    try:
        return make_plan(rx, board, slice_ms)
    except InputError:
        assume(False)
        raise


@pytest.mark.req("D-08")
@given(prescriptions(), st.sampled_from(BOARDS))
def test_the_daily_total_shown_is_exactly_what_the_devices_numbers_say(rx, board):
    plan = plan_or_skip(rx, board)
    ends_ms = [*(step.start_ms for step in rx.basal[1:]), MINUTES_A_DAY * MS_PER_MINUTE]
    prescribed = sum(
        step.rate_ug_day * (end_ms - step.start_ms) / (MINUTES_A_DAY * MS_PER_MINUTE)
        for step, end_ms in zip(rx.basal, ends_ms, strict=True)
    )
    assert plan.day_total_ug() == prescribed
    assert sum(plan.scale.ug(steps) for steps in plan.program.segment_steps()) == prescribed
    assert Fraction(*day_total(DeviceProgram(plan.program.as_dict()))) == plan.program.day_total_steps()


@pytest.mark.req("D-01", "D-08")
@given(prescriptions(), st.sampled_from(BOARDS))
def test_what_the_device_is_given_is_what_was_prescribed(rx, board):
    plan = plan_or_skip(rx, board)
    sent: Any = plan.program.as_dict()
    ug = [
        [plan.scale.ug(whole + Fraction(frac, sent["rate_den"])) for *_, whole, frac in rows]
        for rows in (sent["segments"], [row[:4] for row in sent["boluses"]])
    ]
    assert ug == [[step.rate_ug_day for step in rx.basal], [bolus.dose_ug for bolus in rx.boluses]]
    assert [row[0] for row in sent["segments"]] == [step.start_ms for step in rx.basal]
    assert [row[0] * MINUTES_A_DAY * MS_PER_MINUTE + row[1] for row in sent["boluses"]] == [
        bolus.start_ms for bolus in rx.boluses
    ]
    assert [row[4] for row in sent["boluses"]] == [bolus.duration_ms for bolus in rx.boluses]


@pytest.mark.req("D-01")
@given(prescriptions(), st.sampled_from(BOARDS))
def test_the_device_is_given_whole_numbers_it_can_hold(rx, board):
    program = plan_or_skip(rx, board).program
    assert 1 <= program.rate_den <= 1 << 20
    for part in (*program.segments, *program.boluses):
        assert type(part.whole) is type(part.frac) is int
        assert 0 <= part.whole < 1 << 30
        assert 0 <= part.frac < program.rate_den
    assert all(0 <= steps < 1 << 30 and origin for steps, origin in program.limits.values())


LAG_MS = 2 * MS_PER_MINUTE


def pump_decides(program, until_ms):
    """Give the basal and the boluses minute by minute, and let the pump decide about each bolus as it comes.

    As on the pump, each minute's demand goes out at its end, and in minutes with an odd number one minute later.
    """
    device = DeviceProgram(program)
    limits = Limits(*(Limit(kind, *device.limits[kind]) for kind in ("hour", "day", "bolus")))
    refuse_unsafe_basal(limits, device.segment_start_ms, LAG_MS, lambda day_ms: Forecast(device, day_ms))
    windows, orders = Windows(), BolusOrders(device)
    walk, owed, total, granted, under_way = Forecast(device, 0), 0, 0, 0, []
    for now_ms in range(0, until_ms, MS_PER_MINUTE):
        day, day_ms = divmod(now_ms, MINUTES_A_DAY * MS_PER_MINUTE)
        order = orders.peek()
        if order and orders.wait_ms(day, day_ms) == 0:
            steps = orders.steps()
            ahead = BolusAhead(steps, 0, order.duration_ms, total - granted)
            refuse_unsafe_bolus(limits, windows, ahead, LAG_MS, lambda day_ms=day_ms: Forecast(device, day_ms))
            orders.given()
            under_way.append((now_ms, steps, order.duration_ms))
        owed += walk.over(MS_PER_MINUTE)
        windows.elapse(MS_PER_MINUTE)
        end_ms = now_ms + MS_PER_MINUTE
        bolus_steps = sum(steps * min(end_ms - at, span) // span for at, steps, span in under_way)
        total = owed // walk.den + bolus_steps
        if now_ms // MS_PER_MINUTE % 2:
            windows.add(total - granted)
            granted = total
        assert windows.hour_steps <= limits.hour.steps
        assert windows.day_steps <= limits.day.steps
    assert orders.peek() is None


@pytest.mark.req("D-06")
@settings(max_examples=40)
@given(prescriptions(), st.integers(0, 300), st.integers(0, 300))
def test_what_the_check_accepts_the_pump_neither_denies_nor_withholds(rx, spare_hour, spare_day):
    board = BOARDS[0]
    peaks = plan_or_skip(rx, board, MS_PER_MINUTE)
    # Limits hardly above what is asked for.
    for name, kind, spare in (("hourly", "hour", spare_hour), ("daily", "day", spare_day)):
        steps = ceil(peaks.review.peaks[kind].demand) + spare
        rx.limits_ug[name] = peaks.scale.ug(Fraction(steps))
    program = plan_or_skip(rx, board, MS_PER_MINUTE).program
    last_ms = max((bolus.end_ms for bolus in rx.boluses), default=0)
    pump_decides(program.as_dict(), last_ms + 1500 * MS_PER_MINUTE)
