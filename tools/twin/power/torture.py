"""Runs one story of a pump under power cuts, and says in one line of JSON what was tried and found."""

import json

from twin.flash.cuts import Torture
from twin.power.bursts import Bursts
from twin.power.first import FirstStart
from twin.power.journal import Migration, Rotation
from twin.power.stories import stories

BURSTS = "cuts in a burst"
# The ms of delivery over which bursts are cut.
BURSTS_MS = 2000
FULL_SEGMENTS = 34


def all_stories(board) -> dict:
    """Every story that is cut at flash operations, by its name."""
    told = stories(board)
    told["journal turns"] = Rotation(board, 1)
    told["journal drops"] = Rotation(board, FULL_SEGMENTS)
    told["first start"] = FirstStart(board)
    told["migration"] = Migration()
    return told


def names(board) -> "list[str]":
    """The names of all stories."""
    return sorted(all_stories(board)) + [BURSTS]


def torture(board, name: str, every: int, double_every: int) -> dict:
    """Run the story `name`; of its cuts every `every`-th, of its double cuts every `double_every`-th, or none if 0.

    Bursts are cut every `every` ms. Raises whatever is wrong, and prints before that which cut it was.
    """
    if name == BURSTS:
        story = Bursts(board)
        story.cut_every(every, BURSTS_MS)
        return {"story": name, "operations": 0, "cuts": story.cuts, "double": 0, "half_out": story.half_out}
    cutter = Torture(all_stories(board)[name], every=every, double_every=double_every)
    survived = False
    try:
        tally = cutter.run()
        survived = True
    finally:
        if not survived:
            print("%s: %s" % (name, cutter.tally.cuts))
    return {
        "story": name,
        "operations": tally.operations,
        "cuts": tally.single,
        "double": tally.double,
        "restart_operations": tally.restart_operations,
    }


def main(name: str, every: int, double_every: int) -> None:
    """In the guest: say what came of it."""
    print(json.dumps(torture(__import__("board"), name, every, double_every)))
