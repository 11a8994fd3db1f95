"""Texts that are put together from several places of the rules files, and remember them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from lanner.ruleset.places import Place
from lanner.ruleset.yaml_nodes import Node, Scalar

__all__ = ["Part", "Text"]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a `Text`.

    `origin` is what it was made of. If `skipped` is given, the origin is a scalar and the piece is its value from the
    character `skipped` on.
    """

    text: str
    origin: Node | None = None
    skipped: int | None = None


@dataclass(frozen=True)
class Text:
    """A condition or an output, as it is after all definitions of a name so far."""

    parts: tuple[Part, ...]

    @classmethod
    def of(cls, scalar: Scalar, strip: str = "") -> Text:
        """Return the value of `scalar`, without the characters of `strip` at its ends."""
        text = scalar.value.lstrip(strip)
        return cls((Part(text.rstrip(strip), scalar, len(scalar.value) - len(text)),))

    @cached_property
    def text(self) -> str:
        """The whole text."""
        return "".join([part.text for part in self.parts])

    def append(self, other: Text) -> Text:
        """Return this text, one blank, and the other text (spec/rules.md section 1.4)."""
        return Text((*self.parts, Part(" "), *other.parts))

    def locate(self, position: int) -> tuple[Node, Place]:
        """Return what the character `position` was made of, and its place there.

        Characters that come from nowhere (inserted blanks and parentheses) are taken for their neighbours.
        """
        found: tuple[Node, Place] | None = None
        start = 0
        for part in self.parts:
            if found and position < start:
                break
            if part.origin:
                place = part.origin.place
                if isinstance(part.origin, Scalar) and part.skipped is not None:
                    inside = max(0, min(position - start, len(part.text)))
                    place = part.origin.locate(part.skipped + inside)
                found = part.origin, place
            start += len(part.text)
        assert found is not None  # every text has a part with an origin
        return found
