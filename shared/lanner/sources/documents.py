"""Put the lines of an input together to JSON documents, and pick up the thread where one of them is broken.

A line that is a complete JSON text (or packed data in base64) is a payload. A line that is only the beginning of a JSON
text (brackets are open, no string is) begins a document over several lines:

* An object is gathered until it closes (`Draft`).
* An array is not gathered: its elements are read one by one as if they were documents with commas between them. So it
  may have any size, and one broken element costs no other.

A line of a log that was cut between two tokens looks like the beginning of a document, too. What follows tells: the
next line cannot go on with it, or is a whole object by itself. Then the gathered lines are a reject (apart from those
that are whole objects), and reading resumes. Every line is looked at a bounded number of times.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from lanner.fields import json_text
from lanner.sources import hints
from lanner.sources.apiserver import whole
from lanner.sources.cut import MARK, salvaged_event
from lanner.sources.draft import BLANK, BROKEN, KEPT, MAX_DOCUMENT, OPEN, Draft, column_of
from lanner.sources.envelopes import packed_events, salvaged, value_events
from lanner.sources.reject import Context, Piece, Reject
from lanner.sources.run import Run

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Documents"]

_BETWEEN = b" \t\r\n,"
_SCALAR = re.compile(rb'(?:"(?:[^"\\]++|\\.)*+"|[^",\[\]{}])++', re.DOTALL)

_TOO_LONG = (
    f"longer than {MAX_DOCUMENT >> 20} MiB (%d bytes, the first {KEPT} kept): turn it into JSON lines, one event a "
    "line: jq -c '.[]' for an array, jq -c '.items[] + {kind: \"Event\"}' for an EventList"
)
_CUT = "not JSON: the document that begins here does not end (was the file cut?)"
_TORN = "not JSON: the document that begins here breaks off"


class Documents:
    """Turns the lines of the input `name` into events and rejects.

    `busy` tells whether the next line may depend on those before it; if not, a line that is a complete JSON text can
    be taken without asking.
    """

    def __init__(self, name: str, context: Context) -> None:
        self.busy = False
        self._name = name
        self._context = context
        self._array = 0  # the line of the `[` whose elements are being read, 0 outside of an array
        self._item = 0
        self._draft: Draft | None = None
        self._run: Run | None = None

    def goes_on(self, line: bytes) -> bool:
        """Take `line` if nothing comes of it but that an unfinished document grows; do nothing and say no if not."""
        return self._draft is not None and self._draft.goes_on(line)

    def line(self, line: bytes, number: int) -> Iterator[Piece]:
        """Take line `number` (its end may be there or not); yield what is ready."""
        line = line.rstrip(BLANK)
        if self._run is not None:
            if self._run.takes(line):
                self._run.add(line)
                return
            yield from self._end_run()
        if self._draft is not None:
            yield from self._go_on(self._draft, line, number)
        elif line:
            yield from self._begin(line.lstrip(BLANK), column_of(line), number)
        self.busy = bool(self._draft or self._array or self._run)

    def long_line(self, head: bytes, number: int, size: int) -> Iterator[Piece]:
        """Take line `number`, of whose `size` bytes only the first are there, for they are too many."""
        yield from self._stop(_TORN)
        yield Reject(f"{self._name}:{number}", f"a line {_TOO_LONG % size}", head)
        self.busy = bool(self._array)

    def end(self) -> Iterator[Piece]:
        """Yield what is left when the input ends."""
        yield from self._stop(_CUT)
        if self._array:
            reason = "not JSON: the array that begins here does not end (was the file cut?); its elements were read"
            yield Reject(f"{self._name}:{self._array}", reason, b"[")

    def _begin(self, text: bytes, column: int, number: int) -> Iterator[Piece]:
        """Read `text`, the beginning of a document (or of elements), indented by `column`."""
        if self._array:
            yield from self._elements(text, column, number)
            return
        try:
            value = whole(text)
        except json_text.JsonError as error:
            if text.endswith(MARK):
                cut = text.removesuffix(MARK)
                yield salvaged_event(cut, f"{self._name}:{number}", self._context)
                return
            draft = Draft(number, column)
            if error.position < len(text) or text[0] not in b"{[":
                yield from self._bad_line(text, number, error)
            elif text[0] == ord("["):
                self._array, self._item = number, 0
                yield from self._elements(text[1:], column, number)
            elif draft.begin(text, 0) == OPEN:
                self._draft = draft
            else:
                yield from self._bad_line(text, number, error)
        else:
            yield from value_events(value, f"{self._name}:{number}", self._context)

    def _elements(self, text: bytes, column: int, number: int) -> Iterator[Piece]:
        """Read a line inside an array: whole elements, the beginning of one, the array's end."""
        text = text.strip(_BETWEEN)
        value = _parse(text)
        if isinstance(value, bytes):
            self._item += 1
            yield from self._events(value, number)
            return
        position = 0
        while position < len(text):
            if text[position] == ord("]"):
                self._array = 0
                rest = text[position + 1 :].strip(BLANK)
                if rest:
                    yield from self._begin(rest, column, number)
                return
            self._item += 1
            draft = Draft(number, column)
            end = draft.begin(text, position) if text[position] in b"{[" else _scalar(draft, text, position)
            if end == OPEN:
                self._draft = draft
                return
            if end == BROKEN:
                yield from self._bad_line(text[position:], number, _error(text[position:]))
                return
            yield from self._finish(draft)
            while end < len(text) and text[end] in _BETWEEN:
                end += 1
            position = end

    def _go_on(self, draft: Draft, line: bytes, number: int) -> Iterator[Piece]:
        """Go on with an unfinished document, or find that it is broken."""
        text = line.lstrip(BLANK)
        if not text:
            draft.keep(line)
            return
        if not draft.wants(text) or self._begins_anew(draft, line, text):
            yield from self._give_up(draft, _TORN)
            yield from self.line(line, number)
            return
        end = draft.add(line)
        if end == OPEN:
            return
        if end == BROKEN:
            draft.keep(line)
            yield from self._give_up(draft, _TORN)
            return
        self._draft = None
        yield from self._finish(draft)
        rest = line[end:].lstrip(BLANK)
        if rest:
            yield from self._begin(rest, column_of(line), number)

    def _begins_anew(self, draft: Draft, line: bytes, text: bytes) -> bool:
        """Tell whether `line` (without blanks: `text`) rather is a new document than a part of the unfinished one.

        Pretty-printers write no bracket as far out as the document's first. Without indentation, a whole object that
        begins a line is a new one, unless it may be an item of an EventList that has one on each line.
        """
        if text[0] not in b"{[" or column_of(line) > draft.column:
            return False
        if draft.indented:
            return True
        item = draft.expects_element() and not (self._array and draft.is_object)
        return not item and _whole_object(text) is not None

    def _finish(self, draft: Draft) -> Iterator[Piece]:
        """Read a document that is complete as far as brackets tell."""
        if draft.too_long:
            yield Reject(self._place(draft.number), f"a document {_TOO_LONG % draft.size}", bytes(draft.text))
            return
        text = bytes(draft.text).strip(BLANK)
        try:
            value = whole(text)
        except json_text.JsonError as error:
            yield from self._salvage(draft, hints.about_text(text, error))
        else:
            yield from self._events(value, draft.number)

    def _give_up(self, draft: Draft, reason: str) -> Iterator[Piece]:
        """Reject an unfinished document. If it is a pretty-printed one, what is left of it will be part of that."""
        self._draft = None
        if draft.too_long:
            yield Reject(self._place(draft.number), f"a document {_TOO_LONG % draft.size}", bytes(draft.text))
        elif draft.indented:
            text = bytes(draft.text).rstrip(BLANK)
            closers = b"}" if self._array else b"}]"
            self._run = Run(self._place(draft.number), draft.number, reason, text, column=draft.column, closers=closers)
        else:
            yield from self._salvage(draft, reason)

    def _salvage(self, draft: Draft, reason: str) -> Iterator[Piece]:
        """Yield the events of those lines of a broken document that are whole objects, and the rest as rejects."""
        bad = bytearray()
        for number, line in enumerate(io.BytesIO(draft.text), draft.number):
            inside = number == draft.number or draft.indented or column_of(line) > draft.column
            value = None if inside else _whole_object(line)
            if value is not None:
                yield from self._bad_lines(bad, number, reason, draft)
                bad.clear()
                yield from value_events(value, f"{self._name}:{number}", self._context)
            else:
                bad += line
        yield from self._bad_lines(bad, number + 1, reason, draft)

    def _bad_lines(self, lines: bytearray, behind: int, reason: str, draft: Draft) -> Iterator[Piece]:
        """Reject the lines of `draft` before line `behind` as one piece."""
        text = bytes(lines).strip(BLANK)
        first = behind - lines.count(b"\n")
        if not text:
            return
        if b"\n" in text:
            reason += f"; lines {first} to {behind - 1}"
        elif not isinstance(error := _parse(text), bytes):
            reason = hints.about_text(text, error)
        origin = self._place(first) if first == draft.number else f"{self._name}:{first}"
        yield from salvaged(text, origin, self._context) or [Reject(origin, reason, text)]

    def _bad_line(self, text: bytes, number: int, error: json_text.JsonError) -> Iterator[Piece]:
        packed = packed_events(text, self._place(number), self._context)
        if packed is not None:
            yield from packed
            return
        reason = hints.about_text(text, error)
        if text.startswith(hints.BOM) and not isinstance(_parse(text[len(hints.BOM) :]), bytes):
            self._run = Run(self._place(number), number, reason, text, column=0, closers=b"}]")
        elif hints.is_binary(text):
            self._run = Run(self._place(number), number, reason, text)
        else:
            yield from salvaged(text, self._place(number), self._context) or [Reject(self._place(number), reason, text)]

    def _events(self, value: bytes, number: int) -> Iterator[Piece]:
        part = f" item {self._item}" if self._array else ""
        yield from value_events(value, f"{self._name}:{number}", self._context, part)

    def _place(self, number: int) -> str:
        return f"{self._name}:{number} item {self._item}" if self._array else f"{self._name}:{number}"

    def _stop(self, reason: str) -> Iterator[Piece]:
        if self._draft is not None:
            yield from self._give_up(self._draft, reason)
        yield from self._end_run()

    def _end_run(self) -> Iterator[Piece]:
        if self._run is not None:
            yield self._run.reject()
            self._run = None


def _parse(text: bytes) -> bytes | json_text.JsonError:
    """Return `text` without surrounding blanks if it is one JSON value, else the error."""
    try:
        return whole(text)
    except json_text.JsonError as error:
        return error


def _whole_object(line: bytes) -> bytes | None:
    """Return the object or array that the line consists of, apart from commas; `None` if it is none or empty."""
    text = line.strip(_BETWEEN)
    if len(text) <= 2 or text[0] not in b"{[" or text[-1] not in b"}]":
        return None
    value = _parse(text)
    return value if isinstance(value, bytes) else None


def _error(text: bytes) -> json_text.JsonError:
    """Return what is wrong with a text that was found to be broken."""
    error = _parse(text)
    return json_text.JsonError("it nests too deep", 0) if isinstance(error, bytes) else error


def _scalar(draft: Draft, text: bytes, position: int) -> int:
    """Take an array's element that is neither object nor array; return its end, or `BROKEN`."""
    match = _SCALAR.match(text, position)
    if match is None or (text[position] != ord('"') and hints.is_binary(match[0])):
        return BROKEN
    draft.keep(match[0])
    return match.end()
