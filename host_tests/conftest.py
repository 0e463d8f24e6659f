"""How hypothesis runs here: no deadlines, since no test asserts a time, and the same examples on every CI machine."""

import os

from hypothesis import settings

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")
