"""Asking over a real serial port, a pseudo-terminal: pumps that answer, take their time, restart, or are not there."""

import os
from collections.abc import Callable

import pytest

from cable import Cable
from itb.journal import wire as wire_module
from itb.journal.failures import Unanswered
from itb.journal.wire import Wire
from itb.ports import NoPort, Port, PortClosed
from linked import Linked

pytestmark = pytest.mark.req("I-03")

SOON_S = 1.0
REQUEST = b"journal 0\n"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_module, "_SILENCE_S", 0.3)


def behind(serve: Callable[[bytes], bytes], patience_s: float = 20.0, after: int = 0) -> list[int]:
    """The numbers of the events that are answered to one question to whatever `serve` is."""
    with Cable(serve) as cable, Wire(Port(cable.port), patience_s=patience_s) as wire:
        return [event.seq for event in wire.ask(after).events]


def first_time(otherwise: Callable[[bytes], bytes], then: bytes) -> Callable[[bytes], bytes]:
    """Says `then` to the first that comes, and what `otherwise` says from there on."""
    left = [then]

    def serve(came: bytes) -> bytes:
        return left.pop() if came and left else otherwise(came)

    return serve


def test_the_pump_s_answer_is_found() -> None:
    assert behind(Linked(3).serve) == [1, 2, 3]
    assert behind(Linked(20).serve, after=18) == [19, 20]


def test_questions_follow_one_another_over_one_cable() -> None:
    pump = Linked(40)
    with Cable(pump.serve) as cable, Wire(Port(cable.port)) as wire:
        assert [wire.ask(after).to for after in (0, 16, 32, 0)] == [16, 32, 40, 16]


def test_noise_before_the_answer_is_passed_over() -> None:
    pump = Linked(3)
    noise = b'd": 0}\nrst:0x1\r\n{3}\n[1]\n\xff\xfe\n{"state": "stopped"}\nhalf of '
    assert behind(lambda came: noise + b"\n" + pump.serve(came) if came else b"") == [1, 2, 3]


def test_an_answer_that_comes_in_pieces_is_put_together() -> None:
    pump = Linked(16)
    waiting = [b""]

    def slowly(came: bytes) -> bytes:
        waiting[0] += pump.serve(came)
        piece, waiting[0] = waiting[0][:50], waiting[0][50:]
        return piece

    assert behind(slowly) == list(range(1, 17))


def test_the_late_answer_to_another_question_is_not_taken_for_this_one() -> None:
    pump = Linked(40)
    late = pump.serve(b"journal 16\n")
    assert behind(lambda came: late + pump.serve(came) if came else b"") == list(range(1, 17))


@pytest.mark.parametrize("instead", [b"", Linked(3).serve(REQUEST)[:30], b'{"error": "request is refused"}\n'])
def test_an_answer_that_is_lost_cut_or_refused_once_is_asked_for_again(instead: bytes) -> None:
    assert behind(first_time(Linked(3).serve, instead)) == [1, 2, 3]


def test_a_pump_that_refuses_is_told_with_its_words() -> None:
    with pytest.raises(Unanswered, match=r"It says: no memory is free(?!.*flash it anew)"):
        behind(lambda came: b'{"error": "no memory is free for the answer"}\n' if came else b"")


def test_a_firmware_of_before_there_was_a_journal_is_to_be_flashed_anew() -> None:
    with pytest.raises(Unanswered, match=r"accepted: status\. The firmware on it knows no journal: flash it anew"):
        behind(lambda came: b'{"error": "request is refused; accepted: status"}\n' if came else b"")


def test_a_prompt_that_sends_back_what_it_is_asked_is_told() -> None:
    with pytest.raises(Unanswered, match=r"MicroPython's prompt is there, and no pump runs\. Press the reset button"):
        behind(lambda came: came)


def test_silence_is_told_with_what_to_look_at() -> None:
    with pytest.raises(Unanswered, match=r"no pump answers within 1 s\. It says nothing\. Check that this is"):
        behind(lambda _: b"", SOON_S)


def test_what_never_stops_talking_is_told_with_what_it_says() -> None:
    with pytest.raises(Unanswered, match=r"no pump answers within 1 s\. It says: '.*temperature 21"):
        behind(lambda _: b"temperature 21\r\n", SOON_S)


def test_a_line_without_end_is_bounded() -> None:
    with Cable(lambda _: b"x" * 3000) as cable, Wire(Port(cable.port), patience_s=SOON_S) as wire:
        with pytest.raises(Unanswered, match="no pump answers"):
            wire.ask(0)
        assert len(wire._waiting) <= wire_module._LINE_BYTES


def test_a_port_that_is_not_there_is_told() -> None:
    with pytest.raises(NoPort, match=r"/dev/nowhere: there is no such port"):
        Wire(Port("/dev/nowhere"))


def test_a_port_that_is_in_use_is_told() -> None:
    with Cable(Linked(1).serve) as cable, Wire(Port(cable.port)), pytest.raises(PortClosed, match="is in use"):
        Wire(Port(cable.port))


class Moving(Port):
    """A board that comes back under another name, after some time without any."""

    names: list[str]

    def now(self) -> str:
        return self.names.pop(0) if len(self.names) > 1 else self.names[0]


def test_a_pump_that_restarts_and_comes_back_at_another_port_is_asked_on() -> None:
    pump = Linked(40)
    with Cable(pump.serve) as after:
        with Cable(pump.serve) as before:
            port = Moving("itb")
            object.__setattr__(port, "names", [before.port, "/dev/nowhere", "/dev/nowhere", after.port])
            wire = Wire(port)
            assert wire.ask(0).to == 16
        with wire:
            assert wire.ask(16).to == 32


def test_a_pump_that_is_unplugged_is_told() -> None:
    with Cable(Linked(40).serve) as cable:
        name = cable.port
        wire = Wire(Port(name), patience_s=SOON_S)
        assert wire.ask(0).to == 16
    assert not os.path.exists(name)
    with wire, pytest.raises(Unanswered, match=r"the connection ended .*Check the cable and the pump's power"):
        wire.ask(16)
