"""The drug in the line: which concentration leaves the tip, when, and that none is made or lost."""

from collections import deque
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.catheter import PlugFlow
from twin.plant import Plant

MINUTE_US = 60_000_000
MINUTES_PER_DAY = 1440
# The golden cases: 400 ug/day, and 0.4 mL between reservoir and tip.
DAILY_NG = 400_000
PATH_NL, CATHETER_NL = 240_000.0, 160_000.0
DEAD_NL = 400_000
NG_ML = 1000


class TenNanolitres:
    """A board on which a microstep is 10 nL."""

    MECHANISM = "syringe"
    NL_PER_REV = 32_000
    STEPS_PER_REV = 3200


class OddSteps(TenNanolitres):
    """A board on which it is 4.3371875 nL, as with an M5 screw in a 1 mL syringe."""

    NL_PER_REV = 13_879


FILL_STEPS = 10_000_000


def line_of(ng_ml: int, line_ng_ml: int | None = None, board: type[TenNanolitres] = TenNanolitres) -> Plant:
    """A plant of the golden cases' volume, full of `ng_ml`."""
    params = {"path_nl": PATH_NL, "catheter_nl": CATHETER_NL}
    return Plant(board, FILL_STEPS, params, ng_ml, line_ng_ml)


def deliver(fluid: Plant, minutes: int, steps_a_minute: int) -> None:
    for _ in range(minutes):
        fluid.flow(MINUTE_US, steps_a_minute, 0, MINUTE_US // (steps_a_minute + 1))


def steps_a_minute(ug_ml: int) -> Fraction:
    """What 400 ug/day of `ug_ml` takes, in microsteps of 10 nL."""
    return Fraction(DAILY_NG, ug_ml * NG_ML) * 1_000_000 / 10 / MINUTES_PER_DAY


def tip_ng_by_hour(fluid: Plant, ug_ml: int, hours: int) -> list[int]:
    """The dose at the tip in each hour of 400 ug/day, as the pump understands it, of `ug_ml`."""
    rate = steps_a_minute(ug_ml)
    doses: list[int] = []
    sent, before_ng = 0, fluid.tip_ng()
    for hour in range(hours):
        for minute in range(60):
            due = int(rate * (60 * hour + minute + 1))
            deliver(fluid, 1, due - sent)
            sent = due
        doses.append(fluid.tip_ng() - before_ng)
        before_ng = fluid.tip_ng()
    return doses


@pytest.mark.req("D-12")
@pytest.mark.parametrize(
    ("old_ug_ml", "new_ug_ml", "percent", "hours"),
    [(500, 2000, 25, 48), (2000, 500, 400, 12)],
)
def test_without_a_bridge_the_line_gives_its_old_concentration_at_the_new_rate(
    old_ug_ml: int, new_ug_ml: int, percent: int, hours: int
) -> None:
    fluid = line_of(old_ug_ml * NG_ML)
    for dose_ng in tip_ng_by_hour(fluid, old_ug_ml, 24):
        assert dose_ng == pytest.approx(DAILY_NG / 24, abs=old_ug_ml * NG_ML * 10e-6)
    fluid.refill(FILL_STEPS, new_ug_ml * NG_ML)
    doses_ng = tip_ng_by_hour(fluid, new_ug_ml, hours + 24)
    # To a microstep an hour, which is what the pump's whole microsteps leave open.
    for dose_ng in doses_ng[:hours]:
        assert dose_ng == pytest.approx(DAILY_NG / 24 * percent / 100, abs=old_ug_ml * NG_ML * 10e-6)
    for dose_ng in doses_ng[hours + 1 :]:
        assert dose_ng == pytest.approx(DAILY_NG / 24, abs=new_ug_ml * NG_ML * 10e-6)


@pytest.mark.req("D-12")
@pytest.mark.parametrize(("old_ug_ml", "new_ug_ml", "hours"), [(500, 2000, 12), (2000, 500, 48)])
def test_with_the_dead_volume_at_the_old_rate_the_dose_at_the_tip_stays_what_it_was(
    old_ug_ml: int, new_ug_ml: int, hours: int
) -> None:
    # V_dead x C_old / D_prev is 0.4 mL x 500 ug/mL / 400 ug/day = 0.5 day, and 2 days.
    fluid = line_of(old_ug_ml * NG_ML)
    fluid.refill(FILL_STEPS, new_ug_ml * NG_ML)
    at_old_rate_ng = tip_ng_by_hour(fluid, old_ug_ml, hours)
    assert fluid.plunger_nl() == DEAD_NL
    at_new_rate_ng = tip_ng_by_hour(fluid, new_ug_ml, 24)
    for dose_ng in at_old_rate_ng + at_new_rate_ng:
        assert dose_ng == pytest.approx(DAILY_NG / 24, abs=2000 * NG_ML * 10e-6)
    assert sum(at_old_rate_ng) == DAILY_NG * hours // 24
    assert sum(at_new_rate_ng) == DAILY_NG


def test_a_dry_line_gives_nothing_until_it_is_primed_and_all_of_the_dose_afterwards() -> None:
    fluid = line_of(2000 * NG_ML, line_ng_ml=0)
    deliver(fluid, 100, DEAD_NL // 10 // 100)
    assert fluid.plunger_nl() == DEAD_NL
    assert (fluid.pump_ng(), fluid.tip_ng()) == (800_000, 0)
    assert fluid.line_ng() == 800_000
    deliver(fluid, 10, 20)
    assert (fluid.pump_ng(), fluid.tip_ng()) == (804_000, 4_000)


def test_unless_told_otherwise_the_line_holds_what_the_reservoir_does_and_both_hold_water() -> None:
    water = Plant(TenNanolitres, FILL_STEPS, {})
    deliver(water, 100, 200)
    assert (water.concentration_ng_ml, water.pump_ng(), water.tip_ng()) == (0, 0, 0)
    drug = Plant(TenNanolitres, FILL_STEPS, {}, 2_000_000)
    deliver(drug, 10, 200)
    assert (drug.concentration_ng_ml, drug.pump_ng(), drug.tip_ng()) == (2_000_000, 40_000, 40_000)


def test_a_refill_of_the_same_concentration_changes_nothing_in_the_line() -> None:
    fluid = line_of(2000 * NG_ML, line_ng_ml=500 * NG_ML)
    plain = line_of(2000 * NG_ML, line_ng_ml=500 * NG_ML)
    for _ in range(4):
        fluid.refill(FILL_STEPS, 2000 * NG_ML)
        for each in (fluid, plain):
            deliver(each, 60, 171)
        fluid.refill(FILL_STEPS)
        assert fluid.tip_ng() == plain.tip_ng()
    # Past the border: 41,040 microsteps, of which the line held 40,000.
    assert fluid.tip_ng() == 200_000 + 1040 * 10 * 2


def test_the_path_is_part_of_the_line_and_none_by_default() -> None:
    bare = Plant(TenNanolitres, FILL_STEPS, {"catheter_nl": 100_000.0}, 1_000_000, 0)
    with_path = Plant(TenNanolitres, FILL_STEPS, {"catheter_nl": 100_000.0, "path_nl": 50_000.0}, 1_000_000, 0)
    for fluid in (bare, with_path):
        deliver(fluid, 4, 5000)
        # What is still on its way under pressure arrives.
        deliver(fluid, 1, 0)
    assert (bare.tip_ng(), with_path.tip_ng()) == (100_000, 50_000)


def test_an_occlusion_keeps_the_dose_in_the_line_and_its_release_gives_it() -> None:
    fluid = line_of(2000 * NG_ML)
    fluid.occluded = True
    deliver(fluid, 100, 10)
    assert fluid.tip_ng() == 0
    assert fluid.line_ng() == pytest.approx(800_000 + 20_000)
    fluid.occluded = False
    deliver(fluid, 1, 0)
    assert fluid.tip_ng() == 20_000


def test_over_a_life_of_refills_the_account_stays_exact_and_small() -> None:
    # As many microsteps as in 60 years of 0.2 mL/day; a new concentration every day of 46,110.
    line = PlugFlow(OddSteps.NL_PER_REV, OddSteps.STEPS_PER_REV, DEAD_NL, 500_000, 500_000)
    exact = Fraction(0)
    steps = 0
    borders: set[int] = set()
    for day in range(22_000):
        ng_ml = (500_000, 1_000_000, 2_000_000)[day % 3]
        line.draw_from(ng_ml, steps, 0.0)
        steps += 46_110
        exact += 46_110 * Fraction(OddSteps.NL_PER_REV, OddSteps.STEPS_PER_REV) * ng_ml / 1_000_000
        borders.add(len(line._slugs))
    assert abs(line.pump_ng(steps) - exact) <= Fraction(1, 2)
    held = exact + DEAD_NL * 500_000 // 1_000_000 - line.tip_ng(steps, 0.0)
    assert abs(held - Fraction(line.line_ng(steps, 0.0))) <= Fraction(1, 2) + Fraction(1, 10**6)
    # 0.2 mL a day in 0.4 mL: three slugs at most are in the line at once, and one is on its way out.
    assert max(borders) <= 4


class Parcels:
    """The same line, as parcels in a queue: what one drop pushes in at one end drops out at the other."""

    def __init__(self, volume_nl: Fraction, ng_ml: int) -> None:
        self._parcels = deque([(volume_nl, ng_ml)])
        self.out_ng = Fraction(0)

    def push(self, volume_nl: Fraction, ng_ml: int, out_nl: Fraction) -> None:
        self._parcels.appendleft((volume_nl, ng_ml))
        while out_nl:
            oldest_nl, oldest_ng_ml = self._parcels.pop()
            part_nl = min(out_nl, oldest_nl)
            self.out_ng += part_nl * oldest_ng_ml / 1_000_000
            out_nl -= part_nl
            if part_nl < oldest_nl:
                self._parcels.append((oldest_nl - part_nl, oldest_ng_ml))

    def held_ng(self) -> Fraction:
        return sum((volume_nl * ng_ml / 1_000_000 for volume_nl, ng_ml in self._parcels), Fraction(0))


CONCENTRATIONS = st.sampled_from([0, 1, 50_000, 500_000, 1_000_000, 2_000_000, 2_000_001])
# Microsteps that flow, how much of the line's give is taken up afterwards, and the concentration that comes next.
COURSE = st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 5000), CONCENTRATIONS), max_size=30)


@settings(deadline=None)
@given(dead_nl=st.integers(1, 100_000), line_ng_ml=CONCENTRATIONS, ng_ml=CONCENTRATIONS, course=COURSE)
def test_it_gives_what_a_queue_of_parcels_does(
    dead_nl: int, line_ng_ml: int, ng_ml: int, course: list[tuple[int, int, int]]
) -> None:
    line = PlugFlow(OddSteps.NL_PER_REV, OddSteps.STEPS_PER_REV, dead_nl, line_ng_ml, ng_ml)
    parcels = Parcels(Fraction(dead_nl), line_ng_ml)
    step_nl = Fraction(OddSteps.NL_PER_REV, OddSteps.STEPS_PER_REV)
    displaced_steps, stored_steps, pumped = 0, 0, Fraction(0)
    for steps, give_steps, next_ng_ml in course:
        displaced_steps += steps
        # What is stored can only have come in.
        stored_before, stored_steps = stored_steps, min(give_steps, stored_steps + steps)
        parcels.push(steps * step_nl, ng_ml, (steps + stored_before - stored_steps) * step_nl)
        pumped += steps * step_nl * ng_ml / 1_000_000
        stored_nl = float(stored_steps * step_nl)
        assert abs(line.pump_ng(displaced_steps) - pumped) <= Fraction(1, 2)
        assert abs(line.tip_ng(displaced_steps, stored_nl) - parcels.out_ng) <= Fraction(1, 2) + Fraction(1, 10**6)
        assert line.line_ng(displaced_steps, stored_nl) == pytest.approx(float(parcels.held_ng()), rel=1e-9, abs=1e-6)
        line.draw_from(next_ng_ml, displaced_steps, stored_nl)
        ng_ml = next_ng_ml
        assert line.line_ng(displaced_steps, stored_nl) == pytest.approx(float(parcels.held_ng()), rel=1e-9, abs=1e-6)


@settings(deadline=None)
@given(
    slices=st.lists(
        st.tuples(st.integers(0, 300), st.integers(100, 5000), st.integers(0, 300), st.booleans(), CONCENTRATIONS),
        max_size=12,
    )
)
def test_cutting_time_changes_no_dose(slices: list[tuple[int, int, int, bool, int]]) -> None:
    whole = Plant(OddSteps, FILL_STEPS, {"catheter_nl": 2000.0}, 2_000_000, 0)
    cut = Plant(OddSteps, FILL_STEPS, {"catheter_nl": 2000.0}, 2_000_000, 0)
    for steps, interval_us, first_steps, occluded, ng_ml in slices:
        first_steps = min(first_steps, steps)
        whole.occluded = cut.occluded = occluded
        whole.flow((steps + 1) * interval_us, steps, 0, interval_us)
        if first_steps:
            cut.flow(first_steps * interval_us, first_steps, 0, interval_us)
        cut.flow((steps - first_steps + 1) * interval_us, steps - first_steps, 0, interval_us)
        assert cut.pump_ng() == whole.pump_ng()
        # Alike to rounding, which a nanogram's border may fall into.
        assert abs(cut.tip_ng() - whole.tip_ng()) <= 1
        assert cut.line_ng() == pytest.approx(whole.line_ng(), rel=1e-9, abs=1e-6)
        for fluid in (whole, cut):
            fluid.refill(FILL_STEPS, ng_ml)
