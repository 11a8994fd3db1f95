"""What a rules file consists of: YAML scalars, sequences and mappings that know where they stand."""

from __future__ import annotations

from dataclasses import dataclass, field

from lanner.ruleset.places import Place, RulesText

__all__ = ["Mapping", "Node", "Scalar", "Sequence"]

_NULLS = ("", "~", "null", "Null", "NULL")
_WIDE_ESCAPES = {"x": 4, "u": 6, "U": 10}
_BLANK_ESCAPES = "ntrvNLP_ \t\n\r"


@dataclass(slots=True, eq=False)
class Scalar:
    """A scalar. `plain` ones are written without quotes and tag; `style` is their quote, `|` or `>`, else empty."""

    value: str
    plain: bool
    file: RulesText = field(repr=False)
    start: int = 0
    end: int = 0
    style: str = ""

    size = 1
    height = 0

    @property
    def is_null(self) -> bool:
        """YAML's null in one of its spellings."""
        return self.plain and self.value in _NULLS

    @property
    def place(self) -> Place:
        """Where the scalar begins."""
        return self.file.place(self.start)

    def locate(self, position: int) -> Place:
        """Return where the character `position` of the value is written.

        Blanks and line breaks of the value may differ from those of the file. All other characters are the same in
        the same order, so the place is found by counting them.
        """
        source = self.file.text
        at, end = _skip_properties(source, self.start, self.end), self.end
        if self.style in ("|", ">"):
            at = source.index("\n", at) + 1
        elif self.style:
            at, end = at + 1, end - 1
        to_skip = sum(not char.isspace() for char in self.value[:position])
        last = at
        while at < end:
            length, is_visible = _written(source, at, self.style)
            if is_visible:
                if not to_skip:
                    return self.file.place(at)
                to_skip -= 1
                last = at + length
            at += length
        return self.file.place(last)


def _skip_properties(source: str, at: int, end: int) -> int:
    """Skip the anchor and the tag that may stand in front of a scalar."""
    while at < end and source[at] in "&!":
        while at < end and not source[at].isspace():
            at += 1
        while at < end and source[at].isspace():
            at += 1
    return at


def _written(source: str, at: int, style: str) -> tuple[int, bool]:
    """Return how many characters of the file make up one of the value, and whether that one is visible."""
    char = source[at]
    if style == "'" and char == "'":
        return 2, True
    if style != '"' or char != "\\":
        return 1, not char.isspace()
    letter = source[at + 1]
    length = _WIDE_ESCAPES.get(letter)
    if length is None:
        return 2, letter not in _BLANK_ESCAPES
    return length, not chr(int(source[at + 2 : at + length], 16)).isspace()


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """A sequence. `size` counts its nodes (those of aliases each time), `height` the levels below it."""

    items: tuple[Node, ...]
    file: RulesText = field(repr=False)
    start: int = 0
    size: int = 1
    height: int = 1

    @property
    def place(self) -> Place:
        """Where the sequence begins."""
        return self.file.place(self.start)


@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    """A mapping with its pairs in the order of the file; of pairs with the same key only the first."""

    pairs: tuple[tuple[Node, Node], ...]
    file: RulesText = field(repr=False)
    start: int = 0
    size: int = 1
    height: int = 1

    @property
    def place(self) -> Place:
        """Where the mapping begins."""
        return self.file.place(self.start)

    def get(self, name: str) -> Node | None:
        """Return the value of the key `name`, `None` if there is no such key."""
        for key, value in self.pairs:
            if isinstance(key, Scalar) and key.value == name:
                return value
        return None

    def key(self, name: str) -> Node:
        """Return the key `name` itself, which must be there."""
        return next(key for key, _ in self.pairs if isinstance(key, Scalar) and key.value == name)


Node = Scalar | Sequence | Mapping
