"""The check of the lock files: pins with hashes, and nothing else."""

import pytest

from checks.locks import breaches, pins

HASH = "    --hash=sha256:" + "0" * 64
PINNED = f"rich==15.0.0 \\\n{HASH} \\\n{HASH}\nzipp==3.1 ; python_full_version < '3.11' \\\n{HASH}\n"


def test_pins_with_hashes_are_all_a_lock_needs() -> None:
    assert breaches(PINNED) == []
    assert pins(PINNED) == {"rich==15.0.0", "zipp==3.1"}


@pytest.mark.parametrize(
    "line",
    [
        "--index-url somewhere",
        "--extra-index-url somewhere",
        "--find-links /somewhere",
        "rich @ https://somewhere/rich.whl",
        "rich>=15.0.0 \\",
        "-e .",
        "    # via typer",
        "    --hash=md5:0123",
    ],
)
def test_any_other_line_is_a_breach(line: str) -> None:
    assert breaches(PINNED + line + "\n") == [f"6: neither a pin nor a hash: {line}"]


@pytest.mark.parametrize("after", ["", f"zipp==3.1 \\\n{HASH}\n"])
def test_a_pin_without_a_hash_is_a_breach(after: str) -> None:
    (only,) = breaches(f"rich==15.0.0 \\\n{after}")
    assert only.endswith("rich==15.0.0 has no hash")
