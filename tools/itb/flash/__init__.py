"""Puts the firmware on a board and reads its self-test back: `itb flash`."""
