"""The elements of arrays: one by one however many there are, and those that are left of a broken array."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lanner.fields import json_text

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["each", "leaves", "pieces", "start_of_elements"]

_SMALL = 1 << 20
"""Bytes of an array whose elements may all be in memory at once."""

_BLANK = b" \t\r\n"

# Anything up to the next mark that opens, closes or parts values.
_MARK = re.compile(rb'(?:[^"\[\]{},]++|"(?:[^"\\]++|\\.)*+")*+([\[\]{},])', re.DOTALL)

# An object up to the array `items`, if only plain members and flat objects stand before that.
_STRING = rb'"(?:[^"\\]++|\\.)*+"'
_FLAT = rb'\{(?:[^{}\[\]"]++|' + _STRING + rb")*+\}"
_MEMBER = _STRING + rb"\s*+:\s*+(?:" + _STRING + rb"|" + _FLAT + rb'|[^"{}\[\],\s]++)\s*+,\s*+'
_UP_TO_ITEMS = re.compile(rb"\{\s*+(?:" + _MEMBER + rb')*+"items"\s*+:\s*+\[', re.DOTALL)


def each(array: bytes) -> Iterator[bytes]:
    """Yield the elements of a valid JSON array without holding all of a large one."""
    if len(array) <= _SMALL:
        yield from json_text.elements(array)
    else:
        yield from pieces(array, 1)


def pieces(text: bytes, start: int) -> Iterator[bytes]:
    """Yield what stands between commas from offset `start` inside an array to its end, then what follows the end.

    In a valid array the pieces are its elements. In a broken one, elements with their brackets in order stay whole;
    from a string that does not end on, the rest is one piece.
    """
    inside = 0  # how many marks are open within the element at hand
    position = start
    while (match := _MARK.match(text, position)) is not None:
        mark, position = match[1], match.end()
        if mark in b"[{":
            inside += 1
        elif inside and mark != b",":
            inside -= 1
        elif not inside:
            yield from _unless_blank(text[start : position - 1])
            start = position
            if mark != b",":
                break
    yield from _unless_blank(text[start:])


def leaves(array: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield what arrays inside each other hold: path ("".join of ".number") and text. One pass, no recursion.

    An array below the deepest level allowed is yielded as it is.
    """
    numbers: list[int] = []
    inside = 0  # how many marks are open within the element at hand
    start = 0
    for match in _MARK.finditer(array):
        mark = match[1]
        if inside:
            if mark in b"[{":
                inside += 1
            elif mark in b"]}":
                inside -= 1
        elif mark == b"{" or (mark == b"[" and len(numbers) == json_text.MAX_DEPTH):
            inside = 1
        elif mark == b"[":
            numbers.append(1)
            start = match.end()
        else:
            element = array[start : match.start(1)].strip(_BLANK)
            if element:
                yield "".join(f".{number}" for number in numbers), element
            start = match.end()
            if mark == b"]":
                numbers.pop()
            else:
                numbers[-1] += 1


def _unless_blank(piece: bytes) -> Iterator[bytes]:
    stripped = piece.strip(_BLANK)
    if stripped:
        yield stripped


def start_of_elements(text: bytes) -> int | None:
    """Return where the elements begin of a text that looks like an array or an EventList; `None` for others.

    An EventList is recognised by its own `kind`, before its `items`: those of an object inside are no audit events.
    """
    if text.startswith(b"["):
        return 1
    found = _UP_TO_ITEMS.match(text)
    if found is None:
        return None
    try:
        kind = json_text.members(json_text.check(found[0] + b"]}")).get("kind")
    except json_text.JsonError:
        return None
    return found.end() if kind == b'"EventList"' else None
