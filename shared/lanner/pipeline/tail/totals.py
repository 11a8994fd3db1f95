"""What came of many batches together, for a log line now and then."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

from lanner.pipeline.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Totals"]


class Totals:
    """Counts since they were taken last. Several threads may use it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._outcome = Outcome()
        self._counts = dict.fromkeys(("messages", "repeated", "gaps", "gap_seconds"), 0.0)

    def add(self, outcome: Outcome) -> None:
        """Add what a batch came to."""
        with self._lock:
            self._outcome.add(outcome)

    def add_messages(self, received: int, repeated: int) -> None:
        """Count messages, and how many of them had come before."""
        with self._lock:
            self._counts["messages"] += received
            self._counts["repeated"] += repeated

    def add_gap(self, seconds: float) -> None:
        """Count a gap."""
        with self._lock:
            self._counts["gaps"] += 1
            self._counts["gap_seconds"] += round(seconds, 3)

    def taken(self) -> tuple[Outcome, Mapping[str, Any]]:
        """Return what batches came to and the other counts that are not 0, and begin anew."""
        with self._lock:
            outcome, self._outcome = self._outcome, Outcome()
            counts, self._counts = self._counts, dict.fromkeys(self._counts, 0.0)
        return outcome, {name: int(count) if count % 1 == 0 else count for name, count in counts.items() if count}
