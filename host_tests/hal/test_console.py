"""The console as a link: nothing it does waits for the host, and no answer is torn."""

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from hal.simchip import Broken, Chip
from hal.simmodules import hal
from hal.wired import constants


class FakeStream:
    """Standard input and output of a chip's console: bytes in, bytes out."""

    def __init__(self) -> None:
        self.incoming = b""
        self.outgoing = b""
        self.buffer = self

    def read(self, count: int) -> bytes:
        if len(self.incoming) < count:
            raise Broken("this read waits for more")
        data, self.incoming = self.incoming[:count], self.incoming[count:]
        return data

    def write(self, data: bytes) -> int:
        self.outgoing += data
        return len(data)


class FakeOutput(FakeStream):
    """Standard output as it is on the cable of an RP2040: a write waits until there is room for all of it."""

    def __init__(self, chip: Chip) -> None:
        super().__init__()
        self.chip = chip
        # Bytes that find room without a wait, and whether a write may say it took none.
        self.room = 1 << 30
        self.deaf = False
        # An ESP32 says that there is room when there is none, and then waits for this long.
        self.always_ready = False
        self.wait_ms = 500
        self.writes = 0

    def ready(self) -> bool:
        return self.always_ready or self.room > 0

    def write(self, data: bytes) -> int:
        self.writes += 1
        if self.deaf:
            return 0
        if len(data) > self.room:
            if not self.always_ready:
                raise Broken("this write waits for the host")
            self.chip.advance_ms(self.wait_ms)
            return 0
        self.room -= len(data)
        return super().write(data)


class Console:
    """A ConsoleLink, what is at the other end, and whether the other end takes anything."""

    def __init__(self) -> None:
        self.chip = Chip("esp32")
        self.stdin, self.stdout = FakeStream(), FakeOutput(self.chip)
        module = hal(self.chip, "links")
        console = self

        class Poll:
            def register(self, stream: FakeStream, events: int) -> None:
                self.stream = stream
                assert events == (1 if stream is console.stdin else 2)

            def poll(self, timeout_ms: int) -> list[object]:
                assert timeout_ms == 0, "never waits"
                ready = bool(console.stdin.incoming) if self.stream is console.stdin else console.stdout.ready()
                return [object()] if ready else []

        module.sys = SimpleNamespace(stdin=self.stdin, stdout=self.stdout)
        module.select = SimpleNamespace(poll=Poll, POLLIN=1, POLLOUT=2)
        self.link = module.link(constants("esp32_devkit", LINK="console"))

    def poll(self, times: int = 1) -> None:
        """The loop, which looks for requests."""
        for _ in range(times):
            assert self.link.receive() == b""


@given(st.lists(st.binary(max_size=600), max_size=6))
def test_gives_what_came_at_most_256_bytes_at_a_time(arrivals: list[bytes]) -> None:
    console, got = Console(), b""
    for data in arrivals:
        console.stdin.incoming += data
        part = console.link.receive()
        assert len(part) <= 256
        assert part or not console.stdin.incoming
        got += part
    while part := console.link.receive():
        assert len(part) <= 256
        got += part
    assert got == b"".join(arrivals)


def test_a_short_answer_is_out_at_once() -> None:
    console = Console()
    console.link.send(b"one\n")
    assert console.stdout.outgoing == b"one\n"


@given(
    answers=st.lists(st.binary(max_size=300), max_size=8),
    rooms=st.lists(st.integers(0, 100), min_size=1, max_size=20),
)
def test_whatever_room_the_host_makes_all_goes_out_in_order_and_no_write_waits(
    answers: list[bytes], rooms: list[int]
) -> None:
    console = Console()
    for place, answer in enumerate(answers):
        console.stdout.room = rooms[place % len(rooms)]
        console.link.send(answer)
        console.poll()
    assert b"".join(answers).startswith(console.stdout.outgoing)
    console.stdout.room = 1 << 30
    console.poll(50)
    assert console.stdout.outgoing == b"".join(answers)


def test_where_nobody_reads_what_does_not_fit_is_dropped_whole() -> None:
    console = Console()
    console.stdout.room = 5
    answers = [b"%03d" % number * 100 for number in range(30)]
    for answer in answers:
        console.link.send(answer)
        console.poll()
    console.link.send(b"short\n")
    console.link.send(bytes(4097))
    assert console.stdout.outgoing == b"00000"
    console.stdout.room = 1 << 30
    console.poll(100)
    # 4096 bytes wait at most, besides the 5 that went at once.
    assert console.stdout.outgoing == b"".join(answers[:13]) + b"short\n"


def test_it_holds_no_more_than_4096_bytes_and_takes_again_what_was_made_room_for() -> None:
    console = Console()
    console.stdout.room = 0
    console.link.send(bytes(4096))
    console.link.send(b"x")
    console.stdout.room = 1
    console.poll()
    console.link.send(b"y")
    console.stdout.room = 1 << 30
    console.poll(100)
    assert console.stdout.outgoing == bytes(4096) + b"y"


def test_nothing_is_as_good_as_no_answer() -> None:
    console = Console()
    console.stdout.room = 0
    for _ in range(10_000):
        console.link.send(b"")
    assert console.link._answers == []


def test_what_a_poll_does_is_bounded_however_many_answers_it_gave() -> None:
    console = Console()
    console.poll()
    for _ in range(10):
        console.link.send(bytes(300))
    assert console.stdout.writes <= 64
    console.poll(10)
    assert console.stdout.writes <= 11 * 64
    console.poll(50)
    assert console.stdout.outgoing == bytes(3000)


def test_what_a_write_did_not_take_is_kept() -> None:
    console = Console()
    console.stdout.deaf = True
    console.link.send(b"one")
    console.poll(10)
    # One attempt each, no more.
    assert console.stdout.writes <= 11
    console.stdout.deaf = False
    console.poll()
    assert console.stdout.outgoing == b"one"


def test_a_write_that_waits_though_there_was_room_is_the_last_for_seconds() -> None:
    console = Console()
    console.stdout.always_ready = True
    console.stdout.room = 10
    console.link.send(bytes(range(100)))
    begun_us = console.chip.now_us
    console.poll(400)
    assert console.chip.now_us - begun_us <= 500_000
    console.stdout.room = 1 << 30
    console.chip.advance_ms(5000)
    console.poll(2)
    assert console.stdout.outgoing == bytes(range(100))
