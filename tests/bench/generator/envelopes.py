"""Events in the envelopes in which the clouds deliver them: each function turns a file of events into one of payloads.

A line of the file is one payload. The functions return how many events they wrapped.
"""

import base64
import gzip
import json
import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from bench.generator.log_entries import log_entry

__all__ = [
    "write_cloudwatch",
    "write_event_hub",
    "write_event_lists",
    "write_log_entries",
    "write_pubsub",
    "write_stream",
]

_BATCH = 200  # events of a CloudWatch subscription's delivery
_RECORDS = 22  # events of an Event Hub message
_CLUSTER = "/SUBSCRIPTIONS/0/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/SHOP"
_LIST_SIZES = (100, 400)  # events of a webhook's request: up to 400, as the API server is set up by default
_GZIP_LEVEL = 6
_DAY_ONE = 1_772_000_000_000  # milliseconds


def write_cloudwatch(events: Path, payloads: Path) -> int:
    """Write what a Lambda function gets from a log group's subscription: JSON around base64, gzip, JSON, JSON."""
    written = 0
    with events.open() as source, payloads.open("w") as target:
        for number, lines in enumerate(_batches(source, _BATCH)):
            batch = {
                "messageType": "DATA_MESSAGE",
                "owner": "123456789012",
                "logGroup": "/aws/eks/shop/cluster",
                "logStream": "kube-apiserver-audit-4f1c0a9e8b7d6c5f4e3d2c1b0a998877",
                "subscriptionFilters": ["lanner"],
                "logEvents": [
                    {
                        "id": f"{3 * 10**55 + number * _BATCH + place}",
                        "timestamp": _DAY_ONE + number,
                        "message": line.rstrip("\n"),
                    }
                    for place, line in enumerate(lines)
                ],
            }
            packed = gzip.compress(json.dumps(batch, separators=(",", ":")).encode(), _GZIP_LEVEL)
            target.write(json.dumps({"awslogs": {"data": base64.b64encode(packed).decode()}}) + "\n")
            written += len(lines)
    return written


def write_log_entries(events: Path, entries: Path) -> int:
    """Write the Cloud Logging entries of those events that Cloud Audit Logs would hold."""
    written = 0
    with events.open() as source, entries.open("w") as target:
        for line in source:
            entry = log_entry(json.loads(line))
            if entry is not None:
                target.write(json.dumps(entry, separators=(",", ":")) + "\n")
                written += 1
    return written


def write_pubsub(entries: Path, payloads: Path) -> int:
    """Write log entries as a Pub/Sub push subscription delivers them: JSON around base64, one entry a message."""
    written = 0
    with entries.open() as source, payloads.open("w") as target:
        for number, line in enumerate(source):
            message = {
                "data": base64.b64encode(line.rstrip("\n").encode()).decode(),
                "attributes": {"logging.googleapis.com/timestamp": "2026-03-01T06:00:00.000000Z"},
                "messageId": f"{8 * 10**15 + number}",
                "publishTime": "2026-03-01T06:00:00.100Z",
            }
            body = {"message": message, "subscription": "projects/shop/subscriptions/lanner"}
            target.write(json.dumps(body, separators=(",", ":")) + "\n")
            written += 1
    return written


def write_event_hub(events: Path, payloads: Path) -> int:
    """Write the bodies of Event Hub messages to which a diagnostic setting of AKS collects records."""
    written = 0
    with events.open() as source, payloads.open("w") as target:
        for lines in _batches(source, _RECORDS):
            records = [
                {
                    "category": "kube-audit",
                    "operationName": "Microsoft.ContainerService/managedClusters/diagnosticLogs/Read",
                    "properties": {"log": line, "stream": "stdout", "pod": "kube-apiserver-0"},
                    "time": "2026-03-01T06:00:00.0000000Z",
                    "resourceId": _CLUSTER,
                }
                for line in lines
            ]
            target.write(json.dumps({"records": records}, separators=(",", ":")) + "\n")
            written += len(lines)
    return written


def write_stream(events: Path, payloads: Path) -> int:
    """Write the messages of OVHcloud's WebSocket tail: JSON around a GELF record around the event."""
    written = 0
    with events.open() as source, payloads.open("w") as target:
        for line in source:
            record = {
                "_appID": "kubernetes-audit",
                "_cluster_id": "11111111-2222-3333-4444-555555555555",
                "version": "1.1",
                "timestamp": 1772344800.072,
                "short_message": line.rstrip("\n"),
            }
            message = {"message": json.dumps(record, separators=(",", ":"))}
            target.write(json.dumps(message, separators=(",", ":")) + "\n")
            written += 1
    return written


def write_event_lists(events: Path, payloads: Path) -> int:
    """Write the bodies of an API server's webhook requests: EventLists, whose items have no `kind` of their own."""
    written = 0
    sizes = random.Random(3)
    head = '{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":['
    own_kind = '"kind":"Event","apiVersion":"audit.k8s.io/v1",'
    with events.open() as source, payloads.open("w") as target:
        while lines := list(islice(source, sizes.randint(*_LIST_SIZES))):
            target.write(head + ",".join(line.rstrip("\n").replace(own_kind, "", 1) for line in lines) + "]}\n")
            written += len(lines)
    return written


def _batches(lines: Iterator[str], size: int) -> Iterator[list[str]]:
    while batch := list(islice(lines, size)):
        yield batch
