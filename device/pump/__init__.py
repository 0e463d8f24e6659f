"""Firmware of the bench pump: a demonstrator for water and dye, never for a person or an animal."""
