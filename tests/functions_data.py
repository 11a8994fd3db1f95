"""What triggers deliver: recorded payloads, one a file, and envelopes around the events of the recorded incident."""

from __future__ import annotations

import base64
import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

from lanner.engine import ReferenceEngine
from lanner.fields import Intake, RawEvent
from support import shipped

__all__ = ["COMPARED", "EVENTS", "cloudwatch", "event", "event_list", "incident", "incident_alerts"]

EVENTS = Path(__file__).parent / "events"

COMPARED: list[str] = []
"""What was compared, for the end of the run."""


def event(name: str) -> Any:
    """Return a recorded payload, decoded."""
    return json.loads((EVENTS / f"{name}.json").read_text())


def incident() -> list[str]:
    """Return the lines of an API server's log in which an attack stands."""
    return (EVENTS / "incident.jsonl").read_text().splitlines()


@cache
def incident_alerts() -> int:
    """Return how many alerts the shipped rules (the pack `default`) raise on these lines."""
    judge, intake = ReferenceEngine(shipped().select()).judge, Intake()
    return sum([len(judge(intake.open(RawEvent(line.encode()))).matched) for line in incident()])


def cloudwatch(*messages: str) -> dict[str, Any]:
    """Return Lambda's event for a batch of log lines."""
    batch = {
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": "/aws/eks/shop/cluster",
        "logStream": "kube-apiserver-audit-0123456789abcdef0123456789abcdef",
        "subscriptionFilters": ["lanner"],
        "logEvents": [{"id": str(n), "timestamp": 1795270783000, "message": text} for n, text in enumerate(messages)],
    }
    return {"awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(batch).encode())).decode()}}


def event_list(*lines: str) -> bytes:
    """Return the body of a request of an API server's webhook backend: its items have no kind and no apiVersion."""
    items = [json.loads(line) for line in lines]
    for item in items:
        del item["kind"], item["apiVersion"]
    return json.dumps(
        {"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "metadata": {}, "items": items}, separators=(",", ":")
    ).encode()
