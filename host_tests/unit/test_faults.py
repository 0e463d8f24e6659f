"""Fault files become the rows that the simulated bench takes."""

from pathlib import Path

import pytest

from itb.boards.board import ROOT
from itb.errors import InputError
from itb.sim.faults import KINDS, LATEST_MS, read_faults
from twin.faults import KINDS as TWIN_KINDS
from twin.faults import Faults


def faults(text: str, directory: Path) -> list[tuple[str, int, int, int]]:
    path = directory / "faults.toml"
    path.write_text(text, encoding="utf-8")
    return read_faults(path)


def one(*lines: str) -> str:
    return "\n".join(["[[fault]]", *lines, ""])


@pytest.mark.parametrize(
    "lines, row",
    [
        (['kind = "stall"', 'at = "9 h"', 'for = "5 min"'], ("stall", 32_400_000, 32_700_000, 0)),
        (['kind = "occlusion"', 'at = "0 h"'], ("occlusion", 0, LATEST_MS, 0)),
        (['kind = "driver_off"', 'at = "90 s"', 'for = "1 ms"'], ("driver_off", 90_000, 90_001, 0)),
        (['kind = "slip"', 'at = "1 day"', 'amount = "30 %"'], ("slip", 86_400_000, LATEST_MS, 30)),
        (['kind = "late_tick"', 'at = "1 s"', 'amount = "40 ms"'], ("late_tick", 1000, LATEST_MS, 40)),
        (['kind = "lost_edges"', 'at = "1 s"', 'amount = "10 edges"'], ("lost_edges", 1000, LATEST_MS, 10)),
        (['kind = "stall"', 'at = "36500 day"', 'for = "36500 day"'], ("stall", 36_500 * 86_400_000, LATEST_MS, 0)),
    ],
)
def test_a_fault_becomes_kind_start_end_and_amount(lines: list[str], row: tuple[str, int, int, int], tmp_path: Path):
    rows = faults(one(*lines), tmp_path)
    assert rows == [row]
    Faults([list(row) for row in rows])


def test_the_bench_knows_every_kind_and_no_other():
    assert sorted(KINDS) == sorted(TWIN_KINDS)


@pytest.mark.parametrize(
    "lines, fragments",
    [
        (['kind = "stal"', 'at = "9 h"'], ["fault[1].kind: 'stal'", 'is "stall" meant?']),
        (['kind = "stall"'], ["fault[1].at: (missing)"]),
        (['kind = "stall"', 'at = "09:00"'], ["fault[1].at: '09:00'", '"10 min"']),
        (['kind = "stall"', 'at = "9 h"', 'amount = "1 %"'], ["fault[1].amount: an unknown key"]),
        (['kind = "stall"', 'at = "0.5 ms"'], ["fault[1].at: '0.5 ms'", "a whole number of ms"]),
        (['kind = "stall"', 'at = "9 h"', 'for = "0 min"'], ["fault[1].for: '0 min'", "above 0"]),
        (['kind = "slip"', 'at = "9 h"'], ["fault[1].amount: (missing)", '"30 %"']),
        (['kind = "slip"', 'at = "9 h"', "amount = 30"], ["fault[1].amount: 30", '"30 %"']),
        (['kind = "slip"', 'at = "9 h"', 'amount = "101 %"'], ["fault[1].amount: '101 %'", "up to 100 %"]),
        (['kind = "slip"', 'at = "9 h"', 'amount = "1.5 %"'], ["fault[1].amount: '1.5 %'", "a whole number of %"]),
        (['kind = "late_tick"', 'at = "9 h"', 'amount = "16 min"'], ["fault[1].amount: '16 min'", "up to 15 min"]),
    ],
)
def test_a_fault_that_cannot_be_is_refused(lines: list[str], fragments: list[str], tmp_path: Path):
    with pytest.raises(InputError) as caught:
        faults(one(*lines), tmp_path)
    for fragment in ["faults.toml: ", *fragments]:
        assert fragment in str(caught.value)


def test_a_file_without_faults_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="fault: \\(missing\\)"):
        faults("", tmp_path)


@pytest.mark.parametrize("path", sorted((ROOT / "examples" / "faults").glob("*.toml")), ids=lambda path: path.stem)
def test_every_example_is_taken_by_the_bench(path: Path):
    rows = read_faults(path)
    assert rows
    Faults([list(row) for row in rows])
