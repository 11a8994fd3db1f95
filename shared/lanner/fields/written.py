"""The object that a request writes: its body or, if that is a JSON patch, what the patch sets.

So a field sees a create, a replacement, a merge patch, server-side apply and a JSON patch alike. What a patch does not
mention is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from lanner.fields import json_text, patches, paths, tree
from lanner.fields.types import NoValue

if TYPE_CHECKING:
    from lanner.fields.event import Event

__all__ = [
    "BODY",
    "Path",
    "body",
    "flattened",
    "found",
    "is_partial",
    "is_patch",
    "members",
    "once",
    "walked",
    "written",
]

BODY = "requestObject"

_PATCH = b"patch"
_LOGGED_PATCH = b"k8s.io/Patch"
_NULL = b"null"

Path = tuple[str, ...]
Made = TypeVar("Made")


def once(event: Event, make: Callable[[Event], Made]) -> Made:
    """Return what `make` returns for an event, made once however many fields need it."""
    memory: dict[Any, Any] = event.values
    if make not in memory:
        memory[make] = make(event)
    made: Made = memory[make]
    return made


def body(event: Event) -> bytes | None:
    """Return the body as it was sent, also one that was cut.

    Cloud Audit Logs cannot hold an array there: a JSON patch is the only member of an object of a type of its own.
    (Sent to an API server by somebody else, such an object would be a patch that changes nothing.)
    """
    sent = event.find((BODY,)) if event.view is not None else event.top.get(BODY)
    if sent is None or _LOGGED_PATCH not in sent or is_partial(event):
        return sent
    inside = json_text.members(sent)
    wrapped = inside.get("patch", _NULL)
    is_logged = inside.keys() == {"@type", "patch"} and json_text.render(inside["@type"]) == _LOGGED_PATCH
    return wrapped if is_logged and json_text.is_array(wrapped) else sent


def written(event: Event) -> bytes | None:
    """Return the written object of an event of which nothing is lost, `None` if it has no body."""
    sent = body(event)
    if sent is None:
        return None
    if json_text.is_array(sent):
        return tree.encoded(patches.skeleton(tree.decoded(sent) or []))
    # Other bodies than patches are logged as the server has read them. What is no JSON for it stays as it is.
    read = tree.decoded(sent) if is_patch(event) else None
    return sent if read is None else tree.encoded(read)


def members(event: Event) -> dict[str, bytes]:
    """Return the members of the written object of an event of which nothing is lost."""
    return json_text.members(once(event, written) or _NULL)


def is_partial(event: Event) -> bool:
    """Tell whether a part of the body is lost."""
    return BODY in event.lost


def found(event: Event, wanted: Iterable[Path]) -> list[bytes | None] | NoValue:
    """Return the values at the ends of some paths through the arrays of the written object, `None` for holes.

    Of a JSON patch that was cut nothing is known: an operation behind the cut may undo what those before it did. Other
    patches may have a key again behind the cut; who does that is up to something, so what stood before it counts.
    """
    if not is_partial(event):
        return [value for path in wanted for value in walked(event, path)]
    sent = body(event)
    if sent is not None and json_text.is_array(sent):
        return NoValue.UNKNOWN
    return event.gather([(BODY, *path) for path in wanted], is_final=not is_patch(event))


def walked(event: Event, path: Path) -> list[bytes | None]:
    """Return the values at the end of a path through the arrays of the written object, if nothing of it is lost."""
    inside = once(event, members) if path else {}
    if inside:
        return (paths.walk(inside[path[0]], path[1:]) or []) if path[0] in inside else []
    whole = once(event, written)
    return [] if whole is None else paths.walk(whole, path) or []


def is_patch(event: Event) -> bool:
    """Tell whether the request is a patch."""
    return event.text(("verb",)) == _PATCH


def flattened(values: Iterable[bytes | None]) -> list[bytes]:
    """Return the texts of values; of arrays, those of their elements. null says that something is not set."""
    texts: list[bytes] = []
    for value in paths.present(values):
        items = json_text.elements(value) if json_text.is_array(value) else [value]
        texts += [json_text.render(item) for item in items if item != _NULL]
    return texts
