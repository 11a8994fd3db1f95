"""Audit events of OVHcloud Managed Kubernetes: messages of the Logs Data Platform (spec/sources.md section 5).

The WebSocket tail sends `{"message": "..."}`, whose text is a GELF record; archives hold the records alone. The line of
the API server's log is a record's `short_message`, which the platform's searches call `message`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from lanner.fields import json_text, timestamp
from lanner.sources import apiserver
from lanner.sources.lines import line_events
from lanner.sources.members import folded_members, named
from lanner.sources.other import Other
from lanner.sources.reject import MAX_EVENT_SIZE, Context, Piece, Reject

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["events"]

_BLANK = b" \t\r\n"
_SECONDS = re.compile(rb"[0-9]{1,10}(?:\.[0-9]{1,30})?")
_EVENT = b'{"kind":"Event'  # of an EventList, too
_AUDIT_ID = b'"auditID"'  # as a key: in a string its quotes would have backslashes


class _Tail(msgspec.Struct, gc=False):
    message: str


class _Usual(msgspec.Struct, gc=False):
    """A record as it comes in ordinary messages."""

    line: str = msgspec.field(name="short_message")
    cluster: str = msgspec.field(default="", name="_cluster_id")
    time: float | None = msgspec.field(default=None, name="timestamp")


class _Record(msgspec.Struct, gc=False):
    """A record as it is read: the line, the name of the cluster, and when it was written in nanoseconds."""

    line: bytes
    cluster: str
    time: int | None


_decode_tail = msgspec.json.Decoder(_Tail).decode
_decode_usual = msgspec.json.Decoder(_Usual).decode


def events(
    payload: bytes,
    *,
    origin: str,
    provider: str = "ovh",
    cluster: str = "",
    max_size: int = MAX_EVENT_SIZE,
    drop_larger: bool = False,
) -> Iterator[Piece]:
    """Yield the event in a message, `Other` for a message from another log, a reject for what is no message.

    `cluster` names the cluster where the record does not (`_cluster_id`). The other parameters are those of
    `lanner.sources.apiserver.events`. Never raises, whatever the payload holds.
    """
    try:
        record = _usual(payload) or _odd(payload)
    except json_text.JsonError as error:
        yield Reject(origin, f"no message of the Logs Data Platform: not JSON: {error}", payload)
        return
    if record is None:
        yield Reject(origin, "no message of the Logs Data Platform: it has neither short_message nor message", payload)
        return
    line = record.line.strip(_BLANK)
    if not line.startswith(_EVENT) and _AUDIT_ID not in line:
        yield Other(origin, "a line of another log than an API server's audit log")
        return
    context = Context(provider, record.cluster or cluster, max_size, drop_larger)
    yield from line_events(line, origin, context, record.time, marks_cuts=False)


def _usual(payload: bytes) -> _Record | None:
    """Return the record in an ordinary message, `None` if it is not ordinary."""
    try:
        usual = _decode_usual(_decode_tail(payload).message)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return _Record(usual.line.encode(), usual.cluster, None if usual.time is None else _nanoseconds(usual.time))


def _odd(payload: bytes) -> _Record | None:
    """Return the record that a payload is, or has in it, `None` if there is none. Raises `JsonError`."""
    members = folded_members(apiserver.whole(payload))
    message = members.get("message", b"")
    if "short_message" not in members and message.startswith(b'"'):
        text = json_text.unquote(message).strip(_BLANK)
        if text.startswith(b"{") and not text.startswith(_EVENT):
            inside = folded_members(apiserver.whole(text))
            members = inside if "short_message" in inside else members
    line = members.get("short_message", message if message.startswith(b'"') else b"")
    if not line.startswith((b'"', b"{")):
        return None
    return _Record(
        json_text.unquote(line) if line.startswith(b'"') else line,
        named(members.get("_cluster_id")),
        _time(members.get("timestamp", b"")),
    )


def _time(value: bytes) -> int | None:
    """Return a time in nanoseconds: GELF has seconds, searches have RFC 3339."""
    return _nanoseconds(float(value)) if _SECONDS.fullmatch(value) else timestamp.parse(value.strip(b'"'))


def _nanoseconds(seconds: float) -> int | None:
    """Return seconds since the epoch in nanoseconds; a `float` knows microseconds of them."""
    return round(seconds * 1e6) * 1000 if 0 <= seconds < 1e10 else None
