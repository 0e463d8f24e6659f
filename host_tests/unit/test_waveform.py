"""The waveform: read back, it holds every step, and each line where it belongs."""

import io

from vcd.reader import TokenKind, tokenize

from itb.sim.messages import Burst, LineChange
from itb.sim.record import Record
from itb.sim.waveform import write_waveform
from runs import MS_PER_HOUR, bursts, events, sound_run


def read_back(record: Record) -> dict[str, list[tuple[int, str]]]:
    """Each line's changes as (time in us, value), from the written file."""
    text = io.StringIO()
    write_waveform(record, text)
    names: dict[str, str] = {}
    changes: dict[str, list[tuple[int, str]]] = {}
    now_us = 0
    for token in tokenize(io.BytesIO(text.getvalue().encode())):
        if token.kind is TokenKind.TIMESCALE:
            assert (token.timescale.magnitude, token.timescale.unit.value) == (1, "us")
        elif token.kind is TokenKind.VAR:
            names[token.var.id_code] = token.var.reference
            changes[token.var.reference] = []
        elif token.kind is TokenKind.CHANGE_TIME:
            now_us = token.time_change
        elif token.kind is TokenKind.CHANGE_SCALAR:
            changes[names[token.scalar_change.id_code]].append((now_us, token.scalar_change.value))
    assert now_us == record.last.t_ms * 1000
    return changes


def rising(changes: list[tuple[int, str]]) -> list[int]:
    return [t_us for t_us, value in changes if value == "1"]


def traced_run() -> Record:
    record = sound_run(hours=1)
    record.events = events(
        (0, "state_delivering", 0, 0),
        (MS_PER_HOUR // 4, "alarm", 9, 2),
        (MS_PER_HOUR // 3, "alarm", 5, 3),
        (MS_PER_HOUR // 3, "state_halted", 0, 0),
        (MS_PER_HOUR // 2, "alarm_end", 9, 0),
    )
    for t_ms, name, level in ((0, "dir", 1), (70, "enable", 1), (MS_PER_HOUR // 3, "enable", 0)):
        record.add(LineChange(t_ms, name, level))
    record.bursts = bursts(count=5, every_ms=10_000, steps=3, interval_us=3_333_333)
    return record


def test_every_step_is_a_rising_edge_at_its_time() -> None:
    steps = rising(read_back(traced_run())["step"])
    assert len(steps) == 15
    assert steps[:4] == [10_000_000, 13_333_333, 16_666_666, 20_000_000]


def test_a_pulse_that_had_not_left_at_the_end_is_not_drawn() -> None:
    record = traced_run()
    record.bursts.append(Burst(MS_PER_HOUR - 5000, 3, 3_333_333))
    record.bursts.append(Burst(MS_PER_HOUR, 3, 3_333_333))
    assert len(rising(read_back(record)["step"])) == 15 + 2


def test_enable_is_drawn_as_it_was_seen_and_not_as_the_state_has_it() -> None:
    assert read_back(traced_run())["enable"] == [(0, "0"), (70_000, "1"), (MS_PER_HOUR // 3 * 1000, "0")]


def test_direction_is_drawn_as_it_was_seen() -> None:
    assert read_back(traced_run())["dir"] == [(0, "1")]
    never_set = sound_run(hours=1)
    assert read_back(never_set)["dir"] == [(0, "0")]


def test_each_alarm_raises_the_line_of_its_priority_until_it_ends() -> None:
    changes = read_back(traced_run())
    assert changes["alarm_medium"][1:] == [(MS_PER_HOUR // 4 * 1000, "1"), (MS_PER_HOUR // 2 * 1000, "0")]
    assert changes["alarm_high"][1:] == [(MS_PER_HOUR // 3 * 1000, "1")]
    assert changes["alarm_low"] == [(0, "0")]
