"""The contracts of all hardware. `hal/` keeps them on chips, a digital twin keeps them in simulation.

Each method says which context may call it. *tick*: the 100 Hz interrupt; it must allocate nothing and
stay within 30-bit ints. *loop*: the foreground; it may allocate. A port that finds itself used against
its contract raises Misuse where it can see that.
"""


class Clock:
    """Time, given to the pump and never taken by it."""

    def ticks_ms(self) -> int:
        """*tick, loop.* Milliseconds, 0 <= t < 2**30, wrapping. Only `core.ticks` computes with them."""
        raise NotImplementedError


class StepPort:
    """The STEP and DIR lines. Pulses are timed by hardware, never by Python."""

    def set_direction(self, forward: bool) -> None:
        """*loop.* Set DIR; only while no burst runs. No burst may begin until the driver's set-up time is over."""
        raise NotImplementedError

    def burst(self, steps: int, interval_us: int) -> None:
        """*tick.* Begin `steps` >= 1 pulses, `interval_us` apart, the first at once. Only while not `busy()`, with the
        driver held enabled, and with `interval_us` no shorter than the driver allows."""
        raise NotImplementedError

    def busy(self) -> bool:
        """*tick, loop.* Whether pulses of the last burst are still to come."""
        raise NotImplementedError

    def stop(self) -> None:
        """*tick, loop.* Drop the pulses still to come. Idempotent."""
        raise NotImplementedError


class EdgeCounter:
    """Counts edges on the read-back pin, which is wired to STEP at the driver; independent of the StepPort.

    An edge that finds the driver disabled or unpowered moves nothing and is not counted.
    """

    def count(self) -> int:
        """*tick, loop.* Edges that moved the motor so far, modulo 2**30."""
        raise NotImplementedError


class DeadMan:
    """Holds the driver's ENABLE line, and lets go by itself when it is not fed within its time-out."""

    def feed(self) -> None:
        """*tick, loop.* Enable the driver, for one more time-out."""
        raise NotImplementedError

    def release(self) -> None:
        """*tick, loop.* Disable the driver at once. Idempotent."""
        raise NotImplementedError

    def held(self) -> bool:
        """*tick, loop.* Whether the driver, read back at the driver, has been enabled and powered without a gap since
        the `feed()` that last enabled it."""
        raise NotImplementedError


class DigitalIO:
    """One pin."""

    def read(self) -> bool:
        """*tick, loop.* Whether the signal is active, whatever its polarity."""
        raise NotImplementedError

    def write(self, active: bool) -> None:
        """*tick, loop.* Make the signal active or not; only on an output."""
        raise NotImplementedError


class Sensor:
    """A slow analogue reading."""

    def read(self) -> int:
        """*loop.* The newest sample in the unit of its place (kPa for pressure, mV for supply)."""
        raise NotImplementedError


class Nvm:
    """Named pieces of non-volatile memory. Each method raises OSError when the memory is full, broken or missing."""

    def read(self, name: str) -> "bytes | None":
        """*loop.* What was last written under `name`, or None when nothing stands there."""
        raise NotImplementedError

    def write(self, name: str, data: bytes) -> None:
        """*loop.* Replace what stands under `name`: after a power cut the old or the new stands, whole."""
        raise NotImplementedError

    def append(self, name: str, data: bytes) -> None:
        """*loop.* Add to the end of `name`: after a power cut all, part or none of `data` was added."""
        raise NotImplementedError

    def remove(self, name: str) -> None:
        """*loop.* Forget `name`, if it is there: after a power cut it stands whole, or not at all."""
        raise NotImplementedError

    def names(self) -> "list[str]":
        """*loop.* The names under which something stands, in alphabetical order."""
        raise NotImplementedError


class Link:
    """The wire to the programmer: bytes in, bytes out."""

    def receive(self) -> bytes:
        """*loop.* The bytes that came since the last call, at most 256 of them; b"" when none did. Never waits."""
        raise NotImplementedError

    def send(self, data: bytes) -> None:
        """*loop.* Queue `data` to go out. Never waits; what does not fit is dropped whole."""
        raise NotImplementedError


class Watchdog:
    """Resets the chip when it is not fed."""

    def feed(self) -> None:
        """*loop.* All checks passed: live for one more time-out."""
        raise NotImplementedError


class Sounder:
    """The alarm's tone and light."""

    def self_test(self) -> bool:
        """*loop.* Whether the sounder answers; makes no lasting sound."""
        raise NotImplementedError

    def signal(self, priority: int) -> None:
        """*loop.* Show `priority` (`safety.alarms`): 0 silent, 1 low, 2 medium, 3 high."""
        raise NotImplementedError


class WallClock:
    """The time of day and of the week, from a clock with a battery of its own; or nothing, where there is none.

    No method raises OSError: a clock that does not answer is one that does not know.
    """

    def read(self) -> "tuple[int, int] | None":
        """*loop.* `day_ms`, the milliseconds since midnight, 0 <= day_ms < 86_400_000, and `weekday`, 0 = Monday to 6.
        None when there is no clock, when it stopped since it was set, and when what it says cannot be."""
        raise NotImplementedError

    def set(self, day_ms: int, weekday: int) -> None:
        """*loop.* Go on from `day_ms` and `weekday`, as `read` gives them; nothing where there is no clock. Only with
        both within their range. Whether it was taken, `read` tells."""
        raise NotImplementedError
