"""Recognise by its members what a JSON object is that is no audit event: the envelope of a provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from lanner.fields import json_text

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Envelope", "recognise"]


class Envelope(msgspec.Struct, frozen=True):
    """What providers wrap audit events in.

    `description` names it for people, with its article; `provider` is that of the source that reads it (see
    `lanner.sources.envelopes`), empty if there is none yet.
    """

    description: str
    provider: str = ""


_CLOUDWATCH = Envelope("a CloudWatch Logs subscription batch (EKS)", "eks")
_AWS_RECORDS = Envelope("a batch of AWS records (Kinesis, SQS, S3 ...)")
_LOG_ENTRY = Envelope("a Cloud Logging LogEntry (GKE)", "gke")
_EVENT_HUB = Envelope("an Azure Event Hub batch (AKS)")
_PUBSUB = Envelope("a Pub/Sub message (GKE)", "gke")
_GELF = Envelope("a GELF message (OVHcloud Logs Data Platform)")

# Protocol buffers as JSON may spell a key in either way.
_PAYLOADS = ("protoPayload", "proto_payload")
_LOG_NAMES = ("logName", "log_name")
_OF_ENTRIES = ("insertId", "insert_id", "jsonPayload", "json_payload", "textPayload", "text_payload", "resource")
_OF_MESSAGES = ("data", "messageId", "message_id")


def recognise(members: Mapping[str, bytes]) -> Envelope | None:
    """Return the envelope that an object with these members is, `None` if it looks like none."""
    if "awslogs" in members or "logEvents" in members:
        return _CLOUDWATCH
    if "Records" in members:
        return _AWS_RECORDS
    if _has(members, _PAYLOADS) or (_has(members, _LOG_NAMES) and _has(members, _OF_ENTRIES)):
        return _LOG_ENTRY
    if "records" in members:
        return _EVENT_HUB
    message = members.get("message", b"")
    if message.startswith(b"{") and _has(json_text.members(message), _OF_MESSAGES):
        return _PUBSUB
    if "short_message" in members or (message.startswith(b'"') and b"short_message" in message):
        return _GELF
    return None


def _has(members: Mapping[str, bytes], keys: tuple[str, ...]) -> bool:
    return any(key in members for key in keys)
