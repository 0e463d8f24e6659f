"""docs/files.md names every key that the readers ask for, and none that they do not; its units are theirs."""

import re
import sys
from pathlib import Path

import pytest

from itb import quantity
from itb.boards.board import ROOT, load_board
from itb.errors import InputError
from itb.quantity import Dimension
from itb.rx.drug import DRUGS, drug_names, read_profiles
from itb.sim.faults import AMOUNTS, KINDS, read_faults
from itb.story.reading import is_story, read_story
from itb.tables import Table
from prescriptions import CONTINUOUS, FLEX, read
from stories import DEAD_VOLUME, event, rx, story, text

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PAGE = (ROOT / "docs" / "files.md").read_text(encoding="utf-8")
EXAMPLES = ROOT / "examples"
# Tables under names of the writer's choosing, and places in lists.
NAMED = re.compile(r"^(rx|profile)\.[^.]+")
PLACE = re.compile(r"\[[0-9]+\]")


def part(title: str) -> str:
    """The page from a heading of the second level to the next."""
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def keys_of(value: object, path: str) -> set[str]:
    """The full names of all keys in a value of TOML that are no tables themselves."""
    if not isinstance(value, dict):
        return {path}
    return {name for key, inner in value.items() for name in keys_of(inner, f"{path}.{key}" if path else key)}


def documented(title: str) -> set[str]:
    """The keys that a part of the page has an example of, by their full names."""
    found: set[str] = set()
    for section in part(title).split("\n### ")[1:]:
        heading, body = section.split("\n", 1)
        tables = re.findall(r"\[+([A-Za-z_.]+)\]+", heading) or [""]
        for key, example in re.findall(r"^\| `(\w+)` \|.*\| `(\w+ = .*)` \|$", body, re.MULTILINE):
            row = tomllib.loads(example)
            assert list(row) == [key]
            found |= {name for table in tables for name in keys_of(row, table)}
    return found


class Asked:
    """What is asked of the tables of all files, by the files' names."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._keys: set[tuple[str, str]] = set()
        self._tables: set[tuple[str, str]] = set()
        for method in ("_get", "has"):
            self._note(patch, method, self._keys)
        for method in ("table", "tables"):
            self._note(patch, method, self._tables)

    def _note(self, patch: pytest.MonkeyPatch, method: str, names: set[tuple[str, str]]) -> None:
        original = getattr(Table, method)

        def note(table: Table, name: str, *others: object) -> object:
            path = PLACE.sub("", table.field(name).split(": ", 1)[1])
            names.add((table.file, NAMED.sub(r"\1.NAME", path)))
            return original(table, name, *others)

        patch.setattr(Table, method, note)

    def of(self, *files: Path) -> set[str]:
        """The full names of all keys asked for in `files` that are no tables in any of them."""
        names = {path.name for path in files}
        keys, tables = ({key for file, key in some if file in names} for some in (self._keys, self._tables))
        return {key for key in keys - tables if not NAMED.fullmatch(key)}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What is asked from now on."""
    return Asked(monkeypatch)


def files(stories: bool) -> list[Path]:
    """The examples that are stories, or those that are prescriptions."""
    paths = [*EXAMPLES.glob("*.toml"), *(EXAMPLES / "stories").glob("*.toml")]
    return [path for path in sorted(paths) if is_story(path) == stories]


def test_every_key_of_a_prescription_is_in_the_page(asked: Asked, tmp_path: Path):
    paths = files(stories=False)
    for path in paths:
        read_story(path, load_board("sim"))
    for source in (FLEX, CONTINUOUS):
        read(source, tmp_path)
    assert asked.of(*paths, tmp_path / "rx.toml") == documented("Prescription")


def test_every_key_of_a_story_is_in_the_page(asked: Asked, tmp_path: Path):
    paths = files(stories=True)
    for path in paths:
        read_story(path, load_board("sim"))
    story(text(rx("two"), DEAD_VOLUME, event("06 10:00", "start")), tmp_path)
    keys = asked.of(*paths, tmp_path / "story.toml")
    # Of a prescription in a story also the tables: not every one of them is there.
    names = [key.split(".") for key in documented("Prescription")]
    within = {".".join(["rx.NAME", *name[: length + 1]]) for name in names for length in range(len(name))}
    assert keys - within == documented("Story")


def test_every_key_of_a_drug_is_in_the_page(asked: Asked):
    paths = [DRUGS / f"{name}.toml" for name in drug_names()]
    for path in paths:
        read_profiles(path)
    assert asked.of(*paths) == documented("Drug")


def test_every_key_of_a_fault_is_in_the_page(asked: Asked):
    paths = sorted((EXAMPLES / "faults").glob("*.toml"))
    for path in paths:
        read_faults(path)
    assert asked.of(*paths) == documented("Faults")


def test_every_kind_of_event_has_its_row(tmp_path: Path):
    with pytest.raises(InputError) as caught:
        story(text(event("06 10:00", "x")), tmp_path)
    rows = part("Story").split("| `do` | takes |")[1].splitlines()[2:]
    kinds = [kind for row in rows if row.startswith("| `") for kind in re.findall(r"`([^`]+)`", row.split("|")[1])]
    assert sorted(kinds) == sorted(re.findall(r'"([^"]+)"', caught.value.accepted))


def test_every_kind_of_fault_has_its_row_with_its_amount():
    rows = part("Faults").split("| `kind` | what it is |")[1].splitlines()[2:]
    amounts = {kind: amount for row in rows for kind, amount in re.findall(r"^\| `(\w+)` \|.*\| (.*) \|$", row)}
    assert sorted(amounts) == sorted(KINDS)
    for kind, said in amounts.items():
        dimension, low, high = AMOUNTS.get(kind, (None, "", ""))
        bounds = f", {low.split()[0]} to {high}" if dimension is quantity.SHARE else f", {low} to {high}"
        assert said == (f"{dimension.name}{bounds}" if dimension else "none")


def test_the_units_of_the_page_are_those_that_are_read():
    rows = re.findall(r"^\| (an? [^|]*) \| (`.*`) \|$", part("In all of them"), re.MULTILINE)
    units = {(name, tuple(re.findall(r"`([^`]+)`", cell))) for name, cell in rows}
    known = {(one.name, tuple(one.units)) for one in vars(quantity).values() if isinstance(one, Dimension)}
    assert rows
    assert units <= known
