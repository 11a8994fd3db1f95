"""Which messages were seen lately, so that one that comes twice is judged once."""

from __future__ import annotations

import hashlib
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lanner.pipeline.tail.buffer import Received

__all__ = ["Known", "Memory", "New"]

_MOST = 16_384
"""Messages that are remembered: some minutes of a busy cluster, in about 2 MB."""

_SIZE = 16  # bytes of a digest
_EVENT = b"auditID"  # what a message with an event has in it


class New(NamedTuple):
    """A message that was not seen before, and its digest."""

    digest: bytes
    content: bytes


class Known(NamedTuple):
    """The new messages of a batch, how many are not, and whether one with an event came by an earlier connection."""

    new: list[New]
    repeated: int
    overlaps: bool


class Memory:
    """Remembers messages by their digests, with the number of the connection that they came by."""

    def __init__(self, before: Iterable[bytes] = ()) -> None:
        """Begin with the digests of messages that came `before` the first connection."""
        self._seen = dict.fromkeys(before, 0)

    def sort(self, batch: Sequence[Received]) -> Known:
        """Tell the new messages of a batch from those that were seen before."""
        new: dict[bytes, bytes] = {}
        overlaps = False
        for content, origin in batch:
            digest = hashlib.blake2b(content, digest_size=_SIZE).digest()
            number = self._seen.get(digest)
            if number is None:
                new[digest] = content
            elif number < origin.number and _EVENT in content:  # others, such as a greeting, tell nothing
                overlaps = True
        return Known([New(*one) for one in new.items()], len(batch) - len(new), overlaps)

    def add(self, messages: Iterable[New], connection: int) -> None:
        """Remember messages that were dealt with: before, they may have to be judged again."""
        for message in messages:
            self._seen[message.digest] = connection
        for oldest in list(islice(self._seen, max(0, len(self._seen) - _MOST))):
            del self._seen[oldest]

    def last(self, count: int) -> list[bytes]:
        """Return the digests of the last messages."""
        return list(islice(reversed(self._seen), count))[::-1]
