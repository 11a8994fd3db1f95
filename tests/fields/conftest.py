"""Reading fields in tests: events as Python objects or JSON texts, values as texts."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator

import pytest

from lanner.fields import Catalogue, Event, Intake, NoValue, RawEvent, catalogue


def _open(event: object, **context: object) -> Event:
    """Open an event given as JSON text (taken as it is) or as a mapping (which gets an audit id)."""
    if isinstance(event, dict):
        event = json.dumps({"auditID": "a-1"} | event, separators=(",", ":")).encode()
    return Intake().open(RawEvent(event, **context))


def _read(event: object, written: str, fields: Catalogue | None = None, **context: object) -> object:
    """Return the value of a field, written without quotes, with bytes decoded."""
    name, bracket, rest = written.partition("[")
    bound = (fields or catalogue()).bind(name, rest[:-1] if bracket else None)
    value = bound.value(event if isinstance(event, Event) else _open(event, **context))
    if isinstance(value, bytes):
        return value.decode(errors="surrogateescape")
    if isinstance(value, list):
        return [item.decode(errors="surrogateescape") for item in value]
    return None if value is NoValue.MISSING else value


@pytest.fixture(scope="session")
def open_event() -> Callable[..., Event]:
    """`open_event({"verb": "get"})` or `open_event(b'{"verb":"get"}', provider="eks")`."""
    return _open


@pytest.fixture(scope="session")
def read() -> Callable[..., object]:
    """`read({"verb": "get"}, "ka.verb")` gives `"get"`, a list of texts, a number, or `None` for a missing value."""
    return _read


@pytest.fixture
def time_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """`time_zone("EAST-5")` sets the local time zone for one test (POSIX sign: five hours east of UTC)."""
    before = os.environ.get("TZ")

    def choose(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield choose
    if before is None:
        monkeypatch.delenv("TZ", raising=False)
    else:
        monkeypatch.setenv("TZ", before)
    time.tzset()
