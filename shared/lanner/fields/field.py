"""A field: an entry of the catalogue, and one that is bound to its argument and ready to be read."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from lanner.fields.event import Event
from lanner.fields.types import Argument, Extracted, NoValue, Type

__all__ = ["WHOLE", "BoundField", "Extractor", "Field"]

WHOLE = "\ud800"
"""Stands in a field's `reads` for the event as a whole. No key of an event can be the same."""

Extractor = Callable[[Event], Extracted]
"""Reads a value from an event. Total: it never raises, whatever the event holds."""


class Walk(msgspec.Struct, frozen=True):
    """What a field is that is just the texts at the end of a walk (`Event.walk`), each changed by `change` if given.

    It is missing if there is none; if it `is_whole`, also if any element on the way has none.
    """

    path: tuple[str, ...]
    index: int | None
    is_whole: bool
    change: Callable[[bytes], bytes] | None = None


class Field(msgspec.Struct, frozen=True):
    """One entry of the catalogue.

    `reads` names the top-level keys of the event that the value depends on (empty: none of them, `*`: all of it).
    `bind` makes the extraction for one argument (already checked; `None` if there is none).
    """

    name: str
    meaning: str
    path: str
    section: str
    bind: Callable[[str | None], Extractor]
    reads: frozenset[str] = frozenset()
    type: Type = Type.STRING
    is_list: bool = False
    argument: Argument = Argument.NONE
    correction: str = ""
    """Letter of the deliberate correction of docs/compatibility.md that applies, if any."""
    is_time_text: bool = False
    """A text in conditions and output texts, but nanoseconds in `output_fields` (spec/output.md section 3)."""
    digits: int = 0
    """Numbers are shown with at least so many digits in output texts."""
    is_always_there: bool = False
    """Every event has it, even if a lost part of the event holds what it is."""
    is_constant: bool = False
    """It is the same on every event of every run: one value, or none."""


class BoundField(msgspec.Struct, frozen=True, eq=False):
    """A field with its argument, ready to be read from events."""

    field: Field
    argument: str | None
    extract: Extractor
    reads: frozenset[str]
    whole: str | None = None
    """The top-level key whose whole value this field is, if so: then it exists even when the value is lost."""

    @property
    def text(self) -> str:
        """The field as written without quotes, `name` or `name[argument]`."""
        return self.field.name if self.argument is None else f"{self.field.name}[{self.argument}]"

    @property
    def text_path(self) -> tuple[str, ...] | None:
        """The place whose text the field is, if it is nothing else."""
        return getattr(self.extract, "text_path", None)

    @property
    def walk(self) -> Walk | None:
        """The walk whose texts the field is, if it is nothing else."""
        return getattr(self.extract, "walk", None)

    def value(self, event: Event) -> Extracted:
        """Return the field's value on `event`; read once an event. Never raises, whatever the event holds."""
        values = event.values
        if self in values:
            return values[self]
        view = event.view
        if view is not None:  # of an event of which nothing is lost
            extracted = view.read(self, event)
        else:
            extracted = (self._lack(event.lost) if event.lost else None) or self.extract(event)
        values[self] = extracted
        return extracted

    def _lack(self, lost: frozenset[str]) -> NoValue | None:
        """Return why the field has no value if these parts of the event are lost; `None` if it does not need them."""
        if WHOLE in self.reads or self.whole in lost:
            return NoValue.HIDDEN
        if self.reads.isdisjoint(lost):
            return None
        return NoValue.HIDDEN if self.field.is_always_there else NoValue.UNKNOWN
