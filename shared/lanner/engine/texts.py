"""Many texts of an event at once, read by generated code: every alert shows a dozen of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Raw

from lanner.engine.access import access
from lanner.engine.generated import function
from lanner.engine.projection import NOT_THERE, REFUSED, Head, Path, is_inside_body, members_of
from lanner.fields import json_text

__all__ = ["Group", "Other", "texts_reader"]

Other = Callable[[Path], str | None]
"""Reads a text that the structure does not tell."""

Group = Callable[[Head, Other], list[str | None]]
"""Returns texts, `None` where there is none."""

_decode_string = msgspec.json.Decoder(str).decode
_decode_strings = msgspec.json.Decoder(dict[str, str]).decode
_encode = msgspec.json.Encoder().encode


def texts_reader(head: type[msgspec.Struct], paths: Sequence[Path]) -> Group:
    """Return the reader of the texts at `paths` from structures of type `head`."""
    scope: dict[str, Any] = {
        "NOT_THERE": NOT_THERE,
        "UNSET": UNSET,
        "str": str,
        "string": _string,
        "strings": _strings,
    }
    opened: dict[str, str] = {}  # the lines that split members such as `annotations`, by their keys
    texts = []
    for number, path in enumerate(paths):
        scope[f"path{number}"] = path
        if _is_inside_text(head, path):
            key = path[0]
            opened[key] = f"    {key} = {{}} if head.{key} is NOT_THERE else strings(head.{key})"
            scope[f"key{number}"] = path[1]
            texts.append(f"(other(path{number}) if {key} is None else {key}.get(key{number}))")
        else:
            texts.append(_text(head, path, number))
    source = "\n".join(["def read(head, other):", *opened.values(), f"    return [{', '.join(texts)}]", ""])
    read: Group = function("read", source, scope)
    return read


def _string(value: Raw, path: Path, other: Other) -> str | None:
    """Return the text of a value as it is written: at once if it is a plain string."""
    try:
        return _decode_string(value)
    except REFUSED:
        return other(path)


def _strings(value: Raw) -> dict[str, str] | None:
    """Return the members of an object, `None` if they are no plain strings (or if not each is known to be its own)."""
    try:
        found = _decode_strings(value)
    except REFUSED:
        return None
    return found if len(_encode(found)) == len(value) else None  # as for structures: see `lanner.engine.projection`


def _is_inside_text(head: type[msgspec.Struct], path: Path) -> bool:
    """Tell whether `path` leads to a member of an object (no array's element), outside of bodies, not decoded."""
    if len(path) != 2 or is_inside_body(path) or json_text.array_index(path[1]) is not None:
        return False
    member = members_of(head).get(path[0])
    return member is not None and member.type is Raw


def _text(head: type[msgspec.Struct], path: Path, number: int) -> str:
    """Write the expression for the text at `path`, whose number is given."""
    found = access(head, "head", path, "v")
    if found is None:
        return f"other(path{number})"
    if found.type is Raw:
        text = f"string({found.place}, path{number}, other)"
    elif found.type is str:
        text = found.place
    elif found.type is int:
        text = f"str({found.place})"
    else:
        return f"other(path{number})"
    return f"(None if {found.is_broken} else {text})" if found.breaks else text
