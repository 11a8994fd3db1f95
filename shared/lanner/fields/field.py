"""A field: an entry of the catalogue, and one that is bound to its argument and ready to be read."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from lanner.fields.availability import level_of, providers_of
from lanner.fields.event import KEYS, Event
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
    is_portable: bool = True
    """Falco has it, too."""

    @property
    def providers(self) -> frozenset[str]:
        """The providers whose log has it (`lanner.fields.availability`)."""
        return providers_of(self.name)

    @property
    def level(self) -> str:
        """The least level of an audit policy at which it is logged: Metadata, Request or RequestResponse."""
        return level_of(self.reads)


class BoundField(msgspec.Struct, frozen=True, eq=False):
    """A field with its argument, ready to be read from events."""

    field: Field
    argument: str | None
    extract: Extractor
    reads: frozenset[str]
    whole: str | None = None
    """The top-level key whose whole value this field is, if so: then it exists even when the value is lost."""

    @property
    def level(self) -> str:
        """The least level of an audit policy at which it is logged: Metadata, Request or RequestResponse."""
        return level_of(self.reads)

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
        elif event.lost:
            extracted = self._read_from_rest(event)
        else:
            extracted = self.extract(event)
        values[self] = extracted
        return extracted

    def _read_from_rest(self, event: Event) -> Extracted:
        """Return the value on an event that lacks something; `event.kept` gets what is known of one that was cut."""
        raw = event.raw
        cut = raw.cut
        missed = [key for key in self.reads if key in event.lost or (cut is not None and _is_foreign(key, event))]
        if WHOLE in self.reads or (missed and self.field.is_always_there):
            return NoValue.HIDDEN
        if not missed:
            return self.extract(event)
        if cut and missed == [cut[0]]:
            from lanner.fields.cut import read  # of the few events that were cut

            extracted, kept = read(self.extract, event)
            if kept is not None:
                event.kept[self] = kept
            return extracted
        return NoValue.HIDDEN if self.whole in raw.lost else NoValue.UNKNOWN


def _is_foreign(key: str, event: Event) -> bool:
    """Tell whether a key that API servers do not write may have stood in an event that was cut."""
    return key not in KEYS and key not in event.top
