"""What a run looks like while it runs: a live panel on a terminal, plain lines elsewhere.

What is shown as delivered is the firmware's ledger.
"""

import time
from collections.abc import Callable
from fractions import Fraction

from rich.console import Console
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from itb import BENCH_ONLY
from itb.account.doses import NL_NG_ML_PER_UG
from itb.account.told import MS_PER_MINUTE, NL_PER_ML, clock
from itb.plan.program import Scale
from itb.sim.alarms import alarm_kinds, title
from itb.sim.messages import Sample

MS_PER_HOUR = 3_600_000
PLAIN_LINES_MAX = 50
_STYLES = ("", "cyan", "yellow", "bold red")


class _Dose:
    """The dose in a count that only grows, at what a microstep carried when it did; to a sample's width."""

    def __init__(self) -> None:
        self.ug = Fraction(0)
        self._steps = 0

    def count(self, steps: int, ug_per_step: Fraction) -> None:
        """The count is `steps` now."""
        self.ug += (steps - self._steps) * ug_per_step
        self._steps = steps


class View:
    """Shows samples as they come. A context: the live panel stands only within it."""

    def __init__(
        self, console: Console, scale: Scale, days_ms: int, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        """`scale` is that of the first program; `days_ms` is how long the run is meant to last; `now_s` a clock in
        seconds."""
        self._console = console
        self._nl_per_step = scale.nl_per_step
        self._first_ng_ml = scale.concentration_ug_ml * 1000
        self._delivered = _Dose()
        self._ordered = _Dose()
        self._days_ms = days_ms
        self._now_s = now_s
        self._began_s = now_s()
        self._live = Live(console=console, refresh_per_second=8) if console.is_terminal else None
        self._plain_every_ms = max(MS_PER_HOUR, days_ms // PLAIN_LINES_MAX)
        self._plain_next_ms = self._plain_every_ms

    def __enter__(self) -> "View":
        self._console.print(BENCH_ONLY, style="bold", highlight=False, soft_wrap=True)
        self._began_s = self._now_s()
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *raised: object) -> None:
        if self._live:
            self._live.stop()

    def show(self, sample: Sample) -> None:
        """Show `sample`: at once in the live panel; as a plain line every hour or every 2 %, whichever is rarer."""
        ug_per_step = self._ug_per_step(sample)
        self._delivered.count(sample.status.confirmed_steps, ug_per_step)
        self._ordered.count(sample.status.ordered_steps, ug_per_step)
        if self._live:
            self._live.update(self._panel(sample))
        elif sample.t_ms >= self._plain_next_ms:
            self._plain_next_ms = (sample.t_ms // self._plain_every_ms + 1) * self._plain_every_ms
            self._console.print(self._line(sample), highlight=False, markup=False, soft_wrap=True)

    def _line(self, sample: Sample) -> str:
        percent = min(100 * sample.t_ms // self._days_ms, 100)
        parts = [f"{clock(sample.t_ms, end=True)}  {percent:3d} %", f"rate {self._rate(sample)}", self._dose()]
        parts.append(f"reservoir {self._reservoir(sample)}")
        alarms = ", ".join(title(name) for name in sample.status.alarms)
        parts.append(f"ALARM: {alarms}" if alarms else "no alarm")
        return "  |  ".join(parts)

    def _panel(self, sample: Sample) -> Panel:
        table = Table.grid(padding=(0, 2))
        table.add_row("progress", ProgressBar(total=self._days_ms, completed=sample.t_ms))
        table.add_row("simulated", f"{clock(sample.t_ms, end=True)}   ({self._speed(sample)})")
        table.add_row("state", sample.status.state)
        table.add_row("rate", self._rate(sample))
        table.add_row("dose", self._dose())
        table.add_row("reservoir", self._reservoir(sample))
        table.add_row("alarms", _alarms(sample))
        return Panel(table, title="itb run", title_align="left", width=min(self._console.width, 90))

    def _ug_per_step(self, sample: Sample) -> Fraction:
        """What a microstep carries now."""
        return self._nl_per_step * (sample.status.concentration_ng_ml or self._first_ng_ml) / NL_NG_ML_PER_UG

    def _rate(self, sample: Sample) -> str:
        return f"{float(sample.status.rate_steps_day * self._ug_per_step(sample) / 24):.2f} ug/h"

    def _dose(self) -> str:
        return f"delivered {float(self._delivered.ug):.2f} of {float(self._ordered.ug):.2f} ug ordered"

    def _reservoir(self, sample: Sample) -> str:
        return f"{float(sample.status.reservoir_steps * self._nl_per_step / NL_PER_ML):.3f} mL"

    def _speed(self, sample: Sample) -> str:
        elapsed_min = (self._now_s() - self._began_s) / 60
        if elapsed_min <= 0:
            return "speed unknown"
        return f"{sample.t_ms / MS_PER_MINUTE / 1440 / elapsed_min:,.1f} days a minute"


def _alarms(sample: Sample) -> Text:
    priorities = {kind.name: kind.priority for kind in alarm_kinds()}
    alarms = [Text(title(name), _STYLES[priorities.get(name, 0)]) for name in sample.status.alarms]
    return Text(", ").join(alarms) if alarms else Text("none", "green")
