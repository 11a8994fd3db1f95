"""Settings of all tests."""

import gc
import os

from hypothesis import settings

# A gate must not depend on luck: there, the same examples are tried each time. Elsewhere each run looks for new ones.
settings.register_profile("gate", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None)
settings.load_profile("gate" if os.environ.get("CI") else "search")


def pytest_collection_finish() -> None:
    """Spare the garbage collector the tests themselves: to go through them stops for long what others wait for."""
    gc.freeze()
