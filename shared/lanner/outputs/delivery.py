"""The delivery of alerts to one output: tried again, as long as there is time, until it has taken them."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, NamedTuple

from lanner.outputs.output import Failure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lanner.outputs.deadline import Deadline
    from lanner.outputs.message import Message
    from lanner.outputs.output import Output

__all__ = ["Undelivered", "deliver", "pause"]

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
    waiting = [_Attempts(message) for message in messages]
    lost: list[_Attempts] = []
    attempt = 0
    while waiting:
        failed = _try_all(output, waiting, deadline)
        lost += [one for one in failed if one.is_final]
        waiting = [one for one in failed if not one.is_final]
        seconds = pause(attempt, max([one.wait for one in waiting], default=0.0))
        if deadline.left() < seconds + _SHORTEST_ATTEMPT:
            break
        if waiting:
            time.sleep(seconds)
        attempt += 1
    places = {id(message): number for number, message in enumerate(messages)}
    found = sorted(lost + waiting, key=lambda one: places[id(one.message)])
    return [Undelivered(one.message, output.name, one.reason, one.attempts) for one in found]


def pause(attempt: int, least: float = 0.0) -> float:
    """Return how many seconds to wait after attempt number `attempt`, counted from 0: at random, up to twice as many
    each time ("full jitter"), but at least those that the destination asks for.
    """
    return least + random.uniform(0, min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(attempt, 10)))  # noqa: S311


class _Attempts:
    """A message, and what became of the attempts to send it."""

    __slots__ = ("attempts", "is_final", "message", "reason", "wait")

    def __init__(self, message: Message) -> None:
        self.message = message
        self.attempts = 0
        self.reason = "there was no time left"
        self.is_final = False
        self.wait = 0.0

    def failed(self, failure: Failure) -> None:
        """Note one more failure."""
        self.attempts += 1
        self.reason, self.is_final, self.wait = failure.reason, failure.is_final, failure.wait


def _try_all(output: Output, waiting: Sequence[_Attempts], deadline: Deadline) -> list[_Attempts]:
    """Send all that waits once; return what is still to be sent, or never can be."""
    failed = []
    remaining: dict[int, list[_Attempts]] = {}
    for one in waiting:
        remaining.setdefault(id(one.message), []).append(one)
    for batch in output.batches([one.message for one in waiting]):
        own = [remaining[id(message)].pop(0) for message in batch]
        seconds = min(deadline.left(), _LONGEST_ATTEMPT)
        if seconds < _SHORTEST_ATTEMPT:
            failed += own
            continue
        failures = _send(output, batch, seconds)
        for one in own:
            failure = failures.get(id(one.message))
            if failure is not None:
                one.failed(failure)
                failed.append(one)
    return failed


def _send(output: Output, batch: Sequence[Message], seconds: float) -> dict[int, Failure]:
    """Send a batch; return the failures by the messages' identities."""
    try:
        failures = output.send(batch, seconds)
    except Exception as error:  # a defect of ours: the alerts are not to be lost by it
        reason = f"{type(error).__name__} while sending, which is a defect of Lanner (please report it)"
        failures = [Failure(message, reason) for message in batch]
    return {id(failure.message): failure for failure in failures}
