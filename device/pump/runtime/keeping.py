"""What survives a restart: gathered from its owners, stored, and given back; and the lease that delivery runs on."""

import json

from pump.core.errors import Refused
from pump.core.ports import Nvm
from pump.core.units import MS_PER_HOUR, SMALL_MAX
from pump.core.varint import packed, unpacked
from pump.memory.journal import Journal
from pump.memory.slots import LOST, NEWER, REPAIRED, Slots
from pump.motion.confirmation import Confirmation
from pump.runtime.boluses import Boluses
from pump.runtime.programs import Programs
from pump.runtime.tick import Tick
from pump.safety.alarms import Alarms
from pump.safety.guard import Guard
from pump.safety.ledger import Ledger
from pump.safety.reservoir import Reservoir

VERSION = 1
# So much of the time that passed, lockouts and a long stop included, may be forgotten.
UPTIME_LOST_MS_MAX = MS_PER_HOUR
# A memory that did not take the record is not tried again sooner, unless by a command.
RETRY_MS = 10_000
# What may come of a record that is whole, but was made by another firmware.
UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, MemoryError, Refused)


class Unfit(Exception):
    """What is stored is not to be used; the text is one word for why."""


class Keeping:
    """The stored record says up to which count of the ledger delivery is paid for: the lease. The guard grants nothing
    beyond it, and a restart takes all of it as delivered. So delivered <= accounted <= delivered + one lease, always.

    A lease is renewed far more often than anything else changes, and so has a small record of its own beside the
    state's, whose number it bears: one of an older state is void. *loop* only.
    """

    def __init__(
        self,
        nvm: Nvm,
        tick: Tick,
        guard: Guard,
        confirmation: Confirmation,
        ledger: Ledger,
        reservoir: Reservoir,
        journal: Journal,
        lease_steps: int,
        calibration: str,
    ) -> None:
        """A lease is of `lease_steps`, more than two bursts; it is renewed half way. All counts are of microsteps of
        this `calibration`; a record in others is not taken."""
        self.repaired = False
        self._unfit = False
        self._state = Slots(nvm, "state", VERSION)
        self._lease = Slots(nvm, "lease", VERSION)
        self._program = Slots(nvm, "program", VERSION)
        self._tick = tick
        self._guard = guard
        self._confirmation = confirmation
        self._ledger = ledger
        self._reservoir = reservoir
        self._journal = journal
        self._lease_steps = lease_steps
        self._calibration = calibration
        self._to_mend = []
        # What had passed in the windows when the state was stored.
        self._passed_ms = 0
        self._saved_ms = 0
        self._retry_ms = 0

    def watch(self, programs: Programs, boluses: Boluses, alarms: Alarms) -> None:
        """What these have to keep is kept, too."""
        self._programs = programs
        self._boluses = boluses
        self._alarms = alarms

    def waits(self) -> bool:
        """Whether the memory refused a while ago, and is not to be tried yet."""
        return self._journal.uptime_ms < self._retry_ms

    def due(self) -> bool:
        """Whether to save, since something changed by itself or much time passed."""
        changed = self._programs.changed or self._alarms.changed
        return changed or self._journal.uptime_ms - self._saved_ms >= UPTIME_LOST_MS_MAX

    def lease_due(self) -> bool:
        """Whether to renew the lease, half of it being used."""
        return self._tick.delivering and self._guard.lease_left_steps < self._lease_steps // 2

    def save(self, control: "list", delivering: bool) -> bool:
        """Store the record, with what `control` keeps, and renew the lease, which is nothing while not `delivering`.

        Whether it was stored; where not, the record and the lease before stay in force.
        """
        stored = self._renewed(lambda: self._store(control, delivering))
        if stored:
            self._programs.changed = False
            self._alarms.changed = False
            self._saved_ms = self._journal.uptime_ms
        return stored

    def renew(self) -> bool:
        """Renew the lease of the state that was saved last, with nothing unsaved since; whether it could be."""
        return self._renewed(self._store_lease)

    def _renewed(self, store) -> bool:
        """Grant up to where `store()` has stored the end of the lease; whether it has."""
        try:
            self._refuse_unfit()
            end_steps = store()
        except (OSError, MemoryError):
            self._retry_ms = self._journal.uptime_ms + RETRY_MS
            return False
        self._tick.hold_off()
        accounted_steps = self._ledger.delivered.total() + self._confirmation.in_flight_steps
        self._guard.renew_lease(max(end_steps - accounted_steps, 0))
        self._tick.go_on()
        return True

    def _store_lease(self) -> int:
        """Up to which count the ledger is paid for by what is stored now. Raises OSError when it cannot be stored."""
        self._tick.hold_off()
        delivered_steps = self._ledger.delivered.total()
        aged_ms = self._guard.windows.passed_ms() - self._passed_ms
        self._tick.go_on()
        end_steps = delivered_steps + self._lease_steps
        lease = [self._state.seq, delivered_steps, end_steps, self._journal.uptime_ms, aged_ms]
        self._lease.write(json.dumps(lease).encode())
        return end_steps

    def _store(self, control: "list", delivering: bool) -> int:
        """As `_store_lease`, with all that there is."""
        self._tick.hold_off()
        windows = self._guard.windows.copy()
        passed_ms = self._guard.windows.passed_ms()
        delivered_steps = self._ledger.delivered.total()
        in_flight_steps = self._confirmation.in_flight_steps
        reservoir = self._reservoir.kept()
        programs = self._programs.kept()
        self._tick.go_on()
        end_steps = delivered_steps + (self._lease_steps if delivering else in_flight_steps)
        record = {
            "calibration": self._calibration,
            "delivering": delivering,
            "delivered": delivered_steps,
            "in_flight": in_flight_steps,
            "end": end_steps,
            "reservoir": reservoir,
            "program_seq": self._program.seq,
            "lease_seq": self._lease.seq,
            "uptime_ms": self._journal.uptime_ms,
            "journal_seq": self._journal.seq,
            "alarms": self._alarms.kept(),
            "programs": programs,
            "boluses": self._boluses.kept(),
            "control": control,
        }
        self._state.write(json.dumps(record).encode() + b"\n" + packed(windows.kept()))
        self._passed_ms = passed_ms
        return end_steps

    def _refuse_unfit(self) -> None:
        if self._unfit:
            # What stands there is not to be lost for good.
            raise OSError("what is stored is not to be used")
        self._tick.hold_off()
        sound = self._tick.sound()
        self._tick.go_on()
        if not sound:
            # What changed by itself is not to be made to last.
            raise OSError("a figure changed by itself")

    def save_program(self, source: object) -> None:
        """Store the program `source`. Raises Refused when it cannot be stored."""
        try:
            self._refuse_unfit()
            self._program.write(json.dumps(source).encode())
        except (OSError, MemoryError):
            raise Refused("program", "a memory that cannot be written", "a program that survives a restart")

    def restore(self) -> "tuple[str, int, bool] | None":
        """Give everybody what is stored, and take the whole lease as delivered; what `control` kept, or None when
        nothing was stored before. Raises Unfit when something is stored that is not to be used; then nothing is stored
        any more."""
        self._unfit = True
        self._journal.recover()
        state = self._read(self._state, None)
        if state is None:
            self._begin()
            return None
        try:
            control = self._give_back(_unpacked(state))
        except UNREADABLE:
            raise Unfit("state_unreadable")
        self._unfit = False
        self._mend()
        return control

    def _begin(self) -> None:
        """Nothing of the state is stored: a new pump, or a loss."""
        # But for an empty lease, the first record is stored before anything else is.
        if self._journal.seq or self._read(self._program, None) is not None:
            raise Unfit("state_lost")
        self._read(self._lease, None)
        self._unfit = False
        try:
            # From here on a lease that is not there is a loss.
            self._lease.write(b"[0, 0, 0, 0, 0]")
        except OSError:
            # As will be the record itself, which then says so.
            pass

    def _read(self, slots: Slots, seq: "int | None") -> "bytes | None":
        """What stands under `seq`, or else the newest."""
        payload = slots.read(seq)
        if slots.finding in (LOST, NEWER):
            raise Unfit("%s_%s" % (slots.name, slots.finding))
        if slots.finding == REPAIRED:
            self.repaired = True
        if not slots.whole:
            self._to_mend.append((slots, payload))
        return payload

    def _read_program(self, seq: int) -> object:
        """The source of the program that the record names, or of the one that was stored next; None for none."""
        program = self._read(self._program, seq)
        # A later one is there when the power went between program and record.
        if self._program.seq < seq:
            raise Unfit("program_lost")
        return None if program is None else json.loads(program)

    def _read_lease(self, record: dict) -> "list[int]":
        """What was known to be delivered last, where the lease ends, when that was, and how much the windows had aged
        since the state `record`: what its lease says, or else it itself."""
        own = [record["delivered"], record["end"], record["uptime_ms"], 0]
        lease = self._read(self._lease, None)
        if self._lease.seq < record["lease_seq"]:
            raise Unfit("lease_lost")
        if lease is None:
            return own
        state_seq, delivered_steps, end_steps, uptime_ms, aged_ms = json.loads(lease)
        if state_seq > self._state.seq:
            raise Unfit("state_lost")
        return [delivered_steps, end_steps, uptime_ms, aged_ms] if state_seq == self._state.seq else own

    def _give_back(self, record: dict) -> "tuple[str, int, bool]":
        if record["calibration"] != self._calibration:
            raise Unfit("calibration_changed")
        program = self._read_program(record["program_seq"])
        known_steps, end_steps, uptime_ms, aged_ms = self._read_lease(record)
        # What left since the record, at most; of which so much may not have.
        gone_steps = end_steps - record["delivered"]
        slack_steps = end_steps - known_steps
        self._ledger.restore(end_steps)
        self._guard.granted.set(end_steps)
        self._tick.demand.ordered.set(end_steps)
        self._reservoir.restore(record["reservoir"], gone_steps)
        windows = self._guard.windows
        windows.restore(record["windows"])
        self._passed_ms = windows.passed_ms()
        # Not the difference of uptimes: those are of the beginning of a poll, and ticks come in it.
        windows.elapse(aged_ms)
        # What was on its way had been granted.
        windows.add(gone_steps - record["in_flight"])
        self._saved_ms = record["uptime_ms"]
        self._journal.uptime_ms = max(self._journal.uptime_ms, uptime_ms)
        self._journal.go_on_after(record["journal_seq"])
        self._programs.restore(record["programs"])
        self._boluses.restore(record["boluses"])
        if program is not None and record["program_seq"] == self._program.seq:
            granted_steps = gone_steps - record["in_flight"]
            passed_ms = self._journal.uptime_ms - record["uptime_ms"]
            unsure_steps = min(slack_steps, granted_steps)
            self._programs.go_on(program, record["programs"], passed_ms, granted_steps, unsure_steps)
            self._boluses.go_on(self._programs.program, record["boluses"])
        elif program is not None:
            self._programs.begin_anew(program, record["programs"], record["delivering"])
            self._boluses.follow(self._programs.program)
        self._alarms.restore(record["alarms"])
        self._journal.log("restart", slack_steps, end_steps & SMALL_MAX)
        state, standstill, prime_allowed = record["control"]
        return state, standstill, prime_allowed

    def _mend(self) -> None:
        """Store again what was read of copies that are not the same."""
        for slots, payload in self._to_mend:
            try:
                slots.mend(payload)
            except OSError:
                self.repaired = True
        self._to_mend = []


def _unpacked(state: bytes) -> dict:
    text, _, windows = state.partition(b"\n")
    record = json.loads(text)
    record["windows"] = unpacked(windows)
    return record
