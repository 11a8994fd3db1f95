"""Audit events of Azure Kubernetes Service: records of diagnostic settings (spec/sources.md section 4).

An Event Hub message holds `{"records": [...]}`; a storage account holds the records alone, one a line. The line of the
API server's log is the text `properties.log`. Azure does not spell the keys alike everywhere, so their letter case does
not count, and it cuts lines near 16 KiB without a mark (`lanner.sources.lines`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from lanner.fields import json_text, timestamp
from lanner.sources import apiserver
from lanner.sources.elements import each
from lanner.sources.lines import line_events
from lanner.sources.members import folded_members, named
from lanner.sources.other import Other
from lanner.sources.reject import MAX_EVENT_SIZE, Context, Piece, Reject

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["events"]

_CATEGORIES = ("kube-audit", "kube-audit-admin")
_CLUSTERS = "/providers/microsoft.containerservice/managedclusters/"
_BLANK = b" \t\r\n"
_NO_LOG = "no record of a diagnostic setting: it has no properties with a log"
_TOO_MANY = "more than {} of its records are no audit events; the rest is not read"
_METRICS = "metrics"  # their records have a metricName, and no category


class _Properties(msgspec.Struct, gc=False):
    log: str


class _Usual(msgspec.Struct, gc=False):
    """A record with all keys, spelt as usual."""

    properties: _Properties
    category: str
    time: str
    resource_id: str = msgspec.field(name="resourceId")


class _Record(msgspec.Struct, gc=False):
    """A record as it is read. `log` is the line (an event that stands there as such is its own text), if it has one."""

    log: bytes | None
    category: str
    time: str
    resource_id: str


_decode = msgspec.json.Decoder(_Usual).decode


def events(
    payload: bytes,
    *,
    origin: str,
    provider: str = "aks",
    cluster: str = "",
    max_size: int = MAX_EVENT_SIZE,
    drop_larger: bool = False,
) -> Iterator[Piece]:
    """Yield the events of the records in a payload, `Other` for records of other categories, rejects for the rest.

    A payload is the body of an Event Hub message, a record, or an array of records. `cluster` names the cluster where
    a record's resource does not. The other parameters are those of `lanner.sources.apiserver.events`. Never raises,
    whatever the payload holds.
    """
    context = Context(provider, cluster, max_size, drop_larger)
    try:
        value = apiserver.whole(payload)
    except json_text.JsonError as error:
        yield Reject(origin, f"no Event Hub batch: not JSON: {error}", payload)
        return
    records = value if json_text.is_array(value) else folded_members(value).get("records", value)
    if not json_text.is_array(records):
        yield from _record_events(records, origin, context)
        return
    if not records[1:-1].strip(_BLANK):
        yield Other(origin, "a batch without records")
        return
    found = (
        piece
        for number, record in enumerate(each(records), 1)
        for piece in _record_events(record, f"{origin} item {number}", context)
    )
    yield from apiserver.bounded(found, origin, _TOO_MANY)


def _record_events(text: bytes, origin: str, context: Context) -> Iterator[Piece]:
    """Yield what one record holds."""
    record = _record(text)
    if record is None:
        yield Reject(origin, _NO_LOG, text)
        return
    line = (record.log or b"").strip(_BLANK)
    category = record.category.lower()
    if category not in _CATEGORIES and (category or not line.startswith(b"{")):
        yield Other(origin, f"a record of the category {record.category[:60]!r}: only kube-audit* are audit logs")
        return
    if record.log is None:
        yield Reject(origin, _NO_LOG, text)
        return
    name = _cluster(record.resource_id)
    if name:
        context = msgspec.structs.replace(context, cluster=name)
    yield from line_events(line, origin, context, timestamp.parse(record.time.encode()), marks_cuts=False)


def _record(text: bytes) -> _Record | None:
    """Return a record, `None` if it is none."""
    try:
        usual = _decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _odd_record(text)
    return _Record(usual.properties.log.encode(), usual.category, usual.time, usual.resource_id)


def _odd_record(text: bytes) -> _Record | None:
    """Return a record with other keys, or such that are spelt in another way; its properties may be a text themselves.

    `None` if it has neither a log nor says what it is instead.
    """
    members = folded_members(text)
    properties = members.get("properties", b"")
    if properties.startswith(b'"'):
        try:
            properties = apiserver.whole(json_text.unquote(properties))
        except json_text.JsonError:
            properties = b""
    log = folded_members(properties).get("log")
    category = named(members.get("category")) or (_METRICS if "metricname" in members else "")
    if log is None and not category:
        return None
    line = json_text.unquote(log) if log is not None and log.startswith(b'"') else log
    return _Record(line, category, named(members.get("time")), named(members.get("resourceid")))


def _cluster(resource_id: str) -> str:
    """Return the name of a cluster by its id, in lower case: Azure writes it in capitals here and there."""
    _, found, name = resource_id.lower().rpartition(_CLUSTERS)
    return name.partition("/")[0] if found else ""
