"""Hardware that always obeys and costs next to nothing, so that what is measured on it is the firmware."""

from pump.core.ports import (
    Clock,
    DeadMan,
    DigitalIO,
    EdgeCounter,
    Link,
    Nvm,
    Sensor,
    Sounder,
    StepPort,
    WallClock,
    Watchdog,
)
from pump.core.ticks import MASK

RESTING_KPA = 3


class IdealClock(Clock):
    def __init__(self) -> None:
        self.now_ticks = 0

    def ticks_ms(self) -> int:
        return self.now_ticks


class IdealStep(StepPort, EdgeCounter):
    """Every pulse leaves, and is counted, at once."""

    def __init__(self) -> None:
        self.pulses = 0

    def set_direction(self, forward: bool) -> None:
        pass

    def burst(self, steps: int, interval_us: int) -> None:
        self.pulses = (self.pulses + steps) & MASK

    def busy(self) -> bool:
        return False

    def stop(self) -> None:
        pass

    def count(self) -> int:
        return self.pulses


class IdealDeadMan(DeadMan):
    def __init__(self) -> None:
        self._held = False

    def feed(self) -> None:
        self._held = True

    def release(self) -> None:
        self._held = False

    def held(self) -> bool:
        return self._held


class QuietStall(DigitalIO):
    def read(self) -> bool:
        return False


class RestingPressure(Sensor):
    def read(self) -> int:
        return RESTING_KPA


class SmallNvm(Nvm):
    """Keeps what is written, and lets what is appended go."""

    def __init__(self) -> None:
        self._pieces = {}

    def read(self, name: str) -> "bytes | None":
        return self._pieces.get(name)

    def write(self, name: str, data: bytes) -> None:
        self._pieces[name] = data

    def append(self, name: str, data: bytes) -> None:
        pass

    def remove(self, name: str) -> None:
        self._pieces.pop(name, None)

    def names(self) -> "list[str]":
        return sorted(self._pieces)


class SilentLink(Link):
    def receive(self) -> bytes:
        return b""

    def send(self, data: bytes) -> None:
        pass


class PatientWatchdog(Watchdog):
    def feed(self) -> None:
        pass


class MuteSounder(Sounder):
    def self_test(self) -> bool:
        return True

    def signal(self, priority: int) -> None:
        pass


class NoWallClock(WallClock):
    def read(self) -> "tuple[int, int] | None":
        return None

    def set(self, day_ms: int, weekday: int) -> None:
        pass


class IdealPorts:
    """What the pump is handed."""

    def __init__(self) -> None:
        self.clock = IdealClock()
        self.step = IdealStep()
        self.edges = self.step
        self.dead_man = IdealDeadMan()
        self.stall = QuietStall()
        self.pressure = RestingPressure()
        self.nvm = SmallNvm()
        self.link = SilentLink()
        self.watchdog = PatientWatchdog()
        self.sounder = MuteSounder()
        self.wall_clock = NoWallClock()
        self.reset_cause = "power"
