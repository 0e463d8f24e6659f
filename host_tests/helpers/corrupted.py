"""Pumps that lost their power and find their memory damaged, and what may become of them.

As a program it tries every damage of every story and prints how many there were.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from benchtop import STEADY, Benchtop
from frail import FrailNvm
from pump.app import App
from rig import NG_ML, program
from twin.flash.nor import PowerCut

Files = dict[str, bytes]

RECORDS = ("state", "lease", "program")
SLOTS = tuple(name + copy for name in RECORDS for copy in (".a", ".b"))
# Header, the longer name, check.
FRAME_BYTES = 16 + len("program") + 4
# In the short form one byte of so many is damaged in what lies between.
STRIDE = 53
RATE_STEPS_DAY = 864_000
BOLUS_STEPS, BOLUS_MS, LOCKOUT_MS = 900, 60_000, 3_600_000
V_DEAD, BRIDGE_MS = 8000, 8_640_000
# What of the status decides about dose, beside what is stored.
DECIDING = ("state", "rate_steps_day", "lease_left_steps", "hour_steps", "day_steps")
# How far a fresh restart runs, where damage is seen to change nothing of what is delivered.
WATCHED_SLICES = 40


def flex() -> dict[str, Any]:
    """Two rates, and a bolus on the patient's demand."""
    rows = [[0, RATE_STEPS_DAY, 0], [300_000, RATE_STEPS_DAY // 2, 0]]
    return program(rows, parts={"patient": [BOLUS_STEPS, 0, BOLUS_MS, LOCKOUT_MS, 4]}, hour=60_000, day=900_000)


def _therapy() -> Benchtop:
    pump = Benchtop(ports={"nvm": FrailNvm()}).programmed(flex())
    # Of a slot that was written once, one copy alone may be what a cut left of it.
    pump.control.load(flex())
    pump.control.start()
    pump.slice(200)
    pump.control.request_bolus()
    pump.slice(150)
    return pump


def _bridge() -> Benchtop:
    pump = Benchtop(ports={"nvm": FrailNvm()}).started(STEADY)
    pump.slice(100)
    pump.control.stop()
    pump.slice(2)
    pump.control.refill(pump.fill_steps, pump.status()["reservoir_steps"], 4 * NG_ML)
    pump.control.load(
        program([[0, 216_000, 0]], parts={"concentration_ng_ml": 4 * NG_ML, "bridge": [V_DEAD, BRIDGE_MS]})
    )
    pump.control.start()
    pump.slice(150)
    return pump


def _stopped() -> Benchtop:
    pump = _therapy()
    pump.control.stop()
    pump.slice(3)
    return pump


def _stop(pump: Benchtop) -> None:
    pump.control.stop()


def _load(pump: Benchtop) -> None:
    pump.control.load(STEADY)


def _cut_save() -> Benchtop:
    pump = _therapy()
    _cut_after_first(pump, _therapy(), "state", _stop)
    return pump


def _cut_load() -> Benchtop:
    pump = _therapy()
    _cut_after_first(pump, _therapy(), "program", _load)
    return pump


def _cut_after_first(pump: Benchtop, twin: Benchtop, name: str, act: Callable[[Benchtop], None]) -> None:
    """Let `pump` do `act` until one copy of the slot `name` is written, and cut the power there. `twin` shows when."""
    before = len(memory(twin).written)
    act(twin)
    names = [written.split(".")[0] for written in memory(twin).written[before:]]
    nvm = memory(pump)
    nvm.error = PowerCut()
    nvm.writes_left = names.index(name) + 1
    with suppress(PowerCut):
        act(pump)
    assert nvm.writes_left == 0
    nvm.writes_left = None
    del nvm.error


STORIES: dict[str, Callable[[], Benchtop]] = {
    "therapy with a bolus": _therapy,
    "bridge": _bridge,
    "stopped": _stopped,
    "cut in a save": _cut_save,
    "cut in a load": _cut_load,
}


def memory(pump: Benchtop) -> FrailNvm:
    """The memory of `pump`."""
    nvm = pump.bench.ports.nvm
    assert isinstance(nvm, FrailNvm)
    return nvm


@dataclass
class Found:
    """What a restart made of the memory it found: all that decides about dose, and what it says."""

    state: str
    alarms: list[str]
    dose: dict[str, Any]
    uptime_ms: int
    delivered_steps: int
    seq: int


@dataclass
class Crashed:
    """A story that was told until its power went, and restarted on any memory as often as one likes."""

    name: str
    short: bool = True
    tried: dict[str, int] = field(default_factory=dict)
    # Each may count up to one lease as delivered that was not.
    restarts: int = 1

    def __post_init__(self) -> None:
        self.pump = STORIES[self.name]()
        self.truth_steps: int = self.pump.bench.truth()["motor_steps"]
        self.told_seq = self.pump.app.journal.seq
        self.files = memory(self.pump).files()
        self.undamaged = self.restarted(self.files)
        self.allowed = [self.undamaged.dose]
        for slot in RECORDS:
            a, b = self.files[slot + ".a"], self.files[slot + ".b"]
            if a != b:
                # What a cut write leaves: the one or the other, as if it were in both.
                self.allowed += [self.restarted({**self.files, slot + ".a": c, slot + ".b": c}).dose for c in (a, b)]

    def restarted(self, files: Files) -> Found:
        """What a restart with `files` in memory makes of it. Checks that it does not forget what was delivered."""
        app = self._opened(files)
        found = _found(app, memory(self.pump))
        if found.state != "inhibited":
            self._check_account(found)
        return found

    def _check_account(self, found: Found) -> None:
        most_steps = self.truth_steps + self.restarts * self.pump.board.LEASE_STEPS
        assert self.truth_steps <= found.delivered_steps <= most_steps

    def _opened(self, files: Files) -> App:
        memory(self.pump).put_back(files)
        self.pump.bench.power_on("power")
        app = App(self.pump.board, self.pump.bench.ports)
        app.open()
        return app

    def delivered_after(self, files: Files) -> int:
        """The steps that a restart with `files` delivers within some ticks. The bench goes on from there."""
        self.pump.app = self._opened(files)
        self.pump.control = self.pump.app.control
        before = self.pump.bench.truth()["motor_steps"]
        self.pump.slice(WATCHED_SLICES)
        return self.pump.bench.truth()["motor_steps"] - before

    def expect_survived(self, kind: str, files: Files, alarm: bool = True) -> Found:
        """The restart goes on with the very state, or where a write was cut the state before that; and says so."""
        found = self._tried(kind, files)
        assert found.state == self.undamaged.state or found.dose in self.allowed, found
        assert found.dose in self.allowed, found
        if alarm:
            assert "memory_error" in found.alarms, found
        return found

    def expect_refused(self, kind: str, files: Files) -> None:
        """The pump does not run, says so, and leaves what is stored as it is."""
        found = self._tried(kind, files)
        assert (found.state, "memory_lost" in found.alarms) == ("inhibited", True), found
        stands = memory(self.pump).files()
        assert {name: stands.get(name) for name in SLOTS} == {name: files.get(name) for name in SLOTS}

    def expect_safe(self, kind: str, files: Files) -> Found:
        """Either of the two."""
        found = self._tried(kind, files)
        if found.state != "inhibited":
            assert found.dose in self.allowed, found
        else:
            assert "memory_lost" in found.alarms, found
        return found

    def expect_same_therapy(self, kind: str, files: Files) -> Found:
        """Where the journal is damaged: all that decides about dose stands, and no time is gained."""
        found = self._tried(kind, files)
        assert found.dose in self.allowed, found
        assert found.uptime_ms <= self.undamaged.uptime_ms
        return found

    def _tried(self, kind: str, files: Files) -> Found:
        self.tried[kind] = self.tried.get(kind, 0) + 1
        return self.restarted(files)

    def damaged(self, name: str) -> Iterator[Files]:
        """All files, with one byte of `name` damaged: in the long form each bit of each byte and each byte as a whole;
        in the short form one bit of each byte of the frame, and of some of what lies between."""
        data = self.files[name]
        for place in range(len(data)):
            masks = [1 << bit for bit in range(8)] + [0xFF]
            if self.short:
                framed = place < FRAME_BYTES or place >= len(data) - 4
                masks = [1 << place % 8] if framed or place % STRIDE == 0 else []
            for mask in masks:
                changed = bytearray(data)
                changed[place] ^= mask
                yield {**self.files, name: bytes(changed)}

    def truncated(self, name: str) -> Iterator[Files]:
        """All files, with `name` cut short: to every length in the long form."""
        data = self.files[name]
        for size in range(0, len(data), STRIDE if self.short else 1):
            yield {**self.files, name: data[:size]}


def _found(app: App, nvm: FrailNvm) -> Found:
    status = app.status.read()
    dose: dict[str, Any] = {}
    if app.control.state != "inhibited":
        assert app.control._save_now()
        payload = nvm.files()["state.a"][16 + len("state") : -4]
        text, _, windows = payload.partition(b"\n")
        dose = {**json.loads(text), "windows": crc32(windows), "program": list(app.control.program.schedule.whole)}
        # These are looked at by themselves.
        for name in ("alarms", "uptime_ms", "journal_seq"):
            del dose[name]
        dose.update({name: status[name] for name in DECIDING})
    return Found(
        app.control.state,
        status["alarms"],
        dose,
        app.journal.uptime_ms,
        status["confirmed_steps"],
        app.journal.seq,
    )


def _of_one(it: Crashed, what: str, name: str, damaged: Iterable[dict[str, bytes]]) -> None:
    """Whatever becomes of the one file `name`: the other copy stands for it, and the journal is of no therapy."""
    for files in damaged:
        if name in SLOTS:
            it.expect_survived(what, files)
        elif name.startswith("journal"):
            found = it.expect_same_therapy(f"{what} of the journal", files)
            assert found.seq > it.told_seq


def single_bytes(it: Crashed) -> None:
    """Any byte of one copy, and any byte of the journal."""
    for name in sorted(it.files):
        _of_one(it, "bytes", name, it.damaged(name))


def lengths(it: Crashed) -> None:
    """Any length of one copy, and of the journal; nothing at all; something more."""
    for name in sorted(it.files):
        data = it.files[name]
        gone = {other: data for other, data in it.files.items() if other != name}
        doubled = {**it.files, name: data + data}
        longer = {**it.files, name: data + b"\x00"}
        _of_one(it, "lengths", name, [gone, doubled, longer, *it.truncated(name)])


def both_copies(it: Crashed) -> None:
    """Any byte of one copy together with another byte of the other: nothing stands."""
    for a, b in ((name + ".a", name + ".b") for name in RECORDS):
        half = bytearray(it.files[b])
        half[len(half) // 2] ^= 0x10
        others = (bytes(half), b"", it.files[b][:-1])
        for place, files in enumerate(it.damaged(a)):
            it.expect_refused("both copies", {**files, b: others[place % len(others)]})
        for data in (b"", b"\xff" * 64, it.files[a][:-1]):
            it.expect_refused("both copies", {**it.files, a: data, b: data})


def strangers(it: Crashed) -> None:
    """Copies that stand where another should, and copies that stand nowhere."""
    files = it.files
    for slot in RECORDS:
        a, b = slot + ".a", slot + ".b"
        it.expect_survived("swapped", {**files, a: files[b], b: files[a]}, alarm=False)
        it.expect_survived("one twice", {**files, a: files[b]}, alarm=False)
        it.expect_survived("one twice", {**files, b: files[a]}, alarm=False)
        other = "program" if slot == "state" else "state"
        for copy in (a, b):
            it.expect_survived("another record's", {**files, copy: files[other + ".a"]})
            it.expect_survived("another record's", {**files, copy: files["journal.0"]})
        stranger = files[other + ".a"]
        it.expect_refused("another record's", {**files, a: stranger, b: stranger})
        it.expect_refused("slot gone", {name: data for name, data in files.items() if name not in (a, b)})
    journal = {name: data for name, data in files.items() if not name.startswith("journal")}
    it.expect_same_therapy("no journal", journal)
    it.expect_same_therapy("journal elsewhere", {**journal, "journal.7": files["journal.0"]})
    only_journal = {name: data for name, data in files.items() if name not in SLOTS}
    it.expect_refused("slots gone", only_journal)


SWEEPS: dict[str, Callable[[Crashed], None]] = {
    "single bytes": single_bytes,
    "lengths": lengths,
    "both copies": both_copies,
    "strangers": strangers,
}


def main(short: bool, names: list[str]) -> None:
    """Try every damage of the stories `names`, of all if there are none; print how many there were of each kind."""
    total = 0
    for name in names or STORIES:
        it = Crashed(name, short)
        for sweep in SWEEPS.values():
            sweep(it)
        count = sum(it.tried.values())
        total += count
        print(f"{name}: {count} damages: " + ", ".join(f"{kind} {n}" for kind, n in it.tried.items()), flush=True)
    print(f"{total} damages, each survived or detected", flush=True)


if __name__ == "__main__":
    main("--short" in sys.argv, [name for name in sys.argv[1:] if name != "--short"])
