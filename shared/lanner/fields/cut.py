"""What can be told of a value of which only a part was kept, because the event was cut inside it.

Of objects and arrays that were open at the cut, what stood before it is known. A member that is not among that may have
stood behind it: then nothing is known, rather than that it is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from lanner.fields import json_text, paths
from lanner.fields.event import Event
from lanner.fields.types import NoValue

if TYPE_CHECKING:
    from collections.abc import Callable

    from lanner.fields.types import Extracted

__all__ = ["Kept", "read"]


class Kept(msgspec.Struct, frozen=True):
    """The beginning of a string, or some elements of a list.

    `is_sure` tells that the whole value does exist and begins with (a list: contains) what was kept; otherwise it might
    as well be missing.
    """

    value: bytes | list[bytes]
    is_sure: bool


class _LostError(Exception):
    """What is looked for stood, or may have stood, in the lost part; `lack` says which."""

    def __init__(self, lack: NoValue) -> None:
        self.lack = lack


class _Watched(Event):
    """An event that was cut, seen by an extraction: what the cut may have changed does not go unnoticed.

    `is_touched` tells that what was returned lacks something. Walks end at arrays that were cut only if
    `parts_of_arrays` are of use.
    """

    __slots__ = ("_parts_of_arrays", "cut", "is_touched")

    def __init__(self, event: Event, cut: tuple[str, ...], *, parts_of_arrays: bool) -> None:
        super().__init__(event.raw, event.number, event.first_time)
        self.cut = cut
        self.is_touched = False
        self._parts_of_arrays = parts_of_arrays

    def find(self, path: tuple[str, ...]) -> bytes | None:
        """See `Event.find`; of an array that was cut, the elements before that."""
        value, is_open = self._step(path)
        if is_open and value is not None:
            if not json_text.is_array(value):
                raise _LostError(NoValue.HIDDEN)
            return self._whole_elements(value, self.cut[len(path) :])
        return value

    def text(self, path: tuple[str, ...]) -> bytes | None:
        """See `Event.text`; of a string that was cut, its beginning."""
        value, is_open = self._step(path)
        if value is None:
            return None
        if is_open:
            if not value.startswith(b'"'):
                raise _LostError(NoValue.HIDDEN)
            self.is_touched = True
        return json_text.render(value)

    def walk(self, path: tuple[str, ...], index: int | None = None) -> list[bytes | None] | None:
        """See `Event.walk`; without the elements that are not there as a whole."""
        value, _ = self._step(path[:1])
        return None if value is None else self._walk(value, path[1:], index, self.cut[1:], paths.MAX_ARRAYS)

    def _step(self, path: tuple[str, ...]) -> tuple[bytes | None, bool]:
        """Return the value at `path`, and whether it was open at the cut."""
        container: bytes | None = None
        for level, key in enumerate(path):
            value = self.top.get(key) if container is None else json_text.get(container, key)
            if value is None:
                if self.cut[:level] == path[:level] and self._may_have_stood(container, key):
                    is_this = self.cut == path  # its key was read, or the elements before it
                    raise _LostError(NoValue.HIDDEN if is_this else NoValue.UNKNOWN)
                return None, False
            container = value
        return container, self.cut[: len(path)] == path

    def _may_have_stood(self, container: bytes | None, key: str) -> bool:
        """Tell whether a container that was open (`None`: the event itself) may have had `key` behind the cut."""
        if container is None:
            return key in self.lost
        if json_text.is_array(container):
            return json_text.array_index(key) is not None
        return json_text.is_object(container)

    def _walk(
        self, value: bytes, path: tuple[str, ...], index: int | None, cut: tuple[str, ...] | None, arrays: int
    ) -> list[bytes | None] | None:
        """Do as `lanner.fields.paths.walk` does; `cut` leads from `value` to the cut, `None` if that is elsewhere."""
        if cut is None:
            return paths.walk(value, path, index, arrays)
        if not path:
            if not (json_text.is_array(value) and self._parts_of_arrays):
                raise _LostError(NoValue.UNKNOWN)
            return [self._whole_elements(value, cut)]
        if not json_text.is_array(value):
            step = json_text.get(value, path[0])
            if step is None and json_text.is_object(value):
                raise _LostError(NoValue.UNKNOWN)
            if step is None:
                return None
            return self._walk(step, path[1:], index, cut[1:] if cut[:1] == path[:1] else None, arrays)
        if not arrays:
            return None
        return self._walk_elements(json_text.elements(value), path, index, cut, arrays - 1)

    def _walk_elements(
        self, items: list[bytes], path: tuple[str, ...], index: int | None, cut: tuple[str, ...], arrays: int
    ) -> list[bytes | None]:
        opened = int(cut[0]) if cut else len(items)  # the number of the element that the cut is in
        if index is not None:
            if index >= len(items):
                raise _LostError(NoValue.UNKNOWN)
            return self._walk(items[index], path, index, cut[1:] if index == opened else None, arrays) or [None]
        self.is_touched = True  # there may have been more
        found: list[bytes | None] = []
        for number, item in enumerate(items):
            try:
                inner = self._walk(item, path, index, cut[1:] if number == opened else None, arrays)
            except _LostError:
                continue
            found.extend([None] if inner is None else inner)
        return found

    def _whole_elements(self, array: bytes, cut: tuple[str, ...]) -> bytes:
        """Return an array that was cut with those of its elements that were not."""
        self.is_touched = True
        elements = json_text.elements(array)
        return b"[%b]" % b",".join(elements[: int(cut[0])] if cut else elements)


def read(extract: Callable[[Event], Extracted], event: Event) -> tuple[Extracted, Kept | None]:
    """Read a value from the part of an event that was cut; if the value was cut, too, return what was kept of it.

    `extract.growth` says what the extraction of a part means: `list` (the whole has these elements, and perhaps more),
    `arrays` (the same, also inside each array), `text` (it begins like that), `index` (what is there is whole), `true`
    (`true` stays true); without it, nothing.
    """
    cut = event.raw.cut
    assert cut is not None  # only of such an event there is a part
    growth = getattr(extract, "growth", "")
    watched = _Watched(event, cut, parts_of_arrays=growth == "arrays")
    try:
        value = extract(watched)
    except _LostError as lost:
        return lost.lack if growth == "text" else NoValue.UNKNOWN, None
    if not watched.is_touched:
        return value, None
    if isinstance(value, list):
        if growth == "index":
            return value, None
        is_sure = growth in ("list", "arrays") and bool(value)
        return NoValue.HIDDEN if is_sure else NoValue.UNKNOWN, Kept(value, is_sure)
    if growth == "true":
        return (value, None) if value == b"true" else (NoValue.HIDDEN, None)
    if growth == "text" and isinstance(value, bytes):
        return NoValue.HIDDEN, Kept(value, is_sure=True)
    return NoValue.UNKNOWN, None
