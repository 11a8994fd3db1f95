"""Many texts of an event at once, read by generated code: every alert shows a dozen of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import EllipsisType
from typing import Any

import msgspec
from msgspec import UNSET, Raw

from lanner.engine.generated import function
from lanner.engine.projection import NOT_THERE, Head, Path, members_of
from lanner.fields import BODIES, json_text

__all__ = ["Group", "texts_reader"]

Group = Callable[[Head], list[bytes | EllipsisType | None]]
"""Returns texts, `None` where there is none, `...` where the structure does not tell."""


def texts_reader(head: type[msgspec.Struct], paths: Sequence[Path]) -> Group:
    """Return the reader of the texts at `paths` from structures of type `head`."""
    scope: dict[str, Any] = {
        "NOT_THERE": NOT_THERE,
        "UNSET": UNSET,
        "bytes": bytes,
        "members": json_text.members,
        "render": json_text.render,
    }
    opened: dict[str, str] = {}  # the lines that split members such as `annotations`, by their keys
    texts = []
    for number, path in enumerate(paths):
        if _is_inside_text(head, path):
            key = path[0]
            opened[key] = f"    {key} = {{}} if head.{key} is NOT_THERE else members(bytes(head.{key}))"
            scope[f"key{number}"] = path[1]
            texts.append(f"(None if (v0 := {key}.get(key{number})) is None else render(v0))")
        else:
            texts.append(_text(head, path))
    source = "\n".join(["def read(head):", *opened.values(), f"    return [{', '.join(texts)}]", ""])
    read: Group = function("read", source, scope)
    return read


def _is_inside_text(head: type[msgspec.Struct], path: Path) -> bool:
    """Tell whether `path` leads to a member of an object (no array's element), outside of bodies, not decoded."""
    if len(path) != 2 or path[0] in BODIES or json_text.array_index(path[1]) is not None:
        return False
    member = members_of(head).get(path[0])
    return member is not None and member.type is Raw


def _text(head: type[msgspec.Struct], path: Path) -> str:
    """Write the expression for the text at `path`."""
    type_: Any = head
    place = "head"
    breaks = []
    for number, key in enumerate(path):
        members = members_of(type_)
        if key not in members:
            return "..."
        type_, _, is_optional = members[key]
        place = f"{place}.{key}"
        if is_optional or type_ is Raw:
            breaks.append(f"(v{number} := {place}) is {'NOT_THERE' if type_ is Raw else 'UNSET'}")
            place = f"v{number}"
    if type_ is Raw:
        text = f"render(bytes({place}))"
    elif type_ is str:
        text = f"{place}.encode()"
    elif type_ is int:
        text = f'b"%d" % {place}'
    else:
        return "..."
    return f"(None if {' or '.join(breaks)} else {text})" if breaks else text
