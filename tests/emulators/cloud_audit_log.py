"""Log entries of Cloud Audit Logs: recorded ones, and what would have been written of recorded audit events."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import Any

from bench.generator.log_entries import log_entry
from functions_data import event

__all__ = ["recorded", "written"]


def recorded(name: str) -> bytes:
    """Return the entry in a recorded Pub/Sub message."""
    return base64.b64decode(event(name)["message"]["data"])


def written(lines: Iterable[str]) -> list[bytes]:
    """Return the entries of the events in `lines` of an audit log, as far as `log_entry` can write them."""
    entries = [log_entry(event) for event in map(json.loads, lines) if _can_be_written(event)]
    return [json.dumps(entry, separators=(",", ":")).encode() for entry in entries if entry is not None]


def _can_be_written(event: dict[str, Any]) -> bool:
    """Tell whether an event was answered with success, and was no JSON patch."""
    is_success = event.get("responseStatus", {}).get("code", 0) // 100 == 2
    return is_success and "annotations" in event and isinstance(event.get("requestObject", {}), dict)
