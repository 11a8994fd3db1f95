"""Readers, generated: what is asked of an event is read from its structures without detours.

Each reader follows one path. Where the structures do not tell (the path leads elsewhere, or the body was not taken),
readers of a view return `...`, and those of a field leave it to the field's extractor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import EllipsisType
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, Raw

from lanner.engine.access import Access, access, text
from lanner.engine.generated import function
from lanner.engine.projection import NOT_THERE, Path, Projection, is_inside_body
from lanner.fields import BoundField, Event, Extracted, NoValue, json_text

if TYPE_CHECKING:
    from lanner.engine.view import View
    from lanner.fields.field import Walk

__all__ = ["FieldReader", "Reader", "Walker", "field_reader", "text_reader", "value_reader", "walker"]

Reader = Callable[["View"], bytes | EllipsisType | None]
Walker = Callable[["View", int | None], list[bytes | None] | EllipsisType | None]
FieldReader = Callable[[Event], Extracted]

_SCOPE = {
    "NOT_THERE": NOT_THERE,
    "UNSET": UNSET,
    "bytes": bytes,
    "encode": msgspec.json.encode,
    "missing": NoValue.MISSING,
    "render": json_text.render,
}


def text_reader(projection: Projection, path: Path) -> Reader:
    """Return the reader of the text at `path` (see `Event.text`)."""
    return _reader(projection, path, text)


def value_reader(projection: Projection, path: Path) -> Reader:
    """Return the reader of the JSON value at `path` (see `Event.find`)."""
    return _reader(projection, path, _value)


def walker(projection: Projection, path: Path) -> Walker:
    """Return the reader of the values at `path` through arrays (see `Event.walk`)."""
    begin, found = _begin(projection, path, unknown="...", missing="None")
    if found is None:
        return lambda view, index: ...
    if not found.is_array:  # no array on the way: one value
        one = value_reader(projection, path)
        return lambda view, index: value if (value := one(view)) is None or value is ... else [value]
    inner = access(found.type, "item", found.rest, "w")
    if inner is None or inner.type is not Raw:
        return lambda view, index: ...
    value = f"None if {inner.is_broken} else bytes({inner.place})"
    lines = [
        *_unless_missing(found, "None"),
        f"items = {found.place}",
        "if index is not None:",
        "    if index >= len(items): return None",
        "    items = items[index : index + 1]",
        f"return [{value} for item in items]",
    ]
    walk: Walker = _made("view, index", [*begin, *lines], len=len)
    return walk


def field_reader(projection: Projection, field: BoundField) -> FieldReader:
    """Return what reads a field of an event that has a view, and of which nothing is lost."""
    # Events with a view have an `auditID`: the extractor that does not ask for it will do (`lanner.fields.audit`).
    extract: FieldReader = getattr(field.extract, "__wrapped__", field.extract)
    path = field.walk.path if field.walk is not None else field.text_path
    if path is None:
        return extract
    begin, found = _begin(projection, path, unknown="extract(event)", missing="missing")
    lines: list[str] = []
    if found is not None:
        lines = _texts_of(field.walk, found) if field.walk is not None else _text_of(found)
    if not lines:  # whether there is anything to follow can be told in any case (`impersonatedUser` is rare)
        top = access(projection.head, "view.head", path[:1], "v")
        begin, lines = [], ["return extract(event)"]
        if top is not None:
            lines = [*_unless_missing(top, "missing"), *lines]
    change = field.walk and field.walk.change
    read: FieldReader = _made("event", ["view = event.view", *begin, *lines], extract=extract, change=change)
    return read


def _reader(projection: Projection, path: Path, write: Callable[[Access], str | None]) -> Reader:
    """Return the reader of what is at `path`, as `write` writes it."""
    begin, found = _begin(projection, path, unknown="...", missing="None")
    written = None if found is None or found.is_array else write(found)
    if found is None or written is None:
        return lambda view: ...
    read: Reader = _made("view", [*begin, *_unless_missing(found, "None"), f"return {written}"])
    return read


def _begin(projection: Projection, path: Path, *, unknown: str, missing: str) -> tuple[list[str], Access | None]:
    """Return the lines that find the structure in which the way along `path` begins, and how it goes on from there.

    `unknown` is what to return where that structure was not taken, `missing` where it is missing. The way is `None` if
    the structures do not tell.
    """
    if not is_inside_body(path):
        return [], access(projection.head, "view.head", path, "v")
    name = path[0]
    lines = [
        f'start = view.bodies["{name}"] if "{name}" in view.bodies else view.body("{name}")',
        f"if start is ...: return {unknown}",
        f"if start is UNSET: return {missing}",
    ]
    return lines, access(projection.body(name), "start", path[1:], "v")


def _unless_missing(member: Access, missing: str) -> list[str]:
    return [f"if {member.is_broken}: return {missing}"] if member.breaks else []


def _text_of(member: Access) -> list[str]:
    """Return the lines that read the text of a member, none if it has been taken apart."""
    written = None if member.is_array else text(member)
    return [*_unless_missing(member, "missing"), f"return {written}"] if written else []


def _texts_of(walk: Walk, array: Access) -> list[str]:
    """Return the lines that read the texts at the end of a walk through one array, none if it is another one."""
    inner = access(array.type, "item", array.rest, "w") if array.is_array else None
    written = text(inner) if inner is not None and not inner.is_array else None
    if inner is None or written is None:
        return []
    items = array.place if walk.index is None else f"{array.place}[{walk.index}:{walk.index + 1}]"
    return [
        *_unless_missing(array, "missing"),
        "texts = []",
        f"for item in {items}:",
        f"    if {inner.is_broken}: {'return missing' if walk.is_whole else 'continue'}",
        f"    texts.append({written if walk.change is None else f'change({written})'})",
        "return texts or missing",
    ]


def _value(member: Access) -> str | None:
    """Write the expression for the JSON value of a member that is there, `None` if it has been taken apart."""
    if member.type is Raw:
        return f"bytes({member.place})"
    return f"encode({member.place})" if member.type in (str, int) else None


def _made(parameters: str, lines: Sequence[str], **more: Any) -> Any:
    source = "\n".join([f"def read({parameters}):", *(f"    {line}" for line in lines), ""])
    return function("read", source, _SCOPE | more)
