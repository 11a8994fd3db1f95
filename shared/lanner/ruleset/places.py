"""Rules files as texts, and places in them."""

from __future__ import annotations

from functools import cached_property

import msgspec

__all__ = ["Place", "RulesText"]


class Place(msgspec.Struct, frozen=True):
    """A character of a file. `line` and `column` count from 1.

    `offset` counts characters from 0; it says the same once more and is not compared.
    """

    file: str
    line: int
    column: int
    offset: int = 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Place) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class RulesText:
    """The text of a rules file and the name that users know the file by."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text

    @cached_property
    def _line_starts(self) -> list[int]:
        from itertools import accumulate

        sizes = (len(line) + 1 for line in self.text.split("\n"))
        return list(accumulate(sizes, initial=0))

    def place(self, offset: int) -> Place:
        """Return the place of the character at `offset`."""
        from bisect import bisect_right  # artefacts hold places and no texts

        line = bisect_right(self._line_starts, offset, hi=len(self._line_starts) - 1)
        return Place(self.name, line, offset - self._line_starts[line - 1] + 1, offset)

    def snippet(self, place: Place, width: int = 100) -> str:
        """Return the line of `place` (cut to `width` characters) above a line with a caret."""
        start, end = self._line_starts[place.line - 1], self._line_starts[place.line] - 1
        left = start + max(0, place.column - 1 - width // 2)
        shown = self.text[left : min(end, left + width)].removesuffix("\r")
        indent = "".join(["\t" if char == "\t" else " " for char in shown[: place.offset - left]])
        return f"{shown}\n{indent.ljust(place.offset - left)}^"
