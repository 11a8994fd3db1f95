"""What was received and waits to be judged. It is bounded: when it is full, nothing more is read from the network."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import NamedTuple

__all__ = ["Buffer", "Origin", "Received"]

_MOST = 20_000
"""Messages that may wait."""

_BATCH, _BATCH_SIZE = 500, 4 << 20
"""Messages, and bytes of them, that are judged together."""

_FRAME = 200  # bytes that a message takes beside its content, about


class Origin(NamedTuple):
    """A connection: its number, counted from 1, and why there was none before (empty for the first)."""

    number: int
    after: str = ""


class Received(NamedTuple):
    """A message, and the connection that it came by."""

    content: bytes
    origin: Origin


class Buffer:
    """Holds messages in the order in which they came, `limit` bytes of them or one more. For one event loop."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: deque[Received] = deque()
        self._size = 0
        self._is_closed = False
        self._some = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def is_full(self) -> bool:
        """Whether there is no room."""
        return not self._room.is_set()

    def add(self, message: Received) -> None:
        """Take a message; whoever adds one waits for room before the next."""
        self._waiting.append(message)
        self._size += len(message.content) + _FRAME
        self._some.set()
        if self._size >= self._limit or len(self._waiting) >= _MOST:
            self._room.clear()

    async def room(self) -> None:
        """Return when there is room."""
        await self._room.wait()

    def close(self) -> None:
        """Say that nothing more will come."""
        self._is_closed = True
        self._some.set()

    async def take(self) -> list[Received]:
        """Return some of what waits, all by one connection; if nothing does, wait. An empty list is the end."""
        await self._some.wait()
        batch: list[Received] = []
        size = 0
        while self._waiting and len(batch) < _BATCH and size < _BATCH_SIZE:
            if batch and self._waiting[0].origin is not batch[0].origin:
                break
            message = self._waiting.popleft()
            batch.append(message)
            size += len(message.content) + _FRAME
        self._size -= sum([len(message.content) + _FRAME for message in batch])
        if not self._waiting and not self._is_closed:
            self._some.clear()
        if self._size < self._limit / 2 and len(self._waiting) < _MOST / 2:
            self._room.set()
        return batch
