"""A JSON document that goes over several lines, as far as it has come."""

from __future__ import annotations

import re

__all__ = ["BLANK", "BROKEN", "KEPT", "MAX_DOCUMENT", "OPEN", "Draft", "column_of"]

BLANK = b" \t\r\n"

MAX_DOCUMENT = 64 * 1024 * 1024
"""Bytes that a line, or a document over several lines, may have."""

KEPT = 1024
"""Bytes kept of what is longer."""

OPEN, BROKEN = 0, -1
"""What `Draft.add` returns instead of an end: the document goes on; it cannot be JSON."""

_DEEPEST = 100_000
"""Levels after which no document is followed: far above what an event may have, so that only such an event is lost."""

# Everything up to the next bracket, which need not be there.
_NEXT = re.compile(rb'(?:[^"{}\[\]]++|"(?:[^"\\]++|\\.)*+")*+([{}\[\]])?', re.DOTALL)

_PARTNER = {b"}": ord("{"), b"]": ord("[")}
_OBJECT, _ARRAY, _COLON, _COMMA, _QUOTE = b'{[:,"'


class Draft:
    """An unfinished document.

    `number` is the line it begins in, `column` that line's indentation, `text` what was read of it (only its start
    once it is `too_long`), `size` its bytes so far. `indented` tells whether its second line stands further in than
    its first, as pretty-printers write it.
    """

    __slots__ = ("_last", "_marks", "column", "indented", "number", "size", "text")

    def __init__(self, number: int, column: int) -> None:
        self.number = number
        self.column = column
        self.text = bytearray()
        self.size = 0
        self.indented: bool | None = None
        self._marks = bytearray()  # what is open
        self._last = 0  # the last byte that is no blank

    @property
    def too_long(self) -> bool:
        """Whether the document is longer than can be kept."""
        return self.size > MAX_DOCUMENT

    @property
    def is_object(self) -> bool:
        """Whether the document is an object, not an array."""
        return self._marks[0] == _OBJECT

    def begin(self, line: bytes, start: int) -> int:
        """Take the document's first line from offset `start` on; return as `add` does."""
        return self._follow(line, start)

    def add(self, line: bytes) -> int:
        """Take the next line, not a blank one; return where in it the document ends, or `OPEN` or `BROKEN`."""
        if self.indented is None:
            self.indented = column_of(line) > self.column
        return self._follow(line, 0)

    def goes_on(self, line: bytes) -> bool:
        """Take `line` if it is an ordinary inner line of a pretty-printed document; do nothing and say no if not.

        Most lines are, and this is the short way for them: further in than the first, with one bracket at most.
        """
        if not self.indented or not line[: self.column + 1].isspace():
            return False
        line = line.rstrip(BLANK)
        text = line.lstrip(BLANK)
        if not text or not self.wants(text):
            return False
        match = _NEXT.match(text)
        assert match is not None  # it matches nothing at all, too
        mark, rest = match[1], text[match.end() :]
        if mark is None:
            if rest:
                return False
        elif mark in b"{[":
            if rest or len(self._marks) == _DEEPEST:
                return False
            self._marks += mark
        else:
            if rest not in (b"", b",") or len(self._marks) == 1 or self._marks[-1] != _PARTNER[mark]:
                return False
            self._marks.pop()
        self.keep(line)
        self._last = text[-1]
        return True

    def keep(self, line: bytes) -> None:
        """Add `line` (a blank one, or one that is broken) to the text without looking into it."""
        self.size += len(line) + 1
        if self.too_long:
            del self.text[KEPT:]
        else:
            self.text += line
            self.text += b"\n"

    def wants(self, line: bytes) -> bool:
        """Tell whether the grammar lets the document go on with `line` (no blanks before it)."""
        first = line[0]
        if first in b"}]" or self._last in b"[:":
            return True
        if self._last == _OBJECT or (self._last == _COMMA and self._marks[-1] == _OBJECT):
            return first == _QUOTE
        return self._last == _COMMA or first in b",:"

    def expects_element(self) -> bool:
        """Tell whether an array's element may come next."""
        return self._marks[-1] == _ARRAY and self._last in b"[,"

    def _follow(self, line: bytes, start: int) -> int:
        marks = self._marks
        position = start
        while True:
            match = _NEXT.match(line, position)
            assert match is not None  # it matches nothing at all, too
            position = match.end()
            mark = match[1]
            if mark is None:
                if position < len(line):
                    return BROKEN  # a string without end
                break
            if mark in b"{[":
                marks += mark
                if len(marks) > _DEEPEST:
                    return BROKEN
            elif marks[-1] != _PARTNER[mark]:
                return BROKEN
            else:
                marks.pop()
                if not marks:
                    self.keep(line[start:position])
                    return position
        self.keep(line[start:])
        self._last = line.rstrip(BLANK)[-1]
        return OPEN


def column_of(line: bytes) -> int:
    """Return how many blanks stand before the text of `line`."""
    return len(line) - len(line.lstrip(BLANK))
