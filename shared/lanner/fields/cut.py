"""What can be told of a value of which only a part was kept, because the event was cut inside it.

Of objects and arrays that were open at the cut, what stood before it is known. A member that is not among that may have
stood behind it: then nothing is known, rather than that it is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from lanner.fields import json_text, paths
from lanner.fields.event import Event
from lanner.fields.types import Growth, NoValue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lanner.fields.types import Extracted

__all__ = ["Kept", "read"]


_LISTS = (Growth.LIST, Growth.ARRAYS, Growth.ARRAY, Growth.PERHAPS)


class Kept(msgspec.Struct, frozen=True):
    """The beginning of a string, or some elements of a list.

    `is_sure` tells that the whole value does exist; otherwise it might as well be missing. If it exists, the string
    begins with what was kept, the list contains all of it.
    """

    value: bytes | list[bytes]
    is_sure: bool


class _LostError(Exception):
    """What is looked for stood, or may have stood, in the lost part; `lack` says which."""

    def __init__(self, lack: NoValue) -> None:
        self.lack = lack


class _Watched(Event):
    """An event that was cut, seen by an extraction: what the cut may have changed does not go unnoticed.

    `is_touched` tells that what was returned lacks something, `is_on_the_way` that elements of an array are lacking
    that a walk goes through. Walks end at arrays that were cut only if `parts_of_arrays` are of use.
    """

    __slots__ = ("_parts_of_arrays", "cut", "is_on_the_way", "is_touched")

    def __init__(self, event: Event, cut: tuple[str, ...], *, parts_of_arrays: bool) -> None:
        super().__init__(event.raw, event.number, event.first_time)
        self.cut = cut
        self.is_touched = self.is_on_the_way = False
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
        value, is_open = self._step(path[:1])
        cut = self.cut[1:] if is_open else None
        return None if value is None else self._walk(value, path[1:], index, cut, paths.MAX_ARRAYS)

    def gather(self, wanted: Iterable[tuple[str, ...]], *, is_final: bool = True) -> list[bytes | None]:
        """See `Event.gather`; what may have stood in the lost part is left out."""
        self.is_touched = self.is_touched or not is_final
        found: list[bytes | None] = []
        for path in wanted:
            try:
                found.extend(self.walk(path) or ())
            except _LostError:
                self.is_touched = True
        return found

    def _step(self, path: tuple[str, ...]) -> tuple[bytes | None, bool]:
        """Return the value at `path`, and whether it was open at the cut."""
        container: bytes | None = None
        is_open = True
        for level, key in enumerate(path):
            step = key
            if container is None:
                value = self.top.get(key)
            else:
                value = json_text.get(container, key)
                if json_text.is_array(container):
                    step = str(json_text.array_index(key))  # of the ways to write it, the one in which a cut has it
            if value is None:
                if is_open and self._may_have_stood(container, key):
                    is_this = level == len(path) - 1 and self.cut[level:] == (step,)  # its key was read
                    raise _LostError(NoValue.HIDDEN if is_this else NoValue.UNKNOWN)
                return None, False
            is_open = is_open and self.cut[level : level + 1] == (step,)
            container = value
        return container, is_open

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
        self.is_touched = self.is_on_the_way = True  # there may have been more
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

    `extract.growth` says what the extraction from a part means; without it, nothing.
    """
    cut = event.raw.cut
    assert cut is not None  # only of such an event there is a part
    growth = getattr(extract, "growth", None)
    watched = _Watched(event, cut, parts_of_arrays=growth in (Growth.ARRAYS, Growth.ARRAY))
    try:
        value = extract(watched)
    except _LostError as lost:
        return lost.lack if growth is Growth.TEXT else NoValue.UNKNOWN, None
    if not watched.is_touched or (growth is Growth.ELEMENT and isinstance(value, list)):
        return value, None
    if growth is Growth.TRUE:
        return (value, None) if value == b"true" else (NoValue.HIDDEN, None)
    if growth is Growth.TEXT and isinstance(value, bytes):
        return NoValue.HIDDEN, Kept(value, is_sure=True)
    if growth in _LISTS and isinstance(value, list):
        is_sure = growth is not Growth.PERHAPS and not (growth is Growth.ARRAY and watched.is_on_the_way)
        return NoValue.HIDDEN if is_sure else NoValue.UNKNOWN, Kept(value, is_sure)
    return NoValue.UNKNOWN, None
