"""Memory that takes nothing more: the pump says so, delivers what its lease still pays for, and goes on when it can."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from benchtop import STEADY, STEADY_STEPS_DAY, Benchtop
from corrupted import BOLUS_STEPS, flex, memory
from frail import FrailNvm
from pump.app import App
from pump.core.errors import Refused
from pump.core.ports import Nvm
from pump.hal.files import Files
from pump.safety.guard import LEASE
from rig import NG_ML
from twin.flash.nor import BROKEN, READ_ONLY, NorFlash
from twin.flash.store import open_store

pytestmark = pytest.mark.req("I-02")

RETRY_S = 10
BLOCKS = 12


class Trouble:
    """A memory, how it gets into trouble and out of it, and how a restart opens it again."""

    def __init__(
        self,
        nvm: Nvm,
        begin: Callable[[], None],
        end: Callable[[], None],
        reopened: Callable[[], Nvm],
        lasting: bool = False,
    ) -> None:
        """One that is `lasting` ends with a restart only."""
        self.nvm = nvm
        self.begin = begin
        self.end = end
        self.reopened = reopened
        self.lasting = lasting


def _frail() -> Trouble:
    nvm = FrailNvm()

    def take(writes: int | None) -> None:
        nvm.writes_left = writes

    return Trouble(nvm, lambda: take(0), lambda: take(None), lambda: nvm)


def _refusing(errno: int) -> Trouble:
    """A chip that refuses. littlefs is to be mounted anew after that: what it has in RAM may not be what is stored."""
    flash = NorFlash(BLOCKS)

    def refuse(number: int) -> None:
        flash.write_errno = number

    return Trouble(open_store(flash), lambda: refuse(errno), lambda: refuse(0), lambda: open_store(flash), lasting=True)


def _filled() -> Trouble:
    """littlefs with a file in every block."""
    nvm = open_store(NorFlash(BLOCKS))
    fillers: list[str] = []

    def fill() -> None:
        with suppress(OSError):
            while True:
                name = f"filler.{len(fillers)}"
                nvm.write(name, b"x" * 600)
                fillers.append(name)

    def empty() -> None:
        for name in fillers:
            nvm.remove(name)

    return Trouble(nvm, fill, empty, lambda: nvm)


TROUBLES: dict[str, Callable[[], Trouble]] = {
    "a double": _frail,
    "read-only": lambda: _refusing(READ_ONLY),
    "broken": lambda: _refusing(BROKEN),
    "full": _filled,
}


# A full one may still take what is small.
TAKING_NOTHING = pytest.mark.parametrize("trouble", sorted(TROUBLES.keys() - {"full"}), indirect=True)


@pytest.fixture(params=TROUBLES)
def trouble(request: pytest.FixtureRequest) -> Trouble:
    return TROUBLES[request.param]()


def restart(pump: Benchtop, nvm: Nvm) -> None:
    """The power went and came; the memory is `nvm`."""
    pump.bench.power_on("power")
    pump.bench.ports.nvm = nvm
    pump.app = App(pump.board, pump.bench.ports)
    pump.control = pump.app.control
    pump.app.open()


def end(pump: Benchtop, trouble: Trouble) -> None:
    trouble.end()
    if trouble.lasting:
        restart(pump, trouble.reopened())
    pump.slice(RETRY_S + 3)


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        act()
    return str(caught.value)


def motor_steps(pump: Benchtop) -> int:
    return pump.bench.truth()["motor_steps"]


class TestWhileDelivering:
    @pytest.mark.req("M-02")
    def test_the_lease_is_delivered_and_no_more_and_then_the_memory_takes_writes_again(self, trouble: Trouble) -> None:
        pump = Benchtop(ports={"nvm": trouble.nvm}).started(STEADY)
        pump.slice(20)
        trouble.begin()
        lease_steps = pump.status()["lease_left_steps"]
        before = pump.status()["granted_steps"]
        slices_for_half = lease_steps * 86_400 // STEADY_STEPS_DAY // 2
        # A full memory still takes a lease, which is small; but no lease without the state that it belongs to.
        pump.control.pause_plan()
        pump.slice(slices_for_half + 5)
        assert pump.control.state == "delivering"
        assert "memory_error" in pump.alarms()
        assert pump.status()["granted_steps"] > before + lease_steps // 3
        pump.slice(slices_for_half + 30)
        assert "lease_ended" in pump.alarms()
        assert pump.status()["granted_steps"] == before + lease_steps
        assert pump.status()["withheld_ticks"][LEASE] > 0
        pump.slice(60)
        made = motor_steps(pump)
        pump.slice(60)
        assert motor_steps(pump) == made
        end(pump, trouble)
        assert "lease_ended" not in pump.alarms()
        assert motor_steps(pump) > made
        pump.control.acknowledge()
        pump.slice(3)
        assert set(pump.alarms()) <= {"time_unknown"}

    @TAKING_NOTHING
    def test_a_stop_is_taken_and_everything_else_is_refused(self, trouble: Trouble) -> None:
        pump = Benchtop(ports={"nvm": trouble.nvm}).started(flex())
        pump.slice(20)
        trouble.begin()
        assert "memory that cannot be written" in refused(pump.control.request_bolus)
        assert "memory that cannot be written" in refused(lambda: pump.control.give_bolus(BOLUS_STEPS, 0, 1, 60_000))
        assert "memory that cannot be written" in refused(lambda: pump.control.load(flex()))
        pump.control.stop()
        pump.slice(3)
        assert pump.control.state == "stopped"
        left_steps = pump.status()["reservoir_steps"]
        assert "memory that cannot be written" in refused(lambda: pump.control.load(STEADY))
        assert "memory that cannot be written" in refused(
            lambda: pump.control.refill(pump.fill_steps, left_steps, NG_ML)
        )
        assert pump.status()["reservoir_steps"] == left_steps
        assert "memory that cannot be written" in refused(pump.control.start)
        assert pump.control.state == "stopped"
        made = motor_steps(pump)
        pump.slice(20)
        assert motor_steps(pump) == made
        end(pump, trouble)
        if not trouble.lasting:
            pump.control.start()
            pump.slice(20)
        # Where the memory takes nothing until a restart, no stop is stored: the pump delivers as before it.
        assert pump.control.state == "delivering"
        assert motor_steps(pump) > made

    def test_a_power_cut_meanwhile_forgets_nothing(self, trouble: Trouble) -> None:
        pump = Benchtop(ports={"nvm": trouble.nvm}).started(STEADY)
        pump.slice(20)
        trouble.begin()
        pump.slice(300)
        trouble.end()
        made = motor_steps(pump)
        restart(pump, trouble.reopened())
        assert pump.control.state == "delivering"
        assert made <= pump.status()["confirmed_steps"] <= made + pump.board.LEASE_STEPS

    def test_a_memory_that_only_cannot_keep_the_journal_stops_nothing(self) -> None:
        nvm = FrailNvm()
        pump = Benchtop(ports={"nvm": nvm}).started(STEADY)
        pump.slice(5)
        nvm.unwritable = {f"journal.{segment}" for segment in range(9)}
        pump.app.journal.log("not_stored")
        pump.slice(500)
        assert pump.alarms() == ["memory_error"]
        assert "lease_ended" not in pump.kinds()
        made = motor_steps(pump)
        pump.slice(100)
        assert motor_steps(pump) > made


class TestAtTheStart:
    @TAKING_NOTHING
    def test_a_memory_that_takes_nothing_fails_the_self_test(self, trouble: Trouble) -> None:
        trouble.begin()
        pump = Benchtop(ports={"nvm": trouble.nvm})
        assert pump.control.state == "inhibited"
        assert "self_test_failed" in pump.alarms()
        assert pump.status()["failed_checks"] == ["memory"]
        pump.slice(20)
        assert motor_steps(pump) == 0

    def test_a_delivering_pump_that_restarts_on_it_does_not_go_on(self, trouble: Trouble) -> None:
        pump = Benchtop(ports={"nvm": trouble.nvm}).started(STEADY)
        pump.slice(20)
        trouble.begin()
        restart(pump, trouble.reopened())
        made = motor_steps(pump)
        pump.slice(20)
        # Where a small file still fits, the self-test passes; but a start is not taken that cannot be stored.
        assert pump.control.state in ("inhibited", "stopped")
        assert set(pump.alarms()) & {"self_test_failed", "memory_error"}
        assert motor_steps(pump) == made

    def test_a_new_pump_on_a_full_one_does_not_start(self) -> None:
        trouble = TROUBLES["full"]()
        trouble.begin()
        pump = Benchtop(ports={"nvm": trouble.nvm})
        assert "memory_error" in pump.alarms()
        assert "memory that cannot be written" in refused(lambda: pump.control.refill(pump.fill_steps, 0, NG_ML))
        pump.slice(20)
        assert motor_steps(pump) == 0
        trouble.end()
        pump.programmed()
        pump.control.start()
        pump.slice(20)
        assert motor_steps(pump) > 0

    @pytest.mark.parametrize("unreadable", [{"state.a", "state.b"}, {"program.a", "program.b"}])
    def test_what_cannot_be_read_inhibits(self, unreadable: set[str]) -> None:
        nvm = FrailNvm()
        pump = Benchtop(ports={"nvm": nvm}).started(STEADY)
        pump.slice(20)
        before = nvm.files()
        nvm.unreadable = unreadable
        restart(pump, nvm)
        assert pump.control.state == "inhibited"
        assert "memory_lost" in pump.alarms()
        pump.control.stop()
        for name in sorted(unreadable):
            assert memory(pump).files()[name] == before[name]

    def test_a_memory_that_cannot_be_listed_keeps_no_journal(self) -> None:
        nvm = FrailNvm()
        pump = Benchtop(ports={"nvm": nvm}).started(STEADY)
        pump.slice(20)
        nvm.listable = False
        restart(pump, nvm)
        pump.slice()
        assert pump.control.state == "delivering"
        assert "memory_error" in pump.alarms()

    def test_a_missing_file_system_inhibits(self, tmp_path: Path) -> None:
        (tmp_path / "flash").write_bytes(b"")
        pump = Benchtop(ports={"nvm": Files(str(tmp_path / "flash" / "data"))})
        pump.slice(5)
        assert pump.control.state == "inhibited"
        assert "memory_lost" in pump.alarms()
        assert "memory" in pump.status()["failed_checks"]

    def test_a_folder_that_is_gone_is_not_taken_for_a_new_pump(self, tmp_path: Path) -> None:
        files = Files(str(tmp_path / "data"))
        (tmp_path / "data").rmdir()
        pump = Benchtop(ports={"nvm": files})
        assert pump.control.state == "inhibited"
        assert "memory_lost" in pump.alarms()
