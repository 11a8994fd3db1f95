"""The audit event: the seam between sources and engine."""

from __future__ import annotations

import time as clock
from typing import TYPE_CHECKING

import msgspec

from lanner.fields import json_text, timestamp

if TYPE_CHECKING:
    from lanner.fields.types import Extracted

__all__ = ["BODIES", "Event", "Intake", "RawEvent"]

BODIES = frozenset({"requestObject", "responseObject"})
"""The top-level keys that hold the objects sent and answered."""


class RawEvent(msgspec.Struct, frozen=True, gc=False):
    """An audit event as a source delivers it: a JSON object's text plus a small context.

    `text` is one valid JSON object (`json_text.check`) of limited depth (`json_text.within_depth`). `received` is the
    envelope's time in nanoseconds, if it has one. `lost` holds the top-level keys that exist but whose values are not
    to be had or not to be looked at: what depends on them is unknown, not missing.
    """

    text: bytes
    provider: str = ""
    cluster: str = ""
    received: int | None = None
    origin: str = ""
    lost: frozenset[str] = frozenset()

    @property
    def truncated(self) -> bool:
        """Whether a part of the event is lost."""
        return bool(self.lost)


class Event:
    """A raw event opened for evaluation. Made by `Intake`, read through `BoundField.value`."""

    __slots__ = ("_inner", "_time", "_time_source", "first_time", "lost", "number", "raw", "top", "values")

    def __init__(self, raw: RawEvent, number: int, first_time: int | None = None) -> None:
        self.raw = raw
        self.number = number
        self.first_time = first_time
        self.lost = raw.lost
        self.top = json_text.members(raw.text)
        self.values: dict[object, Extracted] = {}
        self._inner: dict[str, dict[str, bytes]] = {}
        self._time: int | None = None
        self._time_source = ""

    @property
    def time(self) -> int:
        """Time of the event in nanoseconds since the epoch.

        It is the `stageTimestamp`; where that is missing or unreadable, the `requestReceivedTimestamp`, the envelope's
        time, or the time of reading, in this order.
        """
        if self._time is None:
            self._time, self._time_source = self._find_time()
        return self._time

    @property
    def time_source(self) -> str:
        """What `time` was taken from: `stageTimestamp`, `requestReceivedTimestamp`, `envelope` or `reading`."""
        assert self.time is not None  # which finds the source, too
        return self._time_source

    def find(self, path: tuple[str, ...]) -> bytes | None:
        """Return the JSON value at `path`; arrays on the way take a decimal index as key. `None` if it is absent."""
        if len(path) == 1:
            return self.top.get(path[0])
        value = self._child(path[0], path[1])
        for key in path[2:]:
            if value is None:
                return None
            value = json_text.get(value, key)
        return value

    def text_of(self, *path: str) -> bytes:
        """Return the text at a path of keys as it stands in the event, empty where there is none."""
        value = self.find(path)
        return b"" if value is None else json_text.render(value)

    def _child(self, key: str, inner_key: str) -> bytes | None:
        """Return the value of `inner_key` in the top-level value `key`, `None` if there is none.

        Objects such as `objectRef` are split once, however many fields look into them.
        """
        members = self._inner.get(key)
        if members is None:
            value = self.top.get(key)
            if value is None:
                return None
            if not json_text.is_object(value):
                return json_text.get(value, inner_key)
            members = self._inner[key] = json_text.members(value)
        return members.get(inner_key)

    def _find_time(self) -> tuple[int, str]:
        for key in ("stageTimestamp", "requestReceivedTimestamp"):
            value = self.top.get(key)
            if value is not None and value.startswith(b'"'):
                moment = timestamp.parse(json_text.unquote(value))
                if moment is not None:
                    return moment, key
        if self.raw.received is not None:
            return self.raw.received, "envelope"
        return clock.time_ns(), "reading"


class Intake:
    """Opens the events of one source in their order of arrival: numbers them and remembers the first one's time."""

    def __init__(self) -> None:
        self._count = 0
        self._first_time: int | None = None

    def open(self, raw: RawEvent) -> Event:
        """Open the next event. `evt.num` counts from 1, `evt.reltime` from the first event."""
        self._count += 1
        event = Event(raw, self._count)
        if self._first_time is None:
            self._first_time = event.time
        event.first_time = self._first_time
        return event
