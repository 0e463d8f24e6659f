"""Installing: what is compared, copied, removed and kept, and in which order."""

import json
from contextlib import suppress

import pytest

from fakeboard import FakeBoard, image
from itb.flash.failures import Lost, NoRoom, Spoiled
from itb.flash.image import FORGOTTEN, HELD, INCOMING, MAIN, MANIFEST, Image
from itb.flash.install import Changes, compare, install, installed_by

DATA = {"/data/settings": b"mine", "/data/journal": b"seq 1", "/data/pump/one.mpy": b"not code"}


def flashed(board: FakeBoard, build: Image) -> tuple[Changes, list[str]]:
    """What was to be changed, and what was told, after an installation."""
    found = board.listing()
    changes = compare(build, found, board.files.get(MANIFEST, b""))
    told: list[str] = []
    install(board, build, found, changes, lambda what, path, _size: told.append(f"{what} {path}"))
    return changes, told


def installed(build: Image, **others: bytes) -> FakeBoard:
    """A board that has `build`, and nothing more."""
    board = FakeBoard(dict(others))
    flashed(board, build)
    board.operations.clear()
    return board


def changes_on(board: FakeBoard, build: Image) -> Changes:
    return compare(build, board.listing(), board.files.get(MANIFEST, b""))


def test_an_empty_board_gets_every_file_and_the_record() -> None:
    build = image()
    board = installed(build)
    assert board.files == {**build.files, MANIFEST: build.manifest}
    assert board.folders == {"/", "/pump", "/pump/core"}


def test_a_second_installation_finds_nothing_to_do() -> None:
    build = image()
    assert changes_on(installed(build), build).none


def test_only_what_changed_is_copied() -> None:
    board = installed(image())
    changes, told = flashed(board, image(two="another second"))
    assert changes.copy == ("/pump/core/two.mpy",)
    assert changes.missing == frozenset()
    assert told == ["copied /pump/core/two.mpy"]
    assert [each for each in board.operations if each.startswith("write")] == [
        "write /pump/core/two.mpy",
        f"write {MANIFEST}",
    ]


def test_what_lies_there_is_judged_by_its_content_and_not_by_the_record() -> None:
    build = image()
    board = installed(build)
    board.files["/pump/core/one.mpy"] += b"!"
    del board.files["/boot.py"]
    changes = changes_on(board, build)
    assert changes.copy == ("/pump/core/one.mpy", "/boot.py")
    assert changes.missing == {"/boot.py"}


def test_settings_and_journal_stay_whatever_the_record_says() -> None:
    board = FakeBoard({**DATA, MANIFEST: json.dumps({"files": dict.fromkeys(DATA, "")}).encode()})
    changes, _ = flashed(board, image())
    assert {path: board.files[path] for path in DATA} == DATA
    assert changes.stale == ()
    assert changes.strangers == ()


def test_modules_of_the_pump_that_are_no_more_are_removed_with_their_folders() -> None:
    board = FakeBoard({"/pump/old/deep/gone.mpy": b"x", "/pump/core/three.mpy": b"x"})
    changes, told = flashed(board, image())
    assert changes.stale == ("/pump/core/three.mpy", "/pump/old/deep/gone.mpy")
    assert changes.stale_folders == ("/pump/old/deep", "/pump/old")
    assert told[:2] == ["removed /pump/core/three.mpy", "removed /pump/old/deep/gone.mpy"]
    assert board.files.keys() == {*image().files, MANIFEST}
    assert board.folders == {"/", "/pump", "/pump/core"}


def test_what_an_earlier_version_put_elsewhere_is_removed_by_its_record() -> None:
    record = json.dumps({"files": {"/lib/helper.mpy": "", "/never/there.mpy": ""}}).encode()
    board = FakeBoard({"/lib/helper.mpy": b"x", MANIFEST: record})
    assert flashed(board, image())[0].stale == ("/lib/helper.mpy",)
    assert "/lib/helper.mpy" not in board.files


def test_files_of_others_are_left_alone_and_listed() -> None:
    theirs = {"/notes.txt": b"mine", "/lib/umqtt.py": b"theirs"}
    board = FakeBoard(theirs)
    changes, _ = flashed(board, image())
    assert changes.strangers == ("/lib/umqtt.py", "/notes.txt")
    assert {path: board.files[path] for path in theirs} == theirs


def test_constants_of_an_older_build_are_removed_whatever_the_record_says() -> None:
    board = FakeBoard({"/board.mpy": b"M\x06\x00\x1fNAME = 'other'"})
    assert flashed(board, image())[0].stale == ("/board.mpy",)


def test_a_file_where_a_folder_has_to_be_gives_way() -> None:
    board = FakeBoard({"/pump": b"x"})
    flashed(board, image())
    assert "/pump" in board.folders


def test_until_all_is_there_and_read_back_there_is_no_main() -> None:
    board = installed(image())
    flashed(board, image(one="another", three="new"))
    first, *between, back, record, _ = board.operations
    assert first == f"rename {MAIN} {HELD}"
    assert {"write /pump/core/three.mpy", f"write {HELD}"} <= set(between)
    assert not any(MAIN in each for each in between)
    assert (back, record) == (f"rename {HELD} {MAIN}", f"write {MANIFEST}")


@pytest.mark.parametrize("path", ["/pump/core/one.mpy", HELD])
def test_what_is_read_back_wrong_is_named_and_never_started(path: str) -> None:
    board = FakeBoard()
    board.spoils = path
    with pytest.raises(Spoiled, match=MAIN if path == HELD else path):
        flashed(board, image())
    assert MAIN not in board.files
    assert MANIFEST not in board.files


def test_an_installation_that_was_cut_off_leaves_nothing_of_its_own_behind() -> None:
    board = FakeBoard({HELD: b"half", INCOMING: b"ha"})
    flashed(board, image())
    assert board.files.keys() == {*image().files, MANIFEST}


def test_too_little_room_is_refused_before_anything_is_touched() -> None:
    build = image()
    board = FakeBoard(DATA, blocks_in_all=12)
    before = dict(board.files)
    with pytest.raises(NoRoom, match=r"needed, .* KiB are free\. Nothing was changed"):
        flashed(board, build)
    assert (board.files, board.operations) == (before, [])


def test_what_is_let_through_fits_into_the_last_block() -> None:
    build = image(two="x" * 30_000)
    accepted: list[int] = []
    for blocks_in_all in range(5, 60):
        board = FakeBoard(blocks_in_all=blocks_in_all)
        try:
            flashed(board, build)
        except NoRoom:
            # Before, and not in the middle.
            assert board.operations == []
        else:
            accepted.append(blocks_in_all)
            assert board.files.keys() == {*build.files, MANIFEST}
    assert accepted == list(range(accepted[0], 60))


def test_room_that_stale_files_take_is_counted_as_free() -> None:
    board = FakeBoard({"/pump/old.mpy": b"x" * 100_000}, blocks_in_all=32)
    flashed(board, image())
    assert "/pump/old.mpy" not in board.files


@pytest.mark.parametrize("record", [b"", b"{", b"[]", b'{"files": 3}', b"\xff\xfe", b'{"files": ["/notes.txt"]}'])
def test_a_record_that_makes_no_sense_is_as_none(record: bytes) -> None:
    board = FakeBoard({"/notes.txt": b"mine", MANIFEST: record})
    assert flashed(board, image())[0].stale == ()
    assert "/notes.txt" in board.files


def test_the_record_tells_version_board_and_build() -> None:
    build = image("pico")
    assert installed_by(build.manifest) == ("1.2.3", "pico", build.build)
    assert installed_by(b"?") == ("", "", "")


def test_a_memory_that_is_forgotten_is_gone_with_its_folders_and_nothing_else() -> None:
    build = image()
    board = installed(build, **DATA, **{"/notes.txt": b"theirs"})
    assert board.forget() == len(DATA)
    assert board.files == {**build.files, MANIFEST: build.manifest, "/notes.txt": b"theirs"}
    assert board.folders == {"/", "/pump", "/pump/core"}
    assert changes_on(board, build).none


def test_cut_off_while_it_forgets_the_pump_has_all_of_its_memory_or_none_and_the_next_installation_clears_up() -> None:
    build = image()
    for operations in range(100):
        board = installed(build, **DATA)
        board.operations_left = operations
        with suppress(Lost):
            board.forget()
        done, board.operations_left = board.operations_left != 0, -1
        left = {path: content for path, content in board.files.items() if path.startswith("/data/")}
        assert left in (DATA, {})
        flashed(board, build)
        assert board.files == {**build.files, MANIFEST: build.manifest, **left}
        assert not any(folder.startswith(FORGOTTEN) for folder in board.folders)
        if done:
            assert left == {}
            return
    pytest.fail("it never ended")


def test_without_being_told_to_forget_no_installation_does() -> None:
    board = installed(image(), **DATA)
    for build in (image(two="another second"), image(two="")):
        flashed(board, build)
        assert {path: board.files[path] for path in DATA} == DATA
