"""The delivery of alerts to one output: tried again, as long as there is time, until it has taken them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from lanner.outputs.output import Failure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lanner.outputs.deadline import Deadline
    from lanner.outputs.message import Message
    from lanner.outputs.output import Output

__all__ = ["Delivery", "Undelivered", "deliver", "pause", "pause_before"]

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_LONGEST_ATTEMPT = 10.0
"""Seconds that one attempt may take: a destination that hangs is to be tried a second time."""

_SHORTEST_ATTEMPT = 0.05
"""Seconds without which there is no point in an attempt."""


class Undelivered(NamedTuple):
    """A message that an output did not take, why, and how often it was tried."""

    message: Message
    output_name: str
    reason: str
    attempts: int


def deliver(output: Output, messages: Sequence[Message], deadline: Deadline) -> list[Undelivered]:
    """Send `messages` by `output`, each batch again and again until it is taken or the time is over.

    Returns what was not delivered, in order. Never raises: a failure that is a defect of an output is a reason, too.
    """
    delivery = Delivery(output, messages)
    delivery.run(deadline)
    return delivery.undelivered()


def pause(attempt: int, least: float = 0.0, most: float = _LONGEST_PAUSE) -> float:
    """Return how many seconds to wait after attempt number `attempt`, counted from 0: at random, up to twice as many
    each time ("full jitter"), but at least those that the destination asks for, and at most `most` more.
    """
    import random  # only here: most alerts are taken at once

    return least + random.uniform(0, min(most, _FIRST_PAUSE * 2 ** min(attempt, 10)))  # noqa: S311


def pause_before(deadline: Deadline, attempt: int, least: float = 0.0) -> float | None:
    """Return such a pause after which there is time for another attempt, `None` if there is none."""
    free = deadline.left() - least - _SHORTEST_ATTEMPT
    return pause(attempt, least, min(_LONGEST_PAUSE, free / 2)) if free >= _FIRST_PAUSE else None


class Delivery:
    """The way of `messages` to `output`. Other threads may ask meanwhile what has not arrived."""

    def __init__(self, output: Output, messages: Sequence[Message]) -> None:
        self._output = output
        self._ways = [_Way(message) for message in messages]

    def run(self, deadline: Deadline) -> None:
        """Try until there is nothing left that can be delivered, or no time."""
        attempt = 0
        while True:
            self._attempt([way for way in self._ways if way.is_open], deadline)
            waits = [way.wait for way in self._ways if way.is_open]
            seconds = pause_before(deadline, attempt, max(waits)) if waits else None
            if seconds is None:
                return
            time.sleep(seconds)
            attempt += 1

    def undelivered(self) -> list[Undelivered]:
        """Return what has not arrived, in order."""
        name = self._output.name
        return [Undelivered(way.message, name, way.why, way.attempts) for way in self._ways if not way.is_taken]

    def _attempt(self, waiting: Sequence[_Way], deadline: Deadline) -> None:
        """Send all that waits once, as far as the time lasts."""
        ways: dict[int, list[_Way]] = {}
        for way in waiting:
            ways.setdefault(id(way.message), []).append(way)
        try:
            batches = self._output.batches([way.message for way in waiting])
            groups = [[ways[id(message)].pop(0) for message in batch] for batch in batches]
        except Exception as error:  # a defect of ours: the alerts are not to be lost by it
            for way in waiting:
                way.failed(_defect(way.message, error))
            return
        for group in groups:
            seconds = min(deadline.left(), _LONGEST_ATTEMPT)
            if seconds < _SHORTEST_ATTEMPT:
                return
            for way in group:
                way.attempts += 1
            failures = {id(one.message): one for one in self._send([way.message for way in group], seconds)}
            for way in group:
                failure = failures.get(id(way.message))
                if failure is None:
                    way.is_taken = True
                else:
                    way.failed(failure)

    def _send(self, batch: Sequence[Message], seconds: float) -> Sequence[Failure]:
        """Send a batch; if that is more than the output can do, each message by itself, so that one costs no other."""
        try:
            return self._output.send(batch, seconds)
        except Exception as error:  # a defect of ours: the alerts are not to be lost by it
            if len(batch) == 1:
                return [_defect(batch[0], error)]
        return [failure for message in batch for failure in self._send([message], seconds)]


class _Way:
    """A message, and what became of the attempts to send it."""

    __slots__ = ("attempts", "is_final", "is_taken", "message", "reason", "wait")

    def __init__(self, message: Message) -> None:
        self.message = message
        self.attempts = 0
        self.reason = ""
        self.is_final = False
        self.is_taken = False
        self.wait = 0.0

    @property
    def why(self) -> str:
        """Why it has not arrived."""
        return self.reason or ("it did not answer in time" if self.attempts else "there was no time left")

    @property
    def is_open(self) -> bool:
        """Whether it is to be sent, and can be."""
        return not (self.is_taken or self.is_final)

    def failed(self, failure: Failure) -> None:
        """Note one more failure."""
        self.reason, self.is_final, self.wait = failure.reason, failure.is_final, failure.wait


def _defect(message: Message, error: Exception) -> Failure:
    reason = f"{type(error).__name__} while sending, which is a defect of Lanner (please report it)"
    return Failure(message, reason, is_final=True)
