"""The view of an event through a projection: what the structures hold is read from them, the rest from the text."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from types import EllipsisType
from typing import Any, NamedTuple, get_args, get_origin

import msgspec
from msgspec import UNSET, Raw

from lanner.engine.projection import BODY_KEY, NOT_THERE, Head, Path, Projection
from lanner.fields import RawEvent, json_text
from lanner.fields.block import Block

__all__ = ["Readers", "View"]

Reader = Callable[[Any], bytes | None]
Walker = Callable[[Any, int | None], list[bytes | None] | None]

_UNREAD: Any = object()


class _Step(NamedTuple):
    """One key on the way through structures. `inner` is the structure that it leads to, or the type of a value."""

    get: Callable[[Any], Any]
    inner: Any
    is_array: bool


class Readers:
    """Readers of the members of a projection's structures by path, `None` for paths that lead elsewhere.

    They are made when they are first asked for. Those for paths into the request's object take its structure, all
    others that of the event.
    """

    def __init__(self, projection: Projection) -> None:
        self.projection = projection
        self.texts: dict[Path, Reader | None] = {}
        self.values: dict[Path, Reader | None] = {}
        self.walkers: dict[Path, Walker | None] = {}

    def text(self, path: Path) -> Reader | None:
        """Return the reader of the text at `path` (see `Event.text`)."""
        return self.texts.setdefault(path, _reader(self._steps(path), json_text.render, lambda v: str(v).encode()))

    def value(self, path: Path) -> Reader | None:
        """Return the reader of the JSON value at `path` (see `Event.find`)."""
        return self.values.setdefault(path, _reader(self._steps(path), bytes, msgspec.json.encode))

    def walker(self, path: Path) -> Walker | None:
        """Return the reader of the values at `path` through arrays (see `Event.walk`)."""
        return self.walkers.setdefault(path, _walker(self._steps(path)))

    def _steps(self, path: Path) -> list[_Step]:
        """Return the way along `path`, empty if the structures do not cover it."""
        if path == ("kind",):  # a text in one structure and a value in the other
            return []
        inside = is_inside_body(path)
        inner: Any = self.projection.body if inside else self.projection.head
        steps: list[_Step] = []
        for key in path[1:] if inside else path:
            types = getattr(inner, "__annotations__", {})
            if key not in types:
                return []
            inner = next((part for part in get_args(types[key]) if part is not msgspec.UnsetType), types[key])
            is_array = get_origin(inner) is list
            if is_array:
                (inner,) = get_args(inner)
            steps.append(_Step(attrgetter(key), inner, is_array))
        return steps


def is_inside_body(path: Path) -> bool:
    """Tell whether `path` leads into the request's object."""
    return path[0] == BODY_KEY and len(path) > 1


def _reader(steps: list[_Step], of_text: Callable[[bytes], bytes], of_value: Callable[[Any], bytes]) -> Reader | None:
    """Return the reader for the end of `steps`; `of_text` and `of_value` turn what is found there into its result."""
    if not steps or any(step.is_array for step in steps) or hasattr(steps[-1].inner, "__annotations__"):
        return None
    ways = [step.get for step in steps]
    if steps[-1].inner is not Raw:
        return lambda value: None if (found := _follow(value, ways)) is UNSET else of_value(found)

    def read(value: Any) -> bytes | None:
        found = _follow(value, ways)
        return None if found is UNSET or found is NOT_THERE else of_text(bytes(found))

    return read


def _follow(value: Any, ways: list[Callable[[Any], Any]]) -> Any:
    """Return what is at the end of the way from a structure; `UNSET` or `NOT_THERE` if it breaks."""
    for get in ways:
        if value is UNSET:
            break
        value = get(value)
    return value


def _walker(steps: list[_Step]) -> Walker | None:
    """Return the walker along `steps`, on which there may be one array of objects."""
    arrays = [number for number, step in enumerate(steps, 1) if step.is_array]
    if not steps or steps[-1].inner is not Raw or len(arrays) > 1:
        return None
    ways = [step.get for step in steps]
    if not arrays:

        def find(value: Any, index: int | None) -> list[bytes | None] | None:
            found = _follow(value, ways)
            return None if found is UNSET or found is NOT_THERE else [bytes(found)]

        return find

    before, behind = ways[: arrays[0]], ways[arrays[0] :]

    def walk(value: Any, index: int | None) -> list[bytes | None] | None:
        items = _follow(value, before)
        if items is UNSET:
            return None
        if index is not None:
            if index >= len(items):
                return None
            items = items[index : index + 1]
        found = [_follow(item, behind) for item in items]
        return [None if item is UNSET or item is NOT_THERE else bytes(item) for item in found]

    return walk


class View:
    """An event as its structure shows it, with the place where its text stands (see `lanner.fields.View`)."""

    __slots__ = ("_body", "_head", "_index", "_readers", "_source")

    def __init__(self, readers: Readers, head: Head, source: RawEvent | Block, index: int = 0) -> None:
        self._readers = readers
        self._head = head
        self._source = source
        self._index = index
        self._body = _UNREAD

    def raw(self) -> RawEvent:
        """Return the event with its text."""
        source = self._source
        return source if isinstance(source, RawEvent) else source.raw(self._index)

    def text(self, path: Path) -> bytes | EllipsisType | None:
        """Return the text at `path`, `...` if the structures do not tell."""
        readers = self._readers
        read = readers.texts[path] if path in readers.texts else readers.text(path)
        return ... if read is None or (value := self._part(path)) is ... else read(value)

    def find(self, path: Path) -> bytes | EllipsisType | None:
        """Return the JSON value at `path`, `...` if the structures do not tell."""
        readers = self._readers
        read = readers.values[path] if path in readers.values else readers.value(path)
        return ... if read is None or (value := self._part(path)) is ... else read(value)

    def walk(self, path: Path, index: int | None) -> list[bytes | None] | EllipsisType | None:
        """Return the values at `path` through arrays, `...` if the structures do not tell."""
        readers = self._readers
        walk = readers.walkers[path] if path in readers.walkers else readers.walker(path)
        return ... if walk is None or (value := self._part(path)) is ... else walk(value, index)

    def _part(self, path: Path) -> Any:
        """Return the structure that `path` is read from, `...` if it is the request's object and cannot be taken."""
        if not is_inside_body(path):
            return self._head
        if self._body is _UNREAD:
            body = self._head.requestObject
            taken = UNSET if body is NOT_THERE else self._readers.projection.take_body(body)
            self._body = ... if taken is None else taken
        return self._body
