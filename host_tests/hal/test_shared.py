"""What the ports of all chips share: pins, clock, pressure, watchdog, files, links."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.simchip import Chip, Reset
from hal.simmodules import hal
from hal.wired import ABSENT, generic_board

PIN = 5


class TestPins:
    @pytest.mark.parametrize("active_high", [True, False])
    def test_an_input_is_active_at_its_level(self, active_high: bool) -> None:
        chip = Chip("esp32")
        signal = hal(chip, "pins").signal_in(PIN, active_high)
        for level in (0, 1, 0):
            chip.drive(PIN, level)
            assert signal.read() == (level == active_high)

    @pytest.mark.parametrize("active_high", [True, False])
    def test_an_input_whose_wire_came_off_is_not_active(self, active_high: bool) -> None:
        assert not hal(Chip("esp32"), "pins").signal_in(PIN, active_high).read()

    def test_an_input_is_not_written(self) -> None:
        with pytest.raises(NotImplementedError):
            hal(Chip("esp32"), "pins").signal_in(PIN, True).write(True)

    def test_an_output_is_inactive_at_first_and_then_as_written(self) -> None:
        chip = Chip("esp32")
        signal = hal(chip, "pins").signal_out(PIN)
        assert (signal.read(), chip.level(PIN)) == (False, 0)
        for active in (True, True, False):
            signal.write(active)
            assert (signal.read(), chip.level(PIN)) == (active, int(active))

    def test_a_pin_the_board_does_not_have_is_never_active_and_touches_nothing(self) -> None:
        chip = Chip("esp32")
        pins = hal(chip, "pins")
        for signal in (pins.signal_in(ABSENT, True), pins.signal_in(ABSENT, False), pins.signal_out(ABSENT)):
            signal.write(True)
            assert not signal.read()
        assert chip.pads == {}


class TestClock:
    @given(st.integers(0, 2**45))
    def test_milliseconds_that_wrap_at_two_to_the_thirty(self, now_us: int) -> None:
        clock = hal(Chip("esp32", now_us), "clock").SystemClock()
        assert clock.ticks_ms() == now_us // 1000 % 2**30

    def test_a_machine_with_wider_ticks_is_cut_to_that(self) -> None:
        module = hal(Chip("esp32"), "clock")
        module.time.ticks_ms = lambda: 2**62 + 2**30 + 7
        assert module.SystemClock().ticks_ms() == 7


class TestSpan:
    @given(start_us=st.integers(0, 2**40), span_us=st.integers(0, 10**6), after_us=st.integers(0, 2 * 10**6))
    def test_runs_for_so_long_wherever_the_microseconds_wrap(self, start_us: int, span_us: int, after_us: int) -> None:
        chip = Chip("esp32", start_us)
        span = hal(chip, "span").Span()
        assert not span.runs()
        span.begin(span_us)
        chip.advance(after_us)
        assert span.runs() == (after_us < span_us)

    def test_over_it_stays_over(self) -> None:
        chip = Chip("esp32")
        span = hal(chip, "span").Span()
        span.begin(10)
        chip.advance(10)
        assert not span.runs()
        for _ in range(5):
            chip.advance(2**29 - 1)
            assert not span.runs()


class TestPressure:
    @pytest.fixture(params=["esp32", "esp32s3", "generic"])
    def kind(self, request: pytest.FixtureRequest) -> str:
        return request.param

    def sensor(self, chip: Chip, zero_mv: int, uv_per_kpa: int) -> Any:
        chip.analogue_uv[PIN] = 0
        board = SimpleNamespace(PIN_PRESSURE=PIN, PRESSURE_ZERO_MV=zero_mv, PRESSURE_UV_PER_KPA=uv_per_kpa)
        return hal(chip, "pressure").pressure_sensor(board)

    @pytest.mark.parametrize(
        "millivolts, kpa", [(1250, 0), (1350, 10), (1354, 10), (1356, 11), (2050, 80), (1150, -10), (1144, -11)]
    )
    def test_is_in_proportion_to_the_voltage_above_that_of_none(self, kind: str, millivolts: int, kpa: int) -> None:
        chip = Chip(kind)
        sensor = self.sensor(chip, 1250, 10_000)
        chip.analogue_uv[PIN] = millivolts * 1000
        assert sensor.read() == kpa

    @given(zero_mv=st.integers(150, 1000), uv_per_kpa=st.integers(1000, 20_000), kpa=st.integers(0, 70))
    def test_on_any_chip_and_with_any_sensor_to_the_kpa(self, zero_mv: int, uv_per_kpa: int, kpa: int) -> None:
        for kind in ("esp32", "generic"):
            chip = Chip(kind)
            sensor = self.sensor(chip, zero_mv, uv_per_kpa)
            chip.analogue_uv[PIN] = zero_mv * 1000 + kpa * uv_per_kpa
            assert sensor.read() == kpa

    def test_a_board_without_a_sensor_has_no_pressure(self) -> None:
        board = SimpleNamespace(PIN_PRESSURE=ABSENT)
        assert hal(Chip("esp32"), "pressure").pressure_sensor(board).read() == 0


class TestWatchdog:
    def test_runs_from_its_first_feed_and_resets_when_not_fed(self) -> None:
        chip = Chip("esp32")
        watchdog = hal(chip, "watchdog").ChipWatchdog(2000)
        chip.advance_ms(60_000)
        assert not watchdog.runs()
        for _ in range(10):
            watchdog.feed()
            chip.advance_ms(1999)
        assert watchdog.runs()
        with pytest.raises(Reset):
            chip.advance_ms(1)
        assert chip.resets == 1


class TestFiles:
    @pytest.fixture
    def files(self, tmp_path: Path) -> Any:
        return hal(Chip("esp32"), "files").Files(str(tmp_path / "data"))

    def test_its_folder_is_made_once_and_kept(self, tmp_path: Path, files: Any) -> None:
        files.write("kept", b"1")
        again = hal(Chip("esp32"), "files").Files(str(tmp_path / "data"))
        assert again.read("kept") == b"1"

    def test_what_was_never_written_is_none(self, files: Any) -> None:
        assert files.read("nothing") is None

    def test_a_write_replaces_and_an_append_adds(self, files: Any) -> None:
        files.append("log", b"a")
        files.append("log", b"bc")
        assert files.read("log") == b"abc"
        files.write("log", b"d")
        assert files.read("log") == b"d"

    def test_of_a_new_file_a_cut_before_it_took_its_name_leaves_nothing(
        self, files: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        module = hal(Chip("esp32"), "files")

        def cut(_old: str, _new: str) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(module.os, "rename", cut)
        with pytest.raises(KeyboardInterrupt):
            files.write("settings", b"first")
        monkeypatch.undo()
        assert files.read("settings") is None
        assert files.names() == []
        # And what is left of it is in nobody's way.
        files.write("settings", b"first")
        assert files.read("settings") == b"first"

    @given(contents=st.lists(st.binary(max_size=50), min_size=1, max_size=4))
    def test_a_name_is_given_once_to_a_whole_file_and_never_again(
        self, tmp_path_factory: Any, contents: list[bytes]
    ) -> None:
        # What is written under a name that stands takes its place when it is closed: littlefs sees to that, and the
        # store's contract cuts it at every operation of the flash (contract/test_store.py).
        module = hal(Chip("esp32"), "files")
        files = module.Files(str(tmp_path_factory.mktemp("data")))
        seen = []
        real = module.os.rename

        def rename(fresh: str, name: str) -> None:
            seen.append((files.read("x"), Path(fresh).read_bytes()))
            real(fresh, name)

        module.os = SimpleNamespace(rename=rename, stat=module.os.stat)
        for content in contents:
            files.write("x", content)
            assert files.read("x") == content
        assert seen == [(None, contents[0])]


class TestUart:
    def opened(self) -> tuple[Any, Any]:
        board = generic_board(LINK="uart", LINK_BAUD=57_600, PIN_LINK_TX=14, PIN_LINK_RX=22)
        chip = Chip("generic")
        return hal(chip, "links").link(board), chip.uarts

    def test_is_uart_1_on_the_pins_and_at_the_speed_of_the_board(self) -> None:
        _, uarts = self.opened()
        assert [uart.settings for uart in uarts] == [(1, 57_600, 14, 22)]

    @given(st.lists(st.binary(max_size=600), max_size=6))
    def test_gives_what_came_at_most_256_bytes_at_a_time(self, arrivals: list[bytes]) -> None:
        link, (uart,) = self.opened()
        got = b""
        for data in arrivals:
            uart.incoming += data
            part = link.receive()
            assert len(part) <= 256
            got += part
        while part := link.receive():
            got += part
        assert got == b"".join(arrivals)

    def test_what_would_wait_is_dropped_whole(self) -> None:
        link, (uart,) = self.opened()
        link.send(b"one")
        uart.done = False
        link.send(b"lost")
        uart.done = True
        link.send(bytes(2049))
        link.send(bytes(2048))
        assert uart.outgoing == [b"one", bytes(2048)]
