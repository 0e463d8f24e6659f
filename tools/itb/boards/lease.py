"""The lease of a board: how far its pump may deliver beyond what its memory says it delivered."""

from fractions import Fraction
from math import floor

from itb.quantity import VOLUME
from itb.tables import Table

DEFAULT_NL = Fraction(5000)
# A lease of fewer bursts ends before it can be renewed.
LEAST_BURSTS = 4
_LEAST, _MOST = "0.5 uL", "50 uL"


def read_lease(root: Table) -> Fraction | None:
    """The volume in nL that [memory] asks for; None where it says nothing. Raises InputError outside 0.5 to 50 uL."""
    if not root.has("memory"):
        return None
    return root.table("memory").quantity("lease", VOLUME, _LEAST, _MOST)


def lease_steps(lease_nl: Fraction | None, nl_per_step: Fraction, burst_max_steps: int) -> int:
    """The lease in whole microsteps: LEAST_BURSTS bursts where the volume is less."""
    volume_nl = DEFAULT_NL if lease_nl is None else lease_nl
    return max(floor(volume_nl / nl_per_step), LEAST_BURSTS * burst_max_steps)


def refuse_short_lease(root: Table, lease_nl: Fraction | None, nl_per_step: Fraction, burst_max_steps: int) -> None:
    """Raise InputError for a lease that the file asks for and that holds fewer than LEAST_BURSTS bursts of its tick."""
    least_steps = LEAST_BURSTS * burst_max_steps
    if lease_nl is not None and lease_nl < least_steps * nl_per_step:
        reason = f"at least {least_steps} microsteps: {LEAST_BURSTS} bursts of the highest rate"
        raise root.table("memory").refuse("lease", reason)
