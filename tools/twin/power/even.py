"""A pump that delivers evenly, for what is counted on it."""

from pump.app import App
from pump.core.units import MS_PER_HOUR, MS_PER_MINUTE
from twin.bench import Bench

NG_ML = 2_000_000


def open_even(board, bench: Bench, steps_day: int) -> App:
    """The pump on `bench`, opened and filled, delivering `steps_day`; with 0 it is stopped."""
    app = App(board, bench.ports)
    app.open()
    app.control.refill(board.RESERVOIR_CAPACITY_STEPS, 0, NG_ML)
    if steps_day:
        app.control.load(even_program(steps_day))
        app.control.set_time(0, 0)
        app.control.start()
    return app


def even_program(steps_day: int) -> dict:
    """A device program of one rate, with a bolus that the patient may have each hour."""
    return {
        "version": 2,
        "rate_den": 1,
        "concentration_ng_ml": NG_ML,
        "patterns": [[[0, steps_day, 0]]],
        "plan": [[0, 0, 0]],
        "boluses": [],
        "patient": [steps_day // 100, 0, 10 * MS_PER_MINUTE, MS_PER_HOUR, 24],
        "trial": [],
        "bridge": None,
        "override": "",
        "titration": [1000, "wear"],
        "limits": {name: [(1 << 30) - 1, "wear"] for name in ("hour", "day", "bolus")},
    }
