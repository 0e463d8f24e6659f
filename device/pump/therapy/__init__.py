"""What the prescriber asked for, as demand in microsteps."""
