"""Recognise by its members what a JSON object is that is no audit event: the envelope of a provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from lanner.fields import json_text
from lanner.sources.elements import each
from lanner.sources.members import folded_members

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Envelope", "recognise"]


class Envelope(msgspec.Struct, frozen=True):
    """What providers wrap audit events in.

    `description` names it for people, with its article; `provider` is that of the source that reads it (see
    `lanner.sources.envelopes`).
    """

    description: str
    provider: str


_CLOUDWATCH = Envelope("a CloudWatch Logs subscription batch (EKS)", "eks")
_AWS_RECORDS = Envelope("a batch of AWS records (Kinesis, SQS, S3 ...)", "eks")
_LOG_ENTRY = Envelope("a Cloud Logging LogEntry (GKE)", "gke")
_EVENT_HUB = Envelope("an Azure Event Hub batch (AKS)", "aks")
_DIAGNOSTICS = Envelope("a record of an Azure diagnostic setting (AKS)", "aks")
_PUBSUB = Envelope("a Pub/Sub message (GKE)", "gke")
_GELF = Envelope("a GELF message (OVHcloud Logs Data Platform)", "ovh")

# Protocol buffers as JSON may spell a key in either way.
_PAYLOADS = ("protoPayload", "proto_payload")
_LOG_NAMES = ("logName", "log_name")
_OF_ENTRIES = ("insertId", "insert_id", "jsonPayload", "json_payload", "textPayload", "text_payload", "resource")
_OF_DIAGNOSTICS = ("category", "properties")  # whatever their letter case
_OF_MESSAGES = ("data", "messageId", "message_id")


def recognise(members: Mapping[str, bytes]) -> Envelope | None:
    """Return the envelope that an object with these members is, `None` if it looks like none."""
    if "awslogs" in members or "logEvents" in members:
        return _CLOUDWATCH
    if _has(members, _PAYLOADS) or (_has(members, _LOG_NAMES) and _has(members, _OF_ENTRIES)):
        return _LOG_ENTRY
    folded = {key.lower(): key for key in members}
    if "records" in folded:
        first = _first(members[folded["records"]])
        is_aws = folded["records"] == "Records" and not _has(first, _OF_DIAGNOSTICS)
        return _AWS_RECORDS if is_aws else _EVENT_HUB
    if folded.keys() >= set(_OF_DIAGNOSTICS):
        return _DIAGNOSTICS
    message = members.get("message", b"")
    if message.startswith(b"{") and _has(json_text.members(message), _OF_MESSAGES):
        return _PUBSUB
    if "short_message" in members or (message.startswith(b'"') and b"short_message" in message):
        return _GELF
    return None


def _first(array: bytes) -> Mapping[str, bytes]:
    """Return the members of the first element of an array, by their names in lower case."""
    return folded_members(next(each(array), b"")) if json_text.is_array(array) else {}


def _has(members: Mapping[str, bytes], keys: tuple[str, ...]) -> bool:
    return any(key in members for key in keys)
