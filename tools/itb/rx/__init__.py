"""Prescriptions: read, held against their limits, previewed, and turned into the program of the pump."""
