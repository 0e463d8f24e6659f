"""The commands `itb calibrate` and `itb accuracy`: their arguments, and the order of what they do."""

import json
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from itb import BENCH_ONLY
from itb.bench.guide import HandDispenser, preparation, refuse_unless_possible, standing, weigh_run
from itb.bench.readings import Points, Weights, points_text, read_points, read_weights, weights_text
from itb.bench.water import evaporation_of, temperature_of
from itb.boards.board import BUILD, CONFIGS, Board, load_board
from itb.boards.calibration import is_day
from itb.errors import InputError
from itb.outputs import FAILED, OK, PLOT_FORMATS, REFUSED, fail, refuse_unless_writable, say, write
from itb.plan.check import refuse
from itb.quantity import MASS, TIME, VOLUME_RATE, amount, parse
from itb.sim.messages import GuestError

if TYPE_CHECKING:
    from itb.bench.accuracy import Accuracy
    from itb.bench.gravimetric import Fit

CSV = (".csv",)
SEED_MOST = 2**32 - 1

DataFile = Annotated[Path | None, typer.Option(metavar="FILE", help="A CSV file: revolutions,grams for each point.")]
ScalePort = Annotated[
    str | None, typer.Option(metavar="PORT", help="Read the weights from a scale on this serial port.")
]
LineText = Annotated[str, typer.Option(metavar="TEXT", help="How that port is set.")]
Seed = Annotated[int, typer.Option(help="Of the simulated scale's noise.")]
PlotFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Where to draw: PNG, SVG or PDF.", show_default=False)
]
TemperatureText = Annotated[str, typer.Option(metavar="TEMPERATURE", help="Of the water.")]
EvaporationText = Annotated[
    str | None, typer.Option(metavar="RATE", help='What leaves the vessel by itself, like "1.2 mg/h".')
]


def register(app: typer.Typer) -> None:
    """Add both commands."""
    app.command(help=f"Weigh what the motor delivers, and write nL per revolution into the board file. {BENCH_ONLY}")(
        calibrate
    )
    app.command(help=f"Start-up and trumpet curve of weights over time, as in IEC 60601-2-24. {BENCH_ONLY}")(accuracy)


def calibrate(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A board of board_configs/.", show_default=False)],
    data: DataFile = None,
    scale: ScalePort = None,
    twin: Annotated[bool, typer.Option("--twin", help="Weigh the simulated bench; writes no board file.")] = False,
    points: Annotated[int, typer.Option(help="Weighings after the first.")] = 8,
    revolutions: Annotated[int, typer.Option(help="Motor revolutions from one weighing to the next.")] = 2,
    temperature: TemperatureText = "20 C",
    evaporation: EvaporationText = None,
    line: LineText = "9600 8N1",
    seed: Seed = 1,
    day: Annotated[str | None, typer.Option("--date", metavar="DATE", help="Of the run; today if not given.")] = None,
    plot: PlotFile = None,
    save: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to keep the readings, as CSV.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the result and change no board file.")] = False,
) -> None:
    """Calibrate a board."""
    from itb.bench.gravimetric import Conditions, fit

    out, errors = Console(), Console(stderr=True)
    try:
        board = load_board(name, CONFIGS, "NAME")
        _refuse_unless_one({"--data": data is not None, "--scale": scale is not None, "--twin": twin}, least=0)
        conditions = Conditions(temperature_of(temperature), evaporation_of(evaporation))
        run_day = _day_of(day)
        plot = plot or BUILD / "calibration" / f"{board.name}.png"
        refuse_unless_writable("--plot", plot, PLOT_FORMATS)
        if data is not None:
            if save is not None:
                raise InputError("--save", str(save), "only for readings that are not in a file yet")
            run = read_points(data)
        else:
            refuse_unless_possible(board, points, revolutions)
            save = save or (None if twin else BUILD / "calibration" / f"{board.name}.csv")
            refuse_unless_writable("--save", save, CSV)
            keep = _keeper(save, _simulated(board.name, f"seed {seed}") if twin else f"{board.name}, {run_day}", errors)
            if twin:
                run = _weigh_twin(board, seed, points, revolutions, keep)
            else:
                run = _weigh_by_hand(board, (scale, line), points, revolutions, keep, errors)
        result = fit(run, conditions)
    except InputError as error:
        fail(errors, str(error), REFUSED)
    except GuestError as error:
        fail(errors, str(error), FAILED)
    drawn = _show_calibration(result, board, run_day, plot, out, errors)
    _conclude(result, board, run_day, dry_run or twin, out, errors)
    raise typer.Exit(OK if drawn else FAILED)


def _weigh_twin(board: Board, seed: int, points: int, revolutions: int, keep: Callable[[Points], None]) -> Points:
    from itb.bench.twin import TwinBench, TwinDispenser, TwinScale

    with TwinBench(board) as bench:
        dispenser, scale = TwinDispenser(bench, board), TwinScale(bench, _seed_of(seed))
        return weigh_run(dispenser, scale, points, revolutions, lambda: bench.elapsed_s, keep)


def _weigh_by_hand(
    board: Board,
    port: tuple[str | None, str],
    points: int,
    revolutions: int,
    keep: Callable[[Points], None],
    errors: Console,
) -> Points:
    """Lead the user through the run; weights are typed, or read from the scale on a port set in this way."""
    from itb.bench.scale import SerialScale, TypedScale

    def ask(text: str) -> str | None:
        errors.print(text, end="", markup=False, highlight=False, soft_wrap=True)
        answer = sys.stdin.readline()
        return answer.rstrip("\r\n") if answer else None

    def tell(text: str) -> None:
        errors.print(text, markup=False, highlight=False, soft_wrap=True)

    name, settings = port
    with SerialScale(name, settings) if name else nullcontext(TypedScale(ask, lambda text: say(errors, text))) as scale:
        tell(f"{standing(board)}\n{preparation(board, points, revolutions)}")
        if name:
            tell("The scale is read after each Enter; press its print key if it does not print by itself.")
        if ask("Press Enter when all this is done. ") is None:
            raise InputError("preparation", "the end of the input", "Enter when it is done")
        return weigh_run(HandDispenser(ask), scale, points, revolutions, time.monotonic, keep)


def _show_calibration(result: "Fit", board: Board, day: str, plot: Path, out: Console, errors: Console) -> bool:
    """Table and picture. Whether the picture was written."""
    from itb.bench.curves import draw_calibration
    from itb.bench.report import calibration_told

    out.print(calibration_told(result, board), soft_wrap=True)
    drawn = write("--plot", plot, lambda path: draw_calibration(result, board, day).savefig(path), errors)
    if drawn:
        out.print(f"Drawn: {plot}", markup=False, highlight=False, soft_wrap=True)
    return drawn


def _conclude(result: "Fit", board: Board, day: str, dry_run: bool, out: Console, errors: Console) -> None:
    """Write the result into the board file, or say why not. Raises typer.Exit when it is refused."""
    from itb.bench.calibration_file import values_of, write_calibration
    from itb.bench.gravimetric import refuse_unless_sound
    from itb.bench.report import written_told

    values = values_of(result, board.steps_per_rev, day)
    try:
        refuse_unless_sound(result, board.steps_per_rev)
        write_calibration(CONFIGS / board.file, board, values, dry_run)
    except InputError as error:
        fail(errors, f"{error}; {board.file} was not changed", REFUSED)
    except OSError as error:
        fail(errors, f"{board.file} was not changed: {error.strerror}", FAILED)
    what = f"{board.file} was not changed; it would get" if dry_run else f"Written to {board.file}"
    out.print(f"{what}:\n{written_told(values)}", markup=False, highlight=False, soft_wrap=True)


def accuracy(
    rate: Annotated[str, typer.Option(metavar="RATE", help='What was set, like "0.2 mL/day".', show_default=False)],
    data: Annotated[
        Path | None, typer.Argument(metavar="DATA.csv", help="Weights over time: seconds,grams.", show_default=False)
    ] = None,
    twin: Annotated[
        str | None, typer.Option(metavar="BOARD", help="Weigh the simulated bench of this board instead.")
    ] = None,
    seed: Seed = 1,
    period_from: Annotated[str, typer.Option("--from", metavar="TIME", help="Analyse from here on.")] = "60 min",
    period_to: Annotated[str, typer.Option("--to", metavar="TIME", help="Analyse up to here.")] = "120 min",
    temperature: TemperatureText = "20 C",
    evaporation: EvaporationText = None,
    resolution: Annotated[
        str | None, typer.Option(metavar="MASS", help="Of the scale; one of the data's last digit if not given.")
    ] = None,
    repeatability: Annotated[
        str | None,
        typer.Option(metavar="MASS", help="Standard deviation of its readings; its resolution if not given."),
    ] = None,
    plot: PlotFile = None,
    save: Annotated[Path | None, typer.Option(metavar="FILE", help="With --twin: keep the weights, as CSV.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")] = False,
) -> None:
    """Judge a flow."""
    from itb.bench.accuracy import ScaleLimits, analyse
    from itb.bench.gravimetric import Conditions

    out, errors = Console(), Console(stderr=True)
    try:
        rate_nl_day = parse("--rate", rate, VOLUME_RATE)
        conditions = Conditions(temperature_of(temperature), evaporation_of(evaporation))
        period_s = (_seconds("--from", period_from), _seconds("--to", period_to))
        _refuse_unless_one({"DATA.csv": data is not None, "--twin": twin is not None}, least=1)
        if save is not None and twin is None:
            raise InputError("--save", str(save), "only with --twin")
        weights = read_weights(data) if data is not None else _weights_of(str(twin), rate_nl_day, period_s[1], seed)
        step_mg = parse("--resolution", resolution, MASS) if resolution is not None else weights.step_mg
        noise_mg = parse("--repeatability", repeatability, MASS, zero=True) if repeatability is not None else step_mg
        limits = ScaleLimits(float(step_mg), float(noise_mg))
        found = analyse(weights, rate_nl_day, limits, conditions, period_s)
        plot = plot or BUILD / "accuracy" / f"{data.stem if data is not None else twin}.png"
        refuse_unless_writable("--plot", plot, PLOT_FORMATS)
        refuse_unless_writable("--save", save, CSV)
    except InputError as error:
        raise typer.Exit(refuse(error, out, errors, as_json)) from error
    except GuestError as error:
        fail(errors, str(error), FAILED)
    remark = _simulated(str(twin), amount(rate_nl_day, VOLUME_RATE, "mL/day"), f"seed {seed}")
    kept = write("--save", save, lambda path: _put(path, weights_text(weights, [remark])), errors)
    drawn = _show_accuracy(found, plot, out, errors, as_json)
    raise typer.Exit(OK if kept and drawn else FAILED)


def _show_accuracy(found: "Accuracy", plot: Path, out: Console, errors: Console, as_json: bool) -> bool:
    """Table, or facts, and picture. Whether the picture was written."""
    from itb.bench.curves import draw_accuracy
    from itb.bench.report import accuracy_facts, accuracy_told

    if as_json:
        typer.echo(json.dumps(accuracy_facts(found), indent=2))
    else:
        out.print(accuracy_told(found), soft_wrap=True)
    drawn = write("--plot", plot, lambda path: draw_accuracy(found).savefig(path), errors)
    if drawn and not as_json:
        out.print(f"Drawn: {plot}", markup=False, highlight=False, soft_wrap=True)
    return drawn


def _weights_of(board_name: str, rate_nl_day: Fraction, until_s: Fraction, seed: int) -> Weights:
    from itb.bench.twin import steady_weights

    return steady_weights(load_board(board_name, CONFIGS, "--twin"), rate_nl_day, until_s, _seed_of(seed))


def _keeper(path: Path | None, remark: str, errors: Console) -> Callable[[Points], None]:
    """Writes what was weighed so far after each point, so that a run that breaks off is not lost."""

    def keep(run: Points) -> None:
        kept = write("--save", path, lambda to: _put(to, points_text(run, [remark])), errors)
        if path and kept and len(run.points) == 1:
            errors.print(f"The readings are kept in {path}.", markup=False, highlight=False, soft_wrap=True)

    return keep


def _simulated(board_name: str, *how: str) -> str:
    """The first line of a file that no scale has seen."""
    return f"Simulated, not measured: board {board_name}, {', '.join(how)}."


def _put(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _refuse_unless_one(given: dict[str, bool], least: int) -> None:
    names = [name for name, present in given.items() if present]
    if not least <= len(names) <= 1:
        what = "one of" if least else "at most one of"
        raise InputError("source", " and ".join(names) or "none", f"{what} {', '.join(given)}")


def _seconds(field: str, text: str) -> Fraction:
    return parse(field, text, TIME, zero=True) / 1000


def _seed_of(seed: int) -> int:
    if not 0 <= seed <= SEED_MOST:
        raise InputError("--seed", str(seed), f"a whole number from 0 to {SEED_MOST}")
    return seed


def _day_of(text: str | None) -> str:
    if text is None:
        return date.today().isoformat()
    if not is_day(text):
        raise InputError("--date", repr(text), 'a date, like "2026-11-21"')
    return text
