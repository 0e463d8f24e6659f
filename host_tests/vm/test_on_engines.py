"""The device tests of guest/on_device_*.py, on CPython, on the 64-bit VM and on the 32-bit VM."""

from collections.abc import Callable

import pytest

from itb.sim.engine import ENGINES
from vm.engines import DeviceTests, Outcome, device_tests, missing


def _case(engine: str, module: DeviceTests, test: str):
    # One worker runs all of a module, so that its guest is started once.
    marks = [pytest.mark.xdist_group(f"{module.module}-{engine}")]
    if test in module.requirements:
        marks.append(pytest.mark.req(*module.requirements[test]))
    return pytest.param(engine, module.module, test, marks=marks, id=f"{module.module}.{test}-{engine}")


CASES = [_case(engine, module, test) for module in device_tests() for test in module.tests for engine in ENGINES]


@pytest.mark.parametrize("engine, module, test", CASES)
def test_on_engine(engine: str, module: str, test: str, outcomes: Callable[[str, str], dict[str, Outcome]]) -> None:
    if reason := missing(engine):
        pytest.skip(reason)
    known = outcomes(engine, module)
    fate = known.get("", Outcome("failed", "the guest ended well without running this test"))
    outcome = known.get(test, fate)
    if outcome.outcome == "skipped":
        pytest.skip(outcome.text)
    assert outcome.outcome == "passed", f"on {engine}:\n{outcome.text}"
