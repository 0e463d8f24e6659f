"""The command `itb journal`: its options, what it shows, and its exit status."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from itb import BENCH_ONLY
from itb.errors import InputError
from itb.journal.failures import Unanswered
from itb.journal.reading import Reading, read_journal
from itb.journal.report import csv_text, summary, table
from itb.journal.wire import Wire
from itb.outputs import FAILED, INTERRUPTED, OK, REFUSED, fail, refuse_unless_writable, write
from itb.ports import BAUD, Port, PortFailed, find_port

CSV = (".csv",)
AFTER_MOST = 2**30 - 1
BAUD_LEAST, BAUD_MOST = 1200, 921_600


def register(app: typer.Typer) -> None:
    """Add `journal`."""
    app.command(help=f"Read the journal of a pump over its link; asks only, and changes nothing. {BENCH_ONLY}")(journal)


def journal(
    port: Annotated[str | None, typer.Option(help="Its serial port; needed when there are several.")] = None,
    after: Annotated[int, typer.Option(metavar="N", help="Begin after the event with this number.")] = 0,
    save: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the events to a CSV file instead of showing them.")
    ] = None,
    baud: Annotated[int, typer.Option(help="The speed of a link that is a UART of its own.")] = BAUD,
) -> None:
    """Read and show."""
    out, errors = Console(), Console(stderr=True)
    try:
        _within("--after", after, 0, AFTER_MOST)
        _within("--baud", baud, BAUD_LEAST, BAUD_MOST)
        refuse_unless_writable("--save", save, CSV)
        found = find_port(port or None)
        reading = _read(found, baud, after, errors)
    except InputError as error:
        fail(errors, str(error), REFUSED)
    except (PortFailed, Unanswered) as error:
        fail(errors, str(error), FAILED)
    except KeyboardInterrupt:
        fail(errors, "ended by Ctrl-C. Nothing was changed.", INTERRUPTED)
    if save is None and reading.events:
        _say(out, table(reading.events) + "\n")
    for line in summary(reading):
        _say(out, line)
    written = write("--save", save, lambda path: _put(path, csv_text(reading)), errors)
    if save is not None and written:
        _say(out, f"Written: {save}")
    raise typer.Exit(OK if written else FAILED)


def _read(port: Port, baud: int, after: int, errors: Console) -> Reading:
    """Ask for page after page, with a bar on a terminal."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f}"),
    )
    with (
        Wire(port, baud) as wire,
        Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress,
    ):
        task = progress.add_task(f"Reading from {port}", total=1)
        return read_journal(
            wire.ask, after, lambda to, last: progress.update(task, completed=to - after, total=last - after)
        )


def _within(field: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise InputError(field, str(value), f"a whole number from {low} to {high}")


def _put(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _say(out: Console, text: str) -> None:
    out.print(text, markup=False, highlight=False, soft_wrap=True)
