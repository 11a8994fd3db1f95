"""Documents of any kind: audit events as such, or what a provider wrapped them in.

An envelope is recognised by its members and given to the source that reads it. Where the context names a provider, each
document is read as that provider's, whatever it looks like. Sources are imported when they are first needed, for a
function needs one of them at the most.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from lanner.fields import json_text
from lanner.sources import apiserver
from lanner.sources.draft import MAX_DOCUMENT
from lanner.sources.recognition import recognise
from lanner.sources.reject import Reject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lanner.sources.apiserver import ObjectReader
    from lanner.sources.reject import Context, Piece

__all__ = ["AS_SUCH", "PROVIDERS", "packed_events", "salvaged", "value_events"]

_PACKED = b"H4sI"  # the first bytes of gzip data, in base64
_EVENT = b'{"kind":"Event'  # of an EventList, too


def value_events(value: bytes, origin: str, context: Context, part: str = "") -> Iterator[Piece]:
    """Yield the events of one valid JSON value (`apiserver.whole`), whatever wraps them, and rejects for the rest.

    The parameters are those of `apiserver.value_events`.
    """
    return apiserver.value_events(value, origin, context, part, _READERS[context.envelope])


def salvaged(text: bytes, origin: str, context: Context) -> list[Piece]:
    """Return what a broken array or EventList still holds: see `apiserver.salvaged`."""
    return apiserver.salvaged(text, origin, context, _READERS[context.envelope])


def packed_events(text: bytes, origin: str, context: Context) -> Iterator[Piece] | None:
    """Return the events of a text that is no JSON but packed data in base64; `None` if it is none."""
    if not text.startswith(_PACKED) or context.envelope not in ("", "eks"):
        return None
    return _eks(text, origin, "", context)


def _whatever(value: bytes, origin: str, part: str, context: Context) -> Iterator[Piece]:
    """Read an event, or an envelope as what it is."""
    members = None
    if not value.startswith(apiserver.PLAIN_EVENT) and json_text.is_object(value):
        members = json_text.members(value)
        envelope = recognise(members) if "kind" not in members else None
        if envelope is not None:
            return _READERS[envelope.provider](value, origin, part, context)
    return apiserver.object_events(value, origin, part, context, members)


def _eks(value: bytes, origin: str, part: str, context: Context) -> Iterator[Piece]:
    if value.startswith(_EVENT):
        yield Reject(origin + part, "no CloudWatch Logs batch, but audit events as such: leave out the provider", value)
        return
    source = "aws_records" if json_text.is_object(value) and "Records" in json_text.members(value) else "eks"
    yield from import_module(f"lanner.sources.{source}").events(
        value,
        origin=origin + part,
        provider=context.provider or "eks",
        cluster=context.cluster,
        max_size=context.max_size,
        drop_larger=context.drop_larger,
        max_inflated=MAX_DOCUMENT,
    )


def _of(provider: str) -> ObjectReader:
    """Return what reads a provider's envelopes by the source that is named after it."""

    def read(value: bytes, origin: str, part: str, context: Context) -> Iterator[Piece]:
        found: Iterator[Piece] = import_module(f"lanner.sources.{provider}").events(
            value,
            origin=origin + part,
            provider=context.provider or provider,
            cluster=context.cluster,
            max_size=context.max_size,
            drop_larger=context.drop_larger,
        )
        return found

    return read


_READERS: dict[str, ObjectReader] = {
    "": _whatever,
    "apiserver": apiserver.object_events,
    "eks": _eks,
    "gke": _of("gke"),
    "aks": _of("aks"),
    "ovh": _of("ovh"),
    "iks": apiserver.object_events,
}
PROVIDERS = tuple(filter(None, _READERS))
"""The names of those whose envelopes can be read; `apiserver` stands for audit events as such, and lists of them."""

AS_SUCH = ("", "apiserver", "iks")
"""Those, and nobody in particular, of whom audit events come without an envelope: IBM's API servers post them."""
