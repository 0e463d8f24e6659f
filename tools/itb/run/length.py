"""How long a run lasts: by its options, or by its story."""

from fractions import Fraction
from math import ceil

from itb.errors import InputError
from itb.rx.orders import MS_PER_DAY
from itb.story.events import ms_since, told_moment
from itb.story.story import Story
from itb.tables import DATE, MOMENT, parse_moment

SHORTEST_DAYS, LONGEST_DAYS = 0.001, 36_500


def run_ms(story: Story, days: float | None, until: str | None, until_empty: bool) -> int:
    """How long to run `story`, in ms: for so many `days`, or until a date, or as long as it takes by itself.

    With `until_empty` a prescription takes all it can take until the reservoir is empty. Raises InputError.
    """
    if until is not None:
        if days is not None:
            raise InputError("--until", repr(until), "only one of --days and --until")
        return _until_ms(story, until)
    if days is not None:
        if not SHORTEST_DAYS <= days <= LONGEST_DAYS:
            accepted = f"a number from {SHORTEST_DAYS} (a minute and a half) to {LONGEST_DAYS}"
            raise InputError("--days", str(days), accepted)
        return round(Fraction(str(days)) * MS_PER_DAY)
    if story.dated or not until_empty:
        return story.end_ms
    program = story.plan.program
    least_steps = min(program.day_total_steps(pattern) for pattern in range(len(program.patterns)))
    if not least_steps:
        raise InputError(
            "--until-empty", "a prescription with days of no basal", "--days too, as the longest it may take"
        )
    # The basal alone empties the reservoir in this time; boluses only sooner.
    return min(ceil(story.fill_steps / least_steps) + 1, LONGEST_DAYS) * MS_PER_DAY


def _until_ms(story: Story, until: str) -> int:
    if not story.dated:
        accepted = "a run of a story, which has a start date; for a prescription say how long, like --days 28"
        raise InputError("--until", repr(until), accepted)
    at = parse_moment(until, DATE, MOMENT)
    if at is None:
        raise InputError("--until", repr(until), 'a date like "2026-03-01", or with a time like "2026-03-01 12:00"')
    ends_ms = ms_since(story.start, at)
    if not SHORTEST_DAYS * MS_PER_DAY <= ends_ms <= LONGEST_DAYS * MS_PER_DAY:
        accepted = f"a time after the story's start, {told_moment(story.start, 0)}, by {LONGEST_DAYS} days at most"
        raise InputError("--until", repr(until), accepted)
    return ends_ms
