"""The projection: of an event's text, only what rules look at becomes Python values (msgspec structures).

An event is taken only if writing its structure gives as many bytes as were read. Nothing is written longer than it was
read, so nothing was lost on the way then: no duplicate key (msgspec keeps the last, Falco the first), no key that the
structure does not have, no blank, no escape that hides another text. (Of several events, the line ends have to be
looked at, too.) Any other event is put in order first, which is exact, but slow; and one whose values have other types
than expected is not taken at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from types import UnionType
from typing import Any, Literal, get_args, get_origin

import msgspec
from msgspec import UNSET, Raw, UnsetType

from lanner.engine.layout import BODY, EVENT, Keys
from lanner.fields import BODIES, json_text

__all__ = [
    "ARRAY",
    "NOT_THERE",
    "REFUSED",
    "SMALL",
    "Head",
    "Path",
    "Projection",
    "is_inside_body",
    "is_structure",
    "members_of",
    "nests_too_deep",
]

Path = tuple[str, ...]
"""Keys from the event's top; `[*]` behind a key says that its value is an array of objects."""

Head = Any
"""An event's structure: its attributes are the event's keys. What is not there is `UNSET` or `NOT_THERE`."""

ARRAY = "[*]"

NOT_THERE = Raw()
"""Stands for a missing member where members are texts; any other text has a byte at least."""

SMALL = 2 * (json_text.MAX_DEPTH - 2)
"""Bytes that a member may have without a look at how deep it nests: every level takes an opening and a closing mark."""

_OBJECT_BYTES = 5
"""Bytes that an object takes at least if it has a member: `{}` and `"":` for what is in it."""

_REQUIRED = frozenset(("auditID", "stage", "verb", "user", "username"))
"""Keys without which an event is not taken, if they are decoded: real events have them, and every `ka.*` field needs
the `auditID`."""

REFUSED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)  # a ValidationError is a DecodeError
"""What is raised for a text that cannot be taken."""

_encode = msgspec.json.Encoder().encode
_encode_into = msgspec.json.Encoder().encode_into


def is_inside_body(path: Path) -> bool:
    """Tell whether `path` leads into a body."""
    return path[0] in BODIES and len(path) > 1


class Projection:
    """Decodes events into structures.

    `values` says which members are decoded, and as what (`str` or `int`); others stay as they are written, unless
    that costs the same. `inside` are paths into bodies that are looked at: a body is decoded in a second step, when a
    rule needs it.
    """

    def __init__(self, values: Mapping[Path, Any], inside: Iterable[Path] = ()) -> None:
        self._values = dict(values)
        self._inside = frozenset(inside)
        self.head = _structure("Head", EVENT, self._values)
        self._decode = msgspec.json.Decoder(self.head).decode
        self.put_in_order = 0
        """How many events had to be put in order before they could be taken."""
        self._buffers: list[bytearray] = []
        self._bodies: dict[str, tuple[type[msgspec.Struct], Callable[[Raw], Any]]] = {}

    @cached_property
    def _decode_lines(self) -> Callable[[bytes], list[Head]]:
        # A line is an event only if it says so; an item of a list need not.
        line = _structure("Line", EVENT, {**self._values, ("kind",): Literal["Event"]}, _REQUIRED | {"kind"})
        return msgspec.json.Decoder(line).decode_lines

    def body(self, name: str) -> type[msgspec.Struct]:
        """Return the structure of the body of this name."""
        return self._body(name)[0]

    def _body(self, name: str) -> tuple[type[msgspec.Struct], Callable[[Raw], Any]]:
        """Return the structure of a body and its decoder, made when they are first needed."""
        if name not in self._bodies:
            body = _structure("Body", BODY, {path[1:]: Raw for path in self._inside if path[0] == name})
            self._bodies[name] = body, msgspec.json.Decoder(body).decode
        return self._bodies[name]

    def take(self, text: bytes) -> Head | None:
        """Return the structure of an event, `None` if it cannot be taken."""
        taken = self._taken(text)
        if taken is None and json_text.within_depth(text):  # keys that are left out must not hide how deep it nests
            taken = self._taken(_in_order(text, self.head))
            self.put_in_order += taken is not None
        return taken

    def take_lines(self, text: bytes) -> Sequence[Head] | None:
        """Return the structures of events, one a line; `None` if any line is something else or out of order.

        Their members may nest too deep: see `nests_too_deep`.
        """
        try:
            heads: list[Head] = self._decode_lines(text)
        except REFUSED:
            return None
        try:
            buffer = self._buffers.pop()  # so that a thread has it for itself
        except IndexError:
            buffer = bytearray()  # it grows to the size of the largest block
        _encode_into(heads, buffer)
        # As an array, events have commas between them, and one mark more than line ends.
        is_whole = len(buffer) == len(text) + 1 and text.endswith(b"}\n")
        is_same = is_whole and text.replace(b"\n", b",").startswith(memoryview(buffer)[1:-1])
        self._buffers.append(buffer)
        return heads if is_same or (is_whole and _are_lines(text, len(heads))) else None

    def take_body(self, name: str, body: Raw) -> Any | None:
        """Return the structure of the body of this name, `None` if it cannot be taken."""
        try:
            taken = self._body(name)[1](body)
        except REFUSED:
            return None
        return taken if len(_encode(taken)) == len(body) else None

    def _taken(self, text: bytes) -> Head | None:
        try:
            head = self._decode(text)
        except REFUSED:
            return None
        return head if len(_encode(head)) == len(text) else None


def nests_too_deep(member: Raw, level: int) -> bool:
    """Tell whether a member of an event nests deeper than events may; `level` is how deep it stands itself."""
    limit = json_text.MAX_DEPTH - level
    text = bytes(member)
    size = len(text)
    # Most can be told by the room there is for so many levels. (Where there are few, `replace` counts sooner.)
    arrays = size - len(text.replace(b"[", b""))
    if arrays + (size - 2 * arrays) // _OBJECT_BYTES < limit:
        return False
    return arrays + text.count(b"{") > limit and not json_text.within_depth(text, limit)


def _are_lines(text: bytes, objects: int) -> bool:
    """Tell whether each line of `text`, a stream of so many JSON objects that ends with a line, is one of them."""
    if len(text) - len(text.replace(b"\n", b"")) != objects:  # where there are few, sooner done than `count`
        return False
    find, opening, closing = text.find, ord("{"), ord("}")
    end = -1
    for _ in range(objects - 1):
        end = find(b"\n", end + 1)
        if text[end - 1] != closing or text[end + 1] != opening:
            return False
    return True


class Member(msgspec.Struct, frozen=True):
    """A member of a structure: the type of its value, or of the elements of an array; whether it may be `UNSET`."""

    type: Any
    is_array: bool
    is_optional: bool


@lru_cache(maxsize=256)
def members_of(structure: Any) -> dict[str, Member]:
    """Return the members of a structure by key, none if it is another type."""
    if not is_structure(structure):
        return {}
    members = {}
    for key, annotation in structure.__annotations__.items():
        is_optional = isinstance(annotation, UnionType)
        type_ = get_args(annotation)[0] if is_optional else annotation
        is_array = get_origin(type_) is list
        members[key] = Member(get_args(type_)[0] if is_array else type_, is_array, is_optional)
    return members


def _in_order(value: bytes, structure: type[msgspec.Struct]) -> bytes:
    """Write an object with only the members of a structure, in its order, without blanks; of duplicates the first."""
    members = json_text.members(value)
    written = []
    for key, member in members_of(structure).items():
        text = members.get(key)
        if text is not None:
            if is_structure(member.type) and not member.is_array and json_text.is_object(text):
                text = _in_order(text, member.type)
            else:
                text = json_text.compact(text)
            written.append(b'"%b":%b' % (key.encode(), text))
    return b"{%b}" % b",".join(written)


def is_structure(type_: Any) -> bool:
    """Tell whether a member's type is a structure."""
    return isinstance(type_, type) and issubclass(type_, msgspec.Struct)


def _structure(
    name: str, keys: Keys, values: Mapping[Path, Any], required: frozenset[str] = _REQUIRED
) -> type[msgspec.Struct]:
    """Make the structure for an object that has `keys` and inner members of the types in `values`."""
    inner: dict[str, dict[Path, Any]] = {}
    for path, type_ in values.items():
        inner.setdefault(path[0], {})[path[1:]] = type_
    fields: list[Any] = []
    for key in dict.fromkeys([*keys, *(first.removesuffix(ARRAY) for first in inner)]):
        member = _member(key, keys.get(key), inner.get(key, {}), inner.get(key + ARRAY, {}))
        if member is Raw:
            fields.append((key, Raw, NOT_THERE))
        else:
            fields.append((key, member) if key in required else (key, member | UnsetType, UNSET))
    return msgspec.defstruct(name, fields, kw_only=True, omit_defaults=True, gc=False)


def _member(key: str, known: Keys | type[str] | None, plain: Mapping[Path, Any], array: Mapping[Path, Any]) -> Any:
    """Return the type of a member: `plain` are the values inside it if it is an object, `array` inside its elements.

    It stays as it is written if it is looked at as a whole, or both as an object and as an array.
    """
    if () in plain:
        return plain[()]
    if known is str:
        return str
    if () in array or bool(plain) == bool(array):
        return Raw
    inner = _structure(key, known if isinstance(known, Mapping) else {}, plain or array)
    return list[inner] if array else inner  # type: ignore[valid-type]
