"""The view of an event through a projection: what the structures hold is read from them, the rest from the text."""

from __future__ import annotations

from types import EllipsisType
from typing import Any

from msgspec import UNSET

from lanner.engine.projection import NOT_THERE, Head, Path, Projection
from lanner.engine.readers import FieldReader, Reader, Walker, field_reader, text_reader, value_reader, walker
from lanner.engine.texts import Group, Other, texts_reader
from lanner.fields import BoundField, Event, Extracted, RawEvent
from lanner.fields.block import Block

__all__ = ["Readers", "View"]


class Readers:
    """Readers of what a view shows; made when they are first asked for."""

    def __init__(self, projection: Projection) -> None:
        self.projection = projection
        self.texts: dict[Path, Reader] = {}
        self.values: dict[Path, Reader] = {}
        self.walkers: dict[Path, Walker] = {}
        self.groups: dict[tuple[Path, ...], Group] = {}
        self.fields: dict[BoundField, FieldReader] = {}

    def text(self, path: Path) -> Reader:
        """Return the reader of the text at `path`."""
        if path not in self.texts:
            self.texts[path] = text_reader(self.projection, path)
        return self.texts[path]

    def value(self, path: Path) -> Reader:
        """Return the reader of the JSON value at `path`."""
        if path not in self.values:
            self.values[path] = value_reader(self.projection, path)
        return self.values[path]

    def walker(self, path: Path) -> Walker:
        """Return the reader of the values at `path` through arrays."""
        if path not in self.walkers:
            self.walkers[path] = walker(self.projection, path)
        return self.walkers[path]

    def group(self, paths: tuple[Path, ...]) -> Group:
        """Return the reader of the texts at several paths."""
        if paths not in self.groups:
            self.groups[paths] = texts_reader(self.projection.head, paths)
        return self.groups[paths]

    def field(self, field: BoundField) -> FieldReader:
        """Return what reads a field of an event that has a view, and of which nothing is lost."""
        if field not in self.fields:
            self.fields[field] = field_reader(self.projection, field)
        return self.fields[field]


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
        return (self._readers.texts.get(path) or self._readers.text(path))(self)

    def texts(self, paths: tuple[Path, ...], other: Other) -> list[str | None]:
        """Return the texts at several paths, by `other` those that the structures do not tell."""
        return (self._readers.groups.get(paths) or self._readers.group(paths))(self.head, other)

    def read(self, field: BoundField, event: Event) -> Extracted:
        """Return the value of a field of `event`, whose view this is."""
        return (self._readers.fields.get(field) or self._readers.field(field))(event)

    def find(self, path: Path) -> bytes | EllipsisType | None:
        """Return the JSON value at `path`, `...` if the structures do not tell."""
        return (self._readers.values.get(path) or self._readers.value(path))(self)

    def walk(self, path: Path, index: int | None) -> list[bytes | None] | EllipsisType | None:
        """Return the values at `path` through arrays, `...` if the structures do not tell."""
        return (self._readers.walkers.get(path) or self._readers.walker(path))(self, index)
