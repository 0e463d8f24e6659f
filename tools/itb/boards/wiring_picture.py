"""The wiring of a board as one drawing, laid out so that no wire crosses another without need.

Coordinates are schemdraw's units, x to the right and y upwards. The chip stands left, the driver in the middle, motor
and supply right; what the chip has beside the driver hangs below it. Colours are those of `itb.picture.drawing`.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Literal

import matplotlib
import schemdraw
import schemdraw.elements as elm
from matplotlib.figure import Figure

from itb import BENCH_ONLY
from itb.boards.board import Board
from itb.boards.chips import ABSENT
from itb.boards.wiring import FLOW, LOGIC, SENSOR, components, in_words, is_pico, pin_name, sensor_supply, ties

BLUE, VERMILION, GREEN, SKY, PURPLE, GREY, BLACK = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#56B4E9",
    "#AA4499",
    "#7A7A7A",
    "#222222",
)

_CHIP_X, _CHIP_RIGHT = -6.5, 0.0
_DRIVER_X, _DRIVER_RIGHT = 12.0, 19.5
# Where what hangs on the driver's lines meets them.
_TAP_X = 10.6
_SUPPLY, _ENABLE, _ENABLE_READBACK, _DIR, _STEP_READBACK, _STEP, _FAULT = 0.0, -4.2, -5.6, -7.2, -8.8, -10.2, -14.2
_DRIVER_TOP, _DRIVER_BOTTOM = -2.6, -15.4
_SOUNDER, _RED, _GREEN, _BLUE, _PRESSURE = -17.4, -20.4, -22.0, -23.6, -27.2
_LINK_TX, _LINK_RX = -31.6, -33.0
_SDA, _SCL = -34.8, -36.2
# Of one unit.
_INCHES = 0.5
_DPI = 80
_SMALL, _PLAIN, _LARGE = 10, 12, 15

_Point = tuple[float, float]
_Align = Literal["left", "center", "right"]


class _Sheet:
    """A schemdraw drawing with everything at a place of its own."""

    def __init__(self, board: Board) -> None:
        self.drawing = schemdraw.Drawing(show=False)
        self.drawing.config(fontsize=_PLAIN, lw=1.6, color=BLACK)
        self._values = {one.ref: one.value for one in components(board)}

    def named(self, ref: str) -> str:
        return f"{ref}  {self._values[ref]}"

    def add(self, element: elm.Element) -> None:
        self.drawing.add(element)

    def wire(self, points: Sequence[_Point], colour: str = BLACK) -> None:
        for start, end in pairwise(points):
            self.add(elm.Line().at(start).to(end).color(colour))

    def part(
        self,
        element: elm.Element2Term,
        start: _Point,
        end: _Point,
        label: str = "",
        where: Literal["top", "bottom"] = "top",
        colour: str = BLACK,
    ) -> None:
        """A part with two legs, from `start` to `end`."""
        placed = element.at(start).to(end).color(colour)
        self.add(placed.label(label, loc=where, fontsize=_SMALL, color=BLACK) if label else placed)

    def dot(self, place: _Point, colour: str = BLACK) -> None:
        self.add(elm.Dot().at(place).theta(0).color(colour))

    def text(
        self, place: _Point, words: str, size: float = _PLAIN, align: _Align = "left", colour: str = BLACK
    ) -> None:
        self.add(
            elm.Label().at(place).theta(0).label(words, fontsize=size, halign=align, valign="center", color=colour)
        )

    def ground(self, place: _Point) -> None:
        self.add(elm.Ground().at(place).theta(0))

    def rail(self, place: _Point, name: str) -> None:
        self.add(elm.Vdd().at(place).theta(0).label(name, fontsize=_SMALL))

    def box(self, corner: _Point, opposite: _Point, fill: str = "#F4F4F0") -> None:
        self.add(elm.Rect(corner1=corner, corner2=opposite, fill=fill, zorder=0).at((0, 0)).theta(0))


def draw_wiring(board: Board) -> Figure:
    """The drawing, to be saved in any format matplotlib knows."""
    sheet = _Sheet(board)
    _title(sheet, board)
    _chip(sheet, board)
    _driver(sheet, board)
    _driver_lines(sheet, board)
    _motor_and_supply(sheet, board)
    _sounder_and_light(sheet, board)
    _pressure(sheet, board)
    _link(sheet, board)
    _clock(sheet, board)
    bounds = sheet.drawing.get_bbox()
    left, right = float(bounds.xmin) - 0.5, float(bounds.xmax) + 0.5
    bottom, top = float(bounds.ymin) - 0.5, float(bounds.ymax) + 0.5
    figure = Figure(figsize=((right - left) * _INCHES, (top - bottom) * _INCHES), facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    sheet.drawing.draw(show=False, canvas=axes)
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    return figure


def save_wiring(board: Board, path: Path) -> None:
    """Write the drawing to `path`: PNG, SVG or PDF. Raises OSError where it cannot."""
    # A PDF has no such field.
    metadata = None if path.suffix.lower() == ".pdf" else {"Description": in_words(board)}
    # Text stays text in an SVG: it can be searched, and read aloud.
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        draw_wiring(board).savefig(path, dpi=_DPI, metadata=metadata)


def _has(board: Board, signal: str) -> bool:
    return board.pins[signal] != ABSENT


def _lowest(board: Board) -> float:
    if _has(board, "i2c_scl"):
        return _SCL
    if _has(board, "link_rx"):
        return _LINK_RX
    return _PRESSURE if _has(board, "pressure") else _BLUE if _has(board, "light_red") else _SOUNDER


def _title(sheet: _Sheet, board: Board) -> None:
    sheet.text((_CHIP_X, 3.2), f"{board.name}: {board.module}, {board.driver.name}", _LARGE)
    sheet.text((_CHIP_X, 2.3), BENCH_ONLY, _SMALL, colour=VERMILION)


def _chip(sheet: _Sheet, board: Board) -> None:
    bottom = _lowest(board) - 1.4
    sheet.box((_CHIP_X, bottom), (_CHIP_RIGHT, 1.2), "#EAF1F7")
    sheet.text(((_CHIP_X + _CHIP_RIGHT) / 2, -2.0), board.module.replace(" with ", "\nwith "), _PLAIN, "center")
    places = {
        "supply": _SUPPLY,
        "enable": _ENABLE,
        "enable_readback": _ENABLE_READBACK,
        "dir": _DIR,
        "step_readback": _STEP_READBACK,
        "step": _STEP,
        "stall": _FAULT,
        "sounder": _SOUNDER,
        "light_red": _RED,
        "light_green": _GREEN,
        "light_blue": _BLUE,
        "pressure": _PRESSURE,
        "link_tx": _LINK_TX,
        "link_rx": _LINK_RX,
        "i2c_sda": _SDA,
        "i2c_scl": _SCL,
    }
    for signal, y in places.items():
        if _has(board, signal):
            sheet.text((_CHIP_RIGHT - 0.2, y), signal, _PLAIN, "right")
            sheet.text((_CHIP_RIGHT + 0.15, y + 0.32), pin_name(board, signal), _SMALL)
    x = _CHIP_X - 1.2
    rails = [(_STEP, "3V3, pin 36" if is_pico(board) else "3V3", LOGIC)]
    if _has(board, "pressure"):
        rails.append((_DIR, sensor_supply(board), SENSOR))
    for y, name, volts in rails:
        sheet.text((_CHIP_X + 0.2, y), name, _PLAIN)
        sheet.wire([(_CHIP_X, y), (x, y), (x, y + 0.4)])
        sheet.rail((x, y + 0.4), volts)
    y = _STEP - 2
    sheet.text((_CHIP_X + 0.2, y), "GND", _PLAIN)
    sheet.wire([(_CHIP_X, y), (x, y), (x, y - 0.4)])
    sheet.ground((x, y - 0.4))
    sheet.text((_CHIP_X + 0.2, _SUPPLY), "USB", _PLAIN)
    sheet.text((_CHIP_X - 0.3, _SUPPLY), "to the computer", _SMALL, "right", GREY)


def _driver(sheet: _Sheet, board: Board) -> None:
    sheet.box((_DRIVER_X, _DRIVER_BOTTOM), (_DRIVER_RIGHT, _DRIVER_TOP), "#F7F0E6")
    middle = (_DRIVER_X + _DRIVER_RIGHT) / 2
    sheet.text((middle, -12.0), f"{board.driver.name}\nmodule", _PLAIN, "center")
    lines = [("EN", _ENABLE), ("DIR", _DIR), ("STEP", _STEP)]
    if _has(board, "stall"):
        lines.append((board.driver.fault_line, _FAULT))
    for name, y in lines:
        sheet.text((_DRIVER_X + 0.2, y), name)
    tied = ties(board)
    step = (_DRIVER_RIGHT - _DRIVER_X) / len(tied)
    for place, (name, level) in enumerate(tied):
        x = _DRIVER_X + (place + 0.5) * step
        sheet.text((x, _DRIVER_BOTTOM + 0.35), name, _SMALL, "center")
        sheet.wire([(x, _DRIVER_BOTTOM), (x, _DRIVER_BOTTOM - 0.6)])
        sheet.text(
            (x, _DRIVER_BOTTOM - 0.95),
            level.replace(" V", "V"),
            _SMALL,
            "center",
            VERMILION if level == LOGIC else BLACK,
        )
    sheet.text((_DRIVER_RIGHT + 0.4, _DRIVER_BOTTOM - 0.75), f"1/{board.microsteps} step", _SMALL, colour=GREY)


def _driver_lines(sheet: _Sheet, board: Board) -> None:
    """ENABLE, DIR and STEP; the two read-backs leave from the driver's own pins."""
    for y, back, colour in ((_ENABLE, _ENABLE_READBACK, VERMILION), (_STEP, _STEP_READBACK, BLUE)):
        sheet.wire([(_CHIP_RIGHT, y), (_DRIVER_X, y)], colour)
        sheet.wire([(_CHIP_RIGHT, back), (_DRIVER_X - 0.5, back), (_DRIVER_X - 0.5, y)], colour)
        sheet.dot((_DRIVER_X - 0.5, y), colour)
    sheet.wire([(_CHIP_RIGHT, _DIR), (_DRIVER_X, _DIR)], GREEN)
    sheet.dot((_TAP_X, _ENABLE), VERMILION)
    sheet.part(elm.Resistor(), (_TAP_X, _ENABLE), (_TAP_X, _ENABLE + 2.2), sheet.named("R1"))
    sheet.rail((_TAP_X, _ENABLE + 2.2), LOGIC)
    sheet.text((4.0, _ENABLE + 1.0), "R1 keeps the driver off\nwhile the chip is in reset", _SMALL, colour=GREY)
    sheet.text((4.0, _ENABLE - 0.7), "read back from the driver's own EN pin", _SMALL, colour=GREY)
    sheet.text((4.0, _STEP + 0.7), "read back from the driver's own STEP pin", _SMALL, colour=GREY)
    sheet.dot((_TAP_X, _STEP), BLUE)
    sheet.part(elm.Resistor(), (_TAP_X, _STEP), (_TAP_X, _STEP - 2.2), sheet.named("R2"))
    sheet.ground((_TAP_X, _STEP - 2.2))
    if _has(board, "stall"):
        sheet.wire([(_CHIP_RIGHT, _FAULT), (_DRIVER_X, _FAULT)], PURPLE)
        if board.driver.fault_active == "low":
            sheet.dot((5.0, _FAULT), PURPLE)
            sheet.part(elm.Resistor(), (5.0, _FAULT), (5.0, _FAULT + 2.2), sheet.named("R11"), "bottom")
            sheet.rail((5.0, _FAULT + 2.2), LOGIC)


def _motor_and_supply(sheet: _Sheet, board: Board) -> None:
    x, plus, minus = _DRIVER_RIGHT, _ENABLE, _ENABLE - 2.6
    sheet.text((x - 0.2, plus), "VMOT", align="right")
    sheet.text((x - 0.2, minus), "GND", align="right")
    cap_x, sense_x, end_x = x + 1.6, x + 3.6, x + 8.6
    sheet.wire([(x, plus), (sense_x, plus)], VERMILION)
    sheet.part(elm.Switch(), (sense_x, plus), (sense_x + 2.6, plus), "S1")
    sheet.wire([(sense_x + 2.6, plus), (end_x, plus)], VERMILION)
    sheet.wire([(x, minus), (end_x, minus)])
    sheet.dot((cap_x, plus), VERMILION)
    sheet.dot((cap_x, minus))
    sheet.part(elm.Capacitor2(), (cap_x, plus), (cap_x, minus), sheet.named("C1"), "bottom")
    sheet.text((cap_x - 0.5, plus - 0.9), "+", _SMALL)
    sheet.dot((x + 5.4, minus))
    sheet.ground((x + 5.4, minus))
    sheet.box((end_x, minus - 0.5), (end_x + 3.4, plus + 0.5))
    sheet.text((end_x + 0.2, plus), "+")
    sheet.text((end_x + 0.2, minus), "-")
    sheet.text((end_x + 1.8, (plus + minus) / 2), f"{FLOW} supply\n1 A", align="center")
    sheet.text((x + 4.8, minus - 0.5), "all grounds are joined", _SMALL, "right", GREY)
    _coils(sheet, board)
    if _has(board, "supply"):
        node_x = 4.4
        sheet.wire([(_CHIP_RIGHT, _SUPPLY), (node_x, _SUPPLY)], SKY)
        sheet.dot((node_x, _SUPPLY), SKY)
        sheet.part(elm.Resistor(), (node_x, _SUPPLY), (node_x, _SUPPLY - 1.8), sheet.named("R4"), "bottom")
        sheet.ground((node_x, _SUPPLY - 1.8))
        sheet.part(elm.Resistor(), (node_x, _SUPPLY), (node_x + 3, _SUPPLY), sheet.named("R3"))
        sheet.part(elm.Zener(), (node_x + 3, _SUPPLY), (node_x + 6, _SUPPLY), sheet.named("D1"))
        sheet.wire([(node_x + 6, _SUPPLY), (sense_x, _SUPPLY), (sense_x, plus)], VERMILION)
        sheet.dot((sense_x, plus), VERMILION)
        sheet.text((node_x + 6.4, _SUPPLY + 0.4), "the ring of D1 faces the supply", _SMALL, colour=GREY)


def _coils(sheet: _Sheet, board: Board) -> None:
    x, top = _DRIVER_RIGHT, -8.8
    for place, name in enumerate(board.driver.coils):
        y = top - 1.2 * place
        sheet.text((x - 0.2, y), name, align="right")
        sheet.wire([(x, y), (x + 6.0, y)])
    sheet.box((x + 6.0, top - 4.4), (x + 12.0, top + 0.8))
    sheet.text((x + 6.2, top - 0.6), "one coil")
    sheet.text((x + 6.2, top - 3.0), "the other")
    sheet.text((x + 10.0, top - 1.8), f"stepper motor\n{board.full_steps_per_rev} steps", align="center")


def _sounder_and_light(sheet: _Sheet, board: Board) -> None:
    if _has(board, "sounder"):
        sheet.part(elm.Resistor(), (3.2, _SOUNDER), (6.2, _SOUNDER), sheet.named("R5"))
        sheet.wire([(_CHIP_RIGHT, _SOUNDER), (3.2, _SOUNDER)])
        sheet.wire([(6.2, _SOUNDER), (7.4, _SOUNDER)])
        sheet.add(elm.Speaker().at((7.4, _SOUNDER)).theta(0))
        sheet.text((9.2, _SOUNDER - 0.2), f"LS1  piezo, {sheet.named('LS1').split('  ')[1]}", _SMALL)
        sheet.ground((7.4, _SOUNDER - 0.5))
    if not _has(board, "light_red"):
        return
    common = 10.4
    for y, ref, colour in ((_RED, "R6", VERMILION), (_GREEN, "R7", GREEN), (_BLUE, "R8", BLUE)):
        sheet.wire([(_CHIP_RIGHT, y), (3.2, y)])
        sheet.part(elm.Resistor(), (3.2, y), (6.2, y), sheet.named(ref))
        sheet.part(elm.LED(), (7.0, y), (9.6, y), colour=colour)
        sheet.wire([(6.2, y), (7.0, y)])
        sheet.wire([(9.6, y), (common, y)])
    sheet.wire([(common, _RED), (common, _BLUE - 0.6)])
    for y in (_GREEN, _BLUE):
        sheet.dot((common, y))
    sheet.ground((common, _BLUE - 0.6))
    sheet.text((11.0, _GREEN), f"D2  {sheet.named('D2').split('  ')[1]}", _SMALL)


def _pressure(sheet: _Sheet, board: Board) -> None:
    if not _has(board, "pressure"):
        return
    y, sensor_x = _PRESSURE, 13.0
    sheet.wire([(_CHIP_RIGHT, y), (8.0, y)], SKY)
    for x, ref, element in ((3.4, "C2", elm.Capacitor()), (6.8, "R10", elm.Resistor())):
        sheet.dot((x, y), SKY)
        sheet.part(element, (x, y), (x, y - 2.0), sheet.named(ref), "bottom")
        sheet.ground((x, y - 2.0))
    sheet.part(elm.Resistor(), (8.0, y), (11.0, y), sheet.named("R9"))
    sheet.wire([(11.0, y), (sensor_x, y)], SKY)
    sheet.box((sensor_x, y - 1.6), (sensor_x + 7.0, y + 1.6))
    sheet.text((sensor_x + 0.2, y), "OUT")
    sheet.text((sensor_x + 4.4, y), "pressure sensor\n-100 to 100 kPa\n0.5 to 4.5 V", _SMALL, "center")
    zero, slope = board.peripherals.pressure_zero_mv, board.peripherals.pressure_uv_per_kpa / 1000
    sheet.text((4.0, y + 1.3), f"at the chip {zero} mV at 0 kPa, {slope:g} mV more with each kPa", _SMALL, colour=GREY)
    sheet.wire([(sensor_x + 1.2, y + 1.6), (sensor_x + 1.2, y + 2.0)])
    sheet.rail((sensor_x + 1.2, y + 2.0), SENSOR)
    sheet.wire([(sensor_x + 1.2, y - 1.6), (sensor_x + 1.2, y - 2.0)])
    sheet.ground((sensor_x + 1.2, y - 2.0))


def _link(sheet: _Sheet, board: Board) -> None:
    for signal, y, end in (("link_tx", _LINK_TX, "RX"), ("link_rx", _LINK_RX, "TX")):
        if _has(board, signal):
            sheet.wire([(_CHIP_RIGHT, y), (4.0, y)], GREEN)
            sheet.text((4.2, y), f"{end} of the serial adapter, {board.peripherals.link_baud} baud, 3.3 V", _SMALL)


def _clock(sheet: _Sheet, board: Board) -> None:
    for signal, y, end in (("i2c_sda", _SDA, "SDA"), ("i2c_scl", _SCL, "SCL")):
        if _has(board, signal):
            sheet.wire([(_CHIP_RIGHT, y), (4.0, y)], PURPLE)
            sheet.text((4.2, y), f"{end} of the {board.peripherals.wall_clock} module, VCC at {LOGIC}", _SMALL)
