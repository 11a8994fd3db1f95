"""Lists, and their textual substitution in conditions (spec/conditions.md section 6)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from lanner.ruleset.table import ListEntry

__all__ = ["MAX_TEXT", "Lists", "TooLong"]

MAX_TEXT = 4 * 2**20
"""Length of a condition whose lists are inserted, in characters."""

_BLANKS = " \t\n\r"
_DELIMITERS = frozenset(_BLANKS + "(),=")
_WORD = re.compile(r"[^ \t\n\r(),=]+")


class TooLong(Exception):
    """A list, or a condition with its lists inserted, has more than `MAX_TEXT` characters."""


class Lists:
    """The lists of a table, ready to be inserted. `used` holds the names of those that were."""

    def __init__(self, entries: Mapping[str, ListEntry]) -> None:
        self.used: set[str] = set()
        self._entries = entries
        self._names = list(entries)
        self._numbers = {name: number for number, name in enumerate(entries)}
        self._odd = [number for name, number in self._numbers.items() if not _WORD.fullmatch(name)]
        self._texts: dict[str, str] = {}
        for entry in entries.values():
            self.used.update(name for name in entry.item.items if self._is_visible(name, entry))

    def insert(self, condition: str) -> str:
        """Return the condition with every list's items in place of its name. Raises `TooLong`."""
        for name, pieces in self._insertions(condition):
            self.used.add(name)
            condition = _join(pieces)
        return condition

    def trace(self, condition: str, position: int) -> int:
        """Return which character of `condition` the character `position` of its insertion comes from."""
        for _, pieces in reversed(list(self._insertions(condition))):
            position = _origin(pieces, position)
        return position

    def _insertions(self, condition: str) -> Iterator[tuple[str, list[_Piece]]]:
        """Yield the lists that `condition` names, in the order of their definitions, with the condition after each.

        A list also stands where an earlier one has inserted its name.
        """
        pending = [*self._odd, *self._named(condition)]
        heapify(pending)
        last = -1
        while pending:
            number = heappop(pending)
            if number > last:
                last = number
                name = self._names[number]
                pieces = self._substitute(condition, name)
                if pieces:
                    condition = _join(pieces)
                    yield name, pieces
                    for other in self._named(self._text(name)):
                        heappush(pending, other)

    def _named(self, text: str) -> set[int]:
        """Return the numbers of the lists whose names stand alone in a text."""
        return {self._numbers[word] for word in _WORD.findall(text) if word in self._numbers}

    def _is_visible(self, name: str, entry: ListEntry) -> bool:
        """Tell whether an item is the name of a list that was there before the list `entry` was completed."""
        other = self._entries.get(name)
        return other is not None and other.first < entry.last

    def _text(self, name: str) -> str:
        """Return the items of a list as they are written into conditions."""
        text = self._texts.get(name)
        if text is None:
            text = self._texts[name] = _joined(self._items(self._entries[name]))
        return text

    def _items(self, entry: ListEntry) -> Iterable[str]:
        """Yield a list's items; the names of visible lists are replaced by the items of those, one level deep."""
        for item in entry.item.items:
            if self._is_visible(item, entry):
                yield from self._entries[item].item.items
            else:
                yield item

    def _substitute(self, condition: str, name: str) -> list[_Piece]:
        """Return `condition` with the list `name` inserted, in pieces; no pieces if its name is not there.

        Around a name blanks become one blank. An empty list takes a comma next to it along.
        """
        pieces: list[_Piece] = []
        kept = 0
        at = condition.find(name)
        while at >= 0:
            end = at + len(name)
            if not _stands_alone(condition, at, end, kept):
                at = condition.find(name, at + 1)
                continue
            pieces.append(_Piece(condition[kept:at], kept))
            _trim(pieces, _BLANKS)
            while end < len(condition) and condition[end] in _BLANKS:
                end += 1
            text = self._text(name)
            if not text:
                if pieces and pieces[-1].text.endswith(","):
                    _trim(pieces, ",", at_most=1)
                elif condition[end : end + 1] == ",":
                    end += 1
            inserted = _Piece(f" {text} " if pieces else f"{text} ", at, is_inserted=True)
            kept = end
            # Falco goes on searching one character later if nothing stands before the inserted text.
            at = condition.find(name, kept if pieces else kept + 1)
            pieces.append(inserted)
        if pieces:
            pieces.append(_Piece(condition[kept:], kept))
            if sum(len(piece.text) for piece in pieces) > MAX_TEXT:
                raise TooLong
        return pieces


class _Piece(NamedTuple):
    """A piece of a condition after an insertion, and the position in the condition before that it comes from."""

    text: str
    origin: int
    is_inserted: bool = False


def _stands_alone(condition: str, start: int, end: int, kept: int) -> bool:
    before = start == kept or condition[start - 1] in _DELIMITERS
    return before and (end == len(condition) or condition[end] in _DELIMITERS)


def _trim(pieces: list[_Piece], chars: str, at_most: int | None = None) -> None:
    """Remove `chars` from the end of the pieces."""
    while pieces:
        last = pieces.pop()
        text = last.text.rstrip(chars) if at_most is None else last.text[:-at_most]
        if text:
            pieces.append(last._replace(text=text))
        if text or at_most is not None:
            return


def _join(pieces: list[_Piece]) -> str:
    return "".join([piece.text for piece in pieces])


def _origin(pieces: list[_Piece], position: int) -> int:
    for piece in pieces:
        if position < len(piece.text):
            return piece.origin + (0 if piece.is_inserted else position)
        position -= len(piece.text)
    last = pieces[-1]
    return last.origin + len(last.text)


def _joined(items: Iterable[str]) -> str:
    """Join items by commas; those with a blank and without a quote at their beginning are put in quotes."""
    pieces: list[str] = []
    length = 0
    for number, item in enumerate(items):
        written = f'"{item}"' if " " in item and item[0] not in "\"'" else item
        if length:
            pieces.append(", ")
            length += 2
        pieces.append(written)
        length += len(written)
        if max(length, number) > MAX_TEXT:
            raise TooLong
    return "".join(pieces)
