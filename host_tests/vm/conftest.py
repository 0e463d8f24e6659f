"""Fixtures of the device tests: each module runs once on each engine, its tests are reported one by one."""

from collections.abc import Callable

import pytest

from vm.engines import Outcome, Stage

Outcomes = Callable[[str, str], dict[str, Outcome]]


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """The outcomes of a module of device tests on an engine, run when first asked for."""
    stage = Stage(tmp_path_factory.mktemp("stage"))
    known: dict[tuple[str, str], dict[str, Outcome]] = {}

    def of(engine: str, module: str) -> dict[str, Outcome]:
        if (engine, module) not in known:
            known[engine, module] = stage.run(engine, module)
        return known[engine, module]

    return of
