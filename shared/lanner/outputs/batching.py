"""Groups of what is to be sent, as large as a destination takes at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["grouped"]

T = TypeVar("T")


def grouped(items: Sequence[T], size_of: Callable[[T], int], *, most: int, limit: int) -> Iterator[list[T]]:
    """Yield `items` in order, in groups of at most `most` with at most `limit` bytes together.

    An item that is larger by itself makes a group of its own.
    """
    group: list[T] = []
    size = 0
    for item in items:
        own = size_of(item)
        if group and (len(group) == most or size + own > limit):
            yield group
            group, size = [], 0
        group.append(item)
        size += own
    if group:
        yield group
