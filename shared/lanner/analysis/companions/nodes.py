"""YAML nodes of a companion file → texts, lists and mappings with known keys, or an error with its place and a hint.

Companions are read strictly: a key that is ignored in silence is a test that does not test.
"""

from __future__ import annotations

import dataclasses
import difflib
import errno
from collections.abc import Iterable
from pathlib import Path

from lanner.ruleset.diagnostics import Diagnostic, Invalid, Severity, about
from lanner.ruleset.yaml_nodes import Mapping, Node, Scalar, Sequence
from lanner.ruleset.yaml_reader import MAX_BYTES, decode, documents

__all__ = ["close_to", "content_of", "document", "items", "mapping", "path_in", "text", "texts", "wrong"]

_CODE = "LOAD_ERR_YAML_VALIDATE"


def wrong(message: str, node: Node, hint: str = "") -> Invalid:
    """Return the error that a companion is wrong at `node`."""
    return Invalid(about(_CODE, message, node, hint=hint))


def content_of(path: Path) -> bytes:
    """Return what a file holds, but no more than one byte more than it may. Raises `OSError` if it cannot be read."""
    if not path.is_file() and path.exists():
        raise OSError(errno.EINVAL, "this is no file")
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def document(path: Path) -> Mapping | None:
    """Return the mapping that a file consists of, `None` if there is nothing in it.

    Raises `OSError` if it cannot be read, and `Invalid` if it is not YAML, has a key twice, or is no mapping.
    """
    notes: list[Diagnostic] = []
    found = documents(decode(str(path), content_of(path)), notes)
    for note in notes:  # of rules files Falco takes the first; here there is nobody to be like
        message = note.message.partition(";")[0]
        hint = "an event that has a key twice is written as a JSON text, see !json"
        raise Invalid(dataclasses.replace(note, code=_CODE, severity=Severity.ERROR, message=message, hint=hint))
    if not found or (isinstance(found[0], Scalar) and found[0].is_null and len(found) == 1):
        return None
    if len(found) > 1:
        raise wrong("a companion is one YAML document", found[1])
    if not isinstance(found[0], Mapping):
        raise wrong("a companion is a mapping", found[0], "write `tests:` and below it a list of `- rule: name`")
    return found[0]


def mapping(node: Node, what: str, known: Iterable[str] | None = None) -> dict[str, Node]:
    """Return the values of a mapping by their keys, all of them `known` if given. Raises `Invalid`."""
    if not isinstance(node, Mapping):
        raise wrong(f"{what} is a mapping", node)
    found: dict[str, Node] = {}
    for key, value in node.pairs:
        if not isinstance(key, Scalar):
            raise wrong(f"a key of {what} is a text", key)
        if known is not None and key.value not in known:
            hint = close_to(key.value, known) or f"known keys are {', '.join(known)}"
            raise wrong(f"{what} has no key '{key.value}'", key, hint)
        found[key.value] = value
    return found


def text(node: Node, what: str) -> str:
    """Return a text that is not empty. Raises `Invalid`."""
    if not isinstance(node, Scalar) or node.is_null or not node.value.strip():
        raise wrong(f"{what} is a text", node)
    return node.value


def path_in(folder: Path, node: Node, what: str) -> Path:
    """Return the path that a text means, relative to a folder. Raises `Invalid` if it can be none."""
    written = text(node, what)
    if "\0" in written:
        raise wrong(f"{what} is a path", node)
    return folder / written


def items(node: Node, what: str) -> tuple[Node, ...]:
    """Return the items of a list. Raises `Invalid`."""
    if not isinstance(node, Sequence):
        raise wrong(f"{what} is a list", node)
    return node.items


def texts(node: Node, what: str) -> tuple[str, ...]:
    """Return the texts of a list. Raises `Invalid`."""
    return tuple([text(item, f"an item of {what}") for item in items(node, what)])


def close_to(name: str, known: Iterable[str]) -> str:
    """Return the hint which of the known names may be meant, empty if none is close."""
    close = difflib.get_close_matches(name, list(known), 1)
    return f"did you mean '{close[0]}'?" if close else ""
