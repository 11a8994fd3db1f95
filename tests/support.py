"""What several tests need: rules from text, events from dictionaries."""

import json
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from lanner.fields import Event, Intake, RawEvent, generic
from lanner.ruleset import LoadResult, Rule, Ruleset, load, rules_paths, shipped_rules

__all__ = ["an_event", "loaded_shipped", "opened", "rules_from", "shipped", "universal_time"]

BASE = {
    "kind": "Event",
    "apiVersion": "audit.k8s.io/v1",
    "level": "RequestResponse",
    "auditID": "11111111-2222-3333-4444-555555555555",
    "stage": "ResponseComplete",
    "requestURI": "/api/v1/namespaces/shop/pods",
    "verb": "create",
    "user": {"username": "alice", "groups": ["dev", "system:authenticated"]},
    "sourceIPs": ["203.0.113.7"],
    "userAgent": "kubectl/v1.36.3",
    "objectRef": {"resource": "pods", "namespace": "shop", "name": "web", "apiVersion": "v1"},
    "responseStatus": {"code": 201},
    "requestReceivedTimestamp": "2026-03-01T10:20:30.100000Z",
    "stageTimestamp": "2026-03-01T10:20:30.123456Z",
}


def an_event(**changes) -> dict:
    """Return an ordinary audit event with some top-level keys changed; `None` removes a key."""
    event = BASE | changes
    return {key: value for key, value in event.items() if value is not None}


def opened(event: dict, **context) -> Event:
    """Open an event as the first one of its source."""
    return Intake().open(RawEvent(json.dumps(event, separators=(",", ":")).encode(), **context))


def rules_from(text: str) -> tuple[Rule, ...]:
    """Return the enabled rules of a rules file's text, which must be valid."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rules.yaml"
        path.write_text(text)
        loaded = load([path])
    assert loaded.ruleset is not None, [str(result) for result in loaded.results]
    return loaded.ruleset.select(())


@cache
def loaded_shipped(*packs: str) -> LoadResult:
    """Load the shipped rules, once; those of `packs` are on, `default` if there are none."""
    return load(rules_paths(shipped_rules(), explicit=True), packs=packs or None)


def shipped(*packs: str) -> Ruleset:
    """Return the shipped rules; `packs` as above."""
    loaded = loaded_shipped(*packs)
    assert loaded.ruleset is not None, [str(result) for result in loaded.results]
    return loaded.ruleset


def universal_time(monkeypatch, hostname: str) -> Iterator[None]:
    """Run what follows in the time zone UTC on a machine of this name; the body of a fixture."""
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("FALCO_HOSTNAME", hostname)
    time.tzset()
    generic.hostname.cache_clear()
    yield
    monkeypatch.undo()
    time.tzset()
    generic.hostname.cache_clear()
