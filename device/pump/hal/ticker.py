"""The timer that calls the tick, and what becomes of an error in it."""

from pump.core.ports import DeadMan, StepPort


class Ticker:
    """Calls the tick, until one ends with an error. Then the driver is let go of, and the loop is told.

    The error may be a Control-C: it is meant for the loop, and can come while a tick runs.
    """

    def __init__(self, timer, step: StepPort, dead_man: DeadMan) -> None:
        """`timer`: a `machine.Timer`."""
        self._timer = timer
        self._step = step
        self._dead_man = dead_man
        self._error = None

    def start(self, run_once, **timing) -> None:
        """*loop.* Call `run_once()` from now on, with the `timing` of `machine.Timer.init`."""
        self._run_once = run_once
        self._timer.init(callback=self._on_timer, **timing)

    def stop(self) -> None:
        """*loop.* No more ticks."""
        self._timer.deinit()

    def check(self) -> None:
        """*loop.* Raise the error that ended the ticks, if one did."""
        if self._error is not None:
            raise self._error

    def _on_timer(self, _timer) -> None:
        if self._error is not None:
            return
        try:
            self._run_once()
        except BaseException as error:  # noqa: BLE001
            self._step.stop()
            self._dead_man.release()
            self._error = error
