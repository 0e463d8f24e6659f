"""The watchdog of the chip."""

from machine import WDT

from pump.core.ports import Watchdog


class ChipWatchdog(Watchdog):
    """Runs from its first feed. *loop*."""

    def __init__(self, timeout_ms: int) -> None:
        self._timeout_ms = timeout_ms
        self._wdt = None

    def feed(self) -> None:
        if self._wdt is None:
            self._wdt = WDT(timeout=self._timeout_ms)
        self._wdt.feed()

    def runs(self) -> bool:
        """*loop.* Whether it was ever fed."""
        return self._wdt is not None
