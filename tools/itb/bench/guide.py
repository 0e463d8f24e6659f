"""The run of a calibration: what to do at each point, in which order, and what is read."""

from collections.abc import Callable
from fractions import Fraction
from typing import Protocol

from itb.bench.readings import Point, Points
from itb.bench.scale import Reading, Scale
from itb.boards.board import Board
from itb.errors import InputError
from itb.quantity import VOLUME, amount

POINTS_MOST, REVOLUTIONS_MOST = 50, 1000


class Dispenser(Protocol):
    """Something that turns the motor forward. The programmer will be one, once the link takes such a command."""

    def dispense(self, revolutions: int) -> None:
        """Turn the motor by so many revolutions, and return when it stands."""
        ...


class HandDispenser:
    """The user makes the revolutions, by whatever turns the motor, and says so.

    `ask` shows a text and gives the line typed; None when there will be no more.
    """

    def __init__(self, ask: Callable[[str], str | None]) -> None:
        self._ask = ask

    def dispense(self, revolutions: int) -> None:
        """Raises InputError when the input ends."""
        text = f"Turn the motor {revolutions} revolutions forward, never back; wait until nothing moves; press Enter. "
        if self._ask(text) is None:
            raise InputError("revolutions", "the end of the input", "Enter after the motor has turned")


def standing(board: Board) -> str:
    """What the board file says of its calibration."""
    if board.calibrated is None:
        return f"{board.file} has {board.nl_per_rev} nL/rev and no date: not yet calibrated on a scale."
    doubt = f" ± {float(board.calibration_uncertainty_nl):g}" if board.calibration_uncertainty_nl is not None else ""
    text = f"{board.file} has {board.nl_per_rev}{doubt} nL/rev of {board.calibrated}"
    return f"{text}; {board.take_up_steps} microsteps of take-up to prime away before a first dose."


def preparation(board: Board, points: int, revolutions: int) -> str:
    """What to do before the run."""
    total_nl = Fraction(points * revolutions * board.nl_per_rev)
    total = amount(total_nl, VOLUME, "uL", 0).lstrip("≈")
    return f"""\
For water and dye, never for a person or an animal.
Before the run of {points} points, {revolutions} revolutions each, {total} in all:
 1. Fill the pump with water that has stood in the room, without air.
 2. Put a vessel with a little water on the scale, a drop of oil on it or a lid with a hole, the tube's end below its
    surface and touching nothing.
 3. Prime: drive the motor forward until no bubble comes.
 4. Rest: leave the motor as long as before a first dose. What the first revolutions then lack is the take-up.
"""


def refuse_unless_possible(board: Board, points: int, revolutions: int) -> None:
    """Raises InputError for a run with too few or many points, or with more volume than the reservoir gives."""
    if not 3 <= points <= POINTS_MOST:
        raise InputError("--points", str(points), f"a whole number from 3 to {POINTS_MOST}")
    room_nl = board.capacity_nl - board.residual_nl
    most = min(REVOLUTIONS_MOST, room_nl // (points * board.nl_per_rev))
    if not 1 <= revolutions <= most:
        accepted = f"a whole number from 1 to {most}, with which {points} points stay within the reservoir"
        raise InputError("--revolutions", str(revolutions), accepted)


def weigh_run(
    dispenser: Dispenser,
    scale: Scale,
    points: int,
    revolutions: int,
    clock: Callable[[], float],
    keep: Callable[[Points], None],
) -> Points:
    """One reading before, then one after each of so many equal turns. `clock` gives seconds.

    `keep` is handed what there is after each point, so that nothing weighed is lost. Raises InputError.
    """
    before = scale.weigh()
    begun_s = clock()
    taken: list[Point] = []
    readings: list[Reading] = [before]
    run = Points((), before.step_mg, "the run")
    for number in range(1, points + 1):
        dispenser.dispense(revolutions)
        readings.append(scale.weigh())
        gained_mg = readings[-1].mass_mg - before.mass_mg
        taken.append(Point(Fraction(number * revolutions), gained_mg, Fraction(round(clock() - begun_s))))
        run = Points(tuple(taken), min(reading.step_mg for reading in readings), "the run")
        keep(run)
    return run
