"""Words every room shares: units, errors, tick arithmetic, counters and the contracts of all hardware."""
