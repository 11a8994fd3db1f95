"""Audit events as an API server writes them: an Event, an EventList, or arrays of both (spec/fields.md section 1).

Other than in Falco, a bad element never costs its siblings, and an event without usable `stageTimestamp` is still an
event (conformance/README.md, correction g).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from lanner.fields import BODIES, RawEvent, json_text
from lanner.sources import hints
from lanner.sources.elements import each, leaves, pieces, start_of_elements
from lanner.sources.other import Other
from lanner.sources.reject import MAX_EVENT_SIZE, Context, Piece, Reject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = [
    "MAX_BAD_PARTS",
    "PLAIN_EVENT",
    "ObjectReader",
    "bounded",
    "event",
    "events",
    "object_events",
    "payload_events",
    "salvaged",
    "value_events",
    "whole",
]

T = TypeVar("T")

ObjectReader: TypeAlias = "Callable[[bytes, str, str, Context], Iterator[Piece]]"
"""Yields what a value that is no array comes to, given its text, the payload's origin, and which part of it this is."""

PLAIN_EVENT = b'{"kind":"Event",'
"""How the lines of an API server's log begin: an Event, whatever follows (of duplicate keys the first counts)."""

MAX_BAD_PARTS = 10_000
"""Elements of one payload that may be bad: a few compressed bytes can hold millions."""

_TOO_MANY = "more than {} of its elements are no audit events; the rest is not read"
_ARRAY = ord("[")
_BLANK = b" \t\r\n"

# A text that begins with so many openings is an attack on parsers, and costs a second a megabyte to check.
_BOMB = re.compile(rb'[ \t\r\n]*+(?:[\[{][ \t\r\n]*+(?:"[^"\\]*+"[ \t\r\n]*+:[ \t\r\n]*+)?+){1000}')


def events(
    payload: bytes,
    *,
    origin: str,
    provider: str = "",
    cluster: str = "",
    max_size: int = MAX_EVENT_SIZE,
    drop_larger: bool = False,
) -> Iterator[Piece]:
    """Yield the events of one payload (a line, a request's body, a message) and rejects for its bad parts.

    `origin` says where the payload stood, `provider` and `cluster` where it came from (they go into the events).
    An event whose text is longer than `max_size` bytes loses its bodies, or is rejected if `drop_larger`. Never
    raises, whatever the payload holds (spec/fields.md section 1).
    """
    return payload_events(payload, origin, Context(provider, cluster, max_size, drop_larger))


def payload_events(payload: bytes, origin: str, context: Context) -> Iterator[Piece]:
    """Do as `events` does, for a source that has a context of its own."""
    try:
        value = whole(payload)
    except json_text.JsonError as error:
        text = payload.strip(_BLANK)
        yield from salvaged(text, origin, context) or [Reject(origin, hints.about_text(text, error), payload)]
    else:
        yield from value_events(value, origin, context)


def whole(text: bytes) -> bytes:
    """Return `text` without surrounding blanks if it is one JSON value to be looked into, else raise `JsonError`."""
    if _BOMB.match(text) is not None:
        raise json_text.JsonError("it opens a thousand objects or arrays inside each other", 0)
    return json_text.check(text)


def value_events(
    value: bytes, origin: str, context: Context, part: str = "", read: ObjectReader | None = None
) -> Iterator[Piece]:
    """Yield the events of one valid JSON value (`whole`), and rejects for its bad parts.

    `part` (" item 3") tells which part of the payload the value is, if it is not all of it. After `MAX_BAD_PARTS`
    rejects the rest is one reject. `read` is given every object (`object_events` if there is none).
    """
    yield from bounded(_value_events(value, origin, context, part, read or object_events), origin + part)


def bounded(found: Iterator[T], origin: str, reason: str = _TOO_MANY) -> Iterator[T | Reject]:
    """Yield the pieces; after `MAX_BAD_PARTS` rejects, records of other kinds not counted, one more for all the rest.

    `reason` is that of this one, with a place for the number.
    """
    bad = 0
    for piece in found:
        bad += isinstance(piece, Reject) and not isinstance(piece, Other)
        if bad > MAX_BAD_PARTS:
            yield Reject(origin, reason.format(MAX_BAD_PARTS))
            return
        yield piece


def _value_events(value: bytes, origin: str, context: Context, part: str, read: ObjectReader) -> Iterator[Piece]:
    if value[0] != _ARRAY:
        yield from read(value, origin, part, context)
        return
    prefix = f"{part}." if part else " item "
    for number, element in enumerate(each(value), 1):
        if element[0] != _ARRAY:
            yield from read(element, origin, f"{prefix}{number}", context)
            continue
        for path, leaf in leaves(element):
            yield from read(leaf, origin, f"{prefix}{number}{path}", context)


def event(text: bytes, origin: str, context: Context) -> RawEvent | Reject:
    """Return the event whose text, a valid JSON object, is `text`; a reject if it is larger than configured."""
    size = len(text)
    if size <= context.max_size:
        return RawEvent(text, context.provider, context.cluster, None, origin)
    if context.drop_larger:
        return Reject(origin, f"the event has {size} bytes, the configured limit is {context.max_size}", text)
    lost = BODIES.intersection(json_text.members(text))
    return RawEvent(text, context.provider, context.cluster, None, origin, lost)


def object_events(
    value: bytes, origin: str, part: str, context: Context, members: Mapping[str, bytes] | None = None
) -> Iterator[Piece]:
    """Yield the events of what should be an Event or an EventList; `members` are those of `value`, if it was split."""
    if value.startswith(PLAIN_EVENT):
        yield event(value, origin + part, context)
        return
    if not json_text.is_object(value):
        deep = json_text.is_array(value)  # the only arrays that come here are those that `leaves` did not enter
        reason = f"arrays nest deeper than {json_text.MAX_DEPTH} levels" if deep else _no_object(value)
        yield Reject(origin + part, reason, value)
        return
    if members is None:
        members = json_text.members(value)
    kind = members.get("kind", b"")
    name = json_text.unquote(kind) if kind.startswith(b'"') else b""
    if name == b"Event":
        yield event(value, origin + part, context)
    elif name != b"EventList":
        yield Reject(origin + part, hints.about_object(members), value)
    elif "items" not in members:
        yield Reject(origin + part, "an EventList without items", value)
    elif not json_text.is_array(members["items"]):
        reason = f"an EventList whose items are {_shape(members['items'])} instead of an array"
        yield Reject(origin + part, reason, value)
    else:
        yield from _items(members["items"], origin + (f"{part}." if part else " item "), context)


def _items(items: bytes, prefix: str, context: Context) -> Iterator[Piece]:
    """Yield the items of an EventList. Their own `kind` plays no role: API servers send none."""
    for number, item in enumerate(each(items), 1):
        yield _item(item, f"{prefix}{number}", context)


def _item(item: bytes, origin: str, context: Context) -> Piece:
    if json_text.is_object(item):
        return event(item, origin, context)
    return Reject(origin, _no_object(item), item)


def salvaged(text: bytes, origin: str, context: Context, read: ObjectReader | None = None) -> list[Piece]:
    """Return the events, and rejects for the rest, of a broken array or EventList; nothing if no event is intact.

    `read` is that of `value_events`.
    """
    start = start_of_elements(text)
    if start is None or len(text) > json_text.MAX_LENIENT:
        return []
    found = list(bounded(_salvaged(text, start, origin, context, read or object_events), origin))
    return found if any(isinstance(piece, RawEvent) for piece in found) else []


def _salvaged(text: bytes, start: int, origin: str, context: Context, read: ObjectReader) -> Iterator[Piece]:
    is_list = text.startswith(b"{")
    for number, piece in enumerate(pieces(text, start), 1):
        if is_list and piece == b"}":
            continue  # the end of the list itself
        part = f" item {number}"
        try:
            value = whole(piece)
        except json_text.JsonError as error:
            yield Reject(origin + part, hints.about_text(piece, error), piece)
            continue
        if is_list:
            yield _item(value, origin + part, context)
        else:
            yield from _value_events(value, origin, context, part, read)


def _no_object(value: bytes) -> str:
    return f"no audit event: {_shape(value)}, where an object was expected"


def _shape(value: bytes) -> str:
    """Name the type of a JSON value with its article."""
    shapes = {b'"': "a string", b"[": "an array", b"{": "an object", b"t": "true", b"f": "false"}
    if value == b"null":
        return "null"
    return shapes.get(value[:1], "a number")
