"""The run of a calibration: each turn and each reading in its order, and runs that cannot be."""

from collections.abc import Callable
from fractions import Fraction

import pytest

from itb.bench.guide import HandDispenser, preparation, refuse_unless_possible, weigh_run
from itb.bench.readings import Points
from itb.bench.scale import Reading
from itb.boards.board import load_board
from itb.errors import InputError

SIM = load_board("sim")


class Recorded:
    """A dispenser and a scale that write down what they are asked; the scale shows the next of `masses_mg`."""

    def __init__(self, *masses_mg: str) -> None:
        self.did: list[str] = []
        self._masses = iter(masses_mg)
        self._seconds = 0

    def dispense(self, revolutions: int) -> None:
        self.did.append(f"turn {revolutions}")
        self._seconds += 40

    def weigh(self) -> Reading:
        self.did.append("weigh")
        mass = next(self._masses, None)
        if mass is None:
            raise InputError("weight", "nothing", "a weight")
        return Reading(Fraction(mass), Fraction(1, 10 ** len(mass.partition(".")[2])), True)

    def clock(self) -> float:
        return 1000.4 + self._seconds


def run(both: Recorded, points: int, keep: Callable[[Points], None] = lambda _: None) -> Points:
    return weigh_run(both, both, points, 2, both.clock, keep)


def test_the_vessel_is_weighed_before_the_first_turn_and_after_each() -> None:
    both = Recorded("12000.0", "12027.1", "12054.75")
    taken = run(both, 2)
    assert both.did == ["weigh", "turn 2", "weigh", "turn 2", "weigh"]
    assert [(point.revolutions, point.mass_mg, point.seconds) for point in taken.points] == [
        (2, Fraction("27.1"), 40),
        (4, Fraction("54.75"), 80),
    ]
    assert taken.step_mg == Fraction(1, 100)


def test_what_was_weighed_is_kept_when_the_run_breaks_off() -> None:
    kept: list[Points] = []
    with pytest.raises(InputError, match="weight: nothing"):
        run(Recorded("0", "27", "54"), 5, kept.append)
    assert [len(points.points) for points in kept] == [1, 2]


def test_the_hand_is_told_how_far_and_asked_when_it_is_done() -> None:
    asked: list[str] = []
    HandDispenser(lambda text: asked.append(text) or "").dispense(2)
    assert "2 revolutions forward, never back" in asked[0]
    with pytest.raises(InputError, match="revolutions: the end of the input"):
        HandDispenser(lambda _: None).dispense(2)


def test_the_preparation_names_the_volume_and_the_purpose() -> None:
    told = preparation(SIM, 8, 2)
    assert "8 points, 2 revolutions each, 222 uL in all" in told
    assert "for water and dye, never for a person or an animal" in told.lower()


@pytest.mark.parametrize("points, revolutions", [(3, 1), (50, 28), (3, 473)])
def test_runs_that_fit_the_reservoir_are_accepted(points: int, revolutions: int) -> None:
    refuse_unless_possible(SIM, points, revolutions)


@pytest.mark.parametrize(
    "points, revolutions, said",
    [
        (2, 2, "--points: 2 is refused; accepted: a whole number from 3 to 50"),
        (51, 2, "--points: 51"),
        (8, 0, "--revolutions: 0 is refused; accepted: a whole number from 1 to 177"),
        (50, 29, "--revolutions: 29 is refused; accepted: a whole number from 1 to 28, with which 50 points stay"),
        (3, 474, "--revolutions: 474 is refused; accepted: a whole number from 1 to 473"),
    ],
)
def test_runs_that_are_too_short_or_too_long_are_refused(points: int, revolutions: int, said: str) -> None:
    with pytest.raises(InputError) as caught:
        refuse_unless_possible(SIM, points, revolutions)
    assert said in str(caught.value)
