"""Members of JSON objects whose keys are not spelt alike everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lanner.fields import json_text

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["folded_members", "named"]


def folded_members(value: bytes) -> Mapping[str, bytes]:
    """Return the members of an object by their keys in lower case, nothing for other values; the first counts."""
    found: dict[str, bytes] = {}
    if value and json_text.is_object(value):
        for key, member in json_text.members(value).items():
            found.setdefault(key.lower(), member)
    return found


def named(value: bytes | None) -> str:
    """Return the text in a JSON string, nothing for other values."""
    return json_text.unquote(value).decode(errors="replace") if value and value.startswith(b'"') else ""
