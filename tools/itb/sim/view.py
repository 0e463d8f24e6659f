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
from itb.rx.program import Scale
from itb.sim.alarms import alarm_kinds, title
from itb.sim.messages import Sample
from itb.sim.summary import MS_PER_MINUTE, clock, ml, ug

MS_PER_HOUR = 3_600_000
PLAIN_LINES_MAX = 50
_STYLES = ("", "cyan", "yellow", "bold red")


class View:
    """Shows samples as they come. A context: the live panel stands only within it."""

    def __init__(
        self, console: Console, scale: Scale, days_ms: int, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        """`days_ms` is how long the run is meant to last; `now_s` a clock in seconds."""
        self._console = console
        self._scale = scale
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
        if self._live:
            self._live.update(self._panel(sample))
        elif sample.t_ms >= self._plain_next_ms:
            self._plain_next_ms = (sample.t_ms // self._plain_every_ms + 1) * self._plain_every_ms
            self._console.print(self._line(sample), highlight=False, markup=False, soft_wrap=True)

    def _line(self, sample: Sample) -> str:
        percent = min(100 * sample.t_ms // self._days_ms, 100)
        parts = [f"{clock(sample.t_ms, end=True)}  {percent:3d} %", f"rate {self._rate(sample)}", self._dose(sample)]
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
        table.add_row("dose", self._dose(sample))
        table.add_row("reservoir", self._reservoir(sample))
        table.add_row("alarms", _alarms(sample))
        return Panel(table, title="itb run", title_align="left", width=min(self._console.width, 90))

    def _rate(self, sample: Sample) -> str:
        return f"{float(ug(self._scale, Fraction(sample.status.rate_steps_day, 24))):.2f} ug/h"

    def _dose(self, sample: Sample) -> str:
        delivered, ordered = sample.status.confirmed_steps, sample.status.ordered_steps
        return f"delivered {float(ug(self._scale, delivered)):.2f} of {float(ug(self._scale, ordered)):.2f} ug ordered"

    def _reservoir(self, sample: Sample) -> str:
        return f"{float(ml(self._scale, sample.status.reservoir_steps)):.3f} mL"

    def _speed(self, sample: Sample) -> str:
        elapsed_min = (self._now_s() - self._began_s) / 60
        if elapsed_min <= 0:
            return "speed unknown"
        return f"{sample.t_ms / MS_PER_MINUTE / 1440 / elapsed_min:,.1f} days a minute"


def _alarms(sample: Sample) -> Text:
    priorities = {kind.name: kind.priority for kind in alarm_kinds()}
    alarms = [Text(title(name), _STYLES[priorities.get(name, 0)]) for name in sample.status.alarms]
    return Text(", ").join(alarms) if alarms else Text("none", "green")
