"""One reader for all our TOML files.

Each read states the key, its kind and its range. Keys that nobody asked for are errors. Places in lists count from
one: `basal.step[3].rate` is the third step's rate.
"""

import datetime
import difflib
import re
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import cast

from itb.errors import InputError
from itb.quantity import Dimension, parse, parse_any, shown

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_LARGEST_FILE_BYTES = 256 * 1024
_LONGEST_TEXT = 2000
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
# Narrower than what `fromisoformat` takes, which differs between versions of Python.
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}")


class Table:
    """One table of a file, with the keys read so far."""

    def __init__(self, data: dict[str, object], file: str, path: str = "") -> None:
        self.file = file
        self._data = data
        self._path = path
        self._asked: list[str] = []
        self._children: list[Table] = []

    def field(self, name: str) -> str:
        """The key's full name: file and path."""
        return f"{self.file}: {self._path}{name}"

    def names(self) -> list[str]:
        """The keys present, for a table whose keys are names of the writer's choosing."""
        return list(self._data)

    def has(self, name: str) -> bool:
        """Whether an optional key is present."""
        self._asked.append(name)
        return name in self._data

    def refuse(self, name: str, accepted: str) -> InputError:
        """The error that refuses the value of this key."""
        found = shown(self._data[name]) if name in self._data else "(missing)"
        return InputError(self.field(name), found, accepted)

    def text(self, name: str, choices: Sequence[str] = ()) -> str:
        """A non-empty string of at most 2000 characters, or one of the `choices`."""
        accepted = "one of " + ", ".join(f'"{choice}"' for choice in choices) if choices else "a non-empty text"
        value = self._get(name, accepted)
        if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST_TEXT:
            raise self.refuse(name, accepted)
        if choices and value not in choices:
            raise self.refuse(name, accepted + _nearest(value, choices))
        return value

    def whole(self, name: str, low: int, high: int) -> int:
        """A whole number within `low`..`high`, both included."""
        accepted = f"a whole number from {low} to {high}, without quotes"
        value = self._get(name, accepted)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise self.refuse(name, accepted)
        return value

    def quantity(self, name: str, dimension: Dimension, low: str = "", high: str = "", zero: bool = False) -> Fraction:
        """A quantity in the dimension's base unit, within `low`..`high` (both included) where they are given."""
        value = parse(self.field(name), self._get(name, dimension.accepted()), dimension, zero)
        above = not low or value >= parse("low", low, dimension)
        below = not high or value <= parse("high", high, dimension)
        if not (above and below):
            bounds = " ".join(part for part in (low and f"from {low}", high and f"up to {high}") if part)
            raise self.refuse(name, f"{dimension.accepted()}, {bounds}")
        return value

    def whole_quantity(self, name: str, dimension: Dimension, unit: str, low: str, high: str) -> int:
        """A quantity that must be a whole number of `unit`, within `low`..`high`."""
        value = self.quantity(name, dimension, low, high) / dimension.units[unit]
        if value.denominator != 1:
            raise self.refuse(name, f"a whole number of {unit} from {low} to {high}")
        return int(value)

    def quantity_of(self, name: str, dimensions: Sequence[Dimension], zero: bool = False) -> tuple[Dimension, Fraction]:
        """A quantity of one of several dimensions, above 0 unless `zero`; says which one it was."""
        accepted = " or ".join(d.accepted() for d in dimensions)
        return parse_any(self.field(name), self._get(name, accepted), dimensions, zero)

    def clock(self, name: str) -> int:
        """A time of day "HH:MM", in ms since midnight."""
        accepted = 'a time of day from "00:00" to "23:59", like "06:30"'
        value = self._get(name, accepted)
        match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
        if not match:
            raise self.refuse(name, accepted)
        return (int(match.group(1)) * 60 + int(match.group(2))) * 60_000

    def flag(self, name: str) -> bool:
        """true or false."""
        accepted = "true or false, without quotes"
        value = self._get(name, accepted)
        if not isinstance(value, bool):
            raise self.refuse(name, accepted)
        return value

    def date(self, name: str) -> datetime.date:
        """A date "YYYY-MM-DD"."""
        accepted = 'a date in quotes, like "2026-01-05"'
        found = parse_moment(self._get(name, accepted), DATE)
        if found is None:
            raise self.refuse(name, accepted)
        return found.date()

    def moment(self, name: str) -> datetime.datetime:
        """A date and a time of day "YYYY-MM-DD HH:MM"."""
        accepted = 'a date and a time of day in quotes, like "2026-01-12 10:00"'
        found = parse_moment(self._get(name, accepted), MOMENT)
        if found is None:
            raise self.refuse(name, accepted)
        return found

    def table(self, name: str) -> "Table":
        """A table within this one."""
        accepted = f"a table [{self._path}{name}]"
        value = self._get(name, accepted)
        if not isinstance(value, dict):
            raise self.refuse(name, accepted)
        return self._child(cast("dict[str, object]", value), f"{self._path}{name}.")

    def tables(self, name: str, least: int, most: int) -> "list[Table]":
        """A list of `least`..`most` tables."""
        accepted = f"{least} to {most} tables [[{self._path}{name}]]"
        value = self._get(name, accepted)
        rows = cast("list[object]", value) if isinstance(value, list) else []
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in rows):
            raise self.refuse(name, accepted)
        if not least <= len(rows) <= most:
            raise InputError(self.field(name), f"{len(rows)} tables", accepted)
        tables = cast("list[dict[str, object]]", rows)
        return [self._child(row, f"{self._path}{name}[{place}].") for place, row in enumerate(tables, 1)]

    def finish(self) -> None:
        """Refuse keys that nobody asked for, here and in every table read from here."""
        for name in self._data:
            if name not in self._asked:
                keys = list(dict.fromkeys(self._asked))
                accepted = "the keys " + ", ".join(keys) + _nearest(name, keys)
                raise InputError(self.field(name), "an unknown key", accepted)
        for child in self._children:
            child.finish()

    def _child(self, data: dict[str, object], path: str) -> "Table":
        child = Table(data, self.file, path)
        self._children.append(child)
        return child

    def _get(self, name: str, accepted: str) -> object:
        self._asked.append(name)
        if name not in self._data:
            near = difflib.get_close_matches(name, [key for key in self._data if key not in self._asked], n=1)
            raise self.refuse(name, accepted + (f' (found "{near[0]}": is {name} meant?)' if near else ""))
        return self._data[name]


def parse_moment(value: object, *forms: re.Pattern[str]) -> datetime.datetime | None:
    """The date, or the date and time, in `value` where it has one of `forms`; None where it is none."""
    if not isinstance(value, str) or not any(form.fullmatch(value) for form in forms):
        return None
    try:
        return datetime.datetime.fromisoformat(value)
    except ValueError:
        return None


def _nearest(given: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(given, known, n=1)
    return f' (is "{near[0]}" meant?)' if near else ""


def read_table(path: Path, what: str) -> Table:
    """The root table of the TOML file at `path`; `what` names the kind of file in errors.

    Raises InputError for a file that is missing, larger than 256 KiB, not UTF-8 or not TOML.
    """
    accepted = f"{what} as a TOML file of at most {_LARGEST_FILE_BYTES // 1024} KiB in UTF-8"
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST_FILE_BYTES + 1)
    except OSError as error:
        raise InputError(str(path), error.strerror or "an unreadable file", accepted) from error
    if len(data) > _LARGEST_FILE_BYTES:
        raise InputError(str(path), "a larger file", accepted)
    try:
        return Table(tomllib.loads(data.decode()), path.name)
    except (ValueError, RecursionError) as error:
        # ValueError covers bad UTF-8, bad TOML and integers too long to read.
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(str(path), f"text that does not parse ({reason})", accepted) from error
