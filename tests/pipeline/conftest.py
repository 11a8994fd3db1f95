"""Counts for the end of the run."""

from __future__ import annotations

import pytest

from doubles import COUNTED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much was sent through faults: a test that loses nothing because it sends nothing passes, too."""
    if COUNTED:
        terminalreporter.section("nothing lost")
        for line in COUNTED:
            terminalreporter.write_line(line)
