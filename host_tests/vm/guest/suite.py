"""Runs the tests of one module inside the guest, and prints one line of JSON for each.

Everything a test may die of is caught here and printed: what a failing guest writes to its stderr is lost on the
WebAssembly VM.
"""

import io
import json
import sys

from support import Skip


def _trace(error) -> str:
    print_exception = getattr(sys, "print_exception", None)
    if print_exception:
        text = io.StringIO()
        print_exception(error, text)
        return text.getvalue()
    import traceback

    return "".join(traceback.format_exception(type(error), error, error.__traceback__))


def _run(test) -> "tuple[str, str]":
    try:
        test()
    except Skip as skip:
        return "skipped", str(skip)
    except BaseException as error:
        return "failed", _trace(error)
    return "passed", ""


def main(module_name: str) -> None:
    """Run every `test_*` of the module, in the order of their names."""
    module = __import__(module_name)
    for name in sorted(dir(module)):
        if name.startswith("test_"):
            outcome, text = _run(getattr(module, name))
            print(json.dumps({"test": name, "outcome": outcome, "text": text}))
