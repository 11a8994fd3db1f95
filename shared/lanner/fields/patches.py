"""What patches do: the places that they touch, and the object that a JSON patch would write.

A JSON patch (RFC 6902) is an array of operations; any other patch is an object that looks like what it changes, in
which null removes: a merge patch (RFC 7386), a strategic merge patch, or what server-side apply sends. All of them are
read as API servers read them (github.com/evanphx/json-patch, k8s.io/apimachinery/pkg/util/strategicpatch), within the
bounds below.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from lanner.fields import tree

__all__ = ["MAX_CHANGES", "MAX_POINTER", "Changes", "Operation", "changes", "operations", "skeleton"]

MAX_POINTER = 256
"""Bytes of a place inside of which others are told. So the list of places stays within a multiple of the text."""

MAX_CHANGES = 250_000
"""Places that are told; more do not fit into an event of a usual size."""

MAX_OPERATIONS = 10_000
"""Operations of a JSON patch; API servers refuse more (k8s.io/apiserver, handlers/patch.go)."""

MAX_COPIED = 3 * 2**20
"""Bytes that copies inside a patch may have together; API servers refuse more (`JSONPatchMaxCopyBytes`)."""

MAX_STEPS = 300
"""Steps of a pointer that is followed: no object nests deeper."""

MAX_SHIFTED = 100_000
"""Elements of an array of the patch's own in which others are inserted where they belong, not at the end."""

_END_OF_ARRAY = "-"
_MAX_DIGITS = 18
_DELETED = "$deleteFromPrimitiveList/"
_DIRECTIVES = ("$setElementOrder/", "$retainKeys")
_NOTHING: Any = object()

Path = tuple[str, ...]


class Operation(NamedTuple):
    """An operation of a JSON patch; `source` is where `move` and `copy` take the value from."""

    kind: str
    path: Path
    source: Path
    value: Any


class Changes(NamedTuple):
    """What a patch does (`set /path`, `remove /path`), and the places that it touches with all that they stand in."""

    done: list[bytes]
    places: list[bytes]


def operations(patch: Any) -> Iterator[Operation]:
    """Yield the operations of a JSON patch; what is malformed is passed over."""
    for element in patch[:MAX_OPERATIONS]:
        if isinstance(element, dict):
            path, source = _steps(element.get("path")), _steps(element.get("from"))
            kind = element.get("op")
            if path is not None and isinstance(kind, str):
                if kind in ("add", "replace", "remove"):
                    yield Operation(kind, path, (), element.get("value"))
                elif kind in ("move", "copy") and source is not None:
                    yield Operation(kind, path, source, None)


def changes(patch: Any) -> Changes:
    """Return what a patch of any kind does, given as `lanner.fields.tree` decodes it."""
    listing = _Listing()
    if not isinstance(patch, list):
        listing.walk((), patch)
        return listing.changes()
    for operation in operations(patch):
        if operation.kind == "remove":
            listing.note(b"remove ", operation.path)
            continue
        if operation.kind == "move":
            listing.note(b"remove ", operation.source)
        if operation.kind in ("move", "copy"):
            listing.note(b"set ", operation.path)
        else:
            if operation.path and operation.value is not None:
                listing.note(b"set ", operation.path)  # as a whole
            listing.walk(operation.path, operation.value)
    return listing.changes()


class _Listing:
    """Collects what a patch does, each thing once."""

    def __init__(self) -> None:
        self._done: dict[bytes, None] = {}
        self._places: dict[bytes, None] = {}

    def changes(self) -> Changes:
        """Return what was collected."""
        return Changes(list(self._done), list(self._places))

    def note(self, what: bytes, path: Path) -> None:
        """Note what is done at a place."""
        self._done[what + self._place(path)] = None

    def walk(self, path: Path, value: Any) -> None:
        """Note what is set by writing `value` to a place: each value in it that is not made of others."""
        pending: list[tuple[bytes, Any]] = [(self._place(path), value)]
        while pending and len(self._places) < MAX_CHANGES:
            place, item = pending.pop()
            if place:
                self._places[place] = None
            inner: list[tuple[bytes, Any]] = []
            if len(place) <= MAX_POINTER and item:
                if isinstance(item, dict):
                    inner = self._members(place, item)
                elif isinstance(item, list):
                    inner = [(b"%b/%d" % (place, number), one) for number, one in enumerate(item)]
            if inner:
                pending.extend(reversed(inner))
            elif place:
                self._done[(b"remove " if item is None else b"set ") + place] = None

    def _members(self, place: bytes, item: dict[str, Any]) -> list[tuple[bytes, Any]]:
        """Return the members of an object; what strategic merge patches say of deletions in it is noted."""
        inner: list[tuple[bytes, Any]] = []
        for key, one in item.items():
            if key.startswith("$"):
                if key.startswith(_DELETED):
                    inner.append((place + _step(key.removeprefix(_DELETED)), None))
                    continue
                if key == "$patch":
                    if one == "delete" and place:
                        self._done[b"remove " + place] = None
                    continue
                if key.startswith(_DIRECTIVES):
                    continue
            inner.append((place + _step(key), one))
        return inner

    def _place(self, path: Path) -> bytes:
        """Return the pointer to a place, which is noted with all that it stands in."""
        place = b""
        for number, step in enumerate(path, 1):
            place += _step(step)
            if number == len(path) or (len(place) <= MAX_POINTER and len(self._places) < MAX_CHANGES):
                self._places[place] = None
        return place


def _step(key: str) -> bytes:
    if "~" in key or "/" in key:
        key = key.replace("~", "~0").replace("/", "~1")
    return b"/" + tree.utf8(key)


def _steps(pointer: Any) -> Path | None:
    """Read a JSON pointer (RFC 6901), `None` if it is none, or longer than anything that it could lead to.

    API servers pass over what stands before the first slash.
    """
    if not isinstance(pointer, str):
        return None
    steps = pointer.split("/", MAX_STEPS + 1)[1:]
    if len(steps) > MAX_STEPS or (pointer and not steps):
        return None
    return tuple([step.replace("~1", "/").replace("~0", "~") if "~" in step else step for step in steps])


def _is_index(step: str) -> bool:
    digits = step[1:] if step.startswith(("+", "-")) else step
    return step == _END_OF_ARRAY or (digits.isascii() and digits.isdigit())


class _Part:
    """An object or array of which only what a patch has put there is known: an array if all steps into it are indices.

    When elements are inserted into an array or removed from it, those that were written before may have another index
    then: they become `moved`, so that nothing replaces them by mistake.
    """

    __slots__ = ("elements", "members", "moved")

    def __init__(self) -> None:
        self.members: dict[str, Any] = {}
        self.elements: dict[str, Any] | None = None
        self.moved: list[tuple[str, Any]] | None = None

    @property
    def is_unknown(self) -> bool:
        """Whether nothing is known of it."""
        return not (self.members or self.elements or self.moved)

    def get(self, step: str) -> Any:
        """Return what was written to a step and is still there."""
        found = self.elements if _is_index(step) else self.members
        return _NOTHING if found is None else found.get(step, _NOTHING)

    def source(self, step: str) -> Any:
        """The same for `move` and `copy`; of an array whose elements have moved, the last of them may be meant."""
        found = self.get(step)
        return self.moved[-1][1] if found is _NOTHING and self.moved and _is_index(step) else found

    def put(self, step: str, value: Any, *, is_insertion: bool) -> None:
        """Write a value."""
        if not _is_index(step):
            self.members[step] = value
        elif step.startswith("-"):  # the end of the array, or counted from there: others may come behind
            self.moved = self.moved or []
            self.moved.append((step, value))
        else:
            if is_insertion:
                self._shift()
            self.elements = self.elements or {}
            self.elements[step] = value

    def remove(self, step: str) -> None:
        """Remove what is at a step."""
        if not _is_index(step):
            self.members.pop(step, None)
        elif self.elements:
            self.elements.pop(step, None)
            self._shift()

    def _shift(self) -> None:
        if self.elements:
            self.moved = self.moved or []
            self.moved += self.elements.items()
            self.elements = None

    def settled(self) -> dict[str, Any] | list[Any]:
        """Return the object or array."""
        if self.elements is None and self.moved is None:
            return self.members.copy()
        elements = [*(self.moved or ()), *(self.elements or {}).items()]
        return dict(elements) | self.members if self.members or not elements else [value for _, value in elements]


def skeleton(patch: Any) -> Any:
    """Return the object that holds just what a JSON patch writes, each value at its place as far as that can be told.

    The patch's values are used up. Of several elements that were inserted into an array, none is left out. What `move`
    and `copy` take from elsewhere in the object is not known; what the patch has written itself is.
    """
    root: Any = _Part()
    copied = 0
    for operation in operations(patch):
        written = operation.value
        if operation.kind == "remove":
            root, _ = _without(root, operation.path)
            continue
        if operation.kind == "move":
            root, written = _without(root, operation.source)
        elif operation.kind == "copy":
            original = _at(root, operation.source)
            text = b"" if original is _NOTHING or copied > MAX_COPIED else tree.encoded(_settled(original))
            copied += len(text)
            written = tree.decoded(text) if text else _NOTHING
        if written is _NOTHING:
            written = _Part()  # of which nothing is known
        root = _with(root, operation.path, written, is_insertion=operation.kind != "replace")
    return _settled(root)


def _position(step: str, size: int) -> int | None:
    """Return the index that a step means in an array of so many elements, `None` if there is no such."""
    if step == _END_OF_ARRAY or not _is_index(step) or len(step) > _MAX_DIGITS:
        return None
    index = int(step)
    index += size if index < 0 else 0
    return index if 0 <= index < size else None


def _child(container: Any, step: str) -> Any:
    if isinstance(container, _Part):
        return container.get(step)
    if isinstance(container, dict):
        return container.get(step, _NOTHING)
    index = _position(step, len(container)) if isinstance(container, list) else None
    return _NOTHING if index is None else container[index]


def _at(root: Any, path: Path) -> Any:
    for step in path:
        root = root.source(step) if isinstance(root, _Part) else _child(root, step)
    return root


def _with(root: Any, path: Path, value: Any, *, is_insertion: bool) -> Any:
    """Return the root with a value at a place; what is on the way is made."""
    if not path:
        return value
    here = root = root if isinstance(root, _CONTAINERS) else _Part()
    for step in path[:-1]:
        inner = _child(here, step)
        if not isinstance(inner, _CONTAINERS):
            inner = _Part()
            _put(here, step, inner)
        here = inner
    _put(here, path[-1], value, is_insertion=is_insertion)
    return root


def _put(container: Any, step: str, value: Any, *, is_insertion: bool = False) -> None:
    if isinstance(container, _Part):
        container.put(step, value, is_insertion=is_insertion)
        return
    if isinstance(container, dict):
        container[step] = value
        return
    index = _position(step, len(container) + is_insertion)
    if index is None or index == len(container) or (is_insertion and len(container) > MAX_SHIFTED):
        container.append(value)
    elif is_insertion:
        container.insert(index, value)
    else:
        container[index] = value


def _without(root: Any, path: Path) -> tuple[Any, Any]:
    """Return the root without what is at a place, and that."""
    if not path:
        return _Part(), root
    container, step = _at(root, path[:-1]), path[-1]
    value = _at(container, path[-1:])
    if isinstance(container, _Part):
        container.remove(step)
    elif isinstance(container, dict):
        container.pop(step, None)
    elif value is not _NOTHING and len(container) <= MAX_SHIFTED:
        del container[_position(step, len(container)) or 0]
    return root, value


_CONTAINERS = (_Part, dict, list)


def _settled(root: Any) -> Any:
    """Return a copy with objects and arrays in the place of parts, of `MAX_STEPS` levels: moves can nest deeper."""
    top: Any = [root.settled() if isinstance(root, _Part) else root]
    level = [top]
    for _ in range(MAX_STEPS):
        below: list[Any] = []
        for container in level:
            _drop_unknown(container)
            for key, value in container.items() if isinstance(container, dict) else enumerate(container):
                if isinstance(value, _CONTAINERS):
                    container[key] = inner = value.settled() if isinstance(value, _Part) else value.copy()
                    below.append(inner)
        level = below
    for container in level:
        container.clear()
    return top[0]


def _drop_unknown(container: Any) -> None:
    """Leave out parts of which nothing is known."""
    if isinstance(container, list):
        container[:] = [value for value in container if not (isinstance(value, _Part) and value.is_unknown)]
        return
    for key in [key for key, value in container.items() if isinstance(value, _Part) and value.is_unknown]:
        del container[key]
