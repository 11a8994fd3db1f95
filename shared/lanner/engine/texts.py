"""Many texts of an event at once, read by generated code: every alert shows a dozen of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import EllipsisType
from typing import Any, get_args

import msgspec
from msgspec import UNSET, Raw

from lanner.engine.projection import NOT_THERE, Head, Path
from lanner.fields import json_text

__all__ = ["Group", "texts_reader"]

Group = Callable[[Head], list[bytes | EllipsisType | None]]
"""Returns texts, `None` where there is none, `...` where the structure does not tell."""


def texts_reader(head: type[msgspec.Struct], paths: Sequence[Path]) -> Group:
    """Return the reader of the texts at `paths` from structures of type `head`."""
    written = ", ".join([_text(head, path) for path in paths])
    source = f"def read(head):\n    return [{written}]\n"
    scope: dict[str, Any] = {
        "NOT_THERE": NOT_THERE,
        "UNSET": UNSET,
        "bytes": bytes,
        "render": json_text.render,
        "__builtins__": {},
    }
    exec(compile(source, "<texts>", "exec"), scope)  # noqa: S102 - names of our own tables only
    read: Group = scope["read"]
    return read


def _text(head: type[msgspec.Struct], path: Path) -> str:
    """Write the expression for the text at `path`."""
    type_: Any = head
    place = "head"
    breaks = []
    for number, key in enumerate(path):
        types = getattr(type_, "__annotations__", {})
        if key not in types or path == ("kind",):  # which is a text in one structure and a value in the other
            return "..."
        type_, *optional = get_args(types[key]) or (types[key],)
        place = f"{place}.{key}"
        if optional or type_ is Raw:
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
