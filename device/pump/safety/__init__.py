"""What may be delivered: the guard, its limits and windows, the ledger, the reservoir, the alarms."""
