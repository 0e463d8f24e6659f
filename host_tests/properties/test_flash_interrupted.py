"""An installation that is cut off anywhere starts no mixture of builds, and the next one completes it."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from fakeboard import FakeBoard, image
from itb.flash.failures import Lost
from itb.flash.image import MAIN, MANIFEST, Image
from itb.flash.install import compare, install

DATA = {"/data/settings": b"mine"}
OLD, NEW = image(one="old", gone="old only"), image(one="new", two="", late="new only")
PATHS = sorted({*OLD.files, *NEW.files, "/main.held", "/incoming.tmp", "/board.mpy", "/pump/rest/x.mpy", "/notes.txt"})

contents = st.sampled_from([b"", b"?", *OLD.files.values(), *NEW.files.values()])
leftovers = st.dictionaries(st.sampled_from(PATHS), contents)


def flash(board: FakeBoard, build: Image) -> None:
    found = board.listing()
    changes = compare(build, found, board.files.get(MANIFEST, b""))
    if not changes.none:
        install(board, build, found, changes, lambda *_: None)


def has(board: FakeBoard, build: Image) -> bool:
    """Whether just this build would run."""
    ours = {path: content for path, content in board.files.items() if path.startswith("/pump/")}
    wanted = {path: content for path, content in build.files.items() if path.startswith("/pump/")}
    return ours == wanted and all(board.files[path] == content for path, content in build.files.items())


def operations_of(files: dict[str, bytes], build: Image) -> int:
    board = FakeBoard(files)
    flash(board, build)
    return len(board.operations)


def test_at_every_operation_from_one_build_to_the_next() -> None:
    before = FakeBoard(DATA)
    flash(before, OLD)
    for cut in range(operations_of(before.files, NEW)):
        board = FakeBoard(before.files)
        board.operations_left = cut
        with suppress(Lost):
            flash(board, NEW)
        assert MAIN not in board.files or has(board, OLD) or has(board, NEW)
        board.operations_left = -1
        flash(board, NEW)
        assert board.files == {**NEW.files, MANIFEST: NEW.manifest, **DATA}


@given(files=leftovers, cuts=st.lists(st.integers(0, 40), max_size=3), data=st.data())
def test_whatever_lay_there_and_however_often_it_is_cut(
    files: dict[str, bytes], cuts: list[int], data: st.DataObject
) -> None:
    board = FakeBoard({**files, **DATA})
    for cut in cuts:
        board.operations_left = cut
        build = data.draw(st.sampled_from([OLD, NEW]))
        try:
            flash(board, build)
        except Lost:
            # Only what lay there before may still start as it did.
            assert MAIN not in board.files or has(board, OLD) or has(board, NEW) or not board.operations
    board.operations_left = -1
    flash(board, NEW)
    theirs = {path: content for path, content in files.items() if path == "/notes.txt"}
    assert board.files == {**NEW.files, MANIFEST: NEW.manifest, **DATA, **theirs}
    found = board.listing()
    assert compare(NEW, found, board.files[MANIFEST]).none
