"""The command `itb`: its arguments, its exit status, and nothing else."""

import json
from contextlib import nullcontext
from dataclasses import dataclass
from fractions import Fraction
from importlib.metadata import version
from math import ceil
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from itb import BENCH_ONLY
from itb.bench.commands import register as register_bench
from itb.boards.board import load_board, slice_of
from itb.boards.command import register as register_boards
from itb.errors import InputError
from itb.firmware import CompileError
from itb.flash.command import Order
from itb.flash.command import flash as flash_board
from itb.outputs import FAILED, INTERRUPTED, OK, PLOT_FORMATS, REFUSED, fail, refuse_unless_writable, write
from itb.rx.check import check as show_check
from itb.rx.check import refuse
from itb.rx.prescribed import MS_PER_DAY, prescribed_on
from itb.rx.prescription import read_prescription
from itb.rx.program import Plan, make_plan
from itb.sim.about import about, told
from itb.sim.account import Account, account
from itb.sim.engine import ENGINES, VM, WASM, GuestDied, Refusal, Run, available_engine
from itb.sim.faults import read_faults
from itb.sim.interrupts import Interrupts
from itb.sim.job import Job, sample_ms
from itb.sim.messages import End, GuestError, Sample
from itb.sim.record import Record
from itb.sim.summary import facts, summary
from itb.sim.view import View
from itb.sim.waveform import write_waveform

SHORTEST_DAYS, LONGEST_DAYS = 0.001, 36_500
# Of `check` and of `run`: what one accepts the other must.
DEFAULT_SLICE = "10 s"

app = typer.Typer(
    name="itb",
    help=f"Host tool of the open bench pump. {BENCH_ONLY}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

PrescriptionFile = Annotated[Path, typer.Argument(metavar="RX.toml", help="The prescription.", show_default=False)]
BoardName = Annotated[str, typer.Option(metavar="NAME", help="A board of board_configs/.")]
ENGINE_HELP = f"One of {', '.join(ENGINES)}; the default is {VM}, or {WASM} where there is no {VM}."
SliceText = Annotated[str, typer.Option("--slice", metavar="TIME", help="The tick, 1 ms to 15 min.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")]


class Interrupted(Exception):
    """The run was broken off before its first sample."""


@dataclass(frozen=True)
class Outcome:
    """A run that came to its end: what it said and its account."""

    record: Record
    account: Account
    interrupted: bool


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"itb {version('itb')}")
        raise typer.Exit


@app.callback()
def itb(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Play the programmer of the bench pump, and run its firmware against a simulated bench."""


@app.command(help=f"Show a day of a prescription, its limits, and what would have to be confirmed. {BENCH_ONLY}")
def check(
    rx: PrescriptionFile,
    board: BoardName = "sim",
    slice_text: SliceText = DEFAULT_SLICE,
    as_json: AsJson = False,
) -> None:
    """Validate and preview."""
    out, errors = Console(), Console(stderr=True)
    try:
        slice_ms = slice_of(slice_text)
    except InputError as error:
        raise typer.Exit(refuse(error, out, errors, as_json)) from error
    raise typer.Exit(show_check(rx, board, out, errors, as_json, slice_ms))


@app.command(help=f"Run the firmware on a prescription, on the simulated bench, and account for it. {BENCH_ONLY}")
def run(
    rx: PrescriptionFile,
    days: Annotated[float | None, typer.Option(help="Days to simulate (1; with --until-empty: all it takes).")] = None,
    seed: Annotated[int, typer.Option(help="Where the simulated clock and counters begin.")] = 1,
    board: BoardName = "sim",
    slice_text: SliceText = DEFAULT_SLICE,
    until_empty: Annotated[bool, typer.Option("--until-empty", help="End when the reservoir is empty.")] = False,
    refill: Annotated[bool, typer.Option("--refill", help="Refill whenever the low-reservoir alarm comes.")] = False,
    faults: Annotated[Path | None, typer.Option(metavar="FILE", help="Faults to inject, as TOML.")] = None,
    engine: Annotated[str | None, typer.Option(help=ENGINE_HELP, show_default=False)] = None,
    as_json: AsJson = False,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw the run: a PNG, SVG or PDF.")] = None,
    vcd: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the pump's lines as a waveform.")] = None,
    confirm_soft: Annotated[bool, typer.Option("--confirm-soft", help="Confirm crossed soft limits.")] = False,
) -> None:
    """Simulate a therapy."""
    errors = Console(stderr=True)
    try:
        slice_ms = slice_of(slice_text)
        plan = make_plan(read_prescription(rx), load_board(board), slice_ms)
        _require_confirmation(plan, confirm_soft, errors)
        job = Job(
            program=plan.program.as_dict(),
            days_ms=(days_ms := _days_ms(days, until_empty, plan)),
            slice_ms=slice_ms,
            fill_steps=plan.fill_steps,
            sample_ms=sample_ms(days_ms, slice_ms),
            seed=_within("--seed", seed, 0, (1 << 30) - 1),
            faults=tuple(read_faults(faults)) if faults else (),
            trace=vcd is not None,
            until_empty=until_empty,
            refill_at_low=refill,
        )
        engine_name = _engine(engine, errors)
        refuse_unless_writable("--plot", plot, PLOT_FORMATS)
        refuse_unless_writable("--vcd", vcd, (".vcd",))
        outcome = _simulate(plan, job, engine_name, None if as_json else Console())
    except (InputError, Refusal) as error:
        fail(errors, str(error), REFUSED)
    except (GuestError, CompileError) as error:
        fail(errors, str(error), FAILED)
    except Interrupted as error:
        fail(errors, str(error), INTERRUPTED)
    if as_json:
        typer.echo(json.dumps({**about(plan, job, outcome.record, confirm_soft), **facts(outcome.account)}, indent=2))
    else:
        out = Console()
        if words := told(outcome.record):
            out.print(words, highlight=False, soft_wrap=True)
        out.print(summary(outcome.account))
    written = [
        write("--plot", plot, lambda path: _draw(plan, outcome, path), errors),
        write("--vcd", vcd, lambda path: _write_waveform(outcome, path), errors),
    ]
    if outcome.interrupted:
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(OK if outcome.account.balanced and all(written) else FAILED)


@app.command(help=f"Put the firmware on a board, restart it, and read its self-test back. {BENCH_ONLY}")
def flash(
    board: Annotated[str, typer.Option(metavar="NAME", help="A board of board_configs/.", show_default=False)],
    port: Annotated[str | None, typer.Option(help="Its serial port; needed when there are several.")] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare only; fail if the board has another build.")
    ] = False,
    no_reboot: Annotated[bool, typer.Option("--no-reboot", help="Leave the board at MicroPython's prompt.")] = False,
    link_port: Annotated[str | None, typer.Option(help="The port of a link that is a UART of its own.")] = None,
) -> None:
    """Install the firmware."""
    order = Order(board, port or None, verify, not no_reboot, link_port)
    raise typer.Exit(flash_board(order, Console(), Console(stderr=True)))


def _simulate(plan: Plan, job: Job, engine: str, out: Console | None) -> Outcome:
    """Run to the end, showing it on `out`. Raises GuestError."""
    record = Record()
    view = View(out, plan.scale, job.days_ms) if out else None
    with Run(job, plan.board, engine) as guest, Interrupts(guest) as interrupts, view or nullcontext():
        try:
            for message in guest:
                record.add(message)
                if view and isinstance(message, (Sample, End)):
                    view.show(record.last)
        except GuestDied:
            if not interrupts.count:
                raise
    if not record.samples:
        raise Interrupted("ended before there was anything to account for")
    prescribed = prescribed_on(plan.prescription, plan.board)
    return Outcome(record, account(record, prescribed, plan.scale), interrupts.count > 0)


def _draw(plan: Plan, outcome: Outcome, path: Path) -> None:
    # Matplotlib takes longer to import than a day takes to simulate.
    from itb.sim.picture import draw

    draw(plan, outcome.record, outcome.account).savefig(path)


def _write_waveform(outcome: Outcome, path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        write_waveform(outcome.record, file)


def _require_confirmation(plan: Plan, confirmed: bool, errors: Console) -> None:
    for finding in plan.findings:
        errors.print(f"{'confirmed' if confirmed else 'to be confirmed'}: {finding}", markup=False, soft_wrap=True)
    if plan.findings and not confirmed:
        raise InputError("--confirm-soft", "absent", "--confirm-soft, to confirm the soft limits listed above")


def _days_ms(days: float | None, until_empty: bool, plan: Plan) -> int:
    if days is not None:
        if not SHORTEST_DAYS <= days <= LONGEST_DAYS:
            raise InputError(
                "--days", str(days), f"a number from {SHORTEST_DAYS} (a minute and a half) to {LONGEST_DAYS}"
            )
        return round(Fraction(str(days)) * MS_PER_DAY)
    if not until_empty:
        return MS_PER_DAY
    # The basal alone empties the reservoir in this time; boluses only sooner.
    return min(ceil(plan.fill_steps / plan.program.day_total_steps()) + 1, LONGEST_DAYS) * MS_PER_DAY


def _within(field: str, value: int, low: int, high: int) -> int:
    if not low <= value <= high:
        raise InputError(field, str(value), f"a whole number from {low} to {high}")
    return value


def _engine(wanted: str | None, errors: Console) -> str:
    engine, reason = available_engine(wanted)
    if reason:
        errors.print(reason, markup=False, soft_wrap=True)
    return engine


register_bench(app)
register_boards(app)


def main() -> None:
    """The entry of the command."""
    app()
