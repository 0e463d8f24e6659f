"""Compiling the firmware: once for each content, to bytecode that both VMs load."""

from pathlib import Path

import pytest

from itb.firmware import PUMP, CompileError, compile_source, lay_out, modules, sizes_by_room


def package(directory: Path, **sources: str) -> Path:
    root = directory / "house"
    (root / "room").mkdir(parents=True, exist_ok=True)
    (root / "__init__.py").write_text("")
    for name, text in sources.items():
        (root / "room" / f"{name}.py").write_text(text)
    return root


def test_a_source_is_compiled_once_for_its_content_and_name(tmp_path: Path) -> None:
    first = compile_source(b"x = 1\n", "a.py", tmp_path)
    written_ns = first.stat().st_mtime_ns
    assert compile_source(b"x = 1\n", "a.py", tmp_path) == first
    assert first.stat().st_mtime_ns == written_ns
    assert compile_source(b"x = 2\n", "a.py", tmp_path) != first
    assert compile_source(b"x = 1\n", "b.py", tmp_path) != first
    assert len(list(tmp_path.iterdir())) == 3


def test_the_bytecode_is_that_of_both_vms(tmp_path: Path) -> None:
    # "M", version 6, no machine code of any architecture, small ints of 31 bits.
    assert compile_source(b"x = 1\n", "a.py", tmp_path).read_bytes()[:4] == b"M\x06\x00\x1f"


def test_a_source_that_does_not_compile_is_named_with_the_compilers_words(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match=r"(?s)bad\.py.*SyntaxError"):
        compile_source(b"def f(:\n", "bad.py", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_package_is_laid_out_as_the_vm_imports_it(tmp_path: Path) -> None:
    lay_out(tmp_path / "out", (package(tmp_path, one="x = 1\n"),), tmp_path / "cache")
    laid_out = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.mpy")}
    assert laid_out == {"house/__init__.mpy", "house/room/one.mpy"}


def test_sizes_are_summed_by_room(tmp_path: Path) -> None:
    house = package(tmp_path, one="x = 1\n", two="y = 'a longer module'\n")
    sizes = sizes_by_room(house, tmp_path / "cache")
    assert sizes.keys() == {"house", "room"}
    compiled = {name: compile_source(path.read_bytes(), name, tmp_path / "cache") for name, path in modules(house)}
    assert sum(sizes.values()) == sum(path.stat().st_size for path in compiled.values())


def test_every_room_of_the_firmware_has_a_size() -> None:
    rooms = {path.name for path in PUMP.iterdir() if (path / "__init__.py").exists()}
    assert rooms <= sizes_by_room().keys()
