"""Reads the self-test of a pump that has just started, over its link."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

import serial

from itb.flash.failures import NotBack, SelfTestFailed
from itb.ports import BAUD, open_port

PATIENCE_S = 30.0
_REQUEST = b"status\n"
_ASK_EVERY_S = 0.5
_LISTEN_S = 0.1
_READ_BYTES = 4096
# A prompt shows itself only when asked for one, if it came while nobody listened.
_PROD_AFTER = 4
_PROD = b"\r\n"
_PROMPT = b">>> "
_TAIL = 400


@dataclass(frozen=True)
class Report:
    """What the pump says after its start."""

    state: str
    alarms: tuple[str, ...]
    failed_checks: tuple[str, ...]


def refuse_unless_passed(report: Report) -> None:
    """Raises SelfTestFailed, naming the checks."""
    if report.failed_checks or report.state == "inhibited":
        checks = ", ".join(report.failed_checks) or "not told which"
        raise SelfTestFailed(
            f"the firmware is on the board and runs, but its self-test failed: {checks}. The pump stays "
            f"{report.state}. See docs/flashing.md for what each check looks at."
        )


def ask(name_now: Callable[[], str], patience_s: float = PATIENCE_S, baud: int | None = None) -> Report:
    """The report of the pump at the port that `name_now()` names, once it is there and answers.

    Raises NotBack after `patience_s`, or when MicroPython's prompt is there instead of the pump.
    """
    end_s = time.monotonic() + patience_s
    heard = b""
    opened = False
    while time.monotonic() < end_s:
        # A board that restarts takes its port away and brings it back.
        with suppress(OSError), open_port(name_now(), baud or BAUD, _LISTEN_S) as port:
            opened = True
            asked = 0
            while time.monotonic() < end_s:
                port.write(_PROD + _REQUEST if asked and asked % _PROD_AFTER == 0 else _REQUEST)
                asked += 1
                heard = (heard + _heard_from(port))[-_READ_BYTES:]
                if report := _report_in(heard):
                    return report
                if heard.endswith(_PROMPT):
                    raise NotBack(
                        "the board restarted, but MicroPython's prompt is there instead of the pump. "
                        + _quoted(heard, "It said")
                    )
        time.sleep(_ASK_EVERY_S)
    if not opened:
        raise NotBack(f"the board did not come back within {patience_s:g} s: its port {name_now()} is gone. Replug it.")
    raise NotBack(
        f"the board restarted, but does not answer at {name_now()} within {patience_s:g} s. "
        + _quoted(heard, "It said")
    )


def _heard_from(port: serial.SerialBase) -> bytes:
    """What comes until a line ends, or until it is time to ask again."""
    end_s = time.monotonic() + _ASK_EVERY_S
    heard = b""
    while not heard.endswith(b"\n") and time.monotonic() < end_s:
        heard += port.read(_READ_BYTES)
    return heard


def _report_in(heard: bytes) -> Report | None:
    for line in heard.splitlines():
        with suppress(ValueError):
            told = cast(object, json.loads(line))
            if isinstance(told, dict) and "state" in told:
                fields = cast(dict[str, object], told)
                return Report(str(fields["state"]), _names(fields, "alarms"), _names(fields, "failed_checks"))
    return None


def _names(fields: dict[str, object], name: str) -> tuple[str, ...]:
    names = fields.get(name)
    return tuple(str(one) for one in cast(list[object], names)) if isinstance(names, list) else ()


def _quoted(heard: bytes, intro: str) -> str:
    text = heard[-_TAIL:].decode(errors="replace").strip()
    return f"{intro}:\n{text}" if text else "It said nothing."
