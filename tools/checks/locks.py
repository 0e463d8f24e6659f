"""The lock files pin and hash every package, and name no place to get it from: that is each machine's own affair."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ROOT / "requirements"

PIN = re.compile(r"^[a-z0-9][a-z0-9._-]*==\S+( ; [^\\]+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def breaches(text: str) -> list[str]:
    """Every line of a lock that is neither a pin nor a hash, and every pin without a hash, as "LINE: what"."""
    found: list[str] = []
    unhashed: str | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if HASH.match(line):
            unhashed = None
            continue
        if unhashed:
            found.append(f"{number - 1}: {unhashed} has no hash")
            unhashed = None
        if PIN.match(line):
            unhashed = line.split(" ")[0]
        else:
            found.append(f"{number}: neither a pin nor a hash: {line}")
    if unhashed:
        found.append(f"end: {unhashed} has no hash")
    return found


def pins(text: str) -> set[str]:
    """The names and versions that a lock pins."""
    return {line.split(" ")[0] for line in text.splitlines() if PIN.match(line)}


def main() -> int:
    """Check all locks; 1 if anything was found."""
    lines = [
        f"{path.relative_to(ROOT).as_posix()}:{each}"
        for path in sorted(LOCKS.glob("*.txt"))
        for each in breaches(path.read_text(encoding="utf-8"))
    ]
    run, dev = (pins((LOCKS / name).read_text(encoding="utf-8")) for name in ("run.txt", "dev.txt"))
    lines += [f"requirements/dev.txt: lacks what run.txt pins: {pin}" for pin in sorted(run - dev)]
    for line in lines:
        print(line)
    print(f"lock files: {len(run)} packages to run, {len(dev)} to develop, {len(lines)} breaches")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
