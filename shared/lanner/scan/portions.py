"""An input in portions that processes can take one by one: some files each, or a segment of a large log."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from lanner.sources import Reject
from lanner.sources.places import Place, shown
from lanner.sources.segments import Segment, can_be_cut, count_lines, find_cut
from lanner.sources.stream import GZIP_MAGIC

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Portion", "Portions", "Position"]

SIZE = 4 << 20
"""Bytes that a portion has, about: so many that handing it over costs nothing beside judging it, and so few that at the
end all processes have something to do until the same moment."""

_UNPACKED = 16
"""About how many times as large as its packed file a log is."""


class Position(NamedTuple):
    """Where in the input something begins: in which of the places, and at which byte of it."""

    place: int
    offset: int = 0


class Portion(msgspec.Struct, frozen=True):
    """What one process judges at a time: whole `places`, or a `segment` of one. `position` is where it begins."""

    position: Position
    places: tuple[Place, ...]
    segment: Segment | None = None


class Portions:
    """Divides the input. The files that are cut stay open, so that all processes read the same ones."""

    def __init__(self, places: Sequence[Place]) -> None:
        self._places = places
        self._next = Position(0)
        self._counted = Position(0)
        self._line = 1
        self._open: dict[int, int | None] = {}  # descriptors by place, `None` for files that are not cut

    @property
    def position(self) -> Position:
        """Where the next portion begins."""
        return self._next

    @property
    def exhausted(self) -> bool:
        """Whether nothing is left to be taken."""
        return self._next.place >= len(self._places)

    def take(self) -> Portion:
        """Return the next portion."""
        start = self._next
        descriptor = self._descriptor(start.place)
        if descriptor is None:
            return self._whole_places(start)
        path = self._places[start.place]
        assert isinstance(path, str)  # a file
        end = find_cut(descriptor, start.offset + SIZE)
        self._next = Position(start.place + 1) if end is None else Position(start.place, end)
        counted, line = (self._counted.offset, self._line) if self._counted.place == start.place else (0, 1)
        return Portion(start, (path,), Segment(shown(path), start.offset, end, counted, line))

    def descriptor(self, portion: Portion) -> int | None:
        """Return the descriptor of the file that `portion` is a segment of, `None` if it is none."""
        return self._open[portion.position.place] if portion.segment is not None else None

    def go_back(self, position: Position) -> None:
        """Take what begins at `position` next."""
        self._next = position

    def settle(self, position: Position, line: int) -> None:
        """Note that all before `position` is done for good, and that it is the beginning of line `line` of its file."""
        for place in [place for place in self._open if place < position.place]:
            self._close(place)
        self._counted, self._line = position, line

    def close(self) -> None:
        """Close all files."""
        for place in list(self._open):
            self._close(place)

    def lines(self, portion: Portion) -> int | None:
        """Count the lines of a portion; `None` if only reading it shows them."""
        descriptor = self.descriptor(portion)
        if portion.segment is not None and descriptor is not None:
            return count_lines(descriptor, portion.segment.start, portion.segment.end)
        counts = [_lines_of(place) for place in portion.places if isinstance(place, str)]
        return None if None in counts else sum(count for count in counts if count is not None)

    def _whole_places(self, start: Position) -> Portion:
        """Return a portion of files that are not cut: as many as have the size of a portion together."""
        end = start.place
        size = 0
        while end < len(self._places) and size < SIZE and (end == start.place or self._descriptor(end) is None):
            size += _size(self._places[end])
            end += 1
        self._next = Position(end)
        return Portion(start, tuple(self._places[start.place : end]))

    def _descriptor(self, number: int) -> int | None:
        """Return the descriptor of a place that is a large log, `None` if it is not to be cut."""
        if number not in self._open:
            self._open[number] = _open_if_large(self._places[number])
        return self._open[number]

    def _close(self, number: int) -> None:
        descriptor = self._open.pop(number)
        if descriptor is not None:
            os.close(descriptor)


def _open_if_large(place: Place) -> int | None:
    try:
        if isinstance(place, Reject) or os.stat(place).st_size <= SIZE:
            return None
        descriptor = os.open(place, os.O_RDONLY)
    except OSError:  # who reads the file will say so
        return None
    try:
        if can_be_cut(descriptor):
            return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None


def _size(place: Place) -> int:
    """Return about how many bytes a place gives to read."""
    try:
        size = 0 if isinstance(place, Reject) else os.stat(place).st_size
    except OSError:
        return 0
    return size * _UNPACKED if isinstance(place, str) and place.endswith(".gz") else size


def _lines_of(path: str) -> int | None:
    """Count the lines of a file, `None` if it is packed. A last line need not end."""
    try:
        with open(path, "rb", buffering=0) as file:
            if file.read(len(GZIP_MAGIC)) == GZIP_MAGIC:
                return None
            size = file.seek(0, os.SEEK_END)
            last = os.pread(file.fileno(), 1, size - 1) if size else b"\n"
            return count_lines(file.fileno(), 0, size) + (last != b"\n")
    except OSError:  # who reads the file will say so
        return 0
