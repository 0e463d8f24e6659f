"""One run, from its job to its account."""

from contextlib import nullcontext
from dataclasses import dataclass

from rich.console import Console

from itb.account.account import Account, account
from itb.account.course import course_of
from itb.run.interrupts import Interrupts
from itb.run.view import View
from itb.sim.engine import GuestDied, Run
from itb.sim.job import Job
from itb.sim.messages import End, Sample
from itb.sim.record import Record
from itb.story.story import Story


class Interrupted(Exception):
    """The run was broken off before its first sample."""


@dataclass(frozen=True)
class Outcome:
    """A run that came to its end: what was to be done, what the bench said, and the account of both."""

    story: Story
    record: Record
    account: Account
    interrupted: bool


def simulate(story: Story, job: Job, engine: str, out: Console | None) -> Outcome:
    """Run to the end, showing it on `out`. Raises GuestError and Interrupted."""
    record = Record()
    view = View(out, story.plan.scale, job.days_ms) if out else None
    with Run(job, story.board, engine) as guest, Interrupts(guest) as interrupts, view or nullcontext():
        try:
            for message in guest:
                record.add(message)
                if view and isinstance(message, (Sample, End)):
                    view.show(record.last)
        except GuestDied:
            if not interrupts.count:
                raise
    if not record.samples:
        raise Interrupted("ended before there was anything to account for")
    return Outcome(story, record, account(record, course_of(story, record)), interrupts.count > 0)
