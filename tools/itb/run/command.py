"""The command `itb run`: its options, what it shows, and its exit status."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from itb import BENCH_ONLY
from itb.account.summary import facts, summary
from itb.boards.board import load_board, slice_of
from itb.errors import InputError
from itb.firmware import CompileError
from itb.outputs import FAILED, INTERRUPTED, OK, PLOT_FORMATS, REFUSED, fail, refuse_unless_writable, write
from itb.run.about import about, told
from itb.run.length import run_ms
from itb.run.simulation import Interrupted, Outcome, simulate
from itb.sim.engine import ENGINES, VM, WASM, Refusal, available_engine
from itb.sim.faults import read_faults
from itb.sim.job import job_of
from itb.sim.messages import GuestError
from itb.sim.waveform import write_waveform
from itb.story.reading import read_story
from itb.story.story import Story

# Of `check` and of `run`: what one accepts the other must.
DEFAULT_SLICE = "10 s"
ENGINE_HELP = f"One of {', '.join(ENGINES)}; the default is {VM}, or {WASM} where there is no {VM}."

RunFile = Annotated[Path, typer.Argument(metavar="FILE.toml", help="A prescription or a story.", show_default=False)]
BoardName = Annotated[str, typer.Option(metavar="NAME", help="A board of board_configs/.")]
SliceText = Annotated[str, typer.Option("--slice", metavar="TIME", help="The tick, 1 ms to 15 min.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")]


def register(app: typer.Typer) -> None:
    """Add `run`."""
    text = f"Run the firmware on a prescription or a story, on the simulated bench, and account for it. {BENCH_ONLY}"
    app.command(help=text)(run)


def run(
    file: RunFile,
    days: Annotated[
        float | None, typer.Option(help="Days to simulate (1; a story's own; with --until-empty: all).")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="The date at whose start a story's run ends.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Where the simulated clock and counters begin.")] = 1,
    board: BoardName = "sim",
    slice_text: SliceText = DEFAULT_SLICE,
    until_empty: Annotated[bool, typer.Option("--until-empty", help="End when the reservoir is empty.")] = False,
    refill: Annotated[bool, typer.Option("--refill", help="Refill whenever the low-reservoir alarm comes.")] = False,
    faults: Annotated[Path | None, typer.Option(metavar="FILE", help="Faults to inject, as TOML.")] = None,
    flash: Annotated[bool, typer.Option("--flash", help="Keep the pump's memory on a simulated flash; slow.")] = False,
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
        story = read_story(file, load_board(board), slice_ms)
        _require_confirmation(story, confirm_soft, errors)
        job = replace(
            job_of(story, run_ms(story, days, until, until_empty), slice_ms),
            seed=_within("--seed", seed, 0, (1 << 30) - 1),
            faults=tuple(read_faults(faults)) if faults else (),
            trace=vcd is not None,
            until_empty=until_empty,
            refill_at_low=refill,
            flash=flash,
        )
        engine_name = _engine(engine, errors)
        refuse_unless_writable("--plot", plot, PLOT_FORMATS)
        refuse_unless_writable("--vcd", vcd, (".vcd",))
        outcome = simulate(story, job, engine_name, None if as_json else Console())
    except (InputError, Refusal) as error:
        fail(errors, str(error), REFUSED)
    except (GuestError, CompileError) as error:
        fail(errors, str(error), FAILED)
    except Interrupted as error:
        fail(errors, str(error), INTERRUPTED)
    if as_json:
        typer.echo(json.dumps({**about(story, job, outcome.record, confirm_soft), **facts(outcome.account)}, indent=2))
    else:
        out = Console()
        if words := told(outcome.record):
            out.print(words, highlight=False, soft_wrap=True)
        out.print(summary(outcome.account))
    written = [
        write("--plot", plot, lambda path: _draw(outcome, path), errors),
        write("--vcd", vcd, lambda path: _write_waveform(outcome, path), errors),
    ]
    if outcome.interrupted:
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(OK if outcome.account.balanced and all(written) else FAILED)


def _draw(outcome: Outcome, path: Path) -> None:
    # Matplotlib takes longer to import than a day takes to simulate.
    from itb.picture.drawing import draw

    draw(outcome.story, outcome.record, outcome.account).savefig(path)


def _write_waveform(outcome: Outcome, path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        write_waveform(outcome.record, file)


def _require_confirmation(story: Story, confirmed: bool, errors: Console) -> None:
    for finding in story.findings:
        errors.print(f"{'confirmed' if confirmed else 'to be confirmed'}: {finding}", markup=False, soft_wrap=True)
    if story.findings and not confirmed:
        raise InputError("--confirm-soft", "absent", "--confirm-soft, to confirm the soft limits listed above")


def _within(field: str, value: int, low: int, high: int) -> int:
    if not low <= value <= high:
        raise InputError(field, str(value), f"a whole number from {low} to {high}")
    return value


def _engine(wanted: str | None, errors: Console) -> str:
    engine, reason = available_engine(wanted)
    if reason:
        errors.print(reason, markup=False, soft_wrap=True)
    return engine
