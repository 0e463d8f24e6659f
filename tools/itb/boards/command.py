"""The command `itb boards`: which boards there are, all that one of them sets, and how it is wired."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from itb import BENCH_ONLY
from itb.boards.board import MS_PER_DAY, Board, bench_names, board_names, load_board
from itb.boards.chips import ABSENT, CHIPS
from itb.boards.lease import DEFAULT_NL, lease_steps
from itb.boards.wiring import bill, connections, ties
from itb.errors import InputError
from itb.outputs import FAILED, PLOT_FORMATS, REFUSED, fail, refuse_unless_writable, write
from itb.quantity import VOLUME, VOLUME_RATE, amount, decimal

# A rate that people know from implanted pumps: 400 ug/day at 2000 ug/mL.
_COMMON_RATE_NL_DAY = Fraction(200_000)

BoardName = Annotated[str, typer.Argument(metavar="NAME", help="A board of board_configs/.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add `boards`, `boards show` and `boards wiring`."""
    boards = typer.Typer(help=f"List the boards; show one; draw its wiring. {BENCH_ONLY}", invoke_without_command=True)
    boards.callback()(_list)
    boards.command("show", help=f"All settings and pins of one board, and what follows from them. {BENCH_ONLY}")(show)
    boards.command("wiring", help=f"How one board is wired, and what to buy for it. {BENCH_ONLY}")(wiring)
    app.add_typer(boards, name="boards")


def _list(context: typer.Context) -> None:
    """List and explain, unless a subcommand follows."""
    if context.invoked_subcommand is None:
        try:
            Console().print(listing([load_board(name) for name in board_names()]))
        except InputError as error:
            fail(Console(stderr=True), str(error), REFUSED)


def show(name: BoardName) -> None:
    """One board in full."""
    try:
        Console().print(details(load_board(name, field="NAME")))
    except InputError as error:
        fail(Console(stderr=True), str(error), REFUSED)


def wiring(
    name: BoardName,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw it: a PNG, SVG or PDF.")] = None,
) -> None:
    """Tables of connections and parts, and the drawing if one is asked for."""
    out, errors = Console(), Console(stderr=True)
    try:
        board = load_board(name, field="NAME")
        if board.simulated:
            raise InputError("NAME", f"{name!r} (simulated: nothing to wire)", f"one of {', '.join(bench_names())}")
        refuse_unless_writable("--plot", plot, PLOT_FORMATS)
    except InputError as error:
        fail(errors, str(error), REFUSED)
    out.print(wiring_tables(board))
    if not write("--plot", plot, lambda path: _draw(board, path), errors):
        raise typer.Exit(FAILED)
    drawn = f"Drawn: {plot}" if plot else f"To draw it: itb boards wiring {name} --plot wiring.png"
    out.print(drawn, markup=False, highlight=False, soft_wrap=True)


def _draw(board: Board, path: Path) -> None:
    # Matplotlib takes long to import.
    from itb.boards.wiring_picture import save_wiring

    save_wiring(board, path)


def listing(boards: Iterable[Board]) -> RenderableType:
    """The table of all boards, and a paragraph about each."""
    # Narrow enough for 80 columns.
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for column in ("board", "chip", "driver", "mechanism"):
        table.add_column(column, no_wrap=True)
    for column in ("nL per\nstep", "mL/day", "mL"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("weighed", no_wrap=True)
    paragraphs: list[RenderableType] = []
    for board in boards:
        low, high = (decimal(rate / 1_000_000) for rate in (board.min_rate_nl_day, board.max_rate_nl_day))
        table.add_row(
            board.name,
            board.chip,
            board.driver.name,
            board.mechanism,
            decimal(board.nl_per_step, 2),
            f"{low}-{high}",
            decimal(board.capacity_nl / 1_000_000),
            board.calibrated or "no",
        )
        paragraphs += [Text(board.name, "bold"), Padding(Text(explanation(board)), (0, 0, 1, 2))]
    more = "itb boards show NAME tells all of one; itb boards wiring NAME says how it is wired."
    return Group(table, *paragraphs, Text(more, "dim"))


def explanation(board: Board) -> str:
    """What the board is, in a few sentences: what it is made of, how fine it is, and what it notices."""
    if board.simulated:
        made = "Simulated, for `itb check` and `itb run`"
    else:
        made = f"{board.module}, driver {board.driver.name} at 1/{board.microsteps} step"
    sentences = [f"{made}; {_mechanism(board)}.", f"At 0.2 mL/day one microstep in {_step_interval(board)}."]
    if not board.simulated:
        sentences.append(_watched(board))
    if board.calibrated:
        sentences.append(f"Calibrated by weighing on {board.calibrated}.")
    elif not board.simulated:
        sentences.append(f"Its calibration is nominal: weigh it with itb calibrate {board.name}.")
    return " ".join(sentences)


def _mechanism(board: Board) -> str:
    if board.syringe is None:
        return "a peristaltic pump head"
    bore, lead = decimal(board.syringe.bore_mm), decimal(board.syringe.lead_mm)
    return f"a syringe of {bore} mm bore on a screw of {lead} mm a turn"


def _watched(board: Board) -> str:
    senses = {
        "supply": "a motor supply that fails",
        "stall": f"what {board.driver.fault_line} of the driver tells ({board.driver.fault_meaning})",
        "pressure": "an occlusion, by its pressure",
    }
    seen = [what for pin, what in senses.items() if board.pins[pin] != ABSENT]
    blind = [
        what for pin, what in (("supply", "a failing motor supply"), ("pressure", "an occlusion")) if _lacks(board, pin)
    ]
    parts = [
        f"It notices {'; '.join(seen)}." if seen else "",
        f"It does not notice {' or '.join(blind)}." if blind else "",
    ]
    return " ".join(part for part in parts if part)


def _lacks(board: Board, pin: str) -> bool:
    return board.pins[pin] == ABSENT


def _step_interval(board: Board) -> str:
    return f"{decimal(board.nl_per_step * 86_400 / _COMMON_RATE_NL_DAY, 2)} s"


def details(board: Board) -> RenderableType:
    """All settings, all pins, and what follows from them in human units."""
    parts: list[RenderableType] = [Text(board.name, "bold"), Text(explanation(board)), Text()]
    for title, rows in (
        ("Mechanism", _mechanism_rows(board)),
        ("Driver and motor", _motor_rows(board)),
        ("Times", _time_rows(board)),
        ("Reservoir and limits", _volume_rows(board)),
        ("Memory", _memory_rows(board)),
        ("Beside the motor", _peripheral_rows(board)),
        ("Pins", [(name, _pin(board, name), "") for name in board.pins]),
    ):
        parts.append(_table(title, ("", "value", ""), rows))
    parts.append(Text(f"Pins after: {CHIPS[board.chip].source}. Driver after: {board.driver.source}.", "dim"))
    return Group(*parts)


_Row = tuple[str, ...]


def _table(title: str, columns: _Row, rows: Iterable[_Row]) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD,
        title=title,
        title_justify="left",
        title_style="bold",
        pad_edge=False,
        show_header=any(columns) and columns[0] != "",
    )
    for place, column in enumerate(columns):
        table.add_column(column, no_wrap=place == 0)
    for row in rows:
        table.add_row(*row)
    return table


def _ml(volume_nl: Fraction) -> str:
    return amount(volume_nl, VOLUME, "mL")


def _mechanism_rows(board: Board) -> list[_Row]:
    rows = [
        (
            "calibration",
            f"{board.nl_per_rev} nL/rev",
            f"calibrated {board.calibrated}" if board.calibrated else "nominal",
        ),
        ("microstep", f"{decimal(board.nl_per_step, 3)} nL", f"{board.steps_per_rev} a turn"),
    ]
    if board.calibration_uncertainty_nl is not None:
        rows.append(("uncertainty", f"{decimal(board.calibration_uncertainty_nl, 1)} nL/rev", "expanded, k = 2"))
    if board.take_up_steps:
        rows.append(("take-up", f"{board.take_up_steps} microsteps", "primed away before a first dose"))
    if board.syringe is not None:
        way_mm = board.capacity_nl / board.syringe.nl_per_mm
        way_um = board.syringe.lead_mm * 1000 / board.steps_per_rev
        rows += [
            ("bore and lead", f"{decimal(board.syringe.bore_mm)} mm, {decimal(board.syringe.lead_mm)} mm", ""),
            (
                "plunger's way",
                f"{decimal(way_mm, 1)} mm",
                f"for {_ml(board.capacity_nl)}; {decimal(way_um, 2)} um a microstep",
            ),
        ]
    return rows


def _motor_rows(board: Board) -> list[_Row]:
    driver = board.driver
    volts = f"{decimal(Fraction(driver.supply_low_mv, 1000))} to {decimal(Fraction(driver.supply_high_mv, 1000))} V"
    rate = Fraction(1_000_000, board.min_step_interval_us)
    turns = rate / board.steps_per_rev
    return [
        ("motor", f"{board.full_steps_per_rev} full steps a turn", f"1/{board.microsteps} step"),
        ("STEP", f"high for {driver.pulse_us} us", f"the {driver.name} asks for {driver.step_high_ns} ns"),
        (
            "fastest",
            f"{decimal(rate, 0)} steps/s",
            f"{decimal(turns, 2)} turns a second, {board.min_step_interval_us} us a step",
        ),
        ("DIR", f"set {board.dir_setup_us} us before a step", f"the {driver.name} asks for {driver.dir_setup_ns} ns"),
        ("motor supply", volts, "of the driver; the wiring is for 12 V"),
        ("current", "set it at the module", driver.current),
        ("halts at", f"{2 * board.microsteps} microsteps", "by which ordered and confirmed may differ: two full steps"),
    ]


def _time_rows(board: Board) -> list[_Row]:
    burst = board.constants()["BURST_MAX_STEPS"]
    return [
        ("tick", f"{board.tick_ms} ms", f"at most {burst} microstep{'' if burst == 1 else 's'} in each"),
        ("dead man", f"{board.dead_man_ms} ms", "without a tick: ENABLE is let go"),
        ("watchdog", f"{board.watchdog_ms} ms", "without a round of the loop: the chip is reset"),
    ]


def _volume_rows(board: Board) -> list[_Row]:
    days = (board.capacity_nl - board.residual_nl) / _COMMON_RATE_NL_DAY
    rates = [amount(rate, VOLUME_RATE, "mL/day") for rate in (board.min_rate_nl_day, board.max_rate_nl_day)]
    slowest = board.nl_per_step * MS_PER_DAY / 1000 / board.min_rate_nl_day
    return [
        ("capacity", _ml(board.capacity_nl), f"{decimal(days, 1)} days at 0.2 mL/day"),
        ("low alarm", _ml(board.low_nl), ""),
        ("residual", _ml(board.residual_nl), "left in it: the motor stops here"),
        ("rates", f"{rates[0]} to {rates[1]}", f"a microstep in {decimal(slowest, 1)} s at the lowest"),
        ("in any hour", _ml(board.hour_nl), ""),
        ("in any 24 h", _ml(board.day_nl), ""),
        ("one bolus", _ml(board.bolus_nl), ""),
        (
            "occlusion",
            f"{board.occlusion_kpa} kPa",
            "stops" if not _lacks(board, "pressure") else "no sensor: never noticed",
        ),
    ]


def _memory_rows(board: Board) -> list[_Row]:
    steps = lease_steps(board.lease_nl, board.nl_per_step, board.burst_max_steps())
    asked_nl = DEFAULT_NL if board.lease_nl is None else board.lease_nl
    return [
        ("lease", amount(asked_nl, VOLUME, "uL"), f"{steps} microsteps: what a power cut may count as delivered"),
        ("service life", f"{board.service_days} days", "then it delivers no more"),
    ]


def _peripheral_rows(board: Board) -> list[_Row]:
    found = board.peripherals
    rows: list[_Row] = [("link", found.link, f"{found.link_baud} baud" if found.link_baud else "the USB cable")]
    if found.tone_hz:
        rows.append(("sounder", f"{found.tone_hz} Hz", ""))
    if not _lacks(board, "pressure"):
        slope = decimal(Fraction(found.pressure_uv_per_kpa, 1000))
        rows.append(("pressure sensor", f"{found.pressure_zero_mv} mV at 0 kPa", f"{slope} mV/kPa, at the chip's pin"))
    if not _lacks(board, "stall"):
        rows.append(
            ("stall line", f"{board.driver.fault_line}, active {board.driver.fault_active}", board.driver.fault_meaning)
        )
    if found.wall_clock:
        rows.append(("wall clock", found.wall_clock, "keeps the time of day while the power is off"))
    return rows


def _pin(board: Board, name: str) -> str:
    return "-" if _lacks(board, name) else f"GPIO {board.pins[name]}"


def wiring_tables(board: Board) -> RenderableType:
    """Connections of the chip, ties of the driver module, and what to buy."""
    wires = [(one.signal, one.pin, one.to) for one in connections(board)]
    tied = ", ".join(f"{pin} to {level}" for pin, level in ties(board))
    bought = [(str(item.count), item.what, item.use) for item in bill(board)]
    return Group(
        Text(f"{board.name}: {board.module}, {board.driver.name}", "bold"),
        Text(BENCH_ONLY, "red"),
        Text(),
        _table("From the chip", ("signal", "pin", "to"), wires),
        Text(f"Tied at the driver module, for 1/{board.microsteps} step: {tied}."),
        Text(
            "C1 stands at VMOT and GND of the module; all grounds are joined. Wire with S1 open and the USB cable out."
        ),
        Text(),
        _table("To buy", ("count", "what", "for"), bought),
    )
