"""A pump on its bench, through power cuts and resets, with the model beside it: what becomes of both in a restart."""

import json
from fractions import Fraction
from types import ModuleType
from typing import Any

from benchtop import Benchtop
from cut_nvm import CutNvm
from model import DELIVERING, HALTED, INHIBITED, PRIMING, STOPPED, Model
from model_events import Told
from model_parts import Facts, Line
from model_restart import Record, recorded, restarted
from ordered import Ordered
from pump.app import App
from pump.memory.journal import Event
from pump.memory.slots import Slots
from pump.runtime.keeping import VERSION
from twin.flash.nor import PowerCut

BUILD_PRIME_NL = 1_000_000
# What may befall a bench that is disturbed.
BEFALLS = {"motor_mismatch", "motor_stall", "occlusion", "driver_off"}


def facts_of(board: ModuleType) -> Facts:
    """What the model must know of a board."""
    caps = {"hour": board.LIMIT_HOUR_STEPS, "day": board.LIMIT_DAY_STEPS, "bolus": board.LIMIT_BOLUS_STEPS}
    return Facts(
        board.TICK_MS,
        board.RESERVOIR_CAPACITY_STEPS,
        board.RESERVOIR_RESIDUAL_STEPS,
        board.MINIMUM_STEPS_DAY,
        BUILD_PRIME_NL * board.STEPS_PER_REV // board.NL_PER_REV,
        caps,
    )


def orders_done(nvm: CutNvm) -> int:
    """How many of its program's single boluses the stored record counts as begun, or passed over."""
    payload = Slots(nvm, "state", VERSION).read()
    return json.loads(payload.partition(b"\n")[0])["boluses"]["orders"] if payload else 0


class Lives:
    """The pump and the `model`, life after life. Raises AssertionError as soon as they disagree."""

    def __init__(
        self, board: ModuleType, seed: int, wall_clock: bool = False, first_cut: tuple[int, str] | None = None
    ) -> None:
        """With a `wall_clock`, which goes on while the pump is off, or without. `first_cut`: the write at which the
        power goes first, and what that leaves (`CutNvm.cut_at`)."""
        self.nvm = CutNvm()
        if first_cut:
            self.nvm.cut_at(*first_cut)
        self.top = Benchtop(board=board, seed=seed, opened=False, ports={"nvm": self.nvm})
        self.bench = self.top.bench
        self.bench.wall_clock.absent = not wall_clock
        self.board = board
        # Something befell the bench that may halt the pump.
        self.disturbed = False
        # What a power cut inside a write is followed by: how it ends, and after how long.
        self.cut: tuple[str, int] = ("power", 0)
        self.lives = 0
        self._cuts = 0
        self._record: Record | None = None
        self._records = self._leases = 0
        # A program that was stored, and that no record names.
        self._pending: Ordered | None = None
        # More counts as delivered than was.
        self._over = 0
        # The number of the last event that is stored for sure.
        self._seq = self._kept_seq = 0
        self._begin(Model(facts_of(board)))
        if not self._open():
            self._come_back(self.cut[0])

    @property
    def app(self) -> App:
        """The pump."""
        return self.top.app

    @property
    def now(self) -> dict[str, Any]:
        """The pump's account of itself."""
        return self.app.status.read()

    @property
    def confirmed(self) -> int:
        """The microsteps confirmed so far."""
        return self.now["confirmed_steps"]

    @property
    def seen(self) -> int:
        """The microsteps that came to the driver and were counted there, in all lives."""
        return self.bench._pulses - self.bench.edges.lost

    def _begin(self, model: Model) -> None:
        self.model = model
        self.told = Told(model)
        self.lives += 1
        # What a broken read-back did not see in lives before is in nobody's account.
        self._uncounted = self.bench.edges.lost
        self._bursts = self.bench.step.bursts
        self._dropped = 0
        self._ends = model.ends

    def restart(self, cause: str = "power", off_ms: int = 0) -> None:
        """The power goes, or the chip is reset, at this instant; after `off_ms` the pump is there again."""
        self.bench.power_off()
        if off_ms:
            self.bench.advance(off_ms)
        self._come_back(cause)

    def _come_back(self, cause: str) -> None:
        """Power on, again and again, until the power stays."""
        while True:
            self.bench.power_on(cause)
            self.top._boot()
            if self._open():
                break
        # The loop begins at once.
        self._poll()

    def _open(self) -> bool:
        """Open the pump and take the model along; whether the power stayed."""
        stayed = True
        done = orders_done(self.nvm)
        try:
            self.app.open()
        except PowerCut:
            stayed = False
            self.bench.power_off()
        events = self.app.journal.since(0)
        if self._record is None:
            # Nothing was ever stored.
            assert self.nvm.records <= 1
            self._begin(Model(self.model.facts))
            self.model.given.real_ms = self.bench.clock.elapsed_ms
        elif any(event.kind == "restart" for event in events):
            self._begin_anew(self._record, events, done)
        else:
            assert not stayed
            self._cuts = self.nvm.cuts
            return False
        if events:
            assert events[0].seq > self._kept_seq, "a number is given twice"
            self._seq = events[0].seq - 1
        before = self._record.model.state if self._record else STOPPED
        noted = self._noted()
        self._events(by_command=True)
        self._cuts = self.nvm.cuts
        if self._record and self.nvm.records != self._records and self.model.state != DELIVERING:
            # Only a start stores anything here, and does it before it is told.
            assert not stayed
            assert before == DELIVERING
            self.model.start()
        if stayed and self._record:
            self._check_taken_up(before)
        if self._record is None and self.nvm.records:
            # The very first record is of a pump that is stopped, whatever comes next.
            self.model.state = STOPPED
        self._note_record(noted)
        return stayed

    def _begin_anew(self, record: Record, events: list[Event], done: int) -> None:
        """As what is stored says, by which `done` single boluses are; and so does what the pump says of it."""
        lease = self.board.LEASE_STEPS
        uptime_ms = self.app.journal.uptime_ms
        assert record.now_ms <= uptime_ms <= self.model.now_ms
        end = record.end(lease)
        model = restarted(record, lease, self.bench.clock.elapsed_ms, uptime_ms)
        told = [(event.a, event.b) for event in events if event.kind == "restart"]
        expected = (end - record.known, end % (1 << 30))
        assert told == [expected], f"{told}, not {expected} of a pump that was {record.model.state}"
        # Never less than what was delivered, and with each restart one lease more at most.
        over = end - self.seen
        assert 0 <= over <= self._over + lease
        self._over = over
        if self._pending:
            model.load(self._pending)
        else:
            # What was passed over may come again, but nothing that was begun.
            assert model.orders_begun <= done <= model.orders_done
            model.orders_done = done
        self._begin(model)

    def _check_taken_up(self, before: str) -> None:
        """The pump does what it did `before`, or less."""
        model = self.model
        if model.state == INHIBITED:
            if before == DELIVERING:
                self.told.not_resumed()
            return
        if before == DELIVERING:
            assert model.state == DELIVERING or self.told.stays
        else:
            assert model.state == (HALTED if before == HALTED else STOPPED)
        alarms = self.now["alarms"]
        assert before not in (DELIVERING, PRIMING) or "restarted" in alarms
        assert before != PRIMING or "prime_incomplete" in alarms

    def _noted(self) -> tuple[Line, list[tuple[int, Fraction]]] | None:
        """What a start would change and not store."""
        return None if self.model.state == DELIVERING else (self.model.line, [*self.model.remembered.doses])

    def _note_record(self, noted: tuple[Line, list[tuple[int, Fraction]]] | None = None) -> None:
        """What was stored since the last call holds the pump as it is now, but for what was `noted` before a start."""
        if self.nvm.records != self._records:
            self._records = self.nvm.records
            self._pending = None
            now = self.now
            self._record = recorded(self.model, now["confirmed_steps"], now["in_flight_steps"])
            if noted and self.model.state == DELIVERING:
                # A start is stored first; what the line gets from it is by the next poll.
                self._record.model.line, self._record.model.remembered.doses = noted
        elif self._record and self.nvm.leases != self._leases:
            self._record = self._record.renewed(self.model, self.confirmed)
        self._leases = self.nvm.leases

    def _after_cut(self) -> None:
        self._cuts = self.nvm.cuts
        self.restart(*self.cut)

    def _events(self, by_command: bool) -> None:
        for event in self.app.journal.since(self._seq):
            assert event.seq == self._seq + 1
            self._seq = event.seq
            self.told.take(event.kind, event.a, event.b, by_command)
        if self.nvm.cuts == self._cuts:
            # In a cut it is not known for the last.
            self._kept_seq = self._seq
        for alarm in self.told.halted_by:
            assert alarm == "reservoir_empty" or (self.disturbed and alarm in BEFALLS), alarm
        self.told.halted_by.clear()
        dropped = self.app.tick.demand.dropped.total()
        assert dropped == self._dropped or self.model.ends != self._ends, "dropped, and no delivery has ended"
        self._dropped, self._ends = dropped, self.model.ends

    def _poll(self) -> None:
        """The loop runs once."""
        raise NotImplementedError
