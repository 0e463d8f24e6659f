"""Limits: which there are, which is in force, and whether a prescription keeps to them."""
