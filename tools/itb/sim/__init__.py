"""Runs of the firmware on the simulated bench: the engines, what they say, and the record of it."""
