"""Prescriptions: what the prescriber asked for, read exactly."""
