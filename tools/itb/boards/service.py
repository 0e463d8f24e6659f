"""The service life of a board's pump, after which it delivers no more (requirement A-07)."""

from itb.quantity import TIME
from itb.tables import Table

# Seven years: the longest that the SynchroMed II is let run before it shuts itself off (Medtronic, "Getting a
# Replacement - Drug Pumps": "will last a maximum of 7 years").
DEFAULT_DAYS = 2555


def read_service_days(root: Table) -> int:
    """The days that [service] asks for, DEFAULT_DAYS where it says nothing.

    Raises InputError outside 91 to 3650 days: the last 90 are those of the replacement indicator.
    """
    if not root.has("service"):
        return DEFAULT_DAYS
    return root.table("service").whole_quantity("life", TIME, "day", "91 day", "3650 day")
