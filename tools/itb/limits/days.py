"""Which day patterns can follow which: weekdays and weekends, and the stages of a plan.

A plan day is a midnight that passes while the pump delivers and the plan is not paused. So a stage lasts its days or
longer, and meets the week at any phase.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import pairwise

from itb.rx.orders import Stage

DAYS_OF_A_WEEK = 7
SATURDAY = 5
# Whether each of three days in a row can be one of the weekend.
_IN_A_WEEK = (
    (False, False, False),
    (False, False, True),
    (False, True, True),
    (True, True, False),
    (True, False, False),
)
# Where in the week a day can be: the stage, and whether it is a weekend's.
Day = tuple[int, bool]


def pattern_on(plan: Sequence[Stage], day: Day) -> int:
    """The pattern of a day of some stage."""
    stage, weekend = day
    return plan[stage].weekend if weekend else plan[stage].weekday


def three_in_a_row(plan: Sequence[Stage]) -> dict[tuple[int, int, int], tuple[Day, Day, Day]]:
    """The patterns that three days in a row can have, each with the first three days that have them."""
    found: dict[tuple[int, int, int], tuple[Day, Day, Day]] = {}
    for stages in _stages_in_a_row(plan):
        for weekend in _IN_A_WEEK:
            one, two, three = zip(stages, weekend, strict=True)
            patterns = pattern_on(plan, one), pattern_on(plan, two), pattern_on(plan, three)
            found.setdefault(patterns, (one, two, three))
    return found


def _stages_in_a_row(plan: Sequence[Stage]) -> Iterator[tuple[int, int, int]]:
    last = len(plan) - 1
    for stage in range(len(plan)):
        after = min(stage + 1, last)
        yield stage, stage, stage
        yield stage, stage, after
        yield stage, after, after
        if after < last and plan[after + 1].from_day == plan[after].from_day + 1:
            yield stage, after, after + 1


def two_in_a_row(plan: Sequence[Stage]) -> dict[tuple[int, int], tuple[Day, Day]]:
    """The different patterns that two days in a row can have, each with the first two days that have them."""
    found: dict[tuple[int, int], tuple[Day, Day]] = {}
    for patterns, days in three_in_a_row(plan).items():
        for (one, two), pair in zip(pairwise(patterns), pairwise(days), strict=True):
            if one != two:
                found.setdefault((one, two), pair)
    return found


def has_weekends(plan: Sequence[Stage]) -> bool:
    """Whether weekends differ from weekdays anywhere."""
    return any(stage.weekday != stage.weekend for stage in plan)


def phases(plan: Sequence[Stage]) -> range:
    """The weekdays, 0 for Monday, that day 0 need be looked at on: all, or one where all days of a week are alike."""
    return range(DAYS_OF_A_WEEK if has_weekends(plan) else 1)


def unpaused(plan: Sequence[Stage], first_weekday: int) -> Callable[[int], int]:
    """Which pattern each day has when the plan goes on without a pause and day 0 is `first_weekday`, 0 for Monday.

    Days before day 0 are like the first stage.
    """

    from_days = [stage.from_day for stage in plan]

    @cache
    def pattern_of(day: int) -> int:
        stage = max(bisect_right(from_days, day) - 1, 0)
        return pattern_on(plan, (stage, (first_weekday + day) % DAYS_OF_A_WEEK >= SATURDAY))

    return pattern_of


def day_name(plan: Sequence[Stage], day: Day) -> str:
    """A kind of day in words: "a weekday of days 8-14"; empty where all days are alike."""
    stage, weekend = day
    words: list[str] = []
    if plan[stage].weekday != plan[stage].weekend:
        words.append("a weekend day" if weekend else "a weekday")
    if len(plan) > 1:
        words.append(stage_name(plan, stage))
    return " of ".join(words)


def stage_name(plan: Sequence[Stage], stage: int) -> str:
    """The days of a stage in words, 1 being the first: "days 8-14"."""
    first = plan[stage].from_day + 1
    if stage + 1 == len(plan):
        return f"day {first} or later"
    last = plan[stage + 1].from_day
    return f"day {first}" if first == last else f"days {first}-{last}"


def change_name(plan: Sequence[Stage], before: Day, after: Day) -> str:
    """The step from one day to the next in words: "from a weekday to a weekend day", "with day 15"."""
    week = ["a weekend day" if weekend else "a weekday" for _, weekend in (before, after)]
    from_to = f"from {week[0]} to {week[1]}"
    if before[0] == after[0]:
        return from_to
    with_day = f"with day {plan[after[0]].from_day + 1}"
    return f"{with_day}, {from_to}" if has_weekends(plan) else with_day
