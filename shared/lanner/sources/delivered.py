"""What log pipelines of AWS deliver: objects in S3, and the data of Kinesis records.

Such content may be packed with gzip, in one member or many, and packed once more: CloudWatch Logs packs each batch of a
subscription, and Firehose may pack what it has gathered. Firehose puts nothing between the records. So these are read:

* batches of CloudWatch Logs (`lanner.sources.eks`), one behind the other, with or without line ends;
* audit events as such: one a line, or one behind the other, as Firehose extracts them from batches;
* lines of exported logs: a time, a blank, and the line of an API server's log.

An object may have any size; memory is bounded by that of one batch, or line.
"""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import msgspec

from lanner.fields import json_text
from lanner.sources import apiserver, eks, hints
from lanner.sources.apiserver import PLAIN_EVENT
from lanner.sources.cut import MARK
from lanner.sources.draft import MAX_DOCUMENT
from lanner.sources.lines import line_events
from lanner.sources.other import Other
from lanner.sources.payloads import Payloads
from lanner.sources.reject import MAX_EVENT_SIZE, Context, Piece, Reject
from lanner.sources.stream import GZIP_MAGIC, Lines, Progress, Stream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from lanner.fields.block import Block
    from lanner.sources.stream import Readable

__all__ = ["blocks", "content", "events", "other_object"]

_MAX_RATIO = 250
"""How many times as large as the packed data its content may be; events, however alike, stay below 100."""

_SUSPICIOUS = 64 << 20
"""Bytes of unpacked content from which on the ratio counts."""

_TOO_MANY = "more than {:,} parts of it are no audit events; the rest is not read"
_BLOCK = 57344  # bytes that are read at a time
_SKIPPED_AT_ONCE = 1 << 20
_BLANK = b" \t\r\n"
_BATCH = re.compile(rb'\s*\{(?:\s*"(?:owner|logGroup|logStream)"\s*:\s*"[^"]*"\s*,)*\s*"(?:messageType|awslogs)"\s*:')
_TIME = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})Z ")
_MILLISECONDS = 10**6  # nanoseconds

# Where an event begins: nowhere inside of a JSON string, where its quotes would have backslashes.
_EVENTS = re.compile(rb"(?=%b)" % re.escape(PLAIN_EVENT))

# How lines of the control plane's other logs begin: those of klog, and those of the authenticator.
_OTHER_LINE = re.compile(rb'[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ |time="\d{4}-')

# What an export task writes: PREFIX/TASK/STREAM/NUMBER.gz, after it has tried whether it may write.
_EXPORTED = re.compile(r"(?:.*/)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/(?P<stream>[^/]+)/\d+\.gz", re.DOTALL)
_TRIAL = "aws-logs-write-test"
_AUDIT_STREAM = "kube-apiserver-audit-"


def content(
    file: BinaryIO | Readable, origin: str, context: Context, *, blocks: bool, max_inflated: int = MAX_DOCUMENT
) -> Iterator[Piece | Block]:
    """Yield the events of a file, and rejects for what is none; `Other` for records of other logs.

    `blocks` says whether blocks are welcome. A batch, or a line, may have `max_inflated` bytes unpacked. `context`
    names the cluster where no batch does; its `envelope` plays no role. Raises nothing but what reading the file does.
    """
    progress = Progress()
    stream = _Bounded(Stream(file, progress), progress)
    lines = Lines(stream, joined=True)
    head = lines.beginning()
    reason = hints.about_file(head)
    if reason:
        yield Reject(origin, reason)
    elif _BATCH.match(head) is not None:
        yield from apiserver.bounded(_batches(lines, origin, context, blocks, max_inflated), origin, _TOO_MANY)
    elif _TIME.match(head) is not None:
        found = _taken_apart(_exported(lines, origin, context, max_inflated), context)
        yield from apiserver.bounded(found, origin, _TOO_MANY)
    else:
        plain = msgspec.structs.replace(context, envelope="apiserver")  # no envelope inside of others: that has an end
        found = _taken_apart(Payloads(lines, origin, plain, blocks=blocks), context)
        yield from apiserver.bounded(found, origin, _TOO_MANY)
    if stream.damage:
        yield Reject(origin, stream.damage)


def events(
    payload: bytes,
    *,
    origin: str,
    provider: str = "eks",
    cluster: str = "",
    max_size: int = MAX_EVENT_SIZE,
    drop_larger: bool = False,
    max_inflated: int = MAX_DOCUMENT,
) -> Iterator[Piece]:
    """Yield the events of content that is in memory. If nothing of it can be read, one reject holds all of it.

    The parameters are those of `lanner.sources.eks.events`. Never raises, whatever the payload holds.
    """
    context = Context(provider, cluster, max_size, drop_larger)
    found = _of_payload(payload, origin, context, blocks=False, max_inflated=max_inflated)
    return cast("Iterator[Piece]", found)


def blocks(
    payload: bytes,
    *,
    origin: str,
    provider: str = "eks",
    cluster: str = "",
    max_size: int = MAX_EVENT_SIZE,
    max_inflated: int = MAX_DOCUMENT,
) -> Iterator[Piece | Block]:
    """Do as `events` does, but offer many events at once where there are such: see `lanner.sources.eks.blocks`."""
    return _of_payload(payload, origin, Context(provider, cluster, max_size), blocks=True, max_inflated=max_inflated)


def _of_payload(
    payload: bytes, origin: str, context: Context, *, blocks: bool, max_inflated: int
) -> Iterator[Piece | Block]:
    if not payload.lstrip(_BLANK).startswith((b"{", b"[", GZIP_MAGIC)) and _TIME.match(payload) is None:
        yield from apiserver.payload_events(payload, origin, context)  # which says what it is
        return
    read_some = False
    rejects: list[Reject] = []
    found = content(io.BytesIO(payload), origin, context, blocks=blocks, max_inflated=max_inflated)
    for piece in found:
        if isinstance(piece, Reject) and not isinstance(piece, Other):
            rejects.append(piece if piece.text else Reject(piece.origin, piece.reason, payload))
            continue
        yield from rejects
        rejects.clear()
        yield piece
        read_some = True
    if rejects and not read_some:
        more = f" (and {len(rejects) - 1:,} more of that)" if len(rejects) > 1 else ""
        rejects = [Reject(origin, rejects[0].reason + more, payload)]
    yield from rejects


def other_object(key: str) -> str:
    """Say why the object of this key rightly holds no audit log, nothing if it may hold one."""
    if key.rpartition("/")[2] == _TRIAL:
        return "what CloudWatch Logs writes to try whether it may"
    exported = _EXPORTED.fullmatch(key)
    if exported is not None and not exported["stream"].startswith(_AUDIT_STREAM):
        return f"log stream {exported['stream'][:100]!r}: only {_AUDIT_STREAM}* are audit logs"
    return ""


class _Bounded(Stream):
    """The bytes of a stream, unpacked once more if need be; it ends, damaged, where too much comes of too little.

    `progress` is that of reading the file behind the stream.
    """

    def __init__(self, stream: Stream, progress: Progress) -> None:
        super().__init__(stream, Progress(), may_be_packed=stream.is_packed)
        self._of_file = progress
        self._given = 0

    def read(self, limit: int = _BLOCK) -> bytes:
        """Return the next bytes, at most `limit` and as few as there are; nothing at the end."""
        data = super().read(limit)
        self._given += len(data)
        read = self._of_file.bytes_read
        if self._given > _SUSPICIOUS and self._given > read * _MAX_RATIO:
            self.damage = f"more than {self._given:,} bytes unpacked, from {read:,}: the rest is not read"
            return b""
        return data


def _batches(lines: Lines, origin: str, context: Context, blocks: bool, limit: int) -> Iterator[Piece | Block]:
    """Yield what batches hold that stand behind each other."""
    for number, text in enumerate(_texts(lines, limit), 1):
        place = f"{origin} batch {number}"
        if isinstance(text, int):
            yield Reject(place, f"it has {text:,} bytes, more than the {limit:,} that are read")
        elif blocks and not context.drop_larger:
            yield from eks.blocks(
                text,
                origin=place,
                provider=context.provider,
                cluster=context.cluster,
                max_size=context.max_size,
                max_inflated=limit,
            )
        else:
            yield from eks.events(
                text,
                origin=place,
                provider=context.provider,
                cluster=context.cluster,
                max_size=context.max_size,
                drop_larger=context.drop_larger,
                max_inflated=limit,
            )


def _exported(lines: Lines, origin: str, context: Context, limit: int) -> Iterator[Piece]:
    """Yield what the lines of an exported log hold."""
    for number, text in enumerate(_texts(lines, limit), 1):
        place = f"{origin}:{number}"
        if isinstance(text, int):
            yield Reject(place, f"a line of {text:,} bytes, more than the {limit:,} that are read")
            continue
        written = _TIME.match(text)
        line = text if written is None else text[written.end() :]
        yield from line_events(line, place, context, None if written is None else _nanoseconds(written[1]))


def _texts(lines: Lines, limit: int) -> Iterator[bytes | int]:
    """Yield lines that are not blank; of those that have more than `limit` bytes, only how many."""
    while text := lines.line(limit):
        if len(text) == limit and not text.endswith(b"\n"):
            size = len(text)
            del text
            while more := lines.line(_SKIPPED_AT_ONCE):
                size += len(more)
                if more.endswith(b"\n") or len(more) < _SKIPPED_AT_ONCE:
                    break
            yield size
            continue
        if not text.isspace():
            yield text


def _taken_apart(found: Iterator[Piece | Block] | Payloads, context: Context) -> Iterator[Piece | Block]:
    """Yield the pieces, and what those hold in which lines of several logs stand behind each other, as Firehose may
    write them.
    """
    for piece in found:
        if not isinstance(piece, Reject) or isinstance(piece, Other) or not piece.text:
            yield piece
            continue
        for text in _EVENTS.split(piece.text):
            if text.strip(_BLANK):
                yield from _event_and_rest(Reject(piece.origin, piece.reason, text), context)


def _event_and_rest(piece: Reject, context: Context) -> Iterator[Piece]:
    """Yield the event that a text begins with, and what follows it."""
    text = piece.text.strip(_BLANK)
    if text.startswith(PLAIN_EVENT):
        try:
            apiserver.whole(text)
        except json_text.JsonError as error:
            if "follows" in str(error):
                event, text = text[: error.position], text[error.position :]
                yield from line_events(event, piece.origin, context, None)
                piece = Reject(piece.origin, piece.reason, text)
            elif text.endswith(MARK):
                yield from line_events(text, piece.origin, context, None)
                return
        else:
            yield from line_events(text, piece.origin, context, None)
            return
    is_other = _OTHER_LINE.match(text) is not None and b'"auditID"' not in text
    yield Other(piece.origin, "a line of another log") if is_other else piece


def _nanoseconds(time: bytes) -> int | None:
    """Return a time as exported logs write it in nanoseconds since the epoch, `None` if there is no such time."""
    try:
        moment = datetime.fromisoformat(time.decode()).replace(tzinfo=UTC)
    except ValueError:
        return None
    return round(moment.timestamp() * 1000) * _MILLISECONDS
