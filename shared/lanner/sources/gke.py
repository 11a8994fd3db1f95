"""Audit events of Google Kubernetes Engine: Cloud Audit log entries from a Pub/Sub topic (spec/sources.md section 2).

A payload is a `LogEntry`, which is the data of a Pub/Sub message; or the message itself, as push subscriptions and
Eventarc send it; or an array of either, as `gcloud logging read --format=json` gives it; or an audit event as such,
which is what Falco's plugin takes from a file. What becomes of an entry is told in `lanner.sources.gke_event` and
`lanner.sources.gke_additions`; labels of clusters, which no entry has, can be had from `lanner.sources.gke_labels`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

from lanner.fields import BODIES, RawEvent, json_text
from lanner.sources import apiserver, go_json
from lanner.sources.elements import each
from lanner.sources.gke_additions import complete
from lanner.sources.gke_entry import Entry, EntryError, Payload, Resource, read, without_deep_parts
from lanner.sources.gke_event import audit_event, received
from lanner.sources.other import Other
from lanner.sources.reject import MAX_EVENT_SIZE, Context, Piece, Reject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["LabelsOf", "events"]

LabelsOf: TypeAlias = "Callable[[str, str, str], Mapping[str, str]]"
"""Returns the labels of a cluster, given its project, location and name. Must not raise."""

_LOGS = ("cloudaudit.googleapis.com%2Factivity", "cloudaudit.googleapis.com%2Fdata_access")
_CLUSTER = "k8s_cluster"
_AUDIT_LOG = "type.googleapis.com/google.cloud.audit.AuditLog"
_SERVICE = "k8s.io"
_IDENTITY = ("project_id", "location", "cluster_name")
"""The labels of an entry's resource that say which cluster it is."""

_TOO_MANY = "more than {} of its elements are no audit entries; the rest is not read"
_MESSAGE = b'{"message":'
_NOTHING: frozenset[str] = frozenset()
_BLANK = b" \t\r\n"


class _Message(msgspec.Struct, gc=False):
    data: bytes = b""  # decoded from base64


class _Push(msgspec.Struct, gc=False):
    message: _Message


_decode_push = msgspec.json.Decoder(_Push).decode


def events(
    payload: bytes,
    *,
    origin: str,
    provider: str = "gke",
    cluster: str = "",
    max_size: int = MAX_EVENT_SIZE,
    drop_larger: bool = False,
    cluster_labels: LabelsOf | None = None,
) -> Iterator[Piece]:
    """Yield the events of the log entries in a payload, `Other` for entries of other logs, rejects for the rest.

    `cluster` names the cluster where an entry does not; the other parameters are those of
    `lanner.sources.apiserver.events`, the size being that of the event as converted. `cluster_labels` is asked for
    labels to be added to those of an entry's cluster. Never raises, whatever the payload holds.
    """
    context = Context(provider, cluster, max_size, drop_larger)
    text = payload.strip(_BLANK)
    if not text.startswith(b"["):
        yield from _events(text, origin, context, cluster_labels)
        return
    try:
        entries = apiserver.whole(text)
    except json_text.JsonError as error:
        yield Reject(origin, f"no log entries: not JSON: {error}", payload)
        return
    if not entries[1:-1].strip(_BLANK):
        yield Reject(origin, "no log entries: the array is empty", payload)
        return
    found = (
        piece
        for number, element in enumerate(each(entries), 1)
        for piece in _events(element, f"{origin} item {number}", context, cluster_labels)
    )
    yield from apiserver.bounded(found, origin, _TOO_MANY)


def _events(text: bytes, origin: str, context: Context, cluster_labels: LabelsOf | None) -> Iterator[Piece]:
    """Yield what one message, log entry or audit event gives."""
    data = _data(text) if text.startswith(_MESSAGE) else None
    found = _told(text if data is None else data, origin, context, cluster_labels)
    if isinstance(found, Other):
        # Nothing that is looked at first: an envelope whose keys stand in another order, or an audit event.
        if data is None and (data := _data(text)) is not None:
            found = _told(data, origin, context, cluster_labels)
        elif _is_audit_event(text):
            yield from apiserver.payload_events(text, origin, context)
            return
    if data == b"":
        yield Reject(origin, "a Pub/Sub message without data", text)
    elif isinstance(found, Other) and not _is_entry(text if data is None else data):
        yield Reject(origin, "no log entry: it has neither logName nor protoPayload", text)
    else:
        yield found


def _data(text: bytes) -> bytes | None:
    """Return the data of a Pub/Sub message, empty if it has none; `None` if the text is no message."""
    try:
        return _decode_push(text).message.data
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _told(text: bytes, origin: str, context: Context, cluster_labels: LabelsOf | None) -> RawEvent | Reject:
    """Return the audit event that a log entry tells of, or why it tells of none. Never raises."""
    try:
        try:
            return _piece(text, origin, context, cluster_labels, _NOTHING)
        except RecursionError:
            shallow, lost = without_deep_parts(text)
            return _piece(shallow, origin, context, cluster_labels, lost)
    except EntryError as error:
        return Reject(origin, f"no log entry: {error}", text)


def _piece(
    text: bytes, origin: str, context: Context, cluster_labels: LabelsOf | None, lost: frozenset[str]
) -> RawEvent | Reject:
    """Return the audit event that a log entry tells of, or why it tells of none; `lost` keys are lost already.

    Raises `EntryError` for what is no log entry, `RecursionError` for what nests deeper than an event may.
    """
    entry = read(text)
    payload = entry.proto_payload
    if payload is None or (reason := _stranger(entry, payload)):
        return Other(origin, "an entry without protoPayload" if payload is None else reason)
    if cluster_labels is not None and entry.resource is not None:
        _label(entry.resource, cluster_labels)
    event = audit_event(entry, payload)
    complete(event, payload)
    converted = go_json.encode(event)
    if not json_text.within_depth(converted):
        raise RecursionError
    if len(converted) > context.max_size:
        # The limit is about what Falco's plugin makes of the entry, not about what we add to that.
        size = len(go_json.encode(audit_event(entry, payload)))
        if size > context.max_size:
            if context.drop_larger:
                return Reject(origin, f"the event has {size} bytes, the configured limit is {context.max_size}", text)
            lost |= BODIES.intersection(json_text.members(converted))
    cluster = ((entry.resource and entry.resource.labels) or {}).get("cluster_name") or context.cluster
    return RawEvent(converted, context.provider, cluster, received(entry), origin, lost)


def _label(resource: Resource, cluster_labels: LabelsOf) -> None:
    """Add its cluster's labels to a resource, but for those that say which cluster it is."""
    labels = resource.labels or {}
    more = cluster_labels(*[labels.get(key, "") for key in _IDENTITY])
    resource.labels = labels | {key: value for key, value in more.items() if key not in _IDENTITY}


def _stranger(entry: Entry, payload: Payload) -> str:
    """Say why an entry is none about a request to a cluster's API server; empty if it is one."""
    if not (entry.log_name or "").endswith(_LOGS):
        return f"an entry of another log than those of Cloud Audit: {(entry.log_name or '')[:200]!r}"
    if entry.resource is not None and entry.resource.type not in (_CLUSTER, None):
        return f"an entry about another resource than a cluster: {(entry.resource.type or '')[:100]!r}"
    if payload.type not in (_AUDIT_LOG, None):
        return f"an entry whose payload is no AuditLog: {(payload.type or '')[:200]!r}"
    if payload.service_name != _SERVICE:
        return f"an audit entry of another service than Kubernetes: {(payload.service_name or '')[:100]!r}"
    return ""


def _is_entry(text: bytes) -> bool:
    """Tell whether a text that is a JSON object has what makes it a log entry."""
    members = json_text.members(text)
    return any(key in members for key in ("logName", "log_name", "protoPayload", "proto_payload"))


def _is_audit_event(text: bytes) -> bool:
    """Tell whether a text that is strict JSON is an audit event already, or a list of them."""
    return json_text.members(text).get("kind") in (b'"Event"', b'"EventList"')
