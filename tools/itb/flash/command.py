"""`itb flash`: build, connect, compare, copy, restart, and read the self-test back."""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from mpremote.transport import TransportError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from itb.boards.board import Board
from itb.errors import InputError
from itb.firmware import PUMP, CompileError
from itb.flash import advice
from itb.flash.failures import Differs, FlashFailed, Lost, NoMicroPython, NoRoom, WrongBoard
from itb.flash.fits import bench, refuse_unless_fit
from itb.flash.image import HELD, MANIFEST, Image, make_image
from itb.flash.install import Changes, Tell, compare, install, installed_by
from itb.flash.ports import find_port, why_closed
from itb.flash.remote import PATIENCE_S, RemoteBoard
from itb.flash.selftest import PATIENCE_S as BACK_S
from itb.flash.selftest import ask, refuse_unless_passed
from itb.ports import Port

_UART = "uart"


@dataclass(frozen=True)
class Order:
    """What is asked for. `port` None: the only one there is. `link_port` is where a pump whose link is a UART of its
    own is heard; None: not listened to. `patience_s` is how long the board may be silent, `back_s` how long its restart
    may take. With `forget` the pump loses its memory, which it otherwise keeps; not together with `verify`."""

    board: str
    port: str | None = None
    verify: bool = False
    reboot: bool = True
    link_port: str | None = None
    device: Path = PUMP.parent
    patience_s: float = PATIENCE_S
    back_s: float = BACK_S
    forget: bool = False


def flash(order: Order, out: Console, errors: Console) -> int:
    """Carry out `order`, telling on `out`. Returns the exit status: 0, or what docs/flashing.md says, after a message
    on `errors`."""
    try:
        _flash(order, out)
    except InputError as error:
        return _fail(errors, str(error), 2)
    except CompileError as error:
        return _fail(errors, str(error), 1)
    except FlashFailed as error:
        return _fail(errors, str(error), error.status)
    except KeyboardInterrupt:
        return _fail(errors, "ended by Ctrl-C. The board may not be complete: flash again.", 130)
    return 0


def _flash(order: Order, out: Console) -> None:
    if order.forget and order.verify:
        raise InputError("--forget", "together with --verify", "one of the two: --verify changes nothing")
    board = bench(order.board)
    image = make_image(board, order.device)
    size = sum(map(len, image.files.values()))
    _say(out, f"Built {_named(image)}: {len(image.files)} files, {size:,} bytes.")
    port = find_port(order.port, board.chip)
    _say(out, f"Connecting to {port}; what runs there is stopped.")
    with _connected(port, board, order.patience_s) as remote:
        try:
            _bring_up_to_date(remote, board, image, port, order.verify, out)
            if order.forget:
                _forget(remote, port, out)
        except (WrongBoard, NoRoom, Differs):
            # What ran there before was stopped to look; it may go on.
            if order.reboot:
                with suppress(Lost):
                    remote.restart()
            raise
        if not order.reboot:
            _say(out, "Not restarted: the board waits at MicroPython's prompt, the pump stands.")
            return
        remote.restart()
    _read_back(order, board, image, port, out)


def _bring_up_to_date(remote: RemoteBoard, board: Board, image: Image, port: Port, verify: bool, out: Console) -> None:
    """Make the board have this build, or with `verify` raise Differs if it has not."""
    begun = False
    try:
        machine = remote.machine()
        refuse_unless_fit(machine, board, image, port.name)
        _say(out, f"MicroPython {machine.release} on {machine.machine}.")
        found = remote.listing()
        installed = remote.read(MANIFEST) if MANIFEST in found.sizes else b""
        changes = compare(image, found, installed)
        _tell_before(installed, HELD in found.sizes, changes, out)
        if changes.none:
            _say(out, "Nothing to copy: the board has this build.")
        elif verify:
            raise Differs(f"{port.name}: not what was built as {_named(image)}: " + _differences(changes))
        else:
            begun = True
            with _progress(changes, out) as tell:
                install(remote, image, found, changes, tell)
    except Lost as error:
        raise Lost(advice.interrupted(port.name, str(error), begun)) from error
    if changes.strangers:
        _say(out, f"Not of the pump, left alone: {', '.join(changes.strangers)}")


def _forget(remote: RemoteBoard, port: Port, out: Console) -> None:
    """The pump's memory goes, once the build is on the board."""
    _say(out, advice.FORGETTING)
    try:
        count = remote.forget()
    except Lost as error:
        raise Lost(advice.perhaps_forgotten(port.name, str(error))) from error
    _say(out, f"Forgotten: {count} files. The pump starts as new." if count else "There was no memory to forget.")


def _read_back(order: Order, board: Board, image: Image, port: Port, out: Console) -> None:
    """Wait for the board and say what its self-test found. Raises NotBack and SelfTestFailed."""
    _say(out, "Restarted; waiting for the pump.")
    if board.peripherals.link == _UART and order.link_port is None:
        _say(
            out,
            f"{_named(image)} is on the board. Its link is a UART on pins of its own, so the self-test cannot be read "
            "over this cable: name the serial port of its adapter with --link-port.",
        )
        return
    baud = board.peripherals.link_baud if board.peripherals.link == _UART else None
    heard_at = Port(order.link_port) if order.link_port else port
    report = ask(heard_at.now, order.back_s, baud)
    refuse_unless_passed(report)
    alarms = ", ".join(report.alarms) or "none"
    _say(out, f"The board runs {_named(image)}. Self-test passed; the pump is {report.state}; alarms: {alarms}.")


@contextmanager
def _connected(port: Port, board: Board, patience_s: float) -> Generator[RemoteBoard]:
    try:
        remote = RemoteBoard(port.name, patience_s)
    except NoMicroPython as error:
        raise NoMicroPython(advice.silent(port.name, board.chip, str(error))) from error
    except (TransportError, OSError, ValueError) as error:
        raise why_closed(port.name, board.chip) from error
    with remote:
        yield remote


@contextmanager
def _progress(changes: Changes, out: Console) -> Generator[Tell]:
    """A bar on a terminal, plain lines elsewhere."""

    def line(what: str, path: str, size_bytes: int) -> None:
        _say(out, f"{what} {path}, {size_bytes:,} bytes")

    if not out.is_terminal:
        yield line
        return
    columns = (
        TextColumn("{task.completed:>3.0f} of {task.total:.0f} files"),
        BarColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=out) as progress:
        task = progress.add_task("", total=len(changes.copy))

        def move(what: str, path: str, _size_bytes: int) -> None:
            progress.update(task, advance=1 if what == "copied" else 0, description=f"{what} {path}")

        yield move


def _tell_before(installed: bytes, held: bool, changes: Changes, out: Console) -> None:
    version, board, build = installed_by(installed)
    if held:
        _say(out, "An earlier installation was cut off; this one completes it.")
    elif build:
        _say(
            out,
            f"On it: itb {version}, build {build}, for {board}"
            + ("" if changes.none else ", or what is left of it")
            + ".",
        )


def _differences(changes: Changes) -> str:
    parts = (
        ("missing", sorted(changes.missing)),
        ("different", [path for path in changes.copy if path not in changes.missing]),
        ("not in this build", [*changes.stale, *changes.stale_folders]),
        ("record of the installation", [MANIFEST] if changes.manifest else []),
    )
    return "; ".join(f"{what}: {', '.join(paths)}" for what, paths in parts if paths)


def _named(image: Image) -> str:
    return f"itb {image.version}, build {image.build}, for {image.board}"


def _say(out: Console, text: str) -> None:
    out.print(text, markup=False, highlight=False, soft_wrap=True)


def _fail(errors: Console, message: str, status: int) -> int:
    _say(errors, f"itb: {message}")
    return status
