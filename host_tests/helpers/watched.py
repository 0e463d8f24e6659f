"""A pump on its bench, every slice of which is held against the laws: what the tests of runtime and courses share."""

from typing import Any

from benchtop import Benchtop, constants
from pump.core.errors import Refused
from pump.safety.alarms import OCCLUSION
from rig import HOUR_MS, NG_ML

MOVING = ("delivering", "priming")


class Watched(Benchtop):
    """Notes what the motor did in each slice, and fails when it moves while nothing may be delivered."""

    def __init__(
        self,
        slice_ms: int,
        fill_steps: int | None = None,
        opened: bool = True,
        faults: list[list[Any]] | None = None,
    ) -> None:
        super().__init__(faults, constants(slice_ms=slice_ms), fill_steps, opened=opened)
        self.given: list[int] = []
        self._resting_slices = 0
        self._was_priming = False

    def tick(self, count: int = 1, span_ms: int | None = None) -> None:
        for _ in range(count):
            self._resting_slices = 0 if self.control.state in MOVING else self._resting_slices + 1
            before_steps = self.bench.motor.steps
            super().tick(1, span_ms)
            steps = self.bench.motor.steps - before_steps
            # What was under way when delivery ended still goes out.
            assert steps == 0 or self._resting_slices <= 1
            self.given.append(0 if self._was_priming else steps)
            self._was_priming = self.control.state == "priming"

    def run(self, span_ms: int) -> None:
        """Let `span_ms` pass in whole slices."""
        self.slice(span_ms // self.board.TICK_MS)

    def refill(self, fill_steps: int, concentration_ng_ml: int = NG_ML) -> None:
        """Draw off what is left, as much as the pump expects, and fill the pump and the bench."""
        self.control.refill(fill_steps, self.status()["reservoir_steps"], concentration_ng_ml)
        self.bench.refill(fill_steps, concentration_ng_ml)

    def halt(self) -> None:
        """An alarm ends delivery."""
        self.control.raise_alarm(OCCLUSION)

    def resume(self) -> None:
        """Do whatever a pump that does not deliver needs in order to deliver."""
        # What is under way arrives first.
        self.slice(2)
        if self.control.state == "halted":
            self.control.acknowledge()
        status = self.status()
        if status["reservoir_steps"] <= self.board.RESERVOIR_RESIDUAL_STEPS:
            self.refill(self.fill_steps, status["concentration_ng_ml"])
        if self.control.state == "stopped":
            self.control.start()

    def refused(self, command: Any, *arguments: object) -> Refused:
        """The refusal of `command`; fails when it is taken, or changes anything."""
        before = self.status()
        try:
            command(*arguments)
        except Refused as refused:
            assert self.status() == before
            return refused
        raise AssertionError(f"{command.__name__}{arguments} was taken")

    def greatest_hour(self) -> int:
        """The most that the motor gave as therapy within any hour so far, in microsteps."""
        slices = HOUR_MS // self.board.TICK_MS
        return max(sum(self.given[first : first + slices]) for first in range(max(len(self.given) - slices, 0) + 1))

    def check_laws(self, hour_steps: int) -> None:
        """What must hold at every moment of every course; `hour_steps` is the cap of the hour."""
        status = self.status()
        assert status["ordered_steps"] == status["granted_steps"] + status["owed_steps"] + status["dropped_steps"]
        assert status["granted_steps"] + status["stray_steps"] == (
            status["confirmed_steps"] + status["in_flight_steps"] + status["missing_steps"] + status["abandoned_steps"]
        )
        delivered_steps = status["confirmed_steps"]
        assert status["filled_steps"] == status["reservoir_steps"] + delivered_steps + status["wasted_steps"]
        assert delivered_steps == self.bench.motor.steps
        assert self.greatest_hour() <= hour_steps
