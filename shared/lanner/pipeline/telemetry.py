"""What a function tells of itself: log lines about runs, and why it cannot start."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeVar

from lanner.errors import LannerError, NotSafe

if TYPE_CHECKING:
    from collections.abc import Callable

    from lanner.pipeline.outcome import Outcome

__all__ = ["LOGGER", "Telemetry"]

LOGGER = "lanner"
"""The logger whose handler writes what all of Lanner logs."""

T = TypeVar("T")


class Telemetry:
    """Writes about runs to the logger `LOGGER`; a platform's own kind adds its form, and metrics."""

    def __init__(self) -> None:
        self._logger = logging.getLogger(LOGGER)

    def started(self, make: Callable[[], T]) -> T:
        """Return what `make` does; if that fails, say why in a log line, and raise it."""
        try:
            return make()
        except LannerError as error:
            self._logger.critical("cannot start: %s", error)
            raise

    def run(self, run: Callable[[], Outcome]) -> Outcome:
        """Return what a run comes to, and report it, also if it ends with `NotSafe`, which is raised."""
        try:
            outcome = run()
        except NotSafe as error:
            self.report(error.outcome)
            raise
        self.report(outcome)
        return outcome

    def report(self, outcome: Outcome) -> None:
        """Log what a run came to: nothing to be seen is for debugging, what is lost or kept is a warning or worse."""
        if outcome.not_safe:
            level = logging.ERROR
        elif outcome.problems or outcome.statistics.failed:
            level = logging.WARNING
        else:
            level = logging.DEBUG if outcome.is_quiet else logging.INFO
        if self._logger.isEnabledFor(level):
            self._logger.log(level, "%s", outcome, extra=outcome.record())
