"""Log entries of Cloud Audit Logs: recorded ones, and what would have been written of recorded audit events."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable

from bench.generator.log_entries import log_entry
from functions_data import event

__all__ = ["recorded", "written"]


def recorded(name: str) -> bytes:
    """Return the entry in a recorded Pub/Sub message."""
    return base64.b64decode(event(name)["message"]["data"])


def written(lines: Iterable[str]) -> list[bytes]:
    """Return the entries of the events in `lines` of an audit log, without those whose request is a JSON patch."""
    events = [one for one in map(json.loads, lines) if "annotations" in one]
    entries = [log_entry(one) for one in events if isinstance(one.get("requestObject", {}), dict)]
    return [json.dumps(entry, separators=(",", ":")).encode() for entry in entries if entry is not None]
