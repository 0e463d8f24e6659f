"""Scale readings as CSV files: the points of a calibration run, and the weights of an accuracy run.

    revolutions,grams             seconds,grams
    2,0.0271                      0,0.0000
    4,0.0549                      30,0.0001

A calibration may have a third column `seconds`, the time since the run began. Numbers are plain decimals; lines that
begin with `#` and empty ones are skipped.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from itb.errors import InputError
from itb.quantity import decimal, shown

CALIBRATION_COLUMNS = ("revolutions", "grams")
WEIGHT_COLUMNS = ("seconds", "grams")
MG_PER_G = 1000

_LARGEST_FILE_BYTES = 8 * 1024 * 1024
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}(?:\.([0-9]{1,9}))?")


@dataclass(frozen=True)
class Point:
    """What the vessel gained since the run began, in mg, after so many revolutions and, where known, seconds."""

    revolutions: Fraction
    mass_mg: Fraction
    seconds: Fraction | None = None


@dataclass(frozen=True)
class Points:
    """A calibration run. `step_mg` is one of the last digit of the scale; `name` is what errors call the run."""

    points: tuple[Point, ...]
    step_mg: Fraction
    name: str


@dataclass(frozen=True)
class Weights:
    """What a scale showed over time: seconds and mg, one of each per reading."""

    seconds: tuple[Fraction, ...]
    masses_mg: tuple[Fraction, ...]
    step_mg: Fraction
    name: str


def read_points(path: Path) -> Points:
    """The calibration run in a CSV file. Raises InputError naming line and column."""
    choices = (CALIBRATION_COLUMNS, (*CALIBRATION_COLUMNS, "seconds"))
    points: list[Point] = []
    places = 0
    for row in _rows(path, choices):
        seconds = row["seconds"].value if "seconds" in row else None
        points.append(Point(row["revolutions"].value, row["grams"].value * MG_PER_G, seconds))
        places = max(places, row["grams"].places)
    return Points(tuple(points), Fraction(MG_PER_G, 10**places), path.name)


def read_weights(path: Path) -> Weights:
    """The weights over time in a CSV file. Raises InputError naming line and column."""
    seconds: list[Fraction] = []
    masses_mg: list[Fraction] = []
    places = 0
    for row in _rows(path, (WEIGHT_COLUMNS,)):
        seconds.append(row["seconds"].value)
        masses_mg.append(row["grams"].value * MG_PER_G)
        places = max(places, row["grams"].places)
    return Weights(tuple(seconds), tuple(masses_mg), Fraction(MG_PER_G, 10**places), path.name)


def points_text(run: Points, remarks: Sequence[str] = ()) -> str:
    """A calibration run as CSV."""
    timed = all(point.seconds is not None for point in run.points)
    lines = [",".join((*CALIBRATION_COLUMNS, *(["seconds"] if timed else [])))]
    for point in run.points:
        cells = [decimal(point.revolutions), _grams(point.mass_mg, run.step_mg)]
        lines.append(",".join([*cells, *([decimal(point.seconds, 3)] if timed and point.seconds is not None else [])]))
    return _text(remarks, lines)


def weights_text(weights: Weights, remarks: Sequence[str] = ()) -> str:
    """Weights over time as CSV."""
    pairs = zip(weights.seconds, weights.masses_mg, strict=True)
    lines = [f"{decimal(seconds, 3)},{_grams(mass_mg, weights.step_mg)}" for seconds, mass_mg in pairs]
    return _text(remarks, [",".join(WEIGHT_COLUMNS), *lines])


def _text(remarks: Sequence[str], lines: list[str]) -> str:
    return "\n".join([*(f"# {remark}" for remark in remarks), *lines]) + "\n"


def _grams(mass_mg: Fraction, step_mg: Fraction) -> str:
    """With all the digits the scale has, zeros too: they tell its resolution."""
    places = max(0, len(str(int(MG_PER_G / step_mg))) - 1)
    return f"{float(mass_mg / MG_PER_G):.{places}f}"


@dataclass(frozen=True)
class _Cell:
    value: Fraction
    places: int


def _rows(path: Path, choices: Sequence[tuple[str, ...]]) -> Iterator[dict[str, _Cell]]:
    """Each row by column name, the first line being one of the `choices` of columns."""
    accepted = " or ".join(f'"{",".join(columns)}"' for columns in choices)
    columns: tuple[str, ...] | None = None
    for number, line in enumerate(_read(path).splitlines(), 1):
        cells = tuple(cell.strip() for cell in line.split(","))
        if not line.strip() or line.startswith("#"):
            continue
        if columns is None:
            if cells not in choices:
                raise InputError(f"{path.name}: line {number}", shown(line), f"a first line {accepted}")
            columns = cells
            continue
        if len(cells) != len(columns):
            raise InputError(f"{path.name}: line {number}", shown(line), f"{len(columns)} numbers, one each column")
        pairs = zip(columns, cells, strict=True)
        yield {name: _cell(f"{path.name}: line {number}, {name}", text) for name, text in pairs}
    if columns is None:
        raise InputError(str(path), "a file without readings", f"a CSV file with the first line {accepted}")


def _cell(field: str, text: str) -> _Cell:
    match = _NUMBER.fullmatch(text)
    if not match:
        raise InputError(field, shown(text), 'a plain decimal, like "0.1389"')
    return _Cell(Fraction(text), len(match.group(1) or ""))


def _read(path: Path) -> str:
    accepted = f"a CSV file of at most {_LARGEST_FILE_BYTES // 1024 // 1024} MiB in UTF-8"
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST_FILE_BYTES + 1)
    except OSError as error:
        raise InputError(str(path), error.strerror or "an unreadable file", accepted) from error
    if len(data) > _LARGEST_FILE_BYTES:
        raise InputError(str(path), "a larger file", accepted)
    try:
        return data.decode("utf-8-sig")
    except ValueError as error:
        raise InputError(str(path), "text that is not UTF-8", accepted) from error
