"""The audit event: the seam between sources and engine."""

from __future__ import annotations

import time as clock
from typing import TYPE_CHECKING, Protocol

import msgspec

from lanner.fields import json_text, paths, timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import EllipsisType

    from lanner.fields.cut import Kept
    from lanner.fields.field import BoundField
    from lanner.fields.types import Extracted

__all__ = ["BODIES", "KEYS", "TRUNCATION", "Event", "Intake", "RawEvent", "View", "bodies_at"]

BODIES = frozenset({"requestObject", "responseObject"})
"""The top-level keys that hold the objects sent and answered."""

KEYS = (
    "kind",
    "apiVersion",
    "level",
    "auditID",
    "stage",
    "requestURI",
    "verb",
    "user",
    "impersonatedUser",
    "authenticationMetadata",
    "sourceIPs",
    "userAgent",
    "objectRef",
    "responseStatus",
    "requestObject",
    "responseObject",
    "requestReceivedTimestamp",
    "stageTimestamp",
    "annotations",
)
"""The keys of an event in the order in which API servers write them (Kubernetes API reference, audit.k8s.io/v1)."""

TRUNCATION = b"audit.k8s.io/truncated"
"""Stands in the annotations of an event that the API server has truncated."""

_TRUNCATED = ("annotations", "audit.k8s.io/truncated")
_TIMES = (("stageTimestamp",), ("requestReceivedTimestamp",))

_NOTHING: frozenset[str] = frozenset()


class RawEvent(msgspec.Struct, frozen=True, gc=False):
    """An audit event as a source delivers it: a JSON object's text plus a small context.

    `text` is one valid JSON object (`json_text.check`), perhaps one that nests too deep to be judged. `received` is the
    envelope's time in nanoseconds, if it has one.

    What was lost on the way is unknown, not missing: `lost` holds the top-level keys that exist but whose values are
    not to be had (as a whole), or not to be looked at; `unknown` those that may have stood in the event, or not. `cut`
    leads to the place where the text broke off, if it did: the keys (of arrays: the numbers) of the values that were
    open there. `text` was closed behind it; what it holds of those values is the part that was kept.
    """

    text: bytes
    provider: str = ""
    cluster: str = ""
    received: int | None = None
    origin: str = ""
    lost: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()
    cut: tuple[str, ...] | None = None

    @property
    def truncated(self) -> bool:
        """Whether a part of the event is lost."""
        return bool(self.lost or self.unknown)


class View(Protocol):
    """Parts of an event that were decoded already. What a view does not cover (`...`) is read from the event's text.

    A view is of an event that has an `auditID`, and gives just what the text would.
    """

    @property
    def provider(self) -> str:
        """See `RawEvent.provider`."""

    @property
    def cluster(self) -> str:
        """See `RawEvent.cluster`."""

    def raw(self) -> RawEvent:
        """Return the event with its text."""

    def find(self, path: tuple[str, ...]) -> bytes | EllipsisType | None:
        """See `Event.find`."""

    def text(self, path: tuple[str, ...]) -> bytes | EllipsisType | None:
        """See `Event.text`."""

    def texts(
        self, paths: tuple[tuple[str, ...], ...], other: Callable[[tuple[str, ...]], str | None]
    ) -> list[str | None]:
        """See `Event.texts`; `other` is called for what the view does not cover."""

    def walk(self, path: tuple[str, ...], index: int | None) -> list[bytes | None] | EllipsisType | None:
        """See `Event.walk`."""

    def read(self, field: BoundField, event: Event) -> Extracted:
        """Return the value of a field of the event whose view this is."""


class Event:
    """A raw event opened for evaluation, or the view of one. Read through `BoundField.value`.

    Its text is split when something is looked for that no view covers.
    """

    __slots__ = (
        "_inner",
        "_raw",
        "_time",
        "_time_source",
        "_top",
        "_utc",
        "first_time",
        "kept",
        "lost",
        "number",
        "values",
        "view",
    )

    def __init__(
        self, raw: RawEvent | None, number: int, first_time: int | None = None, view: View | None = None
    ) -> None:
        self._raw = raw
        self.number = number
        self.first_time = first_time
        self.lost = (raw.lost | raw.unknown if raw.unknown else raw.lost) if raw is not None else _NOTHING
        self.view = view
        self.values: dict[object, Extracted] = {}
        self.kept: dict[object, Kept] = {}
        """What is known of fields' values that were cut."""
        self._top: dict[str, bytes] | None = None
        self._inner: dict[str, dict[str, bytes]] | None = None
        self._time: int | None = None
        self._time_source = ""
        self._utc: str | None = None

    @property
    def raw(self) -> RawEvent:
        """The event as its source delivered it."""
        if self._raw is None:
            assert self.view is not None  # one of the two is there
            self._raw = self.view.raw()
        return self._raw

    @property
    def provider(self) -> str:
        """The provider whose envelope the event came in, empty if there was none."""
        return self.view.provider if self.view is not None else self.raw.provider

    @property
    def cluster(self) -> str:
        """The cluster that the envelope names, empty if it names none."""
        return self.view.cluster if self.view is not None else self.raw.cluster

    @property
    def top(self) -> dict[str, bytes]:
        """The members of the event."""
        if self._top is None:
            self._top = json_text.members(self.raw.text)
        return self._top

    @property
    def is_truncated(self) -> bool:
        """Whether the API server has left bodies out because the event was too long (`--audit-*-truncate-enabled`)."""
        annotations = self.find(_TRUNCATED[:1])
        return annotations is not None and TRUNCATION in annotations and self.find(_TRUNCATED) == b'"true"'

    def notice_truncation(self) -> None:
        """Take the bodies for unknown if the API server has left them out. What was read before is forgotten."""
        self.lost |= bodies_at(self.find(("level",))).difference(self.top)
        self.values = {}

    def with_text(self, text: bytes) -> Event:
        """Return an event with another text and the same number, time and losses."""
        event = Event(msgspec.structs.replace(self.raw, text=text), self.number, self.first_time)
        event.lost = self.lost
        event._time, event._time_source = self.time, self.time_source
        return event

    def reopen(self) -> None:
        """Forget what was read, and read from the text, not from the view, from now on."""
        self._raw = self.raw
        self.view = None
        self.values = {}

    @property
    def is_audited(self) -> bool:
        """Whether there is an `auditID`, which every `ka.*` field depends on (even if its value is lost)."""
        return self.view is not None or "auditID" in self.top or "auditID" in self.lost

    @property
    def time(self) -> int:
        """Time of the event in nanoseconds since the epoch.

        It is the `stageTimestamp`; where that is missing or unreadable, the `requestReceivedTimestamp`, the envelope's
        time, or the time of reading, in this order.
        """
        return self._find_time() if self._time is None else self._time

    @property
    def time_source(self) -> str:
        """What `time` was taken from: `stageTimestamp`, `requestReceivedTimestamp`, `envelope` or `reading`."""
        if self._time is None:
            self._find_time()
        return self._time_source

    @property
    def utc(self) -> str:
        """The time as `YYYY-MM-DDTHH:MM:SS.nnnnnnnnn`, in UTC."""
        time = self.time  # which may find this, too
        if self._utc is None:
            self._utc = timestamp.utc(time)
        return self._utc

    @property
    def clock(self) -> str:
        """The time as `HH:MM:SS.nnnnnnnnn`, in the local time zone."""
        return self.utc[11:] if timestamp.local_is_utc() else timestamp.clock(self.time)

    def find(self, path: tuple[str, ...]) -> bytes | None:
        """Return the JSON value at `path`; arrays on the way take a decimal index as key. `None` if it is absent."""
        if self.view is not None:
            seen = self.view.find(path)
            if seen is not ...:
                return seen
        if len(path) == 1:
            return self.top.get(path[0])
        value = self._child(path[0], path[1])
        for key in path[2:]:
            if value is None:
                return None
            value = json_text.get(value, key)
        return value

    def text(self, path: tuple[str, ...]) -> bytes | None:
        """Return the text of the value at `path`: a string decoded, anything else as compact JSON."""
        if self.view is not None:
            seen = self.view.text(path)
            if seen is not ...:
                return seen
        value = self.find(path)
        return None if value is None else json_text.render(value)

    def texts(self, paths: tuple[tuple[str, ...], ...]) -> list[str | None]:
        """Return the texts at several paths as strings. Raises `UnicodeDecodeError` if one is not UTF-8."""
        if self.view is not None:
            return self.view.texts(paths, self._string)
        return list(map(self._string, paths))

    def text_of(self, *path: str) -> bytes:
        """Return the text at a path of keys, empty where there is none."""
        return self.text(path) or b""

    def walk(self, path: tuple[str, ...], index: int | None = None) -> list[bytes | None] | None:
        """Return the values at `path` through every element of the arrays on the way (see `lanner.fields.paths`)."""
        if self.view is not None:
            seen = self.view.walk(path, index)
            if seen is not ...:
                return seen
        value = self.find(path[:1])
        return None if value is None else paths.walk(value, path[1:], index)

    def gather(self, wanted: Iterable[tuple[str, ...]], *, is_final: bool = True) -> list[bytes | None]:
        """Return the values of walks along several paths, behind each other.

        If they are not final, what may have been lost might write them again.
        """
        return [value for path in wanted for value in self.walk(path) or ()]

    def _string(self, path: tuple[str, ...]) -> str | None:
        text = self.text(path)
        return None if text is None else text.decode()

    def _child(self, key: str, inner_key: str) -> bytes | None:
        """Return the value of `inner_key` in the top-level value `key`, `None` if there is none.

        Objects such as `objectRef` are split once, however many fields look into them.
        """
        if self._inner is None:
            self._inner = {}
        members = self._inner.get(key)
        if members is None:
            value = self.find((key,))
            if value is None:
                return None
            if not json_text.is_object(value):
                return json_text.get(value, inner_key)
            members = self._inner[key] = json_text.members(value)
        return members.get(inner_key)

    def _find_time(self) -> int:
        """Find the time, where it is from, and how it is shown, if that is at hand."""
        for path in _TIMES:
            text = self.text(path)
            if text is not None:
                self._time, self._utc = timestamp.parse_and_show(text)  # whatever is no string is no time, either
                if self._time is not None:
                    self._time_source = path[0]
                    return self._time
        received = self.raw.received
        self._time_source = "reading" if received is None else "envelope"
        self._time = clock.time_ns() if received is None else received
        return self._time


def bodies_at(level: bytes | None) -> frozenset[str]:
    """Return the bodies that an event of an audit level may have; `level` is its JSON text, `None` if it is unknown."""
    if level == b'"Metadata"':
        return _NOTHING
    return frozenset(("requestObject",)) if level == b'"Request"' else BODIES


class Intake:
    """Numbers the events of one source in their order of arrival and remembers the first one's time."""

    def __init__(self) -> None:
        self.count = 0
        self.first_time: int | None = None

    def open(self, raw: RawEvent) -> Event:
        """Open the next event. `evt.num` counts from 1, `evt.reltime` from the first event."""
        self.count += 1
        event = Event(raw, self.count, self.first_time)
        if self.first_time is None:
            self.first_time = event.first_time = event.time
        return event
