"""`make torture`, its second part: the power of one pump goes thousands of times at random over simulated months.

After each restart, and after each tick, the pump's account is compared with the steps that its motor made.
"""

import argparse
import sys
from dataclasses import dataclass

from itb.sim.ask import answer
from itb.sim.engine import CPYTHON, VM
from itb.sim.messages import GuestError
from itb.sim.wear import DEFAULT_NL, lease_steps

SLICE_MS = 60_000
RESTARTS, ON_FLASH = 10_000, 1000
SEED = 7


@dataclass(frozen=True)
class Months:
    """What was tried and found, in microsteps: `most_slack_steps` is the most that one restart accounted for beyond
    what was delivered, `hour_steps` and `day_steps` the most that the motor made within any hour and any day."""

    restarts: int
    days: int
    made_steps: int
    slack_steps: int
    most_slack_steps: int
    hour_steps: int
    day_steps: int
    boluses: int
    counts: dict[str, int]


def months(restarts: int, seed: int, flash: bool, engine: str) -> Months:
    """One story. Raises GuestError where a promise is broken."""
    said = answer("months", f"main({restarts}, {seed}, {lease_steps(DEFAULT_NL)}, {flash})", SLICE_MS, engine)
    return Months(**said)


def text(found: Months, where: str) -> str:
    """A few lines for people."""
    mean = found.slack_steps / found.restarts
    lease = lease_steps(DEFAULT_NL)
    told = ", ".join(f"{count:,} {name}" for name, count in sorted(found.counts.items()))
    return (
        f"{found.restarts:,} restarts in {found.days:,} days, {where}: motor {found.made_steps:,} steps, never "
        f"accounted for less; a restart adds {mean:,.0f} on average and {found.most_slack_steps:,} at most, of a lease "
        f"of {lease:,}.\nMost in any hour {found.hour_steps:,} steps, in any day {found.day_steps:,}; "
        f"{found.boluses:,} boluses of the patient's, none too early.\n{told}"
    )


def main() -> int:
    """Run and print; 1 where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--restarts", type=int, default=RESTARTS, help="of the pump whose memory is cut between pieces")
    parser.add_argument("--on-flash", type=int, default=ON_FLASH, help="of the pump whose flash is cut while it works")
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args()
    try:
        print(text(months(asked.restarts, asked.seed, False, CPYTHON), "in memory"), flush=True)
        print(text(months(asked.on_flash, asked.seed, True, VM), "on a flash"), flush=True)
    except GuestError as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
