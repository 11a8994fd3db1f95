"""What may be missing between two connections: noticed from the times of events, and reported as an alert."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from lanner.fields import Intake, RawEvent, timestamp
from lanner.fields.generic import hostname
from lanner.outputs.message import Message
from lanner.ruleset import Priority

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lanner.fields.block import Block
    from lanner.pipeline.pipeline import Source
    from lanner.pipeline.tail.buffer import Origin
    from lanner.sources import Piece

__all__ = ["NOT_RUNNING", "RULE", "Continuity", "First", "Gap", "is_plausible"]

RULE = "Gap in the Audit Log"
_SOURCE = "lanner"  # no event of the audit log: rules and filters for k8s_audit do not expect it
_PRIORITY = Priority.WARNING
_SECOND = 10**9
_AHEAD = 3600 * _SECOND
"""By how much an event's time may be ahead of our clock; one that is further ahead says nothing about the stream."""

_MARGIN = 60
"""Seconds before and after a gap in which events may be missing, too: they do not come exactly in their order."""

NOT_RUNNING = "Lanner was not running"

_encode = msgspec.json.Encoder(order="deterministic").encode


class First:
    """Notices the first event with a plausible time that a source gives."""

    def __init__(self) -> None:
        self.time: int | None = None
        self.cluster = ""

    def watched(self, source: Source) -> Source:
        """Return a source that gives what `source` does."""

        def watching(payload: bytes, **options: Any) -> Iterator[Piece | Block]:
            for piece in source(payload, **options):
                if self.time is None and isinstance(piece, RawEvent):
                    self._notice(piece)
                yield piece

        return watching

    def _notice(self, raw: RawEvent) -> None:
        event = Intake().open(raw)
        if event.time_source != "reading" and is_plausible(event.time):
            self.time, self.cluster = event.time, raw.cluster


class Gap(NamedTuple):
    """A time of which events may be missing: from the newest event before it to the first one behind it.

    Both are nanoseconds since the epoch. `reason` says why nothing was received.
    """

    cluster: str
    provider: str
    start: int
    end: int
    reason: str

    @property
    def seconds(self) -> float:
        """How long it is."""
        return (self.end - self.start) / _SECOND

    def message(self) -> Message:
        """Return the alert about it: it has an alert's keys, and the same id for the same gap."""
        start, end = f"{timestamp.utc(self.start)}Z", f"{timestamp.utc(self.end)}Z"
        where = f" of {self.cluster}" if self.cluster else ""
        told = (
            f"Events{where} between {start} and {end} ({self.seconds:.3f} s) may be missing, "
            f"because nothing was received ({self.reason})"
        )
        fields = {
            "gap.begin": self.start // _SECOND - _MARGIN,
            "gap.cluster": self.cluster,
            "gap.end": -(-self.end // _SECOND) + _MARGIN,
            "gap.from": start,
            "gap.reason": self.reason,
            "gap.seconds": round(self.seconds, 3),
            "gap.to": end,
        }
        alert = {
            "cluster": self.cluster,
            "hostname": hostname(),
            "id": _id(self.cluster, RULE, start, end),
            "output": f"{timestamp.clock(self.end)}: {_PRIORITY.label} {told}",
            "output_fields": fields,
            "priority": _PRIORITY.label,
            "provider": self.provider,
            "rule": RULE,
            "source": _SOURCE,
            "tags": ["lanner"],
            "time": end,
            "time_source": "stageTimestamp",
            "truncated": False,
        }
        return Message.read(_encode(alert))


class Continuity:
    """Knows the newest event, and tells by the first ones of a connection whether there is a gap before it.

    Nothing is missing if a connection begins with messages that came by an earlier one. Otherwise something may be:
    the platform sends what arrives while somebody listens, and nothing of what arrived before.
    """

    def __init__(self, provider: str, newest: int | None = None, cluster: str = "") -> None:
        """Begin with the `newest` event of an earlier process, and its `cluster`, if they are known."""
        self.newest = newest
        self.cluster = cluster
        self._several = False
        self._provider = provider
        self._settled = 0

    def gap(self, origin: Origin, first: First, *, overlaps: bool) -> Gap | None:
        """Return the gap before the connection `origin`, if the messages of a batch show that there is one.

        `first` has seen their events, `overlaps` tells that one of them had come by an earlier connection. Say
        `settle` when the gap is reported.
        """
        if self._settled >= origin.number:
            return None
        if overlaps or (first.time is not None and self.newest is None):
            self.settle(origin)
            return None
        if first.time is None or self.newest is None:
            return None
        start, end = sorted((self.newest, first.time))
        names = {self.cluster, first.cluster} - {""}
        # Of a stream that several clusters share, all of them are concerned.
        cluster = "" if self._several or len(names) > 1 else "".join(names)
        return Gap(cluster, self._provider, start, end, origin.after or NOT_RUNNING)

    def settle(self, origin: Origin) -> None:
        """Note that it is known what is missing before a connection."""
        self._settled = origin.number

    def saw(self, newest: int | None, cluster: str) -> None:
        """Note the time of the last event of a batch that was dealt with, and its cluster."""
        if newest is not None and is_plausible(newest):
            self.newest = newest if self.newest is None else max(newest, self.newest)
            self._several = self._several or bool(self.cluster and cluster and cluster != self.cluster)
            self.cluster = cluster


def is_plausible(moment: int) -> bool:
    """Tell whether an event's time can be true."""
    return 0 < moment <= time.time_ns() + _AHEAD


def _id(*texts: str) -> str:
    import hashlib

    parts = [text.encode("utf-8", "surrogateescape") for text in texts]
    return hashlib.sha256(b"".join([b"%d:%b" % (len(part), part) for part in parts])).hexdigest()
