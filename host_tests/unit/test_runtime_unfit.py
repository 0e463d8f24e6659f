"""What is stored and not to be used: nothing is delivered, and nothing is written over."""

from collections.abc import Callable
from typing import Any

import pytest

from benchtop import STEADY
from pump.core.errors import Refused
from pump.memory.slots import Slots
from pump.runtime.keeping import VERSION
from restarted import ran
from rig import MINUTE_MS, NG_ML


def only_a_damaged_lease(nvm: Any) -> None:
    """As nothing is there but what a new pump stores first, and that in a bad way."""
    for name in nvm.names():
        nvm.remove(name)
    for name in ("lease.a", "lease.b"):
        nvm.write(name, b"itb")


class TestWhatIsNotToBeUsed:
    @pytest.mark.req("I-02", "A-03")
    @pytest.mark.parametrize(
        "spoil, word",
        [
            (lambda nvm: [nvm.remove(name) for name in ("state.a", "state.b")], "state_lost"),
            (lambda nvm: [nvm.remove(name) for name in nvm.names() if name[:8] != "program."], "state_lost"),
            (lambda nvm: [nvm.write(name, b"itb") for name in ("state.a", "state.b")], "state_lost"),
            (lambda nvm: [nvm.remove(name) for name in ("program.a", "program.b")], "program_lost"),
            (lambda nvm: [nvm.write(name, b"") for name in ("program.a", "program.b")], "program_lost"),
            (lambda nvm: [nvm.remove(name) for name in ("lease.a", "lease.b")], "lease_lost"),
            (lambda nvm: [nvm.write(name, b"itb") for name in ("lease.a", "lease.b")], "lease_lost"),
            (only_a_damaged_lease, "lease_lost"),
            (lambda nvm: newer(nvm, "lease"), "lease_newer"),
            (lambda nvm: newer(nvm, "state"), "state_newer"),
            (lambda nvm: newer(nvm, "program"), "program_newer"),
            (lambda nvm: rewritten(nvm, b"[]\n"), "state_unreadable"),
            (lambda nvm: rewritten(nvm, b"{}\n"), "state_unreadable"),
            (lambda nvm: rewritten(nvm, b"\xff"), "state_unreadable"),
        ],
    )
    def test_nothing_is_delivered_and_nothing_is_written_over(self, spoil: Callable[[Any], object], word: str) -> None:
        pump = ran()
        nvm: Any = pump.bench.ports.nvm
        spoil(nvm)
        stored = {name: nvm.read(name) for name in nvm.names() if name[:5] in ("state", "progr", "lease")}
        given_steps = pump.bench.motor.steps
        pump.restart()
        assert pump.control.state == "inhibited"
        assert pump.status()["failed_checks"] == [word]
        assert pump.alarms()[:2] == ["self_test_failed", "memory_lost"]
        pump.control.stop()
        with pytest.raises(Refused):
            pump.control.load(STEADY)
        with pytest.raises(Refused, match="memory that cannot be written"):
            pump.control.refill(pump.fill_steps, 0, NG_ML)
        pump.slice(100, MINUTE_MS)
        assert pump.bench.motor.steps == given_steps
        kept = {name: nvm.read(name) for name in nvm.names() if name[:5] in ("state", "progr", "lease")}
        assert kept == stored

    @pytest.mark.req("I-02", "M-02")
    def test_an_older_state_put_back_is_found_by_the_lease_that_knows_a_newer(self) -> None:
        pump = ran()
        nvm: Any = pump.bench.ports.nvm
        older = {name: nvm.read(name) for name in ("state.a", "state.b")}
        pump.control.pause_plan()
        pump.slice(pump.board.LEASE_STEPS // 10)
        for name, data in older.items():
            nvm.write(name, data)
        pump.restart()
        assert pump.status()["failed_checks"] == ["state_lost"]

    @pytest.mark.req("I-02")
    def test_counts_of_another_calibration_are_not_taken(self) -> None:
        pump = ran()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pump.board, "CALIBRATION", "1 nL / 1 steps")
            pump.restart()
        assert "calibration_changed" in pump.status()["failed_checks"]

    @pytest.mark.req("I-02")
    @pytest.mark.parametrize("name", ["state.a", "state.b", "program.a", "program.b"])
    @pytest.mark.parametrize("damage", [b"", b"itbS"])
    def test_one_copy_may_be_lost(self, name: str, damage: bytes) -> None:
        sound = ran().restart()
        pump = ran()
        nvm: Any = pump.bench.ports.nvm
        nvm.write(name, damage)
        pump.restart()
        assert "memory_error" in pump.alarms()
        differs = {key for key, value in pump.status().items() if value != sound.status()[key]}
        assert differs <= {"alarms"}
        # And is whole again.
        copies = [nvm.read(name[:-1] + copy) for copy in "ab"]
        assert copies[0] == copies[1]
        assert "memory_error" in pump.alarms()


def newer(nvm: Any, name: str) -> None:
    Slots(nvm, name, VERSION + 1).write(b"{}")


def rewritten(nvm: Any, payload: bytes) -> None:
    slots = Slots(nvm, "state", VERSION)
    slots.read()
    slots.write(payload)
