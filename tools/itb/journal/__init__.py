"""Reads the journal of a pump over its link: `itb journal`."""
