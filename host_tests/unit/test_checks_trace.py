"""The trace from requirements to tests, on a tiny book of three requirements."""

from pathlib import Path

import pytest

from checks.trace import REQUIREMENTS, Collector, requirements, trace

BOOK = """
[sources]
label = "a label"

[[requirement]]
id = "D-01"
text = "Held."
source = "label"
stage = "held"

[[requirement]]
id = "D-02"
text = "Held too."
threshold = "1 mL"
source = "label, second page"
stage = "held"

[[requirement]]
id = "D-03"
text = "Planned."
source = "label"
stage = "planned"
"""
ROWS = requirements(BOOK)


def test_each_requirement_is_printed_with_its_tests() -> None:
    result = trace(ROWS, {"test_a": ["D-01", "D-02"], "test_b": ["D-01"], "test_c": []})
    assert result.breaches == []
    assert result.lines == [
        "D-01  held by 2",
        "        test_a",
        "        test_b",
        "D-02  held by 1",
        "        test_a",
        "D-03  planned",
    ]


def test_a_held_requirement_without_a_test_is_a_breach() -> None:
    result = trace(ROWS, {"test_a": ["D-01"]})
    assert result.breaches == ["D-02: is held, and no test proves it: Held too."]
    assert "D-02  HELD BY NONE" in result.lines


def test_a_test_that_names_no_known_requirement_is_a_breach() -> None:
    result = trace(ROWS, {"test_a": ["D-01", "D-02", "D-99"]})
    assert result.breaches == ["test_a: names D-99, which is no requirement"]


def test_a_planned_requirement_may_be_partly_proven() -> None:
    result = trace(ROWS, {"test_a": ["D-01", "D-02", "D-03"]})
    assert result.breaches == []
    assert "D-03  planned, partly proven" in result.lines


@pytest.mark.parametrize(
    "old, new, said",
    [
        ('stage = "planned"', 'stage = "soon"', "D-03: stage 'soon'"),
        ('id = "D-03"', 'id = "D-02"', "D-02: stands twice"),
        ('threshold = "1 mL"', 'treshold = "1 mL"', "D-02: unknown fields"),
        ('"label, second page"', '"hearsay"', "D-02: source 'hearsay'"),
    ],
)
def test_a_requirements_file_with_a_slip_is_refused(old: str, new: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        requirements(BOOK.replace(old, new))


def test_our_own_requirements_can_be_read() -> None:
    rows = requirements(REQUIREMENTS.read_text(encoding="utf-8"))
    assert {row.id[0] for row in rows} == set("DMRAI")
    assert all(row.text for row in rows)


def test_marks_are_collected_from_functions_classes_modules_and_cases(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = req(*ids): proves\n")
    (tmp_path / "test_marked.py").write_text(
        "import pytest\n"
        "pytestmark = pytest.mark.req('D-01')\n"
        "@pytest.mark.req('D-02', 'D-03')\n"
        "def test_two(): pass\n"
        "@pytest.mark.parametrize('n', [1, 2])\n"
        "def test_cases(n): pass\n"
        "@pytest.mark.parametrize('n', [pytest.param(1, marks=pytest.mark.req('D-04')), 2])\n"
        "def test_marked_case(n): pass\n"
        "@pytest.mark.skip\n"
        "def test_skipped(): pass\n"
    )
    collector = Collector()
    options = ["--collect-only", "-qq", "-p", "no:cacheprovider", "-c", str(tmp_path / "pytest.ini")]
    assert pytest.main([*options, str(tmp_path)], [collector]) == pytest.ExitCode.OK
    assert collector.marks == {
        "test_marked.py::test_two": ["D-02", "D-03", "D-01"],
        "test_marked.py::test_cases": ["D-01"],
        "test_marked.py::test_marked_case[1]": ["D-04", "D-01"],
        "test_marked.py::test_marked_case": ["D-01"],
    }
