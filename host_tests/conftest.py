"""How hypothesis runs here: no deadlines, since no test asserts a time, and the same examples on every CI machine.

And what is said in the end: how many cuts of the power the tests tried."""

import os

import pytest
from hypothesis import HealthCheck, settings

# Mutation testing runs the methods of a test class twice in one process.
COMMON = settings(deadline=None, suppress_health_check=[HealthCheck.differing_executors])
settings.register_profile("here", COMMON)
settings.register_profile("ci", COMMON, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Sum up the "cuts" that tests have recorded, on whatever worker."""
    passed = terminalreporter.getreports("passed")
    cuts = [value for report in passed for name, value in report.user_properties if name == "cuts"]
    if cuts:
        terminalreporter.write_line(f"cuts of the power tried: {sum(cuts)}, in {len(cuts)} tests")
