"""The keeping of records: tried again, as long as there is time, until the box has taken them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from lanner.errors import DeadLetterError
from lanner.outputs.delivery import pause_before

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lanner.outputs.deadline import Deadline

__all__ = ["Refused", "keep_all"]


class Refused(NamedTuple):
    """A record that a box did not take, why, and whether trying again cannot help."""

    record: bytes
    reason: str
    is_final: bool


def keep_all(
    records: Sequence[bytes],
    deadline: Deadline,
    groups: Callable[[Sequence[bytes]], Iterable[list[bytes]]],
    send: Callable[[list[bytes], float], list[Refused]],
) -> None:
    """Send `records` in `groups` until all are taken. Raises `DeadLetterError` if that cannot be done in time.

    `send` tries once to send a group, within so many seconds, and returns what was not taken.
    """
    waiting = list(records)
    final: list[Refused] = []
    attempt = 0
    while True:
        refused: list[Refused] = []
        for group in groups(waiting):
            seconds = deadline.left()
            if seconds:
                refused += send(group, seconds)
            else:
                refused += [Refused(record, "there was no time left", is_final=False) for record in group]
        final += [one for one in refused if one.is_final]
        waiting = [one.record for one in refused if not one.is_final]
        pause = pause_before(deadline, attempt) if waiting else None
        if pause is None:
            break
        time.sleep(pause)
        attempt += 1
    lost = final + [one for one in refused if not one.is_final]
    if lost:
        raise DeadLetterError(f"{len(lost)} of {len(records)} records were not taken: {lost[0].reason}")
