"""The exact account of a run: what was asked for, what became of it, and whether both sides agree."""
