"""Traces requirements to the tests that prove them: `python -m checks.trace`.

Collects the whole test suite without running it, prints id -> tests, and fails on a held requirement that no test
names, and on a test that names no known requirement.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "docs" / "requirements.toml"

STAGES = ("held", "planned")
FIELDS = {"id", "text", "threshold", "source", "stage", "open"}


@dataclass(frozen=True)
class Requirement:
    """One row of docs/requirements.toml."""

    id: str
    text: str
    source: str
    stage: str
    threshold: str = ""
    open: str = ""


@dataclass(frozen=True)
class Trace:
    """What `trace` found: the lines to print, and the breaches among them."""

    lines: list[str]
    breaches: list[str]


def requirements(text: str) -> list[Requirement]:
    """The rows of a requirements file. Raises ValueError, naming the row, on an unknown field, a doubled id or a stage
    that is none."""
    document = tomllib.loads(text)
    rows: list[Requirement] = []
    for entry in document["requirement"]:
        if not set(entry) <= FIELDS:
            raise ValueError(
                f"{entry.get('id')}: unknown fields {sorted(set(entry) - FIELDS)}; known: {sorted(FIELDS)}"
            )
        row = Requirement(**entry)
        if row.stage not in STAGES:
            raise ValueError(f"{row.id}: stage {row.stage!r} is none of {STAGES}")
        if row.source.partition(" ")[0].strip(",;:") not in document["sources"]:
            raise ValueError(f"{row.id}: source {row.source!r} begins with none of {sorted(document['sources'])}")
        if row.id in {each.id for each in rows}:
            raise ValueError(f"{row.id}: stands twice")
        rows.append(row)
    return rows


def trace(rows: Sequence[Requirement], marks: Mapping[str, Sequence[str]]) -> Trace:
    """Set `rows` against `marks`, the ids that each test (by its node id) says it proves."""
    tests: dict[str, list[str]] = {row.id: [] for row in rows}
    breaches: list[str] = []
    for test, ids in marks.items():
        for each in ids:
            if each in tests:
                tests[each].append(test)
            else:
                breaches.append(f"{test}: names {each}, which is no requirement")
    lines: list[str] = []
    for row in rows:
        proven = tests[row.id]
        if row.stage == "planned":
            standing = "planned, partly proven" if proven else "planned"
        else:
            standing = f"held by {len(proven)}" if proven else "HELD BY NONE"
            standing += f", but for this: {row.open}" if row.open else ""
        lines.append(f"{row.id}  {standing}")
        lines += [f"        {test}" for test in proven]
        if row.stage == "held" and not proven:
            breaches.append(f"{row.id}: is held, and no test proves it: {row.text}")
    return Trace(lines, breaches)


class Collector:
    """A pytest plugin that notes the `req` marks of every collected test. Tests marked `skip` prove nothing."""

    def __init__(self) -> None:
        self.marks: dict[str, list[str]] = {}

    def pytest_collection_modifyitems(self, items: Sequence[pytest.Item]) -> None:
        """Called by pytest when all is collected. The cases of a parametrized test count as one, but for a case that
        has a `req` mark of its own."""
        for item in items:
            if item.get_closest_marker("skip"):
                continue
            case = getattr(item, "callspec", None)
            alone = case is not None and any(mark.name == "req" for mark in case.marks)
            ids = self.marks.setdefault(item.nodeid if alone else item.nodeid.partition("[")[0], [])
            for mark in item.iter_markers("req"):
                ids += [each for each in mark.args if each not in ids]


def main() -> int:
    """Trace the repository; 1 on a breach, pytest's own status when the tests cannot be collected."""
    collector = Collector()
    status = pytest.main(
        ["--collect-only", "-qq", "--no-header", "--rootdir", str(ROOT), str(ROOT / "host_tests")], [collector]
    )
    if status != pytest.ExitCode.OK:
        return int(status)
    result = trace(requirements(REQUIREMENTS.read_text(encoding="utf-8")), collector.marks)
    print("\n".join(result.lines))
    for breach in result.breaches:
        print(f"BREACH  {breach}")
    print(f"trace: {len(collector.marks)} tests, {len(result.lines)} lines, {len(result.breaches)} breaches")
    return 1 if result.breaches else 0


if __name__ == "__main__":
    sys.exit(main())
