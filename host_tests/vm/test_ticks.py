"""No tick allocates: the pump on the twin's bench, tick by tick with the heap locked, on all three engines; and all
three come to the same counts."""

import pytest

from itb.engine import CPYTHON, ENGINES, VM, WASM
from vm.engines import GUEST, Outcome, Stage, _read, missing

ALLOCATION_FREE_TICKS = 100_000
MODULES = ("ticks_basal", "ticks_orders", "ticks_faults")
COUNTS = "counts of "


class Ticking:
    """The outcomes of the tick modules, each run once on each engine, when first asked for."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._known: dict[tuple[str, str], dict[str, Outcome]] = {}

    def outcomes(self, engine: str, module: str) -> dict[str, Outcome]:
        """By test name. Skips where this machine has no such engine."""
        if reason := missing(engine):
            pytest.skip(reason)
        if (engine, module) not in self._known:
            self._known[engine, module] = self._stage.run(engine, module)
        return self._known[engine, module]

    def counts(self, engine: str, module: str) -> dict[str, str]:
        """What each lane of `module` came to: "<ticks> ticks: [<counts>]"."""
        found = self.outcomes(engine, module)
        return {name: outcome.text for name, outcome in found.items() if name.startswith(COUNTS)}


class RoomyStage(Stage):
    """A stage whose WebAssembly VM has room for all the garbage of a run."""

    def _command(self, engine: str, module: str) -> list[str]:
        command = super()._command(engine, module)
        if engine == WASM:
            command[2] = "import sys, roomy; roomy.host_wasm(*sys.argv[1:])"
        return command


@pytest.fixture(scope="session")
def ticking(tmp_path_factory: pytest.TempPathFactory) -> Ticking:
    return Ticking(RoomyStage(tmp_path_factory.mktemp("ticking")))


def _cases() -> list[object]:
    cases: list[object] = []
    for module in (_read(GUEST / f"{name}.py") for name in (*MODULES, "ticks_caught")):
        for test in module.tests:
            for engine in ENGINES:
                marks = [pytest.mark.xdist_group(f"{module.module}-{engine}")]
                if test in module.requirements:
                    marks.append(pytest.mark.req(*module.requirements[test]))
                cases.append(pytest.param(engine, module.module, test, marks=marks, id=f"{test}-{engine}"))
    return cases


@pytest.mark.parametrize("engine, module, test", _cases())
def test_on_engine(engine: str, module: str, test: str, ticking: Ticking) -> None:
    known = ticking.outcomes(engine, module)
    outcome = known.get(test, known.get("", Outcome("failed", "the guest ended well without running this test")))
    if outcome.outcome == "skipped":
        pytest.skip(outcome.text)
    assert outcome.outcome == "passed", f"on {engine}:\n{outcome.text}"


@pytest.mark.req("M-10")
@pytest.mark.parametrize(
    "engine, module",
    [
        pytest.param(engine, module, marks=pytest.mark.xdist_group(f"{module}-{engine}"))
        for module in MODULES
        for engine in (VM, WASM)
    ],
)
def test_both_vms_come_to_the_counts_of_cpython(engine: str, module: str, ticking: Ticking) -> None:
    assert ticking.counts(engine, module) == ticking.counts(CPYTHON, module)


@pytest.mark.xdist_group("ticks-cpython")
def test_there_are_as_many_ticks_as_promised(ticking: Ticking) -> None:
    texts = [text for module in MODULES for text in ticking.counts(CPYTHON, module).values()]
    assert sum(int(text.split()[0]) for text in texts) >= ALLOCATION_FREE_TICKS
