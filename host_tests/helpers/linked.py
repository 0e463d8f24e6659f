"""A journal at the pump's end of a link, without the pump around it."""

from frail import FrailNvm
from itb.journal.answers import Answer, parse_answer
from pump.link.server import Server
from pump.memory.journal import Journal
from twin.peripherals import LoopLink


class Linked:
    """The firmware's journal and the server that tells it, on a memory that may fail."""

    def __init__(self, count: int = 0, nvm: FrailNvm | None = None) -> None:
        """With `count` events: the n-th has the numbers n and -n, and came at second n."""
        self.nvm = nvm or FrailNvm()
        self.asked: list[int] = []
        self.start()
        self.log(count)

    def start(self) -> None:
        """As after a reset: on what is stored."""
        self.link = LoopLink()
        self.journal = Journal(self.nvm)
        self.journal.recover()
        self._server = Server(self.link, dict, self.journal)

    def log(self, count: int) -> None:
        for _ in range(count):
            seq = self.journal.seq + 1
            self.journal.uptime_ms = 1000 * seq
            self.journal.log("kind", seq, -seq)

    def serve(self, came: bytes) -> bytes:
        """What comes back for what came."""
        self.link.put(came)
        for _ in range(came.count(b"\n") + 1):
            self._server.poll()
        return self.link.take()

    def ask(self, after: int) -> Answer:
        """One question, without a cable."""
        self.asked.append(after)
        answer = parse_answer(self.serve(b"journal %d\n" % after))
        assert isinstance(answer, Answer)
        return answer
