"""The examples' stories, run by the firmware in the process of the test, and their pictures."""

import functools
from dataclasses import asdict, dataclass
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from itb.account.account import Account, account
from itb.account.course import course_of
from itb.boards.board import ROOT, load_board
from itb.picture.drawing import draw
from itb.rx.prescribed import MS_PER_DAY
from itb.sim.job import job_of
from itb.sim.messages import parse_line
from itb.sim.record import Record
from itb.story.reading import read_story
from itb.story.story import Story
from rig import board_module
from twin.job import Job
from twin.run import Run

SLICE_MS, LONG_SLICE_MS = 300_000, 900_000
LONG_MS = 10 * MS_PER_DAY


@dataclass(frozen=True)
class Told:
    """A story, what the bench said of it, and the account of both."""

    story: Story
    record: Record
    account: Account

    def picture(self) -> Figure:
        """Its picture, ready to be measured."""
        figure = draw(self.story, self.record, self.account)
        FigureCanvasAgg(figure).draw()
        return figure


@functools.cache
def told(name: str) -> Told:
    """The run of an example, in slices of five minutes or for long ones fifteen, by its path below examples/ without
    the ending."""
    path, slice_ms = ROOT / "examples" / f"{name}.toml", SLICE_MS
    if read_story(path, load_board("sim"), slice_ms).end_ms > LONG_MS:
        slice_ms = LONG_SLICE_MS
    story = read_story(path, load_board("sim"), slice_ms)
    fields: dict[str, Any] = asdict(job_of(story, story.end_ms, slice_ms))
    fields["commands"] = [list(command) for command in fields["commands"]]
    fields["faults"] = []
    record = Record()
    guest = Run(board_module("sim", slice_ms), Job(fields), lambda line: record.add(parse_line(line)))
    guest.say_start()
    while guest.goes_on:
        guest.go_on()
    return Told(story, record, account(record, course_of(story, record)))


def labels(figure: Figure) -> list[Text]:
    """Everything that is written, but for the axes' own numbers."""
    every_axis = [axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)]
    numbers = {text for axis in every_axis for text in axis.findobj(Text)} - {axis.label for axis in every_axis}
    return [text for text in figure.findobj(Text) if text.get_text().strip() and text not in numbers]
