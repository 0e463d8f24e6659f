"""The pump's lines as a waveform: step, direction, enable and one alarm line for each priority, in a VCD file."""

import heapq
from collections.abc import Iterator
from typing import TextIO, TypeAlias

from vcd import VCDWriter

from itb.sim.record import Record

ALARM_LINES = {1: "alarm_low", 2: "alarm_medium", 3: "alarm_high"}
# How long a STEP pulse is drawn; the interval between steps is exact.
PULSE_US = 5

Change: TypeAlias = tuple[int, str, int]


def write_waveform(record: Record, file: TextIO) -> None:
    """Write the lines over the whole run, in microseconds. The run must have been traced."""
    with VCDWriter(file, timescale="1 us", comment="bench demonstrator, for water and dye only") as writer:
        names = ("step", "dir", "enable", *ALARM_LINES.values())
        lines = {name: writer.register_var("pump", name, "wire", size=1, init=0) for name in names}
        end_us = record.last.t_ms * 1000
        level = dict.fromkeys(names, 0)
        for t_us, name, value in heapq.merge(_steps(record, end_us), _enable_and_dir(record), _alarms(record)):
            if level[name] != value:
                level[name] = value
                writer.change(lines[name], t_us, value)
        writer.close(end_us)


def _steps(record: Record, end_us: int) -> Iterator[Change]:
    """A pulse due at the very end of the run has not left any more."""
    for burst in record.bursts:
        high_us = max(1, min(PULSE_US, burst.interval_us // 2))
        for place in range(burst.steps):
            t_us = burst.t_ms * 1000 + place * burst.interval_us
            if t_us < end_us:
                yield t_us, "step", 1
                yield min(t_us + high_us, end_us), "step", 0


def _enable_and_dir(record: Record) -> Iterator[Change]:
    """As the bench saw them. The self-test's ENABLE takes no time there, so it does not show."""
    for change in record.line_changes:
        yield change.t_ms * 1000, change.name, change.level


def _alarms(record: Record) -> Iterator[Change]:
    """A priority's line is high while any alarm of it stands."""
    edges: list[tuple[int, int, int]] = []
    for alarm in record.alarms():
        edges.append((alarm.from_ms * 1000, 1, alarm.priority))
        if alarm.until_ms is not None:
            edges.append((alarm.until_ms * 1000, -1, alarm.priority))
    standing = dict.fromkeys(ALARM_LINES, 0)
    for t_us, step, priority in sorted(edges):
        standing[priority] += step
        yield t_us, ALARM_LINES[priority], int(standing[priority] > 0)
