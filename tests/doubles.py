"""Outputs and boxes that remember what they were given, and fail as they are told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

from lanner.errors import DeadLetterError
from lanner.outputs.deadline import Deadline
from lanner.outputs.message import Message
from lanner.outputs.output import Failure

__all__ = ["COUNTED", "Box", "Recorder", "always"]

COUNTED: list[str] = []
"""What fault injection has sent, for the end of the run."""

Fault = Callable[[Sequence[Message], float], Sequence[Failure]]


class Recorder:
    """An output that takes `size` alerts at a time. `fault` may refuse some, or take its time, before that."""

    def __init__(self, name: str = "recorder", *, size: int = 10, fault: Fault | None = None) -> None:
        self.name = name
        self.taken: list[Message] = []
        self.calls = 0
        self._size = size
        self._fault = fault
        self._lock = threading.Lock()

    def batches(self, messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
        for start in range(0, len(messages), self._size):
            yield messages[start : start + self._size]

    def send(self, batch: Sequence[Message], timeout: float) -> Sequence[Failure]:
        failures = self._fault(batch, timeout) if self._fault is not None else ()
        refused = {id(failure.message) for failure in failures}
        with self._lock:
            self.calls += 1
            self.taken += [message for message in batch if id(message) not in refused]
        return failures

    @property
    def ids(self) -> list[str]:
        """The ids of the alerts that were taken."""
        return [message.id for message in self.taken]


def always(reason: str, *, is_final: bool = False) -> Fault:
    """Return the fault of a destination that takes nothing."""
    return lambda batch, timeout: [Failure(message, reason, is_final) for message in batch]


class Box:
    """A dead-letter box in memory; if `broken`, it keeps nothing."""

    def __init__(self, *, limit: int = 1 << 20, broken: bool = False) -> None:
        self.name = "box"
        self.limit = limit
        self.records: list[bytes] = []
        self.broken = broken

    def keep(self, records: Sequence[bytes], deadline: Deadline) -> None:
        if self.broken:
            raise DeadLetterError("the queue does not exist")
        assert all(len(record) <= self.limit for record in records)
        self.records += records

    def release(self) -> None:
        pass

    def take(self) -> Iterator[tuple[bytes, Callable[[], None]]]:
        for record in list(self.records):
            yield record, lambda record=record: self.records.remove(record)  # type: ignore[misc]
