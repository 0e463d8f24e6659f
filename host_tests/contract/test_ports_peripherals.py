"""The rules of clock, memory, link, watchdog and sounder on the twin."""

from typing import Any

import pytest

from pump.core.errors import Misuse
from twin.clock import TwinClock
from twin.peripherals import LoopLink, RamNvm, TwinSounder, TwinWatchdog

MODULUS = 2**30


class TestClock:
    def test_wraps_at_two_to_the_thirty_and_keeps_the_whole_time(self) -> None:
        clock = TwinClock(MODULUS - 5)
        clock.advance(4)
        assert clock.ticks_ms() == MODULUS - 1
        clock.advance(1)
        assert clock.ticks_ms() == 0
        clock.advance(10)
        assert clock.ticks_ms() == 10
        assert clock.elapsed_ms == 15

    def test_keeps_the_exact_total_over_many_wraps(self) -> None:
        clock = TwinClock(12345)
        for _ in range(40):
            clock.advance(2**29 - 1)
        assert clock.elapsed_ms == 40 * (2**29 - 1)
        assert clock.ticks_ms() == (12345 + clock.elapsed_ms) % MODULUS

    def test_stands_still_by_itself(self) -> None:
        clock = TwinClock(7)
        assert [clock.ticks_ms() for _ in range(3)] == [7, 7, 7]

    @pytest.mark.parametrize("start", [-1, MODULUS])
    def test_cannot_begin_outside_its_width(self, start: int) -> None:
        with pytest.raises(Misuse, match="start_ticks"):
            TwinClock(start)

    @pytest.mark.parametrize("span_ms", [-1, 2**29])
    def test_never_goes_back_nor_leaps_further_than_ticks_can_tell(self, span_ms: int) -> None:
        clock = TwinClock(0)
        with pytest.raises(Misuse, match="span"):
            clock.advance(span_ms)
        assert clock.elapsed_ms == 0


class TestNvm:
    def test_what_was_never_written_is_none(self) -> None:
        assert RamNvm().read("lease") is None

    def test_a_write_replaces_and_an_append_adds(self) -> None:
        nvm = RamNvm()
        nvm.write("journal", b"one")
        nvm.append("journal", b"two")
        nvm.append("new", b"three")
        assert nvm.read("journal") == b"onetwo"
        assert nvm.read("new") == b"three"
        nvm.write("journal", b"four")
        assert nvm.read("journal") == b"four"

    def test_keeps_a_copy_and_not_the_writer_s_buffer(self) -> None:
        nvm = RamNvm()
        buffer: Any = bytearray(b"abc")
        nvm.write("piece", buffer)
        buffer[0] = 0
        assert nvm.read("piece") == b"abc"


class TestLink:
    def test_gives_at_most_256_bytes_at_a_time_in_order(self) -> None:
        link = LoopLink()
        sent = bytes(i % 251 for i in range(600))
        link.put(sent[:100])
        link.put(sent[100:])
        parts = [link.receive() for _ in range(4)]
        assert [len(part) for part in parts] == [256, 256, 88, 0]
        assert b"".join(parts) == sent

    def test_takes_what_was_sent_once(self) -> None:
        link = LoopLink()
        link.send(b"a\n")
        link.send(b"b\n")
        assert link.take() == b"a\nb\n"
        assert link.take() == b""

    def test_drops_whole_what_does_not_fit(self) -> None:
        link = LoopLink()
        link.send(b"x" * 4000)
        link.send(b"y" * 97)
        link.send(b"z" * 96)
        assert link.dropped == 1
        assert link.take() == b"x" * 4000 + b"z" * 96


class TestWatchdog:
    def test_does_not_run_before_its_first_feed(self) -> None:
        watchdog = TwinWatchdog(1000)
        watchdog.elapse(5000, 5000)
        assert watchdog.expiries == 0

    def test_expires_at_exactly_its_time_out_and_not_one_ms_before(self) -> None:
        watchdog = TwinWatchdog(1000)
        watchdog.feed()
        watchdog.elapse(999, 999)
        assert watchdog.expiries == 0
        watchdog.elapse(1, 1000)
        assert (watchdog.expiries, watchdog.expired_at_ms) == (1, 1000)

    def test_tells_when_it_expired_within_a_long_span(self) -> None:
        watchdog = TwinWatchdog(1000)
        watchdog.feed()
        watchdog.elapse(60_000, 60_000)
        assert (watchdog.expiries, watchdog.expired_at_ms) == (1, 1000)

    def test_each_feed_gives_one_whole_time_out(self) -> None:
        watchdog = TwinWatchdog(1000)
        for second in range(5):
            watchdog.feed()
            watchdog.elapse(999, 999 * (second + 1))
        assert (watchdog.expiries, watchdog.feeds) == (0, 5)


class TestSounder:
    def test_answers_unless_broken(self) -> None:
        sounder = TwinSounder()
        assert sounder.self_test()
        sounder.broken = True
        assert not sounder.self_test()

    def test_shows_the_priority_it_was_given(self) -> None:
        sounder = TwinSounder()
        sounder.signal(3)
        assert sounder.priority == 3

    @pytest.mark.parametrize("priority", [-1, 4])
    def test_no_priority_outside_the_table(self, priority: int) -> None:
        sounder = TwinSounder()
        with pytest.raises(Misuse, match=r"accepted: 0\.\.3"):
            sounder.signal(priority)
        assert sounder.priority == 0
