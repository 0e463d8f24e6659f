"""What belongs on a board, and what it takes there."""

import hashlib
import json
from pathlib import Path

import pytest
from rich.console import Console

from itb.boards.board import load_board, write_constants
from itb.firmware import FLAGS, PUMP, modules, sizes_by_room
from itb.flash.image import CONSTANTS, MANIFEST, Image, blocks, make_image
from itb.flash.size import by_room, table
from pump.hal.settings import COPIES

BOARD = load_board("pico_bench")


@pytest.fixture(scope="module")
def image() -> Image:
    return make_image(BOARD)


def small_device(directory: Path, text: str = "x = 1\n") -> Path:
    (directory / "pump" / "room").mkdir(parents=True)
    for name, source in (("boot.py", "1\n"), ("main.py", "2\n"), ("pump/__init__.py", ""), ("pump/room/a.py", text)):
        (directory / name).write_text(source)
    return directory


def test_all_modules_go_as_bytecode_and_only_constants_and_what_micropython_starts_as_source(image: Image) -> None:
    bytecode = {"/" + name.replace(".py", ".mpy") for name, _ in modules(PUMP)}
    assert image.files.keys() == {*bytecode, *CONSTANTS, "/boot.py", "/main.py"}
    assert all(content[:2] == b"M\x06" for path, content in image.files.items() if path.endswith(".mpy"))
    assert image.files["/main.py"] == (PUMP.parent / "main.py").read_bytes()


@pytest.mark.req("I-02")
def test_the_constants_go_twice_the_same_under_the_names_that_the_pump_reads(image: Image, tmp_path: Path) -> None:
    assert tuple(f"/{name}.py" for name in COPIES) == CONSTANTS
    assert {image.files[path] for path in CONSTANTS} == {write_constants(BOARD, tmp_path).read_bytes()}


def test_what_boot_needs_is_copied_before_it(image: Image) -> None:
    assert list(image.files)[-2:] == ["/boot.py", "/main.py"]


def test_the_version_of_the_bytecode_is_that_of_its_files(image: Image) -> None:
    assert {content[1] for path, content in image.files.items() if path.endswith(".mpy")} == {image.mpy_version}


def test_each_folder_comes_after_the_one_it_lies_in(image: Image) -> None:
    assert image.folders[0] == "/pump"
    assert "/pump/core" in image.folders
    assert "/" not in image.folders


def test_the_record_names_version_board_flags_and_the_hash_of_every_file(image: Image) -> None:
    record = json.loads(image.manifest)
    assert (record["board"], record["version"], record["build"]) == ("pico_bench", image.version, image.build)
    assert record["mpy_flags"] == list(FLAGS)
    assert record["files"] == {path: hashlib.sha256(content).hexdigest() for path, content in image.files.items()}


def test_the_build_is_named_by_its_content(tmp_path: Path) -> None:
    first = make_image(BOARD, small_device(tmp_path / "a"), tmp_path)
    assert make_image(BOARD, small_device(tmp_path / "b"), tmp_path).build == first.build
    assert make_image(BOARD, small_device(tmp_path / "c", "x = 2\n"), tmp_path).build != first.build
    assert make_image(load_board("sim"), tmp_path / "a", tmp_path).build != first.build


@pytest.mark.parametrize("size_bytes, taken", [(0, 1), (1, 1), (4096, 1), (4097, 2)])
def test_every_file_takes_whole_blocks(size_bytes: int, taken: int) -> None:
    assert blocks(size_bytes) == taken


def test_the_sizes_by_room_are_those_of_the_firmware(image: Image) -> None:
    found = by_room(image)
    assert {room: sum(found[room]) for room in sizes_by_room()} == sizes_by_room()
    assert sum(map(sum, found.values())) == sum(map(len, image.files.values())) + len(image.manifest)


def test_the_table_ends_with_the_sum(image: Image) -> None:
    console = Console(width=100)
    with console.capture() as capture:
        console.print(table(image))
    last = [line for line in capture.get().splitlines() if " all " in line]
    assert f" {len(image.files) + 1} " in last[0]
    assert f"{sum(map(len, image.files.values())) + len(image.manifest):,}" in last[0]
    assert MANIFEST in capture.get()
