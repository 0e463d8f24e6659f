"""What the pump does to ENABLE and DIR, noted at the very millisecond: for traced runs only, since it allocates."""

from twin.clock import TwinClock
from twin.driver import DeadManLine, StepLine

ENABLE, DIR = "enable", "dir"


class Lines:
    """The changes of the lines since they were last taken. Both are low at first."""

    def __init__(self, clock: TwinClock) -> None:
        self._clock = clock
        self._levels = {ENABLE: 0, DIR: 0}
        self._changes = []

    def note(self, name: str, high: bool) -> None:
        """The line `name` is now `high`, or low."""
        level = 1 if high else 0
        if level != self._levels[name]:
            self._levels[name] = level
            self._changes.append((self._clock.elapsed_ms, name, level))

    def take(self) -> "list[tuple[int, str, int]]":
        """The changes since the last call, in order: each its time in ms, the line and its new level."""
        changes = self._changes
        self._changes = []
        return changes


class TracedDeadMan(DeadManLine):
    """ENABLE as the driver has it: low without the driver's supply, too."""

    def __init__(self, timeout_ms: int, lines: Lines) -> None:
        super().__init__(timeout_ms)
        self._lines = lines

    def feed(self) -> None:
        super().feed()
        self._lines.note(ENABLE, self.drives())

    def release(self) -> None:
        super().release()
        self._lines.note(ENABLE, self.drives())

    def set_power(self, powered: bool) -> None:
        super().set_power(powered)
        self._lines.note(ENABLE, self.drives())


class TracedStep(StepLine):
    """A step line whose DIR is noted."""

    def __init__(self, dead_man: DeadManLine, dir_setup_us: int, min_interval_us: int, lines: Lines) -> None:
        super().__init__(dead_man, dir_setup_us, min_interval_us)
        self._lines = lines

    def set_direction(self, forward: bool) -> None:
        super().set_direction(forward)
        self._lines.note(DIR, forward)

    def reset(self) -> None:
        super().reset()
        self._lines.note(DIR, False)
