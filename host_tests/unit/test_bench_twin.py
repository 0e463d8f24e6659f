"""The scale under the twin: the plant in its own process is the plant, and noise is what it is said to be."""

from fractions import Fraction
from itertools import pairwise
from math import pi, sin

import numpy as np
import pytest

from itb.bench.readings import Weights
from itb.bench.twin import (
    REPEATABILITY_MG,
    SLACK_STEPS,
    STEP_MG,
    TwinBench,
    TwinDispenser,
    TwinScale,
    steady_weights,
)
from itb.bench.water import nl_per_mg
from itb.boards.board import Board, load_board
from itb.errors import InputError
from itb.sim.messages import GuestError
from rig import board_module
from twin.plant import Plant
from twin.weigh import ScrewPlant

SIM = load_board("sim")
REV_STEPS = 3200
REV_NL = 13879
HOUR_S = 3600


def screw(slack_steps: int = 0, swing_percent: float = 0.0, fill_steps: int = 100_000) -> ScrewPlant:
    return ScrewPlant(board_module(), fill_steps, slack_steps, swing_percent)


def turn(plant: Plant, steps: int) -> float:
    """What has left the tip after so many steps and a long rest."""
    plant.flow(steps * 5000, steps, 0, 5000)
    plant.flow(60_000_000, 0, 0, 0)
    return plant.catheter_nl()


def test_a_true_screw_without_slack_is_the_plant() -> None:
    ours, plain = screw(), Plant(board_module(), 100_000, {})
    for steps in (1, 17, 3200, 0):
        assert turn(ours, steps) == pytest.approx(turn(plain, steps), abs=1e-9)
        assert ours.displaced_steps == plain.displaced_steps


def test_slack_takes_the_first_steps_and_no_later_ones() -> None:
    plant = screw(slack_steps=96)
    assert turn(plant, 60) == pytest.approx(0, abs=1e-9)
    assert turn(plant, 60) == pytest.approx(24 * REV_NL / REV_STEPS)
    assert turn(plant, 100) == pytest.approx(124 * REV_NL / REV_STEPS)


def test_slack_within_a_burst_leaves_the_others_at_their_time() -> None:
    """Looked at before the tubing has settled, so that it tells when the steps came."""
    ours, plain = screw(slack_steps=10), Plant(board_module(), 100_000, {})
    ours.flow(100_000, 20, 0, 5000)
    plain.flow(100_000, 10, 50_000, 5000)
    assert plain.stored_nl() > 1
    assert ours.stored_nl() == pytest.approx(plain.stored_nl())


def test_the_swing_is_gone_after_each_turn_and_greatest_after_a_quarter() -> None:
    plant = screw(swing_percent=3.0)
    swing_nl = REV_NL * 0.03 / (2 * pi)
    for quarter in range(1, 9):
        mean_nl = quarter * REV_NL / 4
        assert turn(plant, REV_STEPS // 4) == pytest.approx(mean_nl + swing_nl * sin(quarter * pi / 2), abs=1e-6)


def test_the_flow_swings_by_the_share_it_is_told() -> None:
    plant = screw(swing_percent=3.0)
    tips = [turn(plant, 32) for _ in range(200)]
    flows = [after - before for before, after in pairwise(tips)]
    mean = 32 * REV_NL / REV_STEPS
    assert max(flows) == pytest.approx(1.03 * mean, rel=1e-3)
    assert min(flows) == pytest.approx(0.97 * mean, rel=1e-3)


def test_what_is_under_way_is_conserved_with_the_swing_in_it() -> None:
    plant = screw(swing_percent=3.0)
    plant.flow(4_000_000, 800, 0, 5000)
    assert plant.stored_nl() > 0
    assert plant.catheter_nl() + plant.stored_nl() == pytest.approx(plant.plunger_nl())


def test_an_empty_reservoir_gives_no_more() -> None:
    plant = screw(swing_percent=3.0, fill_steps=800)
    turn(plant, 1000)
    assert plant.catheter_nl() == pytest.approx(plant.plunger_nl())
    assert (plant.displaced_steps, plant.reservoir_steps) == (800, 0)


def test_the_process_gives_what_the_plant_gives() -> None:
    plant = screw(slack_steps=10, swing_percent=3.0)
    spans = [(1_000_000, 64, 3000, 15_625), (30_000_000, 0, 0, 0), (2_000_000, 1, 1_999_999, 0)]
    with TwinBench(SIM, slack_steps=10, swing_percent=3.0) as bench:
        for span in spans:
            bench.flow(*span)
            plant.flow(*span)
            assert bench.tip_nl == pytest.approx(plant.catheter_nl(), abs=1e-9)
        assert bench.elapsed_s == 33


def test_a_plant_that_dies_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    with TwinBench(SIM) as bench, pytest.raises(GuestError, match="the simulated plant said ''; expected a volume"):
        bench.flow(0, 1, "word", 0)  # pyright: ignore[reportArgumentType]
    assert "ValueError" in capfd.readouterr().err


def test_the_motor_turns_whole_revolutions_and_the_fluid_settles() -> None:
    with TwinBench(SIM, slack_steps=0) as bench:
        TwinDispenser(bench, SIM).dispense(2)
        assert bench.tip_nl == pytest.approx(2 * REV_NL, abs=1e-6)


def readings_mg(seed: int, count: int, apart_s: int) -> list[float]:
    with TwinBench(SIM) as bench:
        scale = TwinScale(bench, seed)
        shown: list[float] = []
        for _ in range(count):
            bench.flow(apart_s * 1_000_000)
            reading = scale.weigh()
            assert reading.stable
            assert (reading.mass_mg / STEP_MG).denominator == 1
            shown.append(float(reading.mass_mg))
    return shown


def test_a_scale_at_rest_shows_noise_and_a_zero_that_wanders() -> None:
    close = readings_mg(1, 2000, 1)
    noise = float(np.std(np.diff(close))) / 2**0.5
    # The readings' own, and that of the last digit, 0.1 / sqrt(12).
    assert noise == pytest.approx((REPEATABILITY_MG**2 + 0.1**2 / 12) ** 0.5, rel=0.1)
    hourly = readings_mg(1, 2000, HOUR_S)
    assert float(np.std(np.diff(hourly))) == pytest.approx((0.1**2 + 2 * noise**2) ** 0.5, rel=0.1)


def test_a_seed_decides_the_noise() -> None:
    assert readings_mg(3, 50, 30) == readings_mg(3, 50, 30) != readings_mg(4, 50, 30)


def steady(rate_nl_day: int, until_s: int = 2 * HOUR_S, board: Board = SIM) -> Weights:
    return steady_weights(board, Fraction(rate_nl_day), Fraction(until_s), 1)


@pytest.mark.parametrize("rate_nl_day", [200_000, 2_000_000, 24_000_000])
def test_a_steady_train_delivers_its_rate_less_the_slack(rate_nl_day: int) -> None:
    weights = steady(rate_nl_day)
    assert weights.seconds == tuple(Fraction(30 * place) for place in range(241))
    expected_mg = (rate_nl_day / 12 - SLACK_STEPS * REV_NL / REV_STEPS) / nl_per_mg(20)
    # Noise, wander, the swing, and the step that is due at the very end.
    assert float(weights.masses_mg[-1]) == pytest.approx(expected_mg, abs=0.6)
    per_span_mg = rate_nl_day / 2880 / nl_per_mg(20)
    assert all(-1 < after - before < 1.03 * per_span_mg + 1 for before, after in pairwise(weights.masses_mg))


def test_the_train_is_even() -> None:
    """At ten times the noise the flow of each minute stays within the swing and the noise of two readings."""
    weights = steady(24_000_000)
    per_minute = [float(after - before) for before, after in pairwise(weights.masses_mg[2::2])]
    mean_mg = 24e6 / 1440 / nl_per_mg(20)
    assert (
        max(abs(flow - mean_mg) for flow in per_minute)
        < 0.03 * mean_mg + 5 * (2 * REPEATABILITY_MG**2 + 0.1**2 / 6) ** 0.5
    )


def test_a_time_between_two_readings_is_rounded_up() -> None:
    assert steady(200_000, until_s=3601).seconds[-1] == 3630


@pytest.mark.parametrize(
    "rate_nl_day, until_s, said",
    [
        (
            47_999,
            HOUR_S,
            "--rate: 0.047999 mL/day is refused; accepted: a rate of the board, from 0.048 mL/day to 24 mL",
        ),
        (24_000_001, HOUR_S, "--rate: 24.000001 mL/day is refused"),
        (24_000_000, 20 * HOUR_S, "--to: 20 h is refused; accepted: at most 19.7 h"),
        (200_000, 169 * HOUR_S, "--to: 169 h is refused; accepted: at most 168 h"),
    ],
)
def test_what_the_bench_cannot_do_is_refused(rate_nl_day: int, until_s: int, said: str) -> None:
    with pytest.raises(InputError) as caught:
        steady(rate_nl_day, until_s)
    assert said in str(caught.value)
