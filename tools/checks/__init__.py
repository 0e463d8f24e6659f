"""The project's own checks, run by `make check` and `make trace`: `python -m checks.NAME`."""
