"""filled = left + delivered + wasted, exactly, always; and only what was confirmed is delivered."""

import pytest

from pump.core.units import SMALL_MAX
from pump.safety.ledger import Ledger
from pump.safety.reservoir import Reservoir
from rig import NG_ML
from unit.builders import filled_reservoir, refusal

CAPACITY = 1000
RESIDUAL = 30
LOW = 200


def new_reservoir() -> Reservoir:
    return Reservoir(CAPACITY, RESIDUAL, LOW)


def books(reservoir: Reservoir) -> tuple[int, int, int]:
    return reservoir.filled.total(), reservoir.left_steps, reservoir.wasted.total()


def test_a_new_reservoir_is_empty() -> None:
    reservoir = new_reservoir()
    assert books(reservoir) == (0, 0, 0)
    assert (reservoir.capacity_steps, reservoir.residual_steps, reservoir.low_steps) == (CAPACITY, RESIDUAL, LOW)
    assert reservoir.concentration_ng_ml == 0


@pytest.mark.req("R-01")
@pytest.mark.parametrize("fill_steps", [RESIDUAL, RESIDUAL + 1, CAPACITY - 1, CAPACITY])
def test_a_fill_is_left_in_full(fill_steps: int) -> None:
    reservoir = new_reservoir()
    reservoir.refill(fill_steps, NG_ML, 0)
    assert books(reservoir) == (fill_steps, fill_steps, 0)


@pytest.mark.req("D-02")
@pytest.mark.parametrize("fill_steps", [CAPACITY + 1, RESIDUAL - 1, 0, -1, 500.5, None])
def test_an_overfill_or_a_fill_below_the_residual_is_refused_and_changes_nothing(fill_steps: int) -> None:
    reservoir = new_reservoir()
    reservoir.refill(500, NG_ML, 0)
    reservoir.draw(100)
    assert refusal(lambda: reservoir.refill(fill_steps, NG_ML, 0)) == (
        "fill_steps",
        fill_steps,
        "a whole number from 30 to 1000",
    )
    assert books(reservoir) == (500, 400, 0)


@pytest.mark.req("R-01", "R-03")
@pytest.mark.parametrize("in_flight_steps", [0, 1, 7])
def test_a_fill_must_hold_the_residual_and_what_is_in_flight(in_flight_steps: int) -> None:
    least_steps = RESIDUAL + in_flight_steps
    for fill_steps in (least_steps, least_steps + 1):
        reservoir = new_reservoir()
        reservoir.refill(fill_steps, NG_ML, in_flight_steps)
        reservoir.draw(in_flight_steps)
        assert reservoir.usable(0) == fill_steps - least_steps
    reservoir = new_reservoir()
    reservoir.refill(500, NG_ML, 0)
    assert refusal(lambda: reservoir.refill(least_steps - 1, NG_ML, in_flight_steps)) == (
        "fill_steps",
        least_steps - 1,
        f"a whole number from {least_steps} to 1000",
    )
    assert books(reservoir) == (500, 500, 0)


@pytest.mark.req("R-01")
def test_a_refill_wastes_what_was_left() -> None:
    reservoir = new_reservoir()
    reservoir.refill(500, NG_ML, 0)
    reservoir.draw(100)
    reservoir.refill(700, NG_ML, 0)
    assert books(reservoir) == (1200, 700, 400)


@pytest.mark.req("R-01")
def test_a_refill_of_an_emptied_reservoir_wastes_nothing() -> None:
    reservoir = new_reservoir()
    reservoir.refill(500, NG_ML, 0)
    reservoir.draw(500)
    reservoir.refill(700, NG_ML, 0)
    assert books(reservoir) == (1200, 700, 0)


@pytest.mark.req("R-01")
@pytest.mark.parametrize("overdraw", [1, 50])
def test_what_came_out_beyond_the_rest_must_have_been_filled_and_is_counted_at_once(overdraw: int) -> None:
    reservoir = new_reservoir()
    reservoir.refill(500, NG_ML, 0)
    reservoir.draw(500 + overdraw)
    assert books(reservoir) == (500 + overdraw, 0, 0)
    reservoir.refill(700, NG_ML, 0)
    assert books(reservoir) == (1200 + overdraw, 700, 0)


@pytest.mark.req("R-01", "M-01")
def test_the_law_holds_through_a_long_life_of_refills_draws_and_overdraws() -> None:
    reservoir = new_reservoir()
    ledger = Ledger(reservoir)
    fills = 0
    for i in range(400):
        if i % 9 == 0:
            fill_steps = RESIDUAL + i * 37 % (CAPACITY - RESIDUAL + 1)
            reservoir.refill(fill_steps, NG_ML, 0)
            fills += fill_steps
        ledger.confirm(i * 71 % 130)
        assert reservoir.left_steps >= 0
        filled, left, wasted = books(reservoir)
        assert filled == left + ledger.delivered.total() + wasted
    assert reservoir.wasted.total() > 0
    assert reservoir.filled.total() > fills > 0


@pytest.mark.parametrize("concentration_ng_ml", [1, NG_ML, SMALL_MAX])
def test_what_is_filled_has_the_concentration_that_is_entered(concentration_ng_ml: int) -> None:
    reservoir = new_reservoir()
    reservoir.refill(500, NG_ML, 0)
    reservoir.refill(700, concentration_ng_ml, 0)
    assert reservoir.concentration_ng_ml == concentration_ng_ml


@pytest.mark.req("D-01", "D-02")
@pytest.mark.parametrize("concentration_ng_ml", [0, -1, SMALL_MAX + 1, 0.5, None, True])
def test_a_concentration_that_is_no_concentration_is_refused_and_changes_nothing(concentration_ng_ml: int) -> None:
    reservoir = new_reservoir()
    reservoir.refill(500, NG_ML, 0)
    reservoir.draw(100)
    assert refusal(lambda: reservoir.refill(700, concentration_ng_ml, 0)) == (
        "concentration_ng_ml",
        concentration_ng_ml,
        f"a whole number from 1 to {SMALL_MAX}",
    )
    assert books(reservoir) == (500, 400, 0)
    assert reservoir.concentration_ng_ml == NG_ML


@pytest.mark.req("R-05")
@pytest.mark.parametrize(
    "withdrawn_steps, unexpected", [(400, False), (350, False), (349, True), (450, False), (451, True), (0, True)]
)
def test_what_is_withdrawn_may_differ_from_what_is_expected_by_a_twentieth_of_the_capacity(
    withdrawn_steps: int, unexpected: bool
) -> None:
    reservoir = new_reservoir()
    reservoir.refill(500, NG_ML, 0)
    reservoir.draw(100)
    assert reservoir.unexpected(withdrawn_steps) == unexpected


@pytest.mark.req("R-05")
@pytest.mark.parametrize("capacity_ml, tolerance_ml", [(20, 1), (40, 2)])
def test_the_tolerance_is_1_ml_of_20_and_2_ml_of_40(capacity_ml: int, tolerance_ml: int) -> None:
    steps_ml = 230_000
    assert Reservoir(capacity_ml * steps_ml, 0, 0).tolerance_steps == tolerance_ml * steps_ml


@pytest.mark.req("R-03")
@pytest.mark.parametrize(
    "drawn, in_flight, usable", [(0, 0, 470), (0, 1, 469), (470, 0, 0), (469, 1, 0), (500, 7, -37)]
)
def test_usable_is_what_is_left_above_the_residual_and_not_on_its_way(drawn: int, in_flight: int, usable: int) -> None:
    reservoir = new_reservoir()
    reservoir.refill(500, NG_ML, 0)
    reservoir.draw(drawn)
    assert reservoir.usable(in_flight) == usable


@pytest.mark.parametrize("left_steps, low", [(LOW + 1, False), (LOW, True), (LOW - 1, True), (0, True)])
def test_the_reservoir_is_low_from_its_mark_on(left_steps: int, low: bool) -> None:
    reservoir = new_reservoir()
    reservoir.refill(CAPACITY, NG_ML, 0)
    reservoir.draw(CAPACITY - left_steps)
    assert reservoir.low() == low


def test_the_books_outgrow_30_bits() -> None:
    reservoir = filled_reservoir(SMALL_MAX)
    for _ in range(5):
        reservoir.refill(SMALL_MAX, NG_ML, 0)
    assert books(reservoir) == (6 * SMALL_MAX, SMALL_MAX, 5 * SMALL_MAX)


@pytest.mark.req("M-01")
def test_what_is_confirmed_is_delivered_and_gone_from_the_reservoir() -> None:
    reservoir = filled_reservoir(500)
    ledger = Ledger(reservoir)
    assert ledger.delivered.total() == 0
    ledger.confirm(7)
    ledger.confirm(0)
    ledger.confirm(5)
    assert (ledger.delivered.total(), reservoir.left_steps) == (12, 488)
