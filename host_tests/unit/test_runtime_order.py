"""Log before act, confirm after: what memory holds at the moment at which something takes force."""

from typing import Any

import pytest

from asked import bolus_source
from benchtop import Benchtop
from rig import MINUTE_MS, MONDAY, NG_ML, program
from twin.peripherals import RamNvm
from twin.power.world import stored

pytestmark = pytest.mark.req("I-03")


class WitnessNvm(RamNvm):
    """Notes, with each thing that is stored, what the pump does just then."""

    def __init__(self) -> None:
        super().__init__()
        self.pump: Any = None
        self.notes: list[tuple[str, dict[str, Any]]] = []

    def write(self, name: str, data: bytes) -> None:
        self._note(name)
        super().write(name, data)

    def append(self, name: str, data: bytes) -> None:
        self._note(data.split(b" ")[3].decode())
        super().append(name, data)

    def _note(self, what: str) -> None:
        if self.pump is not None:
            self.notes.append((what, self.pump.status()))

    def places(self, what: str) -> list[int]:
        """Where `what` was stored, in order."""
        return [place for place, (noted, _) in enumerate(self.notes) if noted == what]

    def at(self, what: str) -> dict[str, Any]:
        """The pump's status when `what` was first stored."""
        return self.notes[self.places(what)[0]][1]


def watched(delivers: bool) -> tuple[Benchtop, WitnessNvm]:
    nvm = WitnessNvm()
    pump = Benchtop(ports={"nvm": nvm})
    if delivers:
        pump.started(bolus_source())
        pump.slice(30)
    else:
        pump.programmed(bolus_source())
    pump.slice()
    nvm.pump = pump
    return pump, nvm


def test_a_program_is_logged_stored_and_then_in_force_which_is_confirmed() -> None:
    pump, nvm = watched(False)
    pump.control.load(program([[0, 1000, 0]]))
    order = ["program", "program.b", "program_kept"]
    assert [nvm.places(what)[0] for what in order] == sorted(nvm.places(what)[0] for what in order)
    # The record that names it comes last of all.
    assert nvm.places("state.a")[-1] > nvm.places("program_kept")[0]
    assert pump.control.programs.day_total_steps() == 1000


def test_a_refill_is_logged_stored_and_confirmed() -> None:
    pump, nvm = watched(False)
    pump.control.refill(pump.fill_steps, pump.fill_steps, NG_ML)
    order = [nvm.places(what)[0] for what in ("refill", "state.a", "refill_kept")]
    assert order == sorted(order)


def test_a_start_is_stored_and_logged_before_anything_moves() -> None:
    pump, nvm = watched(False)
    pump.control.start()
    assert nvm.at("state.a")["state"] == "stopped"
    assert nvm.at("state.a")["lease_left_steps"] == 0
    assert nvm.at("state_delivering")["rate_steps_day"] == 0
    assert pump.status()["rate_steps_day"] > 0


@pytest.mark.parametrize("name, kind", [("request_bolus", "patient_bolus"), ("give_trial_step", "trial_bolus")])
def test_a_bolus_is_stored_and_logged_before_it_begins_and_its_end_after(name: str, kind: str) -> None:
    pump, nvm = watched(True)
    getattr(pump.control, name)()
    for what in ("state.a", "state.b", kind):
        assert nvm.at(what)["bolus_left_steps"] == 0
    assert nvm.places("state.a")[0] < nvm.places(kind)[0]
    assert pump.status()["bolus_left_steps"] > 0
    pump.slice(11 * 60)
    (end,) = nvm.places("bolus_end")
    assert nvm.notes[end][1]["bolus_left_steps"] == 0


def test_a_prime_is_stored_before_it_begins_and_its_end_is_logged() -> None:
    pump, nvm = watched(False)
    pump.control.prime(100, MINUTE_MS, False)
    assert nvm.at("state.a")["primed_ordered_steps"] == 0
    assert nvm.at("state_priming")["primed_ordered_steps"] == 0
    pump.slice(70)
    assert nvm.at("prime_end")["primed_steps"] == 100


def test_a_stop_comes_first_and_is_logged_and_stored_then() -> None:
    pump, nvm = watched(True)
    pump.control.stop()
    assert nvm.at("state_stopped")["rate_steps_day"] == 0
    assert nvm.places("state.a")[0] > nvm.places("state_stopped")[0]


def test_sequence_numbers_go_on_over_restarts() -> None:
    pump = Benchtop().started(bolus_source())
    pump.slice(30)
    last = pump.app.journal.seq
    pump.restart()
    pump.control.set_time(0, MONDAY)
    numbers = [line[0] for line in stored(pump.app.journal, 0, 1000)]
    assert numbers == list(range(1, pump.app.journal.seq + 1))
    assert pump.app.journal.seq > last
