"""The view of an event through a projection: what the structures hold is read from them, the rest from the text."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from types import EllipsisType
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, Raw

from lanner.engine.projection import NOT_THERE, Head, Path, Projection, is_structure, members_of
from lanner.engine.texts import Group, texts_reader
from lanner.fields import BODIES, BoundField, Event, Extracted, NoValue, RawEvent, json_text
from lanner.fields.block import Block

__all__ = ["Readers", "View"]

Reader = Callable[["View"], bytes | EllipsisType | None]
Walker = Callable[["View", int | None], list[bytes | None] | EllipsisType | None]


class Readers:
    """Readers of what a view shows, by path; made when they are first asked for.

    A reader gives `...` where the structures do not tell: its path leads elsewhere, or the body was not taken.
    """

    def __init__(self, projection: Projection) -> None:
        self.projection = projection
        self.texts: dict[Path, Reader] = {}
        self.values: dict[Path, Reader] = {}
        self.walkers: dict[Path, Walker] = {}
        self.groups: dict[tuple[Path, ...], Group] = {}

    def text(self, path: Path) -> Reader:
        """Return the reader of the text at `path` (see `Event.text`)."""
        return self.texts.setdefault(path, self._reader(path, json_text.render, _text))

    def value(self, path: Path) -> Reader:
        """Return the reader of the JSON value at `path` (see `Event.find`)."""
        return self.values.setdefault(path, self._reader(path, bytes, msgspec.json.encode))

    def walker(self, path: Path) -> Walker:
        """Return the reader of the values at `path` through arrays (see `Event.walk`)."""
        return self.walkers.setdefault(path, self._walker(path))

    def group(self, paths: tuple[Path, ...]) -> Group:
        """Return the reader of the texts at several paths (see `Event.texts`); `...` for those inside bodies, too."""
        return self.groups.setdefault(paths, texts_reader(self.projection.head, paths))

    def field(self, field: BoundField) -> Callable[[Event], Extracted]:
        """Return what reads a field of an event that has a view, and of which nothing is lost.

        Walks through a body are what rules ask for most; they are followed here without detours.
        """
        # Events with a view have an `auditID`: the extractor that does not ask for it will do (`lanner.fields.audit`).
        extract: Callable[[Event], Extracted] = getattr(field.extract, "__wrapped__", field.extract)
        walk = field.walk
        ways = None if walk is None else self._through_array(walk.path)
        if walk is None or ways is None:
            return extract
        get, get_inner = ways
        index, is_whole, change = walk.index, walk.is_whole, walk.change

        def read(event: Event) -> Extracted:
            items = get(event.view)
            if items is ...:
                return extract(event)
            if items is UNSET:
                return NoValue.MISSING
            texts = []
            for item in items if index is None else items[index : index + 1]:
                value = get_inner(item)
                if value is not UNSET and value is not NOT_THERE:
                    text = json_text.render(bytes(value))
                    texts.append(text if change is None else change(text))
                elif is_whole:
                    return NoValue.MISSING
            return texts or NoValue.MISSING

        return read

    def _reader(self, path: Path, of_text: Callable[[bytes], bytes], of_value: Callable[[Any], bytes]) -> Reader:
        """Return the reader that turns what is found into its result by `of_text`, or `of_value` if it is decoded."""
        steps = self._steps(path)
        if not steps or any(step.is_array for step in steps) or steps[-1].is_object:
            return lambda view: ...
        get = _getter(path, steps)
        is_text = steps[-1].inner is Raw

        def read(view: View) -> bytes | EllipsisType | None:
            found = get(view)
            if found is UNSET or found is NOT_THERE:
                return None
            if found is ...:
                return ...
            return of_text(bytes(found)) if is_text else of_value(found)

        return read

    def _walker(self, path: Path) -> Walker:
        ways = self._through_array(path)
        if ways is None:
            read = self.value(path)
            return lambda view, index: found if (found := read(view)) is None or found is ... else [found]
        get, get_inner = ways

        def walk(view: View, index: int | None) -> list[bytes | None] | EllipsisType | None:
            items = get(view)
            if items is UNSET or items is ...:
                return None if items is UNSET else ...
            if index is not None:
                if index >= len(items):
                    return None
                items = items[index : index + 1]
            found = [get_inner(item) for item in items]
            return [None if value is UNSET or value is NOT_THERE else bytes(value) for value in found]

        return walk

    def _through_array(self, path: Path) -> tuple[Callable[[Any], Any], Callable[[Any], Any]] | None:
        """Return what leads from a view to the one array on the way, and from its elements to the end (a text).

        `None` if `path` does not lead that way; then it has no array, or the structures do not tell.
        """
        steps = self._steps(path)
        arrays = [number for number, step in enumerate(steps, 1) if step.is_array]
        if len(arrays) != 1 or steps[-1].inner is not Raw:
            return None
        return _getter(path, steps[: arrays[0]]), _follower(steps[arrays[0] :])

    def _steps(self, path: Path) -> list[_Step]:
        """Return the way along `path` through the structures, empty if it leads elsewhere."""
        inside = is_inside_body(path)
        inner: Any = self.projection.body(path[0]) if inside else self.projection.head
        steps: list[_Step] = []
        for key in path[1:] if inside else path:
            members = members_of(inner)
            if key not in members:
                return []
            inner, is_array, _ = members[key]
            steps.append(_Step(key, inner, is_array))
        return steps


def _text(value: str | int) -> bytes:
    """Return the text of a value that was decoded."""
    return value.encode() if isinstance(value, str) else b"%d" % value


class _Step(NamedTuple):
    """One key on the way through structures: the type of its value, or of the elements if that is an array."""

    key: str
    inner: Any
    is_array: bool

    @property
    def is_object(self) -> bool:
        """Whether the way goes on inside."""
        return is_structure(self.inner)


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

    def texts(self, paths: tuple[Path, ...]) -> list[bytes | EllipsisType | None]:
        """Return the texts at several paths, `...` for those that are to be looked for one by one."""
        return (self._readers.groups.get(paths) or self._readers.group(paths))(self.head)

    def find(self, path: Path) -> bytes | EllipsisType | None:
        """Return the JSON value at `path`, `...` if the structures do not tell."""
        return (self._readers.values.get(path) or self._readers.value(path))(self)

    def walk(self, path: Path, index: int | None) -> list[bytes | None] | EllipsisType | None:
        """Return the values at `path` through arrays, `...` if the structures do not tell."""
        return (self._readers.walkers.get(path) or self._readers.walker(path))(self, index)


def is_inside_body(path: Path) -> bool:
    """Tell whether `path` leads into a body."""
    return path[0] in BODIES and len(path) > 1


def _getter(path: Path, steps: list[_Step]) -> Callable[[View], Any]:
    """Return what follows `steps` from a view: to `UNSET` if the way breaks, to `...` if the body was not taken."""
    if not is_inside_body(path):
        return _follower([_Step("head", None, is_array=False), *steps])
    follow, name = _follower(steps), path[0]

    def get(view: View) -> Any:
        body = view.bodies[name] if name in view.bodies else view.body(name)
        return body if body is ... or body is UNSET else follow(body)

    return get


def _follower(steps: list[_Step]) -> Callable[[Any], Any]:
    """Return what follows `steps` from a structure: to `UNSET` if the way breaks."""
    get = attrgetter(".".join([step.key for step in steps]))

    def follow(start: Any) -> Any:
        try:
            return get(start)
        except AttributeError:  # of `UNSET`, on the way
            return UNSET

    return get if len(steps) == 1 else follow
