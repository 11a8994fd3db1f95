"""What AWS delivers audit logs in, built around lines of them: batches, records of streams, objects of Firehose."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from typing import Any

__all__ = ["STREAM", "aggregate", "batch", "field", "kinesis", "sealed", "varint"]

STREAM = "arn:aws:kinesis:eu-west-1:123456789012:stream/audit"
_MAGIC = b"\xf3\x89\x9a\xc2"


def batch(*lines: str | bytes, group: str = "/aws/eks/shop/cluster", **changes: object) -> bytes:
    """Return the batch that CloudWatch Logs makes of lines, packed."""
    messages = [line if isinstance(line, str) else line.decode() for line in lines]
    envelope = {
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": group,
        "logStream": "kube-apiserver-audit-0123456789abcdef0123456789abcdef",
        "subscriptionFilters": ["lanner"],
        "logEvents": [
            {"id": str(number), "timestamp": 1795270783000, "message": message}
            for number, message in enumerate(messages)
        ],
    }
    return gzip.compress(json.dumps(envelope | changes, separators=(",", ":")).encode())


def kinesis(*data: bytes) -> dict[str, Any]:
    """Return Lambda's event for the records of a stream, whose sequence numbers count from 1."""
    return {
        "Records": [
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": "p",
                    "sequenceNumber": str(number),
                    "data": base64.b64encode(one).decode(),
                    "approximateArrivalTimestamp": 1795270783.5,
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": f"shardId-000000000000:{number}",
                "eventName": "aws:kinesis:record",
                "awsRegion": "eu-west-1",
                "eventSourceARN": STREAM,
            }
            for number, one in enumerate(data, 1)
        ]
    }


def aggregate(*data: bytes) -> bytes:
    """Return the record that the Kinesis Producer Library makes of several."""
    records = [field(3, field(1, 0) + field(2, 300) + field(3, one) + field(4, field(1, b"tag"))) for one in data]
    return sealed(field(1, b"key") + field(2, b"12345") + b"".join(records))


def sealed(message: bytes) -> bytes:
    """Return a message with what stands around it in an aggregate."""
    return _MAGIC + message + hashlib.md5(message, usedforsecurity=False).digest()


def field(number: int, value: bytes | int) -> bytes:
    """Return a field as protocol buffers write it."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(value: int) -> bytes:
    """Return a number as protocol buffers write it."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)
