"""The lines of one input, as far as they are to be read: events, rejects, and blocks of lines that look like events."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

from lanner.fields import json_text
from lanner.fields.block import Block
from lanner.sources.apiserver import PLAIN_EVENT, event
from lanner.sources.documents import Documents
from lanner.sources.draft import KEPT, MAX_DOCUMENT
from lanner.sources.envelopes import AS_SUCH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lanner.sources.reject import Context, Piece
    from lanner.sources.stream import Lines

__all__ = ["Payloads"]

_SKIPPED_AT_ONCE = 1 << 20


class Payloads:
    """Reads `lines`, those of the input `name`.

    `blocks` says whether blocks are welcome. Reading ends before the first line that begins `stop` bytes, or more,
    behind the first one and does not belong to an unfinished document. `lines_before` tells how many lines of the input
    stand before the first; it is asked only when the number of a line is needed, for it may have to count them.
    """

    def __init__(
        self,
        lines: Lines,
        name: str,
        context: Context,
        *,
        blocks: bool,
        stop: int = sys.maxsize,
        lines_before: Callable[[], int] | None = None,
    ) -> None:
        self.count = 0
        """Number of lines that were read."""
        self.ended = False
        """Whether the input has no more lines."""
        self._lines = lines
        self._name = name
        self._context = context
        self._takes_events = context.envelope in AS_SUCH
        self._blocks = blocks and self._takes_events
        self._stop = stop
        self._lines_before = lines_before
        self._before = 0  # the lines before the first, once they are counted
        self._within = False  # the last line goes on with another object
        self._documents = Documents(name, context)

    def __iter__(self) -> Iterator[Piece | Block]:
        """Yield what the lines hold."""
        lines, documents, context = self._lines, self._documents, self._context
        while documents.busy or lines.consumed < self._stop:
            text = lines.block() if self._blocks and not documents.busy else b""
            if text.startswith(PLAIN_EVENT) and len(text) <= context.max_size:
                # No result shows where an event of a block stands, so no lines are counted for it.
                first = self._before + self.count + (not self._within)
                block = Block(text, self._name, first, context.provider, context.cluster)
                yield block
                if block.events:
                    self.count = first - self._before + block.events - 1
                    self._within = False
                    continue
            if text:
                for line in io.BytesIO(text):
                    for part in lines.objects(line):
                        yield from self._line(part)
                continue
            line = lines.line(MAX_DOCUMENT)
            if not line:
                self.ended = True
                break
            if len(line) == MAX_DOCUMENT and not line.endswith(b"\n"):
                head = line[:KEPT]
                size = len(line)
                del line
                yield from documents.long_line(head, self._number(), size + self._skip_line())
            else:
                yield from self._line(line)
        yield from documents.end()

    def _line(self, line: bytes) -> Iterator[Piece]:
        number = self._number()
        self._within = not line.endswith(b"\n")
        documents = self._documents
        if line.startswith(PLAIN_EVENT) and self._takes_events and not documents.busy:
            try:
                text = json_text.check(line)
            except json_text.JsonError:
                pass
            else:
                yield event(text, f"{self._name}:{number}", self._context)
                return
        if not (documents.busy and documents.goes_on(line)):
            yield from documents.line(line, number)

    def _number(self) -> int:
        """Count one more line, if it is one, and return its number."""
        if self._lines_before is not None:
            self._before = self._lines_before()
            self._lines_before = None
        self.count += not self._within
        return self._before + self.count

    def _skip_line(self) -> int:
        """Read to the end of the line; return how many bytes that were."""
        size = 0
        while piece := self._lines.line(_SKIPPED_AT_ONCE):
            size += len(piece)
            if piece.endswith(b"\n") or len(piece) < _SKIPPED_AT_ONCE:
                break
        return size
