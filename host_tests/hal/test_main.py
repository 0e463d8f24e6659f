"""boot.py and main.py on a simulated chip, with the constants of its board in the two files that are flashed."""

import gc
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module, invalidate_caches
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hal.simchip import OUT, Chip, Reset
from hal.simmodules import on_chip
from hal.wired import constants, generic_board, wired
from itb.boards.sealed import sealed
from pump.app import App
from pump.core.errors import Refused
from pump.hal.settings import COPIES

UART = {"LINK": "uart", "LINK_BAUD": 115_200, "PIN_LINK_TX": 14, "PIN_LINK_RX": 22}
RUN_US = 5_000_000
MODULES = ("board", "boot", "main")


def esp32() -> Any:
    return constants("esp32_devkit", **UART, BURST_MAX_STEPS=4)


def esp32s3() -> Any:
    return constants("esp32s3", **UART, BURST_MAX_STEPS=4)


def generic() -> Any:
    return generic_board(**UART, BURST_MAX_STEPS=2)


class Flash:
    """The root of a board's file system, on a chip that is wired as the board says."""

    def __init__(self, root: Path, board: Any) -> None:
        self.root = root
        self.board = board
        self.chip: Chip = wired(board)
        self.source = source_of(vars(board))
        self.write(self.source, self.source)

    def write(self, *contents: bytes) -> None:
        for name, content in zip(COPIES, contents, strict=True):
            (self.root / f"{name}.py").write_bytes(content)

    def read(self) -> list[bytes]:
        return [(self.root / f"{name}.py").read_bytes() for name in COPIES]

    def boot(self) -> Any:
        """Run boot.py and import main.py, which is given back."""
        settings: Any = import_module("pump.hal.settings")
        settings.ROOT = str(self.root)
        files = import_module("pump.hal.files").Files
        ports: Any = import_module("pump.hal.portable" if self.board.CHIP == "generic" else "pump.hal.esp32")
        ports.Files = lambda: files(str(self.root / "data"))
        import_module("boot")
        return import_module("main")

    def run(self, prepare: Callable[[App], None] | None = None) -> App:
        """Boot and run the pump for RUN_US, then press Control-C. Returns what ran."""
        seen: list[App] = []

        def prepared(app: App) -> None:
            seen.append(app)
            self.chip.at(self.chip.now_us + RUN_US, interrupted)
            if prepare is not None:
                prepare(app)

        main = self.boot()
        with pytest.raises(KeyboardInterrupt):
            main.run(prepared)
        return seen[0]


@pytest.fixture(params=[esp32, esp32s3, generic])
def flash(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flash]:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    # MicroPython's; CPython has none.
    monkeypatch.setattr(gc, "threshold", lambda _: None, raising=False)
    flash = Flash(tmp_path, request.param())
    with on_chip(flash.chip, *map(ModuleType, MODULES)):
        for name in MODULES:
            sys.modules.pop(name)
        invalidate_caches()
        yield flash


def source_of(constants: Mapping[str, int | str]) -> bytes:
    return "".join(f"{name} = {value!r}\n" for name, value in constants.items()).encode()


def interrupted() -> None:
    raise KeyboardInterrupt


def broken() -> None:
    raise ZeroDivisionError


def test_main_takes_the_ports_of_the_chip_and_leaves_them_closed(flash: Flash, monkeypatch: pytest.MonkeyPatch) -> None:
    collected_every: list[int] = []
    monkeypatch.setattr(gc, "threshold", collected_every.append)
    app = flash.run()
    assert collected_every == [16384, -1]
    assert (app.control.state, app.status.read()["alarms"]) == ("stopped", ["reservoir_low"])
    assert app.tick.beats > 400
    assert flash.chip.level(flash.board.PIN_ENABLE) == 1


def test_to_import_main_alone_only_lets_go_of_the_driver(flash: Flash) -> None:
    flash.write(b"damaged", flash.source)
    flash.boot()
    assert flash.chip.level(flash.board.PIN_ENABLE) == 1
    assert [number for number, pad in flash.chip.pads.items() if pad.mode == OUT] == [flash.board.PIN_ENABLE]
    assert flash.read() == [b"damaged", flash.source]


def test_a_fault_of_ours_lets_go_shows_the_highest_alarm_and_leaves_the_watchdog_to_reset(flash: Flash) -> None:
    main = flash.boot()
    with pytest.raises(ZeroDivisionError):
        main.run(lambda _: flash.chip.at(flash.chip.now_us + RUN_US, broken))
    assert flash.chip.level(flash.board.PIN_ENABLE) == 1
    assert flash.chip.level(flash.board.PIN_LIGHT_RED) == 1
    with pytest.raises(Reset):
        flash.chip.advance_ms(60_000)


@pytest.mark.req("I-02")
@pytest.mark.parametrize("number", [0, 1])
def test_with_one_copy_damaged_it_runs_on_the_other_tells_and_mends(flash: Flash, number: int) -> None:
    damaged = [flash.source, flash.source]
    damaged[number] = flash.source.replace(b"PIN_ENABLE", b"PIN_ENABLF")
    flash.write(*damaged)
    app = flash.run()
    assert (app.control.state, app.status.read()["alarms"]) == ("stopped", ["reservoir_low", "memory_error"])
    assert "settings_damaged" in [event.kind for event in app.journal.since(0)]
    assert flash.read() == [flash.source, flash.source]


@pytest.mark.req("I-02", "I-01")
def test_with_both_damaged_it_does_not_run_and_shows_the_highest_alarm(flash: Flash) -> None:
    damaged = flash.source.replace(b"LIMIT_DAY_STEPS = ", b"LIMIT_DAY_STEPS = 1")
    flash.write(damaged, b"")
    app = flash.run()
    status = app.status.read()
    assert (app.control.state, status["alarms"]) == ("inhibited", ["self_test_failed", "reservoir_low"])
    assert status["failed_checks"] == ["settings"]
    assert flash.read() == [damaged, b""]
    assert flash.chip.level(flash.board.PIN_ENABLE) == 1
    assert flash.chip.rises(flash.board.PIN_STEP) == []


@pytest.mark.req("I-02", "I-01")
def test_with_the_constants_of_two_boards_it_does_not_run(flash: Flash) -> None:
    other = sealed({**vars(flash.board), "OCCLUSION_KPA": 81})
    flash.write(flash.source, source_of(other))
    app = flash.run()
    assert (app.control.state, app.status.read()["failed_checks"]) == ("inhibited", ["settings"])


@pytest.mark.req("I-02")
def test_where_neither_copy_loads_neither_boot_nor_main_touches_a_pin(flash: Flash) -> None:
    flash.write(b"NAME =", b"(")
    for _ in range(2):
        with pytest.raises(Refused, match="flash the board again"):
            flash.boot()
    with pytest.raises(Refused, match="flash the board again"):
        import_module("main")
    assert all(pad.mode is None for pad in flash.chip.pads.values())
