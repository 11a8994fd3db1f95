"""The view of an event through a projection: what the structures hold is read from them, the rest from the text."""

from __future__ import annotations

from collections.abc import Callable
from types import EllipsisType
from typing import Any, TypeVar

from msgspec import UNSET

from lanner.engine.projection import NOT_THERE, Head, Path, Projection
from lanner.engine.readers import FieldReader, Reader, Walker, field_reader, text_reader, value_reader, walker
from lanner.engine.texts import Group, Other, texts_reader
from lanner.fields import BoundField, Event, Extracted, RawEvent
from lanner.fields.block import Block

__all__ = ["Readers", "View"]


Key = TypeVar("Key")
Made = TypeVar("Made")


class _Memory(dict[Key, Made]):
    """What `make` returns for each key, made when it is first asked for."""

    def __init__(self, make: Callable[[Key], Made]) -> None:
        self._make = make

    def __missing__(self, key: Key) -> Made:
        made = self[key] = self._make(key)
        return made


class Readers:
    """Readers of what a view shows, by path or field; made when they are first asked for."""

    def __init__(self, projection: Projection) -> None:
        self.projection = projection
        self.texts: _Memory[Path, Reader] = _Memory(lambda path: text_reader(projection, path))
        self.values: _Memory[Path, Reader] = _Memory(lambda path: value_reader(projection, path))
        self.walkers: _Memory[Path, Walker] = _Memory(lambda path: walker(projection, path))
        self.groups: _Memory[tuple[Path, ...], Group] = _Memory(lambda paths: texts_reader(projection.head, paths))
        self.fields: _Memory[BoundField, FieldReader] = _Memory(lambda field: field_reader(projection, field))


class View:
    """An event as its structure shows it, with the place where its text stands (see `lanner.fields.event.View`)."""

    __slots__ = ("_index", "_readers", "_source", "bodies", "head")

    def __init__(self, readers: Readers, head: Head, source: RawEvent | Block, index: int = 0) -> None:
        self.head = head
        self._readers = readers
        self._source = source
        self._index = index
        self.bodies: dict[str, Any] = {}

    @property
    def provider(self) -> str:
        """The provider whose envelope the event came in."""
        return self._source.provider

    @property
    def cluster(self) -> str:
        """The cluster that the envelope names."""
        return self._source.cluster

    def raw(self) -> RawEvent:
        """Return the event with its text."""
        source = self._source
        return source if isinstance(source, RawEvent) else source.raw(self._index)

    def body(self, name: str) -> Any:
        """Return the structure of a body, `UNSET` if there is none, `...` if it cannot be taken."""
        if name not in self.bodies:
            text = getattr(self.head, name)
            taken = UNSET if text is NOT_THERE else self._readers.projection.take_body(name, text)
            self.bodies[name] = ... if taken is None else taken
        return self.bodies[name]

    def text(self, path: Path) -> bytes | EllipsisType | None:
        """Return the text at `path`, `...` if the structures do not tell."""
        return self._readers.texts[path](self)

    def texts(self, paths: tuple[Path, ...], other: Other) -> list[str | None]:
        """Return the texts at several paths, by `other` those that the structures do not tell."""
        return self._readers.groups[paths](self.head, other)

    def read(self, field: BoundField, event: Event) -> Extracted:
        """Return the value of a field of `event`, whose view this is."""
        return self._readers.fields[field](event)

    def find(self, path: Path) -> bytes | EllipsisType | None:
        """Return the JSON value at `path`, `...` if the structures do not tell."""
        return self._readers.values[path](self)

    def walk(self, path: Path, index: int | None) -> list[bytes | None] | EllipsisType | None:
        """Return the values at `path` through arrays, `...` if the structures do not tell."""
        return self._readers.walkers[path](self, index)
