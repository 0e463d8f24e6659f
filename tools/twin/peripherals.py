"""The rest of the bench: stall line, pressure sensor, memory, link, watchdog, sounder."""

from errno import ENODEV

from pump.core.errors import Misuse
from pump.core.ports import DigitalIO, Link, Nvm, Sensor, Sounder, Watchdog
from twin.motor import Motor
from twin.plant import Plant

RECEIVE_MAX_BYTES = 256
SEND_ROOM_BYTES = 4096
HIGHEST_PRIORITY = 3


class StallLine(DigitalIO):
    """The driver's DIAG output: active while pulses come and the rotor does not follow."""

    def __init__(self, motor: Motor) -> None:
        self._motor = motor

    def read(self) -> bool:
        return self._motor.stall_seen

    def write(self, active: bool) -> None:
        raise Misuse("stall line: write on an input")


class PressureSensor(Sensor):
    """Pressure at the pump's outlet in whole kPa."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant

    def read(self) -> int:
        return int(self._plant.pressure_kpa() + 0.5)


class RamNvm(Nvm):
    """Memory that lasts as long as the run."""

    def __init__(self) -> None:
        self._pieces = {}

    def read(self, name: str) -> "bytes | None":
        return b"".join(self._pieces[name]) if name in self._pieces else None

    def write(self, name: str, data: bytes) -> None:
        self._pieces[name] = [bytes(data)]

    def append(self, name: str, data: bytes) -> None:
        # Not joined here: the heap of a chip has no room to copy a page for every line.
        self._pieces.setdefault(name, []).append(bytes(data))

    def remove(self, name: str) -> None:
        self._pieces.pop(name, None)

    def names(self) -> "list[str]":
        return sorted(self._pieces)


class MissingNvm(Nvm):
    """What is left where no file system could be mounted: every call fails, as the VM's do without one."""

    def read(self, name: str) -> "bytes | None":
        raise self._error()

    def write(self, name: str, data: bytes) -> None:
        raise self._error()

    def append(self, name: str, data: bytes) -> None:
        raise self._error()

    def remove(self, name: str) -> None:
        raise self._error()

    def names(self) -> "list[str]":
        raise self._error()

    def _error(self) -> OSError:
        return OSError(ENODEV, "no file system is mounted")


class LoopLink(Link):
    """Both ends of the wire. The pump has `receive` and `send`, the programmer `put` and `take`."""

    def __init__(self) -> None:
        self._to_pump = b""
        self._from_pump = b""
        self.dropped = 0

    def receive(self) -> bytes:
        if not self._to_pump:
            return b""
        data = self._to_pump[:RECEIVE_MAX_BYTES]
        self._to_pump = self._to_pump[RECEIVE_MAX_BYTES:]
        return data

    def send(self, data: bytes) -> None:
        if len(self._from_pump) + len(data) > SEND_ROOM_BYTES:
            self.dropped += 1
        else:
            self._from_pump += data

    def put(self, data: bytes) -> None:
        """The programmer sends `data`."""
        self._to_pump += data

    def take(self) -> bytes:
        """What the pump sent since the last call."""
        data = self._from_pump
        self._from_pump = b""
        return data


class TwinWatchdog(Watchdog):
    """Counts feeds, and the times it would have reset the chip; `expired_at_ms` is the first of these, or None.

    It runs from its first feed, as the chip's does from its start.
    """

    def __init__(self, timeout_ms: int) -> None:
        self._timeout_ms = timeout_ms
        self._left_ms = 0
        self.feeds = 0
        self.expiries = 0
        self.expired_at_ms = None

    def feed(self) -> None:
        self._left_ms = self._timeout_ms
        self.feeds += 1

    def stop(self) -> None:
        """The chip was reset, or lost its power: it runs again from its next feed."""
        self._left_ms = 0

    def elapse(self, span_ms: int, now_ms: int) -> None:
        """`span_ms` passed until `now_ms`."""
        if self._left_ms:
            self._left_ms -= span_ms
            if self._left_ms <= 0:
                if self.expired_at_ms is None:
                    self.expired_at_ms = now_ms + self._left_ms
                self._left_ms = 0
                self.expiries += 1


class TwinSounder(Sounder):
    """Remembers what it shows. `broken` makes its self-test fail."""

    def __init__(self) -> None:
        self.broken = False
        self.priority = 0

    def self_test(self) -> bool:
        return not self.broken

    def signal(self, priority: int) -> None:
        if not 0 <= priority <= HIGHEST_PRIORITY:
            raise Misuse("sounder: priority %d; accepted: 0..%d" % (priority, HIGHEST_PRIORITY))
        self.priority = priority
