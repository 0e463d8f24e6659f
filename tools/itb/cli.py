"""The command `itb`: its arguments, its exit status, and nothing else."""

from importlib.metadata import version
from typing import Annotated

import typer
from rich.console import Console

from itb import BENCH_ONLY
from itb.bench.commands import register as register_bench
from itb.boards.board import slice_of
from itb.boards.command import register as register_boards
from itb.errors import InputError
from itb.flash.advice import FORGET_HELP
from itb.flash.command import Order
from itb.flash.command import flash as flash_board
from itb.journal.command import register as register_journal
from itb.plan.check import refuse
from itb.run.command import DEFAULT_SLICE, AsJson, BoardName, RunFile, SliceText
from itb.run.command import register as register_run
from itb.story.check import check as show_check

app = typer.Typer(
    name="itb",
    help=f"Host tool of the open bench pump. {BENCH_ONLY}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


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


@app.command(help=f"Show a prescription or a story, its limits, and what would have to be confirmed. {BENCH_ONLY}")
def check(
    file: RunFile,
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
    raise typer.Exit(show_check(file, board, out, errors, as_json, slice_ms))


register_run(app)


@app.command(help=f"Put the firmware on a board, restart it, and read its self-test back. {BENCH_ONLY}")
def flash(
    board: Annotated[str, typer.Option(metavar="NAME", help="A board of board_configs/.", show_default=False)],
    port: Annotated[str | None, typer.Option(help="Its serial port; needed when there are several.")] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare only; fail if the board has another build.")
    ] = False,
    no_reboot: Annotated[bool, typer.Option("--no-reboot", help="Leave the board at MicroPython's prompt.")] = False,
    link_port: Annotated[str | None, typer.Option(help="The port of a link that is a UART of its own.")] = None,
    forget: Annotated[bool, typer.Option("--forget", help=FORGET_HELP)] = False,
) -> None:
    """Install the firmware."""
    order = Order(board, port or None, verify, not no_reboot, link_port, forget=forget)
    raise typer.Exit(flash_board(order, Console(), Console(stderr=True)))


register_journal(app)
register_bench(app)
register_boards(app)


def main() -> None:
    """The entry of the command."""
    app()
