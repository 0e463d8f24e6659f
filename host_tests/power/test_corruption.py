"""Damaged memory: the pump goes on with the very state it had, or does not run; it never gives another dose.

The short form tries some hundred damages of each story. `TORTURE=1` tries each bit of each byte and each length; so
does `python -m corrupted`, which also prints the counts.
"""

import json
import os
import struct
from collections.abc import Iterator
from functools import cache
from typing import Any
from zlib import crc32

import pytest

from benchtop import STEADY, Benchtop
from corrupted import SLOTS, STORIES, SWEEPS, Crashed, flex, memory
from frail import FrailNvm
from pump.app import App
from pump.core.errors import Refused

pytestmark = pytest.mark.req("I-02")

SHORT = os.environ.get("TORTURE") != "1"
HEADER = "<4sHHII"

crashed = cache(Crashed)


def record(slot: str, payload: bytes, seq: int, version: int = 1) -> bytes:
    """One copy with a right check, whatever it says."""
    data = struct.pack(HEADER, b"itbS", version, len(slot), seq, len(payload)) + slot.encode() + payload
    return data + struct.pack("<I", crc32(data))


def in_both(it: Crashed, slot: str, payload: bytes, version: int = 1) -> dict[str, bytes]:
    """The story's memory with `payload` in both copies of `slot`."""
    seq = struct.unpack(HEADER, it.files[slot + ".a"][:16])[3]
    data = record(slot, payload, seq, version)
    return {**it.files, slot + ".a": data, slot + ".b": data}


def payload_of(it: Crashed, slot: str) -> bytes:
    return it.files[slot + ".a"][16 + len(slot) : -4]


@pytest.mark.req("M-02")
@pytest.mark.parametrize("sweep", SWEEPS)
@pytest.mark.parametrize("story", STORIES)
def test_every_damage_is_survived_or_detected(story: str, sweep: str) -> None:
    it = Crashed(story, SHORT)
    SWEEPS[sweep](it)
    assert sum(it.tried.values()) > 10


@pytest.mark.parametrize("name", SLOTS)
@pytest.mark.parametrize("story", STORIES)
def test_after_a_repair_the_pump_delivers_what_it_would_have(story: str, name: str) -> None:
    whole, hurt = Crashed(story), Crashed(story)
    files = {**hurt.files, name: b"?"}
    assert hurt.restarted(files).dose in hurt.allowed
    if hurt.restarted(files).dose == hurt.undamaged.dose:
        assert hurt.delivered_after(files) == whole.delivered_after(whole.files)


def test_both_copies_stand_again_after_a_repair() -> None:
    it = crashed("therapy with a bolus")
    for name in SLOTS:
        it.restarted({**it.files, name: b"?"})
        repaired = memory(it.pump).files()
        assert repaired["state.a"] == repaired["state.b"]
        assert repaired["program.a"] == repaired["program.b"]


@pytest.mark.req("D-09")
def test_a_repaired_lockout_still_holds() -> None:
    it = crashed("therapy with a bolus")
    for name in SLOTS:
        memory(it.pump).put_back({**it.files, name: b"?"})
        it.pump.bench.power_on("power")
        app = App(it.pump.board, it.pump.bench.ports)
        app.open()
        app.control.set_time(400_000, 0)
        with pytest.raises(Refused, match="lockout"):
            app.control.request_bolus()


class TestOldCopies:
    """A copy from before, put back by whoever."""

    @staticmethod
    def told() -> tuple[Crashed, dict[str, bytes]]:
        """A story, and its memory at an earlier time: before another program was loaded twice, and delivered."""
        it = Crashed("therapy with a bolus")
        pump, old = it.pump, it.files
        memory(pump).put_back(old)
        pump.bench.power_on("power")
        pump.app = App(pump.board, pump.bench.ports)
        pump.control = pump.app.control
        pump.app.open()
        for _ in range(2):
            pump.control.stop()
            pump.control.load(flex())
        pump.control.set_time(0, 0)
        pump.control.verify(pump.control.programs.day_total_steps(), pump.status()["reservoir_steps"])
        pump.control.start()
        pump.slice(300)
        it.truth_steps = pump.bench.truth()["motor_steps"]
        it.told_seq = pump.app.journal.seq
        it.files = memory(pump).files()
        it.restarts = 2
        it.undamaged = it.restarted(it.files)
        it.allowed = [it.undamaged.dose]
        return it, old

    def test_one_old_copy_of_a_slot_changes_nothing(self) -> None:
        it, old = self.told()
        for name in SLOTS:
            it.expect_survived("old copy", {**it.files, name: old[name]})

    def test_an_old_program_disagrees_with_the_state(self) -> None:
        it, old = self.told()
        it.expect_refused("old program", {**it.files, "program.a": old["program.a"], "program.b": old["program.b"]})

    @pytest.mark.req("I-03")
    def test_an_old_journal_makes_no_number_come_again(self) -> None:
        it, old = self.told()
        found = it.expect_same_therapy("old journal", {**it.files, "journal.0": old["journal.0"]})
        assert found.seq > it.told_seq

    @pytest.mark.req("I-02", "M-02")
    def test_both_copies_of_an_old_state_are_found_out(self) -> None:
        it, old = self.told()
        it.expect_refused("old state", {**it.files, "state.a": old["state.a"], "state.b": old["state.b"]})

    def test_old_copies_of_all_records_are_not_noticed(self) -> None:
        """They stand as they once stood: nothing tells them from what was stored last. So memory is never put back."""
        it, old = self.told()
        memory(it.pump).put_back({**it.files, **{name: old[name] for name in SLOTS}})
        it.pump.bench.power_on("power")
        app = App(it.pump.board, it.pump.bench.ports)
        app.open()
        assert (app.control.state, app.status.read()["alarms"]) == ("delivering", ["restarted"])


def without_a_part(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """`record`, with any one of its fields gone."""
    for name, value in record.items():
        yield {other: part for other, part in record.items() if other != name}
        if isinstance(value, dict):
            yield from ({**record, name: less} for less in without_a_part(value))


class TestWholeButWrong:
    """A record with a right check that no firmware of this version wrote: the pump comes up, and says so or runs."""

    @staticmethod
    def opened(it: Crashed, files: dict[str, bytes]) -> Benchtop:
        memory(it.pump).put_back(files)
        it.pump.bench.power_on("power")
        it.pump.app = App(it.pump.board, it.pump.bench.ports)
        it.pump.control = it.pump.app.control
        it.pump.app.open()
        return it.pump

    @pytest.mark.parametrize("story", ["therapy with a bolus", "bridge"])
    def test_a_missing_field_of_the_state_is_refused_or_not_needed(self, story: str) -> None:
        it = Crashed(story)
        text, _, windows = payload_of(it, "state").partition(b"\n")
        refused = 0
        for source in without_a_part(json.loads(text)):
            found = it.expect_safe("field", in_both(it, "state", json.dumps(source).encode() + b"\n" + windows))
            refused += found.state == "inhibited"
        # One is read after a cut in a load alone.
        assert refused >= it.tried["field"] - 1

    def test_no_field_of_the_program_may_be_missing(self) -> None:
        it = crashed("bridge")
        for source in without_a_part(json.loads(payload_of(it, "program"))):
            it.expect_refused("field", in_both(it, "program", json.dumps(source).encode()))

    @pytest.mark.parametrize("windows", [b"", b"\x00", b"\x00" * 1441, b"\x00" * 1443, b"\x80" * 1442, b"\xff" * 9000])
    def test_windows_of_another_length_are_refused(self, windows: bytes) -> None:
        it = crashed("therapy with a bolus")
        text, _, _ = payload_of(it, "state").partition(b"\n")
        it.expect_refused("windows", in_both(it, "state", text + b"\n" + windows))

    @pytest.mark.parametrize("payload", [b"", b"\n", b"{}\n", b"[]\n", b"\xff\n", b"{", b"7\n"])
    @pytest.mark.parametrize("slot", ["state", "program"])
    def test_what_is_no_record_at_all_is_refused(self, slot: str, payload: bytes) -> None:
        it = crashed("therapy with a bolus")
        it.expect_refused("payload", in_both(it, slot, payload))

    @pytest.mark.parametrize("slot", ["state", "program"])
    def test_a_newer_version_is_refused_and_left_alone_whatever_is_asked(self, slot: str) -> None:
        it = crashed("therapy with a bolus")
        files = in_both(it, slot, payload_of(it, slot), version=2)
        it.expect_refused("newer", files)
        pump = self.opened(it, files)
        pump.control.stop()
        for act in (pump.control.start, lambda: pump.control.load(STEADY), lambda: pump.control.refill(10**6, 0, 1)):
            with pytest.raises(Refused):
                act()
        pump.slice(20)
        stands = memory(pump).files()
        assert {name: stands[name] for name in SLOTS} == {name: files[name] for name in SLOTS}


def test_a_fresh_pump_has_nothing_to_repair() -> None:
    pump = Benchtop(ports={"nvm": FrailNvm()})
    assert (pump.control.state, pump.alarms()) == ("stopped", [])
