"""Walks to the values in an event, through the arrays on the way (spec/fields.md section 3.4); paths of files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lanner.fields import json_text

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MAX_ARRAYS", "present", "rendered", "resolved", "walk"]

MAX_ARRAYS = 16
"""Arrays inside each other that a walk enters."""


def walk(
    value: bytes, path: tuple[str, ...], index: int | None = None, arrays: int = MAX_ARRAYS
) -> list[bytes | None] | None:
    """Return the values at `path` in a JSON value, through every element of each array on the way (section 3.4).

    With an `index` only that element of each array is taken. `None` in the list is a hole: an array's element in which
    the rest of the path is absent. The result is `None` if the path breaks outside any array, or the index does.
    An array at the end of the path is one value. More than `arrays` of them inside each other are not entered: no
    API object has so many, and every level costs another look at all that is in it.
    """
    if not path:
        return [value]
    if not json_text.is_array(value):
        step = json_text.get(value, path[0])
        return None if step is None else walk(step, path[1:], index, arrays)
    if not arrays:
        return None
    items = json_text.elements(value)
    if index is not None:
        if index >= len(items):
            return None
        items = [items[index]]
    found: list[bytes | None] = []
    for item in items:
        inner = walk(item, path, index, arrays - 1)
        found.extend([None] if inner is None else inner)
    return found


def present(values: Iterable[bytes | None] | None) -> list[bytes]:
    """Return the values of a walk without its holes, an empty list if the path is absent."""
    return [] if values is None else [value for value in values if value is not None]


def rendered(values: Iterable[bytes]) -> list[bytes]:
    """Render each value."""
    return [json_text.render(value) for value in values]


def resolved(path: bytes) -> bytes:
    """Return a path of a file or a URI as a kernel or a server takes it: absolute, without dots and empty steps."""
    steps: list[bytes] = []
    for step in path.split(b"/"):
        if step == b"..":
            del steps[-1:]
        elif step not in (b"", b"."):
            steps.append(step)
    return b"/" + b"/".join(steps)
