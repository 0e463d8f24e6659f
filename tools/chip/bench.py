"""The bench around the emulated Pico: its wires, a driver with its motor, and the twin's fluid."""

from dataclasses import dataclass, field
from types import ModuleType

from chip.emulator import NS_PER_MS, Chip
from twin.plant import Plant

# How often the fluid and the voltages that follow from it are brought up to date.
PLANT_SPAN_MS = 10


@dataclass
class Lines:
    """What the lines did: times in ns of emulated time."""

    steps_ns: list[float] = field(default_factory=list)
    """Rising edges of STEP at the driver."""
    enable: list[tuple[float, bool]] = field(default_factory=list)
    """Changes of ENABLE at the driver: when, and whether the driver was enabled from then on."""


class ChipBench:
    """The chip wired to a driver as the board says. `board` is the module of the board's constants.

    Faults are attributes: `step_wire_cut` (the read-back does not see STEP), `powered` (the motor supply).
    """

    def __init__(self, chip: Chip, board: ModuleType, fill_steps: int) -> None:
        self.chip = chip
        self.board = board
        self.lines = Lines()
        self.plant = Plant(board, fill_steps, {})
        self.motor_steps = 0
        self.enabled = False
        self.step_wire_cut = False
        self._powered = True
        self._new_steps = 0
        for number in (board.PIN_STALL, board.PIN_SUPPLY):
            if number >= 0:
                chip.drive(number, number == board.PIN_SUPPLY)
        chip.listen(board.PIN_ENABLE, self._on_enable, pulled_up=True)
        chip.listen(board.PIN_STEP, self._on_step)
        self._drive_sensors()

    @property
    def powered(self) -> bool:
        """Whether the motor supply stands."""
        return self._powered

    @powered.setter
    def powered(self, powered: bool) -> None:
        self._powered = powered
        if self.board.PIN_SUPPLY >= 0:
            self.chip.drive(self.board.PIN_SUPPLY, powered)

    def run_ms(self, span_ms: float) -> None:
        """Let time pass for the chip and for the fluid."""
        end_ms = self.chip.now_ms + span_ms
        while (left_ms := end_ms - self.chip.now_ms) > 0:
            part_ms = min(left_ms, PLANT_SPAN_MS)
            self.chip.run_ms(part_ms)
            self._flow(round(part_ms * 1000))
            self._drive_sensors()

    def steps_between(self, start_ns: float, end_ns: float) -> list[float]:
        """The times of the rising edges from `start_ns` on, before `end_ns`."""
        return [at_ns for at_ns in self.lines.steps_ns if start_ns <= at_ns < end_ns]

    def _on_step(self, now_ns: float, level: bool) -> None:
        if not self.step_wire_cut:
            self.chip.drive(self.board.PIN_STEP_READBACK, level)
        if level:
            self.lines.steps_ns.append(now_ns)
            if self.enabled and self._powered:
                self.motor_steps += 1
                self._new_steps += 1

    def _on_enable(self, now_ns: float, level: bool) -> None:
        self.chip.drive(self.board.PIN_ENABLE_READBACK, level)
        self.enabled = not level
        self.lines.enable.append((now_ns, self.enabled))

    def _flow(self, span_us: int) -> None:
        # Spread over the span: where in 10 ms a step falls is nothing to a fluid that takes a minute to settle.
        steps, self._new_steps = self._new_steps, 0
        self.plant.flow(span_us, steps, 0, span_us // max(steps, 1))

    def _drive_sensors(self) -> None:
        board = self.board
        if board.PIN_PRESSURE >= 0:
            kpa = self.plant.pressure_kpa()
            self.chip.drive_mv(board.PIN_PRESSURE, board.PRESSURE_ZERO_MV + kpa * board.PRESSURE_UV_PER_KPA / 1000)


def ms(time_ns: float) -> float:
    """A time in ms."""
    return time_ns / NS_PER_MS
