"""How hypothesis runs here: no deadlines, since no test asserts a time, and the same examples on every CI machine."""

import os

from hypothesis import HealthCheck, settings

# Mutation testing runs the methods of a test class twice in one process.
COMMON = settings(deadline=None, suppress_health_check=[HealthCheck.differing_executors])
settings.register_profile("here", COMMON)
settings.register_profile("ci", COMMON, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")
