"""A stretch of lines that are rejected as one piece, so that rubbish does not flood the reader."""

from __future__ import annotations

from lanner.fields import json_text
from lanner.sources.apiserver import whole
from lanner.sources.draft import BLANK, KEPT, column_of
from lanner.sources.reject import Reject

__all__ = ["Run"]

_MOST = 1024 * 1024


class Run:
    """Lines that belong together in being no audit event: binary data, or the rest of a broken document."""

    def __init__(
        self, origin: str, number: int, reason: str, text: bytes, *, column: int | None = None, closers: bytes = b"}"
    ) -> None:
        """Begin with the lines `text`, of which `number` is the first.

        `column` is the indentation of the broken document and `closers` are the marks that may end it; for binary
        data `column` is `None`.
        """
        self._origin = origin
        self._number = number
        self._reason = reason
        self._column = column
        self._closers = closers
        self._text = bytearray(text)
        self._size = len(text)
        self._lines = 1 + text.count(b"\n")

    def takes(self, line: bytes) -> bool:
        """Tell whether `line` belongs to the stretch."""
        text = line.strip(BLANK)
        if not text:
            return True
        if self._column is None:
            return not _is_document(text)
        column = column_of(line)
        return column > self._column or (column == self._column and text[0] in self._closers)

    def add(self, line: bytes) -> None:
        """Take `line` into the stretch."""
        self._lines += 1
        self._size += len(line) + 1
        if self._size <= _MOST:
            self._text += b"\n" + line

    def reject(self) -> Reject:
        """Return the reject for the whole stretch."""
        reason = self._reason
        if self._lines > 1:
            reason += f"; lines {self._number} to {self._number + self._lines - 1}"
        if self._size > _MOST:
            reason += f" ({self._size} bytes, the first {KEPT} kept)"
            del self._text[KEPT:]
        return Reject(self._origin, reason, bytes(self._text))


def _is_document(text: bytes) -> bool:
    """Tell whether an object or array stands in this line, or a bracket alone as pretty-printers write it."""
    if text[0] not in b"{[]":
        return False
    try:
        whole(text.rstrip(b", "))
    except json_text.JsonError:
        return len(text) == 1
    return True
