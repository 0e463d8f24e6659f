"""A scale's lines: what is read, what is waited past, what is refused; on a real pseudo-terminal."""

import os
import termios
import threading
import time
import tty
from collections.abc import Iterator
from fractions import Fraction

import pytest

from itb.bench.scale import Reading, SerialScale, TypedScale, read_line
from itb.errors import InputError

PATIENCE_S = 5.0


@pytest.mark.parametrize(
    "line, mass_mg, step_mg",
    [
        ("12.3456 g", Fraction("12345.6"), Fraction(1, 10)),
        ("ST,GS,+  12.3456 g", Fraction("12345.6"), Fraction(1, 10)),
        ("ST,NT,-00000.12  g\r\n", Fraction(-120), Fraction(10)),
        ("ST,+00123.45  g", Fraction(123450), Fraction(10)),
        ("S S     12.3456 g", Fraction("12345.6"), Fraction(1, 10)),
        ("     13.87 mg", Fraction("13.87"), Fraction(1, 100)),
        ("+ 0 g", Fraction(0), Fraction(1000)),
        ("13mg", Fraction(13), Fraction(1)),
    ],
)
def test_a_stable_line_is_a_mass_with_its_resolution(line: str, mass_mg: Fraction, step_mg: Fraction) -> None:
    assert read_line(line, "weight") == Reading(mass_mg, step_mg, True)


@pytest.mark.parametrize("line", ["US,GS,+  12.3456 g", "US,+ 12.3456 g", "S D     12.3456 g", "    12.3456 g ?"])
def test_an_unstable_line_says_so(line: str) -> None:
    assert read_line(line, "weight") == Reading(Fraction("12345.6"), Fraction(1, 10), False)


@pytest.mark.parametrize(
    "line",
    [
        "12.3456",
        "12.3456 oz",
        "12.3456 kg",
        "12.3456 G",
        "12,3456 g",
        "ST,TR,+  12.3456 g",
        "ST,PT,+  12.3456 g",
        "QT,+ 00000012 PC",
        "OL,GS,+ 9999999E+19",
        "S +",
        "S I",
        "XX,GS,+  12.3456 g",
        "12.3456 g 12.3456 g",
        "+-12.3456 g",
        ".3456 g",
        "1e3 g",
        "nan g",
        "١٢ g",
        "",
        "x" * 5000,
    ],
)
def test_what_is_no_weight_in_g_or_mg_is_refused(line: str) -> None:
    with pytest.raises(InputError) as caught:
        read_line(line, "weight")
    assert caught.value.field == "weight"
    assert "g or mg" in caught.value.accepted
    assert len(str(caught.value)) < 250


def test_a_slip_while_typing_is_said_and_asked_again() -> None:
    lines = iter(["12.3456", "12.3456 g ?", "12.3456 g"])
    said: list[str] = []
    assert TypedScale(lambda _: next(lines), said.append).weigh().mass_mg == Fraction("12345.6")
    assert len(said) == 2
    assert "'12.3456' is refused" in said[0]
    assert "unstable" in said[1]


def test_the_end_of_the_input_is_refused() -> None:
    with pytest.raises(InputError, match="weight: the end of the input is refused"):
        TypedScale(lambda _: None, print).weigh()


class FakeScale:
    """The scale's end of a serial line."""

    def __init__(self) -> None:
        self._scale_end, self._port_end = os.openpty()
        tty.setraw(self._port_end)
        self.port = os.ttyname(self._port_end)
        self._threads: list[threading.Thread] = []

    def send(self, text: str) -> None:
        os.write(self._scale_end, text.encode())

    def send_later(self, *texts: str, after_s: float = 1.0) -> None:
        """Long after the port opened, so that the silence before it is seen."""

        def send() -> None:
            for text in texts:
                time.sleep(after_s)
                self.send(text)

        self._threads.append(threading.Thread(target=send))
        self._threads[-1].start()

    def unplug(self) -> None:
        os.close(self._scale_end)
        self._scale_end = -1

    def close(self) -> None:
        for thread in self._threads:
            thread.join()
        for end in (self._scale_end, self._port_end):
            if end >= 0:
                os.close(end)


@pytest.fixture
def fake() -> Iterator[FakeScale]:
    scale = FakeScale()
    yield scale
    scale.close()


def weighed_g(scale: SerialScale) -> Fraction:
    return scale.weigh().mass_mg / 1000


def test_the_next_stable_line_is_read_whole_however_it_arrives(fake: FakeScale) -> None:
    with SerialScale(fake.port, patience_s=PATIENCE_S) as scale:
        fake.send_later("US,GS,+  11.0000 g\r\n", "ST,GS,+  12.", "3456 g\r", "\n")
        assert weighed_g(scale) == Fraction("12.3456")


def test_what_was_printed_before_the_question_is_dropped(fake: FakeScale) -> None:
    with SerialScale(fake.port, patience_s=PATIENCE_S) as scale:
        fake.send_later("1.0000 g\r\n")
        assert weighed_g(scale) == 1
        fake.send("2.0000 g\r\n3.0000 g\r\n")
        time.sleep(0.1)
        fake.send_later("4.0000 g\r\n")
        assert weighed_g(scale) == 4


def test_a_line_under_way_when_the_port_opens_is_not_taken_for_a_weight(fake: FakeScale) -> None:
    fake.send("ST,GS,+  99.1")
    with SerialScale(fake.port, patience_s=PATIENCE_S) as scale:
        fake.send("2.3456 g")
        fake.send_later("\r\n", "ST,GS,+  12.3456 g\r\n", after_s=0.1)
        assert weighed_g(scale) == Fraction("12.3456")


def test_a_line_that_comes_after_a_silence_is_whole(fake: FakeScale) -> None:
    with SerialScale(fake.port, patience_s=PATIENCE_S) as scale:
        fake.send_later("12.3456 g\r\n")
        assert weighed_g(scale) == Fraction("12.3456")


def test_a_line_begun_before_the_question_and_ended_after_it_is_read(fake: FakeScale) -> None:
    with SerialScale(fake.port, patience_s=PATIENCE_S) as scale:
        fake.send_later("1.0000 g\r\n")
        weighed_g(scale)
        fake.send("2.0000 g\r\n12.3")
        time.sleep(0.1)
        fake.send_later("456 g\r\n", after_s=0.1)
        assert weighed_g(scale) == Fraction("12.3456")


def test_a_line_that_is_no_weight_is_refused_at_once(fake: FakeScale) -> None:
    with SerialScale(fake.port, patience_s=PATIENCE_S) as scale:
        fake.send_later("ST,GS,+   0.4355 oz\r\n")
        with pytest.raises(InputError, match="oz' is refused") as caught:
            scale.weigh()
        assert caught.value.field == f"--scale {fake.port}"


def test_noise_without_an_end_is_refused(fake: FakeScale) -> None:
    with SerialScale(fake.port, patience_s=PATIENCE_S) as scale:
        fake.send_later("\x7f" * 300)
        with pytest.raises(InputError, match="a line of more than 200 characters"):
            scale.weigh()


def test_a_scale_that_never_settles_is_refused_with_its_last_line(fake: FakeScale) -> None:
    with SerialScale(fake.port, patience_s=2.5) as scale:
        fake.send_later("\r\nUS,GS,+  12.3456 g\r\n")
        with pytest.raises(InputError, match=r"US,GS,\+  12.3456 g' for 2.5 s is refused"):
            scale.weigh()


def test_a_silent_scale_is_refused(fake: FakeScale) -> None:
    with SerialScale(fake.port, patience_s=0.5) as scale, pytest.raises(InputError, match=r"silence for 0\.5 s"):
        scale.weigh()


def test_a_scale_that_is_unplugged_is_refused(fake: FakeScale) -> None:
    with SerialScale(fake.port, patience_s=PATIENCE_S) as scale:
        fake.unplug()
        with pytest.raises(InputError, match="a port that failed"):
            scale.weigh()


def test_a_port_that_does_not_open_and_settings_that_are_none_are_refused() -> None:
    with pytest.raises(InputError, match="--scale: '/dev/nowhere' is refused; accepted: a serial port that opens"):
        SerialScale("/dev/nowhere")
    for bad in ("9600", "9600 8N3", "9600 9N1", "fast 8N1", "9600 8n1"):
        with pytest.raises(InputError, match=r"--line: .* is refused; accepted: baud"):
            SerialScale("/dev/nowhere", bad)


def test_the_port_is_set_as_asked(fake: FakeScale) -> None:
    with SerialScale(fake.port, "2400 8N2"), open(fake.port, "rb", buffering=0) as port:
        _, _, control, _, in_speed, _, _ = termios.tcgetattr(port)
    assert in_speed == termios.B2400
    assert control & termios.CSTOPB
