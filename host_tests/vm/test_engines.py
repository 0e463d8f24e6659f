"""The runner of device tests itself: whatever goes wrong in a guest comes out as a failure, with its text."""

import shutil
from pathlib import Path

import pytest

from itb.sim.engine import ENGINES, VM
from vm.engines import GUEST, Outcome, Stage, device_tests, missing

AILING = """
import sys
from support import Skip

def test_a_passes():
    assert True

def test_b_fails():
    assert 1 + 1 == 3, "two is not three"

def test_c_has_nothing_to_say():
    raise Skip("not here")

def test_d_leaves():
    sys.exit(0)
"""
DEAD = """
raise ValueError("dead on arrival")

def test_never_reached():
    pass
"""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    guest = tmp_path_factory.mktemp("ailing") / "guest"
    guest.mkdir()
    for name in ("suite.py", "support.py"):
        shutil.copy(GUEST / name, guest)
    (guest / "on_device_ailing.py").write_text(AILING)
    (guest / "on_device_dead.py").write_text(DEAD)
    return Stage(tmp_path_factory.mktemp("stage"), guest)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    if reason := missing(request.param):
        pytest.skip(reason)
    return request.param


def test_each_test_has_its_own_outcome(stage: Stage, engine: str) -> None:
    outcomes = stage.run(engine, "on_device_ailing")
    assert outcomes["test_a_passes"] == Outcome("passed", "")
    assert outcomes["test_b_fails"].outcome == "failed"
    assert "two is not three" in outcomes["test_b_fails"].text
    assert "on_device_ailing.py" in outcomes["test_b_fails"].text
    assert outcomes["test_c_has_nothing_to_say"] == Outcome("skipped", "not here")
    assert outcomes["test_d_leaves"].outcome == "failed"
    assert "" not in outcomes


def test_a_guest_that_dies_leaves_its_last_words(stage: Stage, engine: str) -> None:
    outcomes = stage.run(engine, "on_device_dead")
    assert set(outcomes) == {""}
    assert outcomes[""].outcome == "failed"
    assert "dead on arrival" in outcomes[""].text


def test_device_tests_are_read_without_importing_them(tmp_path: Path) -> None:
    (tmp_path / "on_device_x.py").write_text(
        'REQUIREMENTS = {"test_x": ["D-01"]}\ndef test_x(): 1 / 0\ndef helper(): 0\n1 / 0\n'
    )
    (tmp_path / "other.py").write_text("def test_y(): pass\n")
    (only,) = device_tests(tmp_path)
    assert (only.module, only.tests, only.requirements) == ("on_device_x", ("test_x",), {"test_x": ["D-01"]})


def test_a_requirement_of_no_test_is_refused(tmp_path: Path) -> None:
    (tmp_path / "on_device_x.py").write_text('REQUIREMENTS = {"test_gone": ["D-01"]}\ndef test_x(): pass\n')
    with pytest.raises(ValueError, match="test_gone"):
        device_tests(tmp_path)


def test_an_engine_that_is_not_installed_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert missing(VM) == "the package micropython_unix is not installed on this machine"
