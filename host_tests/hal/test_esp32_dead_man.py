"""The dead-man's switch of two RMT channels: it holds while it is fed, and lets go without a processor."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.simchip import Chip
from hal.simmodules import hal
from hal.wired import ABSENT, constants, wired
from pump.core.errors import Refused

BOARDS = ["esp32_devkit", "esp32s3"]
TIMEOUT_MS = 500
# What is left of a channel's time when the other takes over.
HALF_MS = TIMEOUT_MS // 2 - 5
TICK_MS = 10


class Bench:
    def __init__(self, name: str = "esp32_devkit", start_us: int = 0, **changes: int | str) -> None:
        self.board: Any = constants(name, **{"DEAD_MAN_MS": TIMEOUT_MS, **changes})
        self.chip: Chip = wired(self.board, start_us)
        self.dead_man = self.opened()
        self.chip.forget()
        self.chip.blocked_us = 0

    def opened(self) -> Any:
        return hal(self.chip, "esp32_step").RmtDeadMan(self.board, hal(self.chip, "clock").SystemClock())

    @property
    def enabled(self) -> bool:
        return self.chip.level(self.board.PIN_ENABLE) == 0


@pytest.fixture(params=BOARDS)
def bench(request: pytest.FixtureRequest) -> Bench:
    return Bench(request.param)


def test_disabled_until_it_is_fed_and_held_at_once_then(bench: Bench) -> None:
    assert not bench.enabled
    assert not bench.dead_man.held()
    bench.dead_man.feed()
    assert bench.enabled
    assert bench.dead_man.held()


def test_lets_go_by_itself_between_half_and_all_of_its_time_out(bench: Bench) -> None:
    bench.dead_man.feed()
    begun_us = bench.chip.now_us
    bench.chip.advance_ms(2 * TIMEOUT_MS)
    assert not bench.enabled
    assert HALF_MS * 1000 <= bench.chip.rises(bench.board.PIN_ENABLE)[-1] - begun_us <= TIMEOUT_MS * 1000


def test_fed_every_tick_it_holds_without_the_shortest_gap(bench: Bench) -> None:
    bench.dead_man.feed()
    bench.chip.forget()
    for _ in range(10_000):
        bench.chip.advance_ms(TICK_MS)
        bench.dead_man.feed()
    assert bench.dead_man.held()
    assert bench.chip.pad(bench.board.PIN_ENABLE).changes == []
    assert bench.chip.blocked_us == 0


@given(
    waits=st.lists(st.one_of(st.integers(0, 3 * TIMEOUT_MS), st.integers(0, HALF_MS)), min_size=1, max_size=40),
    start_us=st.integers(0, 2**41),
)
def test_however_it_is_fed_it_holds_for_half_its_time_out_and_never_longer_than_all(
    waits: list[int], start_us: int
) -> None:
    bench = Bench(start_us=start_us)
    for wait_ms in waits:
        bench.dead_man.feed()
        fed_us = bench.chip.now_us
        assert bench.enabled
        bench.chip.forget()
        bench.chip.advance_ms(wait_ms)
        let_go_us = [when_us - fed_us for when_us in bench.chip.rises(bench.board.PIN_ENABLE)]
        assert bench.enabled == (not let_go_us)
        if wait_ms <= HALF_MS:
            assert let_go_us == []
        if wait_ms > TIMEOUT_MS:
            assert HALF_MS * 1000 <= let_go_us[0] <= TIMEOUT_MS * 1000
    assert bench.chip.blocked_us == 0


@given(st.lists(st.tuples(st.sampled_from(["feed", "release"]), st.integers(0, 600)), max_size=40))
def test_release_lets_go_at_once_and_the_next_feed_holds_at_once(story: list[tuple[str, int]]) -> None:
    bench = Bench()
    for what, wait_ms in story:
        if what == "feed":
            bench.dead_man.feed()
        else:
            bench.dead_man.release()
        assert bench.enabled == bench.dead_man.held() == (what == "feed")
        bench.chip.advance_ms(wait_ms)
        if what == "release":
            assert not bench.enabled
    assert bench.chip.blocked_us == 0


@pytest.mark.parametrize("days", [6, 7, 12, 13, 40])
def test_it_holds_again_after_days_without_a_feed(days: int) -> None:
    bench = Bench()
    bench.dead_man.feed()
    bench.dead_man.release()
    # To the millisecond, where the ticks come round to what they were.
    for _ in range(3):
        bench.chip.advance_ms(days * 86_400_000)
        bench.dead_man.feed()
        assert bench.dead_man.held()
        bench.dead_man.release()


def test_ticks_that_came_round_do_not_deceive_it() -> None:
    bench = Bench()
    bench.dead_man.feed()
    bench.chip.advance_ms(2**30)
    bench.dead_man.feed()
    assert bench.dead_man.held()


@pytest.mark.req("M-09")
def test_a_driver_without_supply_is_not_held(bench: Bench) -> None:
    bench.dead_man.feed()
    bench.chip.drive(bench.board.PIN_SUPPLY, 0)
    assert not bench.dead_man.held()


def test_where_no_supply_is_sensed_enable_alone_tells() -> None:
    bench = Bench(PIN_SUPPLY=ABSENT)
    bench.dead_man.feed()
    assert bench.dead_man.held()


def test_a_switch_that_does_not_let_go_is_never_trusted() -> None:
    board = constants("esp32_devkit")
    chip = wired(board)
    chip.rmt_hangs_us = 1000
    dead_man = hal(chip, "esp32_step").RmtDeadMan(board, hal(chip, "clock").SystemClock())
    dead_man.feed()
    assert not dead_man.held()
    assert chip.level(board.PIN_ENABLE) == 1


@pytest.mark.parametrize("wire", ["cut", "held low"])
def test_a_read_back_that_does_not_follow_is_never_trusted(wire: str) -> None:
    board = constants("esp32_devkit")
    chip = wired(board)
    if wire == "cut":
        chip.cut(board.PIN_ENABLE_READBACK)
    else:
        chip.drive(board.PIN_ENABLE_READBACK, 0)
    dead_man = hal(chip, "esp32_step").RmtDeadMan(board, hal(chip, "clock").SystemClock())
    dead_man.feed()
    assert chip.level(board.PIN_ENABLE) == 1


def test_control_c_in_the_trial_leaves_the_driver_off_and_no_channel_at_work() -> None:
    board = constants("esp32_devkit", DEAD_MAN_MS=TIMEOUT_MS)
    chip = wired(board)

    def interrupted() -> None:
        assert chip.level(board.PIN_ENABLE) == 0
        raise KeyboardInterrupt

    chip.at(200_000, interrupted)
    with pytest.raises(KeyboardInterrupt):
        hal(chip, "esp32_step").RmtDeadMan(board, hal(chip, "clock").SystemClock())
    assert chip.rises(board.PIN_ENABLE)[-1] == 200_000
    assert chip.level(board.PIN_ENABLE) == 1
    assert all(channel.wait_done() for channel in chip.rmts)


def test_a_channel_that_never_ends_is_not_waited_for_without_end() -> None:
    board = constants("esp32_devkit", DEAD_MAN_MS=TIMEOUT_MS)
    chip = wired(board)
    chip.rmt_hangs_us = 1000
    dead_man = hal(chip, "esp32_step").RmtDeadMan(board, hal(chip, "clock").SystemClock())
    begun_us = chip.now_us
    dead_man.run_out()
    assert chip.now_us - begun_us <= 2 * TIMEOUT_MS * 1000


def test_once_run_out_no_channel_is_at_work(bench: Bench) -> None:
    bench.dead_man.feed()
    bench.chip.advance_ms(300)
    bench.dead_man.feed()
    bench.dead_man.release()
    bench.dead_man.run_out()
    assert all(channel.wait_done() for channel in bench.chip.rmts)
    assert not bench.enabled


@pytest.mark.parametrize("timeout_ms, tick_ms", [(49, 10), (3081, 10), (129, 30)])
def test_a_time_out_that_channels_cannot_keep_is_refused(timeout_ms: int, tick_ms: int) -> None:
    with pytest.raises(Refused, match=f"DEAD_MAN_MS: {timeout_ms} "):
        Bench(DEAD_MAN_MS=timeout_ms, TICK_MS=tick_ms)


@pytest.mark.parametrize("timeout_ms, tick_ms", [(50, 10), (3080, 10), (130, 30)])
def test_the_longest_and_the_shortest_are_taken_and_hold(timeout_ms: int, tick_ms: int) -> None:
    bench = Bench(DEAD_MAN_MS=timeout_ms, TICK_MS=tick_ms)
    bench.dead_man.feed()
    bench.chip.forget()
    for _ in range(1000):
        bench.chip.advance_ms(tick_ms)
        bench.dead_man.feed()
    assert bench.chip.pad(bench.board.PIN_ENABLE).changes == []
    bench.chip.advance_ms(timeout_ms)
    assert not bench.enabled
