"""Fixtures of the tests that flash a board."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flashed import DATA, Source
from vmboard import VmBoard


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """Writes a small firmware."""
    return Source(tmp_path / "device")


@pytest.fixture
def board(tmp_path: Path) -> Iterator[VmBoard]:
    board = VmBoard(tmp_path)
    board.put(DATA)
    with board:
        yield board
