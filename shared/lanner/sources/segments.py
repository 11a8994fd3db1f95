"""A log in segments, so that several processes can read it: whole lines each, of an uncompressed file.

Where a segment begins, an event is expected to begin, and nothing of what stands before to go on. Whoever reads the
segment before knows better: it tells where it really ended, and what begins elsewhere has to be read again.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

import msgspec

from lanner.sources import hints
from lanner.sources.apiserver import PLAIN_EVENT
from lanner.sources.draft import MAX_DOCUMENT
from lanner.sources.payloads import Payloads
from lanner.sources.reject import Context, Piece, Reject
from lanner.sources.stream import GZIP_MAGIC, Lines, Progress, Stream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lanner.fields.block import Block

__all__ = ["Segment", "SegmentReader", "can_be_cut", "count_lines", "find_cut"]

_AT_ONCE = 65536
_COUNTED_AT_ONCE = 1 << 20

# How lines of logs begin: those of an API server, and those of providers' envelopes.
_BEGINNINGS = (
    *(PLAIN_EVENT, b'{"kind":"EventList",'),
    *(b'{"awslogs":', b'{"messageType":'),
    *(b'{"insertId":', b'{"message":{"'),
    *(b'{"records":[', b'{"Records":[', b'{"message":"{'),
)
# The end of a document, and such a line. Elements of an array end with a comma.
_CUT = re.compile(rb"\}\r?\n(?=%b)" % b"|".join(map(re.escape, _BEGINNINGS)))
_LONGEST_CUT = len(b"}\r\n") + max(map(len, _BEGINNINGS))


class Segment(msgspec.Struct, frozen=True):
    """The lines of a log from the byte `start` on, up to the byte `end`, or to the log's end if that is `None`.

    `line` is the number of the line (counted from 1) that begins at the byte `counted`, at `start` or before.
    """

    name: str
    start: int
    end: int | None
    counted: int = 0
    line: int = 1


class SegmentReader:
    """Reads a segment of the file that is open as `descriptor`, whose position in the file does not matter."""

    def __init__(self, descriptor: int, segment: Segment, context: Context, progress: Progress) -> None:
        self._segment = segment
        self._stream = Stream(
            _Section(descriptor, segment.start, segment.end), progress, may_be_packed=not segment.start
        )
        self._lines = Lines(self._stream)
        self._payloads = Payloads(
            self._lines,
            segment.name,
            context,
            blocks=True,
            lines_before=lambda: segment.line - 1 + count_lines(descriptor, segment.counted, segment.start),
            stop=sys.maxsize if segment.end is None else segment.end - segment.start,
        )
        self._refused = False

    def __iter__(self) -> Iterator[Piece | Block]:
        """Yield what the segment holds: up to its end, or beyond until no document is unfinished."""
        reason = "" if self._segment.start else hints.about_file(self._lines.beginning())
        if reason:
            self._refused = True
            yield Reject(self._segment.name, reason)
        else:
            yield from self._payloads
        if self._stream.damage:
            yield Reject(self._segment.name, self._stream.damage)

    @property
    def end(self) -> int | None:
        """Where the segment did end, once it is read; `None` if there is no more to be had from the file."""
        if self._refused or self._payloads.ended:
            return None
        return self._segment.start + self._lines.consumed

    @property
    def lines(self) -> int:
        """Number of lines that were read."""
        return self._payloads.count


class _Section:
    """A part of an open file, read without moving the file's position, which processes share."""

    def __init__(self, descriptor: int, start: int, end: int | None) -> None:
        self._descriptor = descriptor
        self._position = start
        self._end = end

    def read(self, size: int) -> bytes:
        """Return the next bytes: none from beyond the end, unless all before it are read."""
        if self._end is not None and self._position < self._end:
            size = min(size, self._end - self._position)
        data = os.pread(self._descriptor, size, self._position)
        self._position += len(data)
        return data


def can_be_cut(descriptor: int) -> bool:
    """Tell by its beginning whether a file is read as lines: neither gzip data nor something that is no log."""
    head = os.pread(descriptor, _AT_ONCE, 0)
    return not head.startswith(GZIP_MAGIC) and not hints.about_file(head)


def find_cut(descriptor: int, position: int) -> int | None:
    """Return the first place behind `position` where a log may be cut, `None` if there is none, or none near."""
    ahead = b""
    last = position + MAX_DOCUMENT
    while position < last and (data := os.pread(descriptor, _AT_ONCE, position)):
        window = ahead + data
        match = _CUT.search(window)
        if match is not None:
            return position - len(ahead) + match.end()
        position += len(data)
        ahead = window[-_LONGEST_CUT:]
    return None


def count_lines(descriptor: int, start: int, end: int | None) -> int:
    """Return how many lines end between the bytes `start` and `end` (or the file's end)."""
    count = 0
    while size := _COUNTED_AT_ONCE if end is None else min(_COUNTED_AT_ONCE, end - start):
        data = os.pread(descriptor, size, start)
        if not data:
            break
        count += data.count(b"\n")
        start += len(data)
    return count
