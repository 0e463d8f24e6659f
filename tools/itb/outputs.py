"""What the commands share: exit statuses, one line on the error side, and files that are asked for by an option."""

from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import typer
from rich.console import Console

from itb.errors import InputError

OK, FAILED, REFUSED, INTERRUPTED = 0, 1, 2, 130
PLOT_FORMATS = (".png", ".svg", ".pdf")


def say(errors: Console, message: str) -> None:
    """One line on the error side."""
    errors.print(f"itb: {message}", markup=False, highlight=False, soft_wrap=True)


def fail(errors: Console, message: str, status: int) -> NoReturn:
    """One line on the error side, and the end. Raises typer.Exit."""
    say(errors, message)
    raise typer.Exit(status)


def refuse_unless_writable(field: str, path: Path | None, suffixes: tuple[str, ...]) -> None:
    """Try to write the file before a long run and not after it. Raises InputError; leaves nothing behind."""
    if path is None:
        return
    if path.suffix.lower() not in suffixes:
        raise InputError(field, str(path), f"a file ending in {' or '.join(suffixes)}")
    try:
        _try_to_write(path)
    except OSError as error:
        accepted = f"a file that can be written, ending in {' or '.join(suffixes)} ({error.strerror})"
        raise InputError(field, str(path), accepted) from error


def write(field: str, path: Path | None, writer: Callable[[Path], None], errors: Console) -> bool:
    """Whether the file, if one is wanted, was written. What the test before the run cannot see is said here."""
    if path is None:
        return True
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        writer(path)
    except OSError as error:
        say(errors, f"{field}: {path} was not written: {error.strerror}")
        return False
    return True


def _try_to_write(path: Path) -> None:
    made = [directory for directory in path.parents if not directory.exists()]
    existed = path.exists()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab"):
            pass
        if not existed:
            path.unlink()
    finally:
        for directory in made:
            if directory.is_dir():
                directory.rmdir()
