"""Records that AWS hands to a Lambda function: of Kinesis streams, SQS queues and SNS topics, and S3's notifications.

A Kinesis record's data is what `lanner.sources.delivered` reads, in base64. Queues and topics carry notifications of
S3, wrapped once or twice, or an audit log as such. Notifications only name objects.
"""

from __future__ import annotations

import binascii
import json
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote_plus, unquote_plus

import msgspec

from lanner.fields import json_text
from lanner.sources import apiserver, delivered
from lanner.sources.aggregated import disaggregated
from lanner.sources.draft import MAX_DOCUMENT
from lanner.sources.elements import each
from lanner.sources.other import Other
from lanner.sources.reject import MAX_EVENT_SIZE, Piece, Reject

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Content", "Record", "S3Object", "events", "invocation_records"]

_DEEPEST = 3
"""Wrappings inside each other that are taken off: a queue's, a topic's, and those of S3."""

_PACKED = "H4sI"  # the first bytes of gzip data, in base64
_MAX_NAME = 300


class S3Object(msgspec.Struct, frozen=True):
    """An object in S3; `version` is empty unless a certain one is meant."""

    bucket: str
    key: str
    version: str = ""

    @property
    def name(self) -> str:
        """The object as people, and the AWS CLI, name it."""
        return f"s3://{self.bucket}/{self.key}"

    def notification(self) -> bytes:
        """Return what S3 would tell of it, for a dead letter."""
        found = {"key": quote_plus(self.key, safe="/"), **({"versionId": self.version} if self.version else {})}
        return _encoded(
            {"Records": [{"eventSource": "aws:s3", "s3": {"bucket": {"name": self.bucket}, "object": found}}]}
        )


Content: TypeAlias = bytes | S3Object | Reject
"""What a record holds: an audit log, the name of an object, or something that is neither."""


class Record(msgspec.Struct, frozen=True):
    """One record. `id` is what a report of failures calls it, empty where there is no such report."""

    id: str
    origin: str
    contents: list[Content]


_REFUSED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_decode = msgspec.json.Decoder().decode


def events(
    payload: bytes,
    *,
    origin: str,
    provider: str = "eks",
    cluster: str = "",
    max_size: int = MAX_EVENT_SIZE,
    drop_larger: bool = False,
    max_inflated: int = MAX_DOCUMENT,
) -> Iterator[Piece]:
    """Yield the events of Lambda's event with `Records`, and rejects for what is none; `Other` for control messages.

    The parameters are those of `lanner.sources.eks.events`. Objects that notifications name are rejects, for they are
    not read here. Never raises, whatever the payload holds.
    """
    for record in _records(payload, origin):
        for content in record.contents:
            if isinstance(content, bytes):
                yield from delivered.events(
                    content,
                    origin=record.origin,
                    provider=provider,
                    cluster=cluster,
                    max_size=max_size,
                    drop_larger=drop_larger,
                    max_inflated=max_inflated,
                )
            elif isinstance(content, S3Object):
                reason = f"it names the object {content.name}, in which the log is: give that itself"
                yield Reject(record.origin, reason, content.notification())
            else:
                yield content


def _records(payload: bytes, origin: str) -> Iterator[Record]:
    try:
        records = json_text.members(apiserver.whole(payload)).get("Records", b"null")
    except json_text.JsonError as error:
        yield Record("", origin, [Reject(origin, f"no AWS records: {error}", payload)])
        return
    if not json_text.is_array(records):
        yield Record("", origin, [Reject(origin, "no AWS records: its Records are no array", payload)])
        return
    for number, element in enumerate(each(records), 1):
        place = f"{origin} record {number}"
        try:
            value = _decode(element)
        except _REFUSED as error:
            yield Record("", place, [Reject(place, f"no AWS record: {error}", element)])
        else:
            yield _record(value, place)


def invocation_records(event: Any, origin: str) -> list[Record]:
    """Return the records of Lambda's event, which is decoded, in their order; an event that has none is one itself."""
    match event:
        case {"Records": [*records]}:
            return [_record(record, origin) for record in records]
    return [Record("", origin, _of_message(event, origin, 0) or [Reject(origin, _no_record(event), _encoded(event))])]


def _record(record: Any, origin: str) -> Record:
    """Return a record of any service."""
    match record:
        case {"kinesis": {"data": str(data)} as kinesis}:
            number = str(kinesis.get("sequenceNumber") or "")
            place = f"{origin} {_stream(record)}{record.get('eventID') or number}"
            return Record(number, place, _of_base64(data, place, record))
        case {"messageId": str(id_), "body": str(body)}:
            place = f"{origin} message {id_}"
            return Record(id_, place, _of_text(body, place, 0))
        case {"Sns": {"Message": str(message)}}:
            place = f"{origin} message {record['Sns'].get('MessageId', '')}"
            return Record("", place, _of_text(message, place, 0))
        case {"s3": dict()}:
            found = _of_notification(record, origin)
            return Record("", origin, [found])
    return Record("", origin, [Reject(origin, _no_record(record), _encoded(record))])


def _stream(record: Any) -> str:
    """Return the name of the Kinesis stream that a record is of, with a slash."""
    match record:
        case {"eventSourceARN": str(arn)} if "/" in arn:
            return arn.rpartition("/")[2][:_MAX_NAME] + "/"
    return ""


def _of_base64(data: str, origin: str, record: Any) -> list[Content]:
    try:
        return [*disaggregated(binascii.a2b_base64(data, strict_mode=True))]
    except (binascii.Error, ValueError) as error:  # characters that are not ASCII
        return [Reject(origin, f"the record's data is no base64 ({error})", _encoded(record))]


def _of_text(text: str, origin: str, depth: int) -> list[Content]:
    """Return what a message of a queue or a topic holds."""
    if text.startswith(_PACKED):
        return _of_base64(text, origin, text)
    data = text.encode(errors="surrogateescape")
    try:
        value = _decode(data)
    except _REFUSED:
        return [data]
    return _of_message(value, origin, depth) or [data]


def _of_message(value: Any, origin: str, depth: int) -> list[Content]:
    """Return what a decoded message holds, nothing if it is none that S3 sends, wrapped or not."""
    match value:
        case {"Event": "s3:TestEvent"}:
            return [Other(origin, "S3 tries whether it can reach us")]
        case {"Records": [*records]} if depth < _DEEPEST:
            return [content for record in records for content in _inner(record, origin, depth)]
        case {"Type": "Notification", "Message": str(message)} if depth < _DEEPEST:
            return _of_text(message, origin, depth + 1)
        case {"source": "aws.s3", "detail-type": str(kind)}:
            return [_of_event(value, kind, origin)]
    return []


def _inner(record: Any, origin: str, depth: int) -> list[Content]:
    """Return what a record inside of a message holds."""
    match record:
        case {"s3": dict()}:
            return [_of_notification(record, origin)]
    return [Reject(origin, _no_record(record), _encoded(record))]


def _of_notification(record: Any, origin: str) -> Content:
    """Return the object that a record of S3 names; in it, the key is encoded as in URLs."""
    match record:
        case {"eventName": str(event)} if not event.removeprefix("s3:").startswith("ObjectCreated:"):
            return Other(origin, f"a notification of {event[:100]!r}: nothing was written")
        case {"s3": {"bucket": {"name": str(bucket)}, "object": {"key": str(key)} as found}}:
            return S3Object(bucket, unquote_plus(key), str(found.get("versionId") or ""))
    return Reject(origin, "a notification of S3 that names no object", _encoded(record))


def _of_event(value: Any, kind: str, origin: str) -> Content:
    """Return the object that an event of S3 in EventBridge names; there, the key stands as it is."""
    if kind != "Object Created":
        return Other(origin, f"an event of S3, {kind[:100]!r}: nothing was written")
    match value:
        case {"detail": {"bucket": {"name": str(bucket)}, "object": {"key": str(key)} as found}}:
            return S3Object(bucket, key, str(found.get("version-id") or ""))
    return Reject(origin, "an event of S3 that names no object", _encoded(value))


def _no_record(record: Any) -> str:
    """Say that a record is none that can be read."""
    match record:
        case {"eventSource": str(source)} | {"EventSource": str(source)} | {"source": str(source)}:
            return f"a record of {source[:60]!r}, which holds no audit log"
    return "no record of Kinesis, SQS, SNS or S3"


def _encoded(value: Any) -> bytes:
    """Return a decoded value as JSON again: by `json`, which takes everything that it has decoded."""
    return json.dumps(value, default=str).encode()
