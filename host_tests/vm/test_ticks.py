"""No tick allocates: the pump on the twin's bench, tick by tick with the heap locked, on all three engines; and all
three come to the same counts."""

import pytest

from itb.sim.engine import CPYTHON, ENGINES, HEAP, VM, WASM
from vm.engines import GUEST, Outcome, Stage, _read, missing

ALLOCATION_FREE_TICKS = 100_000
MODULES = ("ticks_basal", "ticks_orders", "ticks_faults", "ticks_courses", "ticks_guarded")
COUNTS = "counts of "
VM_HEAP = "2m"


class RoomyStage(Stage):
    """A stage whose VMs have room: what these tests are about is whether a tick allocates, and not how little heap the
    loop, the twin and the tests themselves can do with."""

    def _command(self, engine: str, module: str) -> list[str]:
        command = super()._command(engine, module)
        if engine == WASM:
            command[2] = "import sys, roomy; roomy.host_wasm(*sys.argv[1:])"
        return [f"heapsize={VM_HEAP}" if part == f"heapsize={HEAP}" else part for part in command]


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

    def complaints(self, engine: str, module: str) -> list[str]:
        """The tests of `module` that did not pass, and why."""
        found = self.outcomes(engine, module)
        fate = found.get("", Outcome("failed", "the guest ended well without running this test"))
        outcomes = {test: found.get(test, fate) for test in _read(GUEST / f"{module}.py").tests}
        assert outcomes
        return [f"{test} on {engine}: {one.text}" for test, one in outcomes.items() if one.outcome != "passed"]


@pytest.fixture(scope="session")
def ticking(tmp_path_factory: pytest.TempPathFactory) -> Ticking:
    return Ticking(RoomyStage(tmp_path_factory.mktemp("ticking")))


def _cases() -> list[object]:
    """A case runs its module whole, so that no guest is started twice, whichever worker gets it."""
    requirements = {
        module: sorted({one for ids in _read(GUEST / f"{module}.py").requirements.values() for one in ids})
        for module in MODULES
    }
    return [
        pytest.param(engine, module, marks=pytest.mark.req(*requirements[module]))
        for module in MODULES
        for engine in ENGINES
    ]


@pytest.mark.parametrize("engine, module", _cases())
def test_no_tick_allocates_and_all_engines_come_to_the_same_counts(engine: str, module: str, ticking: Ticking) -> None:
    complaints = ticking.complaints(engine, module)
    assert not complaints, "\n".join(complaints)
    assert ticking.counts(engine, module) == ticking.counts(CPYTHON, module)


@pytest.mark.parametrize("engine", [VM, WASM])
def test_a_tick_that_allocates_is_caught_and_named(engine: str, ticking: Ticking) -> None:
    complaints = ticking.complaints(engine, "ticks_caught")
    assert not complaints, "\n".join(complaints)


def test_there_are_as_many_ticks_as_promised(ticking: Ticking) -> None:
    texts = [text for module in MODULES for text in ticking.counts(CPYTHON, module).values()]
    assert sum(int(text.split()[0]) for text in texts) >= ALLOCATION_FREE_TICKS
