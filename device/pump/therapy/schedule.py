"""The day patterns of a program, and the plan that says which of them holds on which day."""

from array import array

from pump.core.errors import Refused, refuse_unless_int
from pump.core.reading import sequence
from pump.core.units import MS_PER_DAY, SMALL_MAX

PATTERNS_MAX = 24
PATTERN_ROWS_MAX = 96
ROWS_MAX = 192
STAGES_MAX = 32
SATURDAY = 5
# Half of what a drip could take, so that basal and bolus of one tick together stay within 30 bits.
STEPS_MAX = (SMALL_MAX - MS_PER_DAY) >> 1
# Whether each of three days in a row can be one of the weekend.
_OF_A_WEEK = ((0, 0, 0), (0, 0, 1), (0, 1, 1), (1, 1, 0), (1, 0, 0))


class Schedule:
    """Rates by the time of day, weekday or weekend, and stage of the plan.

    A rate is `whole + frac / rate_den` microsteps per day. Pattern p has the rows `first_row[p]` to
    `first_row[p + 1] - 1` of the arrays `start_ms`, `whole` and `frac`; its first start is 0 and starts ascend. Stage s
    begins with plan day `from_day[s]` and has a pattern for weekdays and one for Saturday and Sunday.

    *tick*: `pattern_of`, `stage_after`; they allocate nothing. *loop*: the rest.
    """

    def __init__(self, rate_den: int, patterns: object, plan: object) -> None:
        """Read lists of `patterns`, [[start_ms, whole, frac], ...], and of the stages of the `plan`,
        [from_day, weekday_pattern, weekend_pattern]. Raises Refused, naming the field."""
        self.rate_den = rate_den
        self._read_patterns(sequence("patterns", patterns, 1, PATTERNS_MAX))
        self._read_plan(sequence("plan", plan, 1, STAGES_MAX))

    def _read_patterns(self, patterns: list) -> None:
        self.patterns = len(patterns)
        self.first_row = array("i", [0])
        rows = 0
        for p in range(len(patterns)):
            rows += len(sequence("patterns[%d]" % p, patterns[p], 1, PATTERN_ROWS_MAX))
            self.first_row.append(rows)
        if rows > ROWS_MAX:
            raise Refused("patterns", "%d rows" % rows, "at most %d rows in all" % ROWS_MAX)
        self.start_ms = array("i", [0] * rows)
        self.whole = array("i", [0] * rows)
        self.frac = array("i", [0] * rows)
        for p in range(len(patterns)):
            self._read_rows(p, patterns[p])

    def _read_rows(self, pattern: int, rows: list) -> None:
        earliest_ms = 0
        for i in range(len(rows)):
            name = "patterns[%d][%d]" % (pattern, i)
            start_ms, whole, frac = sequence(name, rows[i], 3, 3)
            latest_ms = 0 if i == 0 else MS_PER_DAY - 1
            row = self.first_row[pattern] + i
            self.start_ms[row] = refuse_unless_int(name + ".start_ms", start_ms, earliest_ms, latest_ms)
            self.whole[row] = refuse_unless_int(name + ".whole", whole, 0, STEPS_MAX)
            self.frac[row] = refuse_unless_int(name + ".frac", frac, 0, self.rate_den - 1)
            earliest_ms = start_ms + 1

    def _read_plan(self, plan: list) -> None:
        self.stages = len(plan)
        self.from_day = array("i", [0] * len(plan))
        self._weekday = array("i", [0] * len(plan))
        self._weekend = array("i", [0] * len(plan))
        earliest = 0
        for i in range(len(plan)):
            name = "plan[%d]" % i
            from_day, weekday, weekend = sequence(name, plan[i], 3, 3)
            latest = 0 if i == 0 else SMALL_MAX
            self.from_day[i] = refuse_unless_int(name + ".from_day", from_day, earliest, latest)
            self._weekday[i] = refuse_unless_int(name + ".weekday_pattern", weekday, 0, self.patterns - 1)
            self._weekend[i] = refuse_unless_int(name + ".weekend_pattern", weekend, 0, self.patterns - 1)
            earliest = from_day + 1

    def pattern_of(self, stage: int, weekday: int) -> int:
        """The pattern that holds on `weekday`, 0 for Monday, of `stage`."""
        if weekday >= SATURDAY:
            return self._weekend[stage]
        return self._weekday[stage]

    def stage_after(self, stage: int, plan_day: int) -> int:
        """The stage of `plan_day`, when the day before it was one of `stage`."""
        after = stage + 1
        if after < self.stages and self.from_day[after] <= plan_day:
            return after
        return stage

    def row_at(self, pattern: int, day_ms: int) -> int:
        """The row in force at `day_ms` of a day of `pattern`."""
        row = self.first_row[pattern + 1] - 1
        while self.start_ms[row] > day_ms:
            row -= 1
        return row

    def end_ms(self, pattern: int, row: int) -> int:
        """When `row` of `pattern` ends."""
        if row + 1 < self.first_row[pattern + 1]:
            return self.start_ms[row + 1]
        return MS_PER_DAY

    def lowest_row(self, stage: int) -> int:
        """The row with the lowest rate of all of `stage`, the first of equals."""
        rows = list(self._rows(self._weekday[stage])) + list(self._rows(self._weekend[stage]))
        lowest = rows[0]
        for row in rows:
            if (self.whole[row], self.frac[row]) < (self.whole[lowest], self.frac[lowest]):
                lowest = row
        return lowest

    def day_total(self, pattern: int) -> "tuple[int, int]":
        """What a whole day of `pattern` owes, in microsteps, as (numerator, denominator)."""
        total = 0
        for row in self._rows(pattern):
            rate = self.whole[row] * self.rate_den + self.frac[row]
            total += rate * (self.end_ms(pattern, row) - self.start_ms[row])
        return total, self.rate_den * MS_PER_DAY

    def stage_total(self, stage: int) -> "tuple[int, int]":
        """The greater `day_total` of a weekday and of a day of the weekend of `stage`."""
        totals = [self.day_total(pattern)[0] for pattern in (self._weekday[stage], self._weekend[stage])]
        return max(totals), self.rate_den * MS_PER_DAY

    def greatest_total(self) -> "tuple[int, int]":
        """The greatest `day_total` of any day of the plan."""
        totals = [self.day_total(pattern)[0] for pattern in list(self._weekday) + list(self._weekend)]
        return max(totals), self.rate_den * MS_PER_DAY

    def successions(self) -> "set[tuple[int, int, int]]":
        """The patterns that three days in a row can have.

        A plan can be paused at any time. So a stage lasts its days or longer, and meets the week at any phase.
        """
        found = set()
        last = self.stages - 1
        for stage in range(self.stages):
            after = min(stage + 1, last)
            runs = [(stage, stage, stage), (stage, stage, after), (stage, after, after)]
            if after < last and self.from_day[after + 1] == self.from_day[after] + 1:
                runs.append((stage, after, after + 1))
            for one, two, three in runs:
                for first, second, third in _OF_A_WEEK:
                    found.add((self._on(one, first), self._on(two, second), self._on(three, third)))
        return found

    def _on(self, stage: int, weekend: int) -> int:
        return self._weekend[stage] if weekend else self._weekday[stage]

    def _rows(self, pattern: int):
        return range(self.first_row[pattern], self.first_row[pattern + 1])
