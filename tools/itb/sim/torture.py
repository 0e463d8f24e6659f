"""`make torture`: cuts the simulated pump's power at every flash operation of a set of stories, on the real VM.

Prints a line for each story, and the total.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from itb.boards.board import load_board, write_constants
from itb.firmware import PUMP, TWIN
from itb.sim.engine import CPYTHON, VM, lay_out_guest, vm_command

BOARD = "sim"
# Of so many ms a tick, a burst has several steps, and some of it can be out when the power goes.
SLICE_MS = 100
# The simulated flash is in the heap too, with its snapshots.
HEAP = "16M"
# The last output of a guest that died.
LAST_LINES = 20

_GUEST = """
import sys
sys.path[:{keep}] = {path}
from twin.power.torture import main, names
{act}
"""


@dataclass(frozen=True)
class Extent:
    """Of the single cuts at flash operations every `every`-th is tried, and every `double_every`-th of the double cuts
    that follow those, none if it is 0; bursts are cut every `burst_ms`. Numbers that three does not divide let the ways
    of a cut take turns."""

    every: int
    double_every: int
    burst_ms: int


WHOLE = Extent(every=1, double_every=457, burst_ms=3)
SHORT = Extent(every=17, double_every=499, burst_ms=131)


@dataclass(frozen=True)
class Tried:
    """What became of one story: flash operations in it, cuts in it, cuts of a restart after one of those, bursts cut
    half out. `error` is the traceback where a cut was not survived."""

    story: str
    operations: int = 0
    cuts: int = 0
    double: int = 0
    restart_operations: int = 0
    half_out: int = 0
    error: str = ""


class Guests:
    """Runs stories, each in a process of its own."""

    def __init__(self, directory: Path, engine: str) -> None:
        self._directory = directory
        self._engine = engine
        self._path = [str(directory)]
        if engine == CPYTHON:
            write_constants(load_board(BOARD), directory, SLICE_MS)
            self._path += [str(PUMP.parent), str(TWIN.parent)]
        else:
            lay_out_guest(directory, load_board(BOARD), SLICE_MS)

    def names(self) -> list[str]:
        """The stories there are."""
        return json.loads(self._said('import json; print(json.dumps(names(__import__("board"))))'))

    def run(self, story: str, extent: Extent) -> Tried:
        """What becomes of `story`."""
        every = extent.burst_ms if story.endswith("burst") else extent.every
        said = self._said(f"main({story!r}, {every}, {extent.double_every})")
        try:
            return Tried(**json.loads(said.splitlines()[-1]))
        except (IndexError, ValueError, TypeError):
            return Tried(story, error=said)

    def _said(self, act: str) -> str:
        keep = "0" if self._engine == CPYTHON else ""
        code = _GUEST.format(keep=keep, path=self._path, act=act)
        command = [sys.executable, "-c", code] if self._engine == CPYTHON else vm_command(code, HEAP)
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        return "\n".join(done.stdout.splitlines()[-LAST_LINES:])


@contextmanager
def guests(engine: str = VM) -> Generator[Guests]:
    """Guests on `engine`, and all they import, for as long as the context lasts."""
    with tempfile.TemporaryDirectory(prefix="itb-torture-") as name:
        yield Guests(Path(name).resolve(), engine)


def torture(stage: Guests, stories: Iterable[str], extent: Extent, workers: int) -> Generator[Tried]:
    """What becomes of each of `stories`, as they end, `workers` at a time."""
    with ThreadPoolExecutor(workers) as pool:
        for ended in as_completed([pool.submit(stage.run, story, extent) for story in stories]):
            yield ended.result()


def line(tried: Tried) -> str:
    """One line for people."""
    if tried.error:
        return f"{tried.story:26} FAILED\n{tried.error}"
    text = f"{tried.story:26} {tried.operations:4} operations {tried.cuts:5} cuts {tried.double:5} double cuts"
    return text + (f", {tried.half_out} of them with a burst half out" if tried.half_out else "")


def main() -> int:
    """Run and print; 1 where any cut was not survived."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="a sample of the cuts, as in the tests")
    parser.add_argument("--engine", choices=(VM, CPYTHON), default=VM)
    parser.add_argument("--only", action="append", metavar="STORY", help="this story only; may be repeated")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    begun = time.perf_counter()
    every: list[Tried] = []
    with guests(asked.engine) as stage:
        for tried in torture(stage, asked.only or stage.names(), SHORT if asked.short else WHOLE, asked.workers):
            every.append(tried)
            print(line(tried), flush=True)
    cuts, double = sum(tried.cuts for tried in every), sum(tried.double for tried in every)
    failed = sum(bool(tried.error) for tried in every)
    print(f"{len(every)} stories, {cuts} cuts, {double} double cuts, {cuts + double} in all, {failed} stories failed")
    print(f"{time.perf_counter() - begun:.0f} s on {asked.engine}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
