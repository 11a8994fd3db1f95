"""What a source yields: events, the pieces it could not read, and the context they share."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from lanner.fields import RawEvent

__all__ = ["MAX_EVENT_SIZE", "Context", "Piece", "Reject"]

MAX_EVENT_SIZE = 262144
"""Bytes that an event's text may have before its bodies count as unknown (spec/fields.md section 1, step 6)."""


class Reject(msgspec.Struct, frozen=True):
    """A piece of input that is not an audit event.

    `origin` tells where it stood ("audit.log:7", "audit.json:1 item 3", "<stdin>:2", or a path alone if all of it
    cannot be read), `reason` what is wrong and, where possible, what to do. `text` is the piece as it was read; where
    it was too large to keep, it is cut and the reason says so.
    """

    origin: str
    reason: str
    text: bytes = b""


Piece: TypeAlias = RawEvent | Reject
"""One result of reading a source."""


class Context(msgspec.Struct, frozen=True):
    """What all events of one source have in common, and how they are taken.

    `envelope` names the provider (`lanner.sources.envelopes.PROVIDERS`) as whose all documents are read; if it is
    empty, each is read as what it looks like, and `provider` is what is told of events that come in no envelope.
    An event whose text as received is longer than `max_size` bytes is rejected if `drop_larger` (what Falco does);
    else its bodies count as lost, so that what depends on them is unknown.
    """

    provider: str = ""
    cluster: str = ""
    max_size: int = MAX_EVENT_SIZE
    drop_larger: bool = False
    envelope: str = ""
