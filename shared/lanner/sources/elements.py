"""The elements of arrays: one by one however many there are, and those that are left of a broken array."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lanner.fields import json_text

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["each", "pieces", "start_of_elements"]

_SMALL = 1 << 20
"""Bytes of an array whose elements may all be in memory at once."""

_BLANK = b" \t\r\n"

# Anything up to the next mark that opens, closes or parts values.
_MARK = re.compile(rb'(?:[^"\[\]{},]++|"(?:[^"\\]++|\\.)*+")*+([\[\]{},])', re.DOTALL)

# An EventList up to its items, which come last or behind nothing but plain members and one object of metadata.
_EVENT_LIST = re.compile(rb'\{(?=[^\[]*"kind"\s*:\s*"EventList")[^\[]*?"items"\s*:\s*\[', re.DOTALL)


def each(array: bytes) -> Iterator[bytes]:
    """Yield the elements of a valid JSON array without holding all of a large one."""
    if len(array) <= _SMALL:
        yield from json_text.elements(array)
    else:
        yield from pieces(array, 1)


def pieces(text: bytes, start: int) -> Iterator[bytes]:
    """Yield what stands between commas from offset `start` inside an array to its end, or to that of the text.

    In a valid array these are its elements. In a broken one, elements with their brackets in order stay whole.
    """
    inside = 0  # how many marks are open within the element at hand
    for match in _MARK.finditer(text, start):
        mark = match[1]
        if mark in b"[{":
            inside += 1
        elif inside and mark != b",":
            inside -= 1
        elif not inside:
            element = text[start : match.start(1)].strip(_BLANK)
            if element:
                yield element
            start = match.end()
            if mark != b",":
                return
    rest = text[start:].strip(_BLANK)
    if rest:
        yield rest


def start_of_elements(text: bytes) -> int | None:
    """Return where the elements begin of a text that looks like an array or an EventList; `None` for others."""
    if text.startswith(b"["):
        return 1
    found = _EVENT_LIST.match(text)
    return None if found is None else found.end()
