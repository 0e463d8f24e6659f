"""Writes a calibration into its board file, and nothing else of the file: comments and order stay as they are."""

import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from math import ceil
from pathlib import Path

from itb.bench.gravimetric import Fit
from itb.boards.board import Board, read_board
from itb.errors import InputError

_HEADER = re.compile(r"\s*\[")
_MECHANISM = re.compile(r"\s*\[\s*mechanism\s*\]\s*(#.*)?")
_KEY = r"(?P<before>\s*{key}\s*=\s*)(?P<value>\"[^\"\\]*\"|'[^']*')(?P<after>\s*(?:#.*)?)"


def values_of(fit: Fit, steps_per_rev: int, day: str) -> dict[str, str]:
    """The keys of [mechanism] that hold the result, `day` being its date. The uncertainty is the expanded one."""
    return {
        "calibration": f"{round(fit.nl_per_rev)} nL/rev",
        "calibrated": day,
        # Rounded up: an uncertainty must not become smaller than it is.
        "calibration_uncertainty": f"{ceil(fit.expanded_nl_per_rev)} nL/rev",
        "take_up": f"{fit.take_up_steps(steps_per_rev)} steps",
    }


def rewritten(text: str, values: Mapping[str, str], file: str) -> str:
    """A board file's text with these keys of [mechanism]; those it has not follow `calibration`.

    Raises InputError where `calibration` does not stand on a line of its own in [mechanism].
    """
    lines = text.splitlines(keepends=True)
    first = next((place for place, line in enumerate(lines) if _MECHANISM.fullmatch(_bare(line))), None)
    if first is None:
        raise InputError(f"{file}: mechanism", "no line of its own", "a line [mechanism] with its keys below it")
    end = next((place for place in range(first + 1, len(lines)) if _HEADER.match(lines[place])), len(lines))
    section = lines[first + 1 : end]
    missing: list[str] = []
    for key, value in values.items():
        if not _replace(section, key, value):
            missing.append(f'{key} = "{value}"')
    at = next((place for place, line in enumerate(section) if _key_line("calibration", line)), None)
    if at is None:
        raise InputError(f"{file}: mechanism.calibration", "no line of its own", 'a line calibration = "13879 nL/rev"')
    line_end = section[at][len(_bare(section[at])) :] or "\n"
    if missing:
        section[at] = _bare(section[at]) + line_end
    section[at + 1 : at + 1] = [line + line_end for line in missing]
    return "".join([*lines[: first + 1], *section, *lines[end:]])


def write_calibration(path: Path, measured: Board, values: Mapping[str, str], dry_run: bool = False) -> Board:
    """Put `values` into the board file at `path`, which must still be the board that was `measured`.

    The new file is read as a board, and compared with the old, before it takes the old one's place in one move. Returns
    the new board. With `dry_run` all is done but the move. Raises InputError, and OSError where the disk refuses; the
    file is then as it was.
    """
    path = path.resolve()
    if read_board(path) != measured:
        raise InputError(str(path), "a file that was changed during the run", "the board that was measured: run again")
    old = path.read_bytes()
    # A directory beside the file: on the same disk, and the file in it may have the board's name.
    with tempfile.TemporaryDirectory(prefix=".calibrate-", dir=path.parent) as scratch:
        fresh = Path(scratch, path.name)
        with fresh.open("wb") as file:
            file.write(rewritten(old.decode(), values, path.name).encode())
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(path, fresh)
        board = read_board(fresh)
        _refuse_unless_only_calibration(measured, board, path.name)
        if not dry_run:
            os.replace(fresh, path)
    return board


def _refuse_unless_only_calibration(old: Board, new: Board, file: str) -> None:
    """The lines that were changed must have been those keys, and not, say, part of a text over several lines."""
    same = replace(
        new,
        nl_per_rev=old.nl_per_rev,
        calibrated=old.calibrated,
        calibration_uncertainty_nl=old.calibration_uncertainty_nl,
        take_up_steps=old.take_up_steps,
    )
    if same != old or new.calibrated is None:
        raise InputError(f"{file}: mechanism", "a layout that is not understood", "one key on each line of [mechanism]")


def _replace(section: list[str], key: str, value: str) -> bool:
    """Whether the key stood in the section; its value is then the new one."""
    for place, line in enumerate(section):
        match = _key_line(key, line)
        if match:
            ending = line[len(_bare(line)) :]
            section[place] = f'{match["before"]}"{value}"{_aligned(match["value"], value, match["after"])}{ending}'
            return True
    return False


def _aligned(old: str, new: str, after: str) -> str:
    """The comment behind a value, moved so that it stays in its column where there is room."""
    comment = after.lstrip()
    if not comment:
        return after
    gap = len(after) - len(comment) + len(old) - (len(new) + 2)
    return " " * max(1, gap) + comment


def _key_line(key: str, line: str) -> re.Match[str] | None:
    return re.fullmatch(_KEY.format(key=key), _bare(line))


def _bare(line: str) -> str:
    return line.rstrip("\r\n")
