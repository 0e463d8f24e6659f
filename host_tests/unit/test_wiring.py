"""Wiring: tables, parts and drawing of one board speak of the same things."""

from itertools import combinations
from pathlib import Path

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from PIL import Image

from itb.boards.board import CONFIGS, ROOT, Board, load_board, read_board
from itb.boards.chips import ABSENT
from itb.boards.wiring import bill, components, connections, in_words, pin_name, ties
from itb.boards.wiring_picture import draw_wiring, save_wiring
from prescriptions import changed

BENCHES = ["esp32_devkit", "esp32s3", "pico_bench", "pico_tmc2209"]


def with_uart(directory: Path) -> Board:
    path = directory / "pico_tmc2209.toml"
    text = (CONFIGS / path.name).read_text(encoding="utf-8")
    uart = ('kind = "console"', 'kind = "uart"\nbaud = 115200')
    path.write_text(
        changed(text, uart, ("pressure = 26", "pressure = 26\nlink_tx = 20\nlink_rx = 21")), encoding="utf-8"
    )
    return read_board(path)


def with_clock(directory: Path) -> Board:
    path = directory / "esp32_devkit.toml"
    text = (CONFIGS / path.name).read_text(encoding="utf-8")
    clock = ("[pins]", '[wall_clock]\nchip = "DS3231"\n\n[pins]\ni2c_sda = 16\ni2c_scl = 17')
    path.write_text(changed(text, clock), encoding="utf-8")
    return read_board(path)


def every_board(directory: Path) -> list[Board]:
    return [*map(load_board, BENCHES), with_uart(directory), with_clock(directory)]


def test_pins_are_named_as_the_module_prints_them():
    assert pin_name(load_board("pico_bench"), "step") == "GP2, pin 4"
    assert pin_name(load_board("pico_tmc2209"), "pressure") == "GP26, pin 31"
    assert pin_name(load_board("esp32_devkit"), "step") == "GPIO26"


def test_each_pin_of_a_board_has_one_connection(tmp_path: Path):
    for board in every_board(tmp_path):
        used = [name for name, pin in board.pins.items() if pin != ABSENT]
        assert [one.signal for one in connections(board)] == used
        assert all(one.to for one in connections(board))


def test_both_read_backs_come_from_the_driver_by_wires_of_their_own():
    wires = {one.signal: one.to for one in connections(load_board("pico_bench"))}
    assert wires["step_readback"] == "STEP of the A4988, by a wire of its own from that pin"
    assert wires["enable_readback"] == "EN of the A4988, by a wire of its own from that pin"


@pytest.mark.parametrize("name", BENCHES)
def test_what_a_connection_names_is_in_the_list_of_parts(name: str):
    board = load_board(name)
    parts = {one.ref for one in components(board)}
    said = " ".join(one.to for one in connections(board))
    assert {ref for ref in parts if ref[0] in "RD"} <= set(said.replace(",", " ").replace(";", " ").split())
    bought = [item for item in bill(board) if item.use.startswith(("R", "C", "D", "LS", "S1"))]
    assert {ref for item in bought for ref in item.use.split(", ")} == parts
    assert all(item.count == len(item.use.split(", ")) for item in bought)


@pytest.mark.parametrize(
    "name, lacks",
    [
        ("pico_bench", {"R9", "R10", "R11", "C2"}),
        ("pico_tmc2209", {"R11"}),
        ("esp32_devkit", set()),
        ("esp32s3", {"R11"}),
    ],
)
def test_only_what_a_board_needs_is_bought(name: str, lacks: set[str]):
    everything = {one.ref for one in components(load_board("esp32_devkit"))}
    assert everything - {one.ref for one in components(load_board(name))} == lacks


def test_a_wall_clock_is_wired_and_bought_where_the_board_has_one(tmp_path: Path):
    board = with_clock(tmp_path)
    wires = {one.signal: one.to for one in connections(board)}
    assert wires["i2c_sda"] == "SDA of the DS3231 module; its VCC to 3.3 V, its GND to GND"
    assert wires["i2c_scl"] == "SCL of the DS3231 module"
    bought = [item.what for item in bill(board)]
    assert any("DS3231" in what for what in bought)
    assert len(bought) == len(bill(load_board("esp32_devkit"))) + 1


def test_every_bench_pulls_enable_up_and_can_cut_the_motors_supply():
    for name in BENCHES:
        assert {"R1", "R2", "C1", "S1"} <= {one.ref for one in components(load_board(name))}


def test_enable_stays_high_while_every_pad_of_a_chip_in_reset_pulls_it_down():
    """RP2040 and RP2350: 50 kΩ at the least, twice, for the read-back hangs there too; A4988 and DRV8825 modules
    add 100 kΩ. The A4988 is off from 0.7 VDD; row 5 of docs/bench.md looks for more than 3.0 V."""
    pull_down_kohm = 1 / (1 / 50 + 1 / 50 + 1 / 100)
    for name in BENCHES:
        value = next(one.value for one in components(load_board(name)) if one.ref == "R1")
        pull_up_kohm = float(value.removesuffix(" kΩ"))
        volts = 3.3 * pull_down_kohm / (pull_down_kohm + pull_up_kohm)
        assert volts > 3.0
        # What the chip sinks to enable the driver: its pins are set for 4 mA.
        assert 3.3 / pull_up_kohm < 4


def test_the_mode_pins_are_tied_for_the_boards_microsteps():
    assert dict(ties(load_board("esp32_devkit"))) == {
        "SLP": "3.3 V",
        "RST": "3.3 V",
        "GND": "GND",
        "M0": "GND",
        "M1": "GND",
        "M2": "3.3 V",
    }


def test_the_screw_is_that_of_the_board_file():
    assert any("M5 threaded rod" in item.what for item in bill(load_board("pico_bench")))
    assert any("Tr8x2 lead screw" in item.what for item in bill(load_board("esp32s3")))
    assert any("bore 8.59 mm" in item.what for item in bill(load_board("esp32s3")))
    assert any("peristaltic" in item.what for item in bill(load_board("sim-peristaltic")))


def test_the_drawing_names_every_pin_and_every_part(tmp_path: Path):
    for board in every_board(tmp_path):
        path = tmp_path / f"{board.name}.svg"
        save_wiring(board, path)
        drawn = path.read_text(encoding="utf-8")
        for one in connections(board):
            assert f">{one.pin}<" in drawn
            assert f">{one.signal}<" in drawn
        for part in components(board):
            assert f">{part.ref}" in drawn, part
        for pin, _ in ties(board):
            assert f">{pin}<" in drawn
        assert "never for a person or an animal" in drawn


@pytest.mark.parametrize("name", BENCHES)
def test_the_drawing_in_the_docs_is_of_the_board_file_as_it_is(name: str):
    """`itb boards wiring NAME --plot docs/wiring-NAME.png` makes it anew."""
    with Image.open(ROOT / "docs" / f"wiring-{name}.png") as picture:
        assert picture.info["Description"] == in_words(load_board(name))


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_a_drawing_comes_in_every_format(suffix: str, tmp_path: Path):
    path = tmp_path / f"wiring{suffix}"
    save_wiring(load_board("pico_bench"), path)
    assert path.stat().st_size > 10_000


def test_no_words_in_the_drawing_lie_on_others(tmp_path: Path):
    for board in every_board(tmp_path):
        figure = draw_wiring(board)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        renderer = canvas.get_renderer()
        words = [text for text in figure.findobj(Text) if isinstance(text, Text) and text.get_text().strip()]
        assert len(words) > 40
        boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in words]
        whole = figure.bbox
        for said, place in boxes:
            assert whole.x0 <= place.x0 < place.x1 <= whole.x1, said
            assert whole.y0 <= place.y0 < place.y1 <= whole.y1, said
        for (one, here), (other, there) in combinations(boxes, 2):
            assert not here.overlaps(there), (board.name, one, other)
