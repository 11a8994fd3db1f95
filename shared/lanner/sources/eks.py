"""Audit events of Amazon EKS: batches of a CloudWatch Logs subscription (spec/sources.md section 3).

A batch is a JSON object, packed with gzip; Lambda gets it in base64 as `{"awslogs": {"data": ...}}`, Kinesis and
Firehose deliver the packed data alone. It holds log events of one stream; each message of a stream
`kube-apiserver-audit-*` is one payload of `lanner.sources.apiserver`.

The transport costs more than the rules do, so an ordinary batch is one typed decode, and a message is not looked into
beyond the check that makes it a `RawEvent`. `blocks` offers all messages at once, unchecked, to an engine whose own
decoder checks them. Envelopes that the strict decoder refuses are taken apart by `lanner.fields.json_text`: slower, but
one bad log event costs no other. Of a line that was cut, the beginning is an event, too (`lanner.sources.cut`).
"""

from __future__ import annotations

import binascii
import re
import zlib
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from lanner.fields import RawEvent, json_text
from lanner.fields.block import Block
from lanner.sources import apiserver
from lanner.sources.elements import each
from lanner.sources.lines import line_events
from lanner.sources.members import named
from lanner.sources.other import Other
from lanner.sources.reject import MAX_EVENT_SIZE, Context, Piece, Reject

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MAX_INFLATED", "Batch", "LogEvent", "batch", "blocks", "events"]

MAX_INFLATED = 128 * 2**20
"""Bytes that a batch may have unpacked. CloudWatch Logs sends about 1 MiB packed, which could grow a thousandfold."""

_BLOCK = 65536
"""Bytes of messages that are offered at a time: so many alerts, at the most, are in memory at once."""

_STREAM = "kube-apiserver-audit-"
_LOG_GROUP = re.compile(r"/aws/eks/([^/]+)/cluster")
_MAGIC = b"\x1f\x8b"
_GZIP = 16 + zlib.MAX_WBITS
_STEP = 65536  # bytes that are unpacked at a time, and to: so there is one copy of all
_BLANK = b" \t\r\n"
_AS_READ = "surrogateescape"  # bytes that are no UTF-8 come out as they went in
_LONG = 18  # digits of no time that there is
_PLAIN = apiserver.PLAIN_EVENT.decode()


class LogEvent(msgspec.Struct, frozen=True, gc=False):
    """One line of a log stream, and when it was written in milliseconds since the epoch."""

    message: str
    timestamp: int | None = None


class Batch(msgspec.Struct, frozen=True):
    """A part of an API server's audit log, as CloudWatch Logs sent it.

    `cluster` is empty if the log group is not one of EKS; `rejects` are log events that could not be read.
    """

    origin: str
    cluster: str
    log_events: list[LogEvent]
    rejects: list[Reject]

    def place(self, number: int) -> str:
        """Return where the log event of this number, counted from 1, stood."""
        return f"{self.origin} item {number}"

    def events(self, context: Context, start: int = 0, end: int | None = None) -> Iterator[Piece]:
        """Yield what some of the log events hold, counted from 0: events, and rejects for what is none."""
        for number, log_event in enumerate(self.log_events[start:end], start + 1):
            place = self.place(number)
            message = log_event.message
            if message.startswith(_PLAIN):
                try:
                    text = json_text.check(message.encode(errors=_AS_READ))
                except json_text.JsonError:
                    pass
                else:
                    if len(text) <= context.max_size:
                        yield RawEvent(text, context.provider, context.cluster, _received(log_event), place)
                        continue
            yield from line_events(message.encode(errors=_AS_READ), place, context, _received(log_event))


class _Envelope(msgspec.Struct, gc=False):
    """What CloudWatch Logs sends."""

    message_type: str = msgspec.field(default="", name="messageType")
    log_group: str = msgspec.field(default="", name="logGroup")
    log_stream: str = msgspec.field(default="", name="logStream")
    log_events: list[LogEvent] = msgspec.field(default_factory=list, name="logEvents")


class _Data(msgspec.Struct, gc=False):
    data: bytes  # decoded from base64


class _Invocation(msgspec.Struct, gc=False):
    awslogs: _Data


_decode_invocation = msgspec.json.Decoder(_Invocation).decode
_decode_envelope = msgspec.json.Decoder(_Envelope).decode
_REFUSED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def events(
    payload: bytes,
    *,
    origin: str,
    provider: str = "eks",
    cluster: str = "",
    max_size: int = MAX_EVENT_SIZE,
    drop_larger: bool = False,
    max_inflated: int = MAX_INFLATED,
) -> Iterator[Piece]:
    """Yield the events of one subscription batch, and rejects for what is none; `Other` for batches of other streams.

    `payload` is Lambda's event, or the data in it, in base64 or packed or plain. `cluster` names the cluster where the
    log group does not. The other parameters are those of `lanner.sources.apiserver.events` and of `batch`. Never
    raises, whatever the payload holds.
    """
    found = batch(payload, origin=origin, max_inflated=max_inflated)
    if isinstance(found, Reject):
        yield found
        return
    yield from found.events(Context(provider, found.cluster or cluster, max_size, drop_larger))
    yield from found.rejects


def blocks(
    payload: bytes,
    *,
    origin: str,
    provider: str = "eks",
    cluster: str = "",
    max_size: int = MAX_EVENT_SIZE,
    max_inflated: int = MAX_INFLATED,
) -> Iterator[Piece | Block]:
    """Do as `events` does, but offer many messages at once where they may be ordinary events, as a `Block`.

    Of a block that is not taken before the next piece is asked for, the events follow one by one.
    """
    found = batch(payload, origin=origin, max_inflated=max_inflated)
    if isinstance(found, Reject):
        yield found
        return
    context = Context(provider, found.cluster or cluster, max_size)
    log_events = found.log_events
    start = 0
    while start < len(log_events):
        lines, end = _lines(log_events, start)
        text = b"\n".join([*lines, b""])
        is_plain = text.count(b"\n") == len(lines) and text.startswith(apiserver.PLAIN_EVENT)
        if is_plain and max(map(len, lines)) <= max_size:
            block = _Block(text, found, start, context)
            yield block
            start += block.events
        yield from found.events(context, start, end)
        start = end
    yield from found.rejects


def _lines(log_events: list[LogEvent], start: int) -> tuple[list[bytes], int]:
    """Return about `_BLOCK` bytes of messages from number `start` on, and the number of the first that is left."""
    lines: list[bytes] = []
    size = 0
    for log_event in islice(log_events, start, None):
        line = log_event.message.encode(errors=_AS_READ)
        lines.append(line)
        size += len(line)
        if size >= _BLOCK:
            break
    return lines, start + len(lines)


class _Block(Block):
    """Messages of a batch, whose events have the time and the number of their log event."""

    __slots__ = ("_batch", "_start")

    def __init__(self, text: bytes, batch: Batch, start: int, context: Context) -> None:
        super().__init__(text, batch.origin, 1, context.provider, context.cluster)
        self._batch = batch
        self._start = start

    def raw(self, index: int) -> RawEvent:
        """Return the event of line `index`, counted from 0."""
        number = self._start + index
        received = _received(self._batch.log_events[number])
        place = self._batch.place(number + 1)
        return msgspec.structs.replace(super().raw(index), received=received, origin=place)


def batch(payload: bytes, *, origin: str, max_inflated: int = MAX_INFLATED) -> Batch | Reject:
    """Return the batch of audit log lines in a payload (see `events`), or the reject for all of it.

    `max_inflated` is the number of bytes that it may have unpacked.
    """
    data = _unwrapped(payload, origin)
    if isinstance(data, Reject):
        return data
    text = _inflated(data, max_inflated) if data.startswith(_MAGIC) else data
    if isinstance(text, str):
        return Reject(origin, text, payload)
    rejects: list[Reject] = []
    try:
        envelope = _decode_envelope(text)
    except _REFUSED:
        try:
            envelope = _taken_apart(bytes(text), origin, rejects)
        except json_text.JsonError as error:
            return Reject(origin, f"no CloudWatch Logs batch: {error}", payload)
    kind, stream = envelope.message_type, envelope.log_stream
    if kind == "CONTROL_MESSAGE":
        return Other(origin, "a control message: CloudWatch Logs tries whether it can reach us")
    if kind != "DATA_MESSAGE":
        return Reject(origin, f"no CloudWatch Logs batch: its messageType is {kind[:60]!r}", payload)
    if not stream.startswith(_STREAM):
        return Other(origin, f"log stream {stream[:100]!r}: only {_STREAM}* are audit logs")
    group = _LOG_GROUP.fullmatch(envelope.log_group)
    return Batch(origin, "" if group is None else group[1], envelope.log_events, rejects)


def _unwrapped(payload: bytes, origin: str) -> bytes | Reject:
    """Return what the payload wraps in base64: gzip data, or a plain batch."""
    payload = payload.strip(_BLANK)
    if payload.startswith(_MAGIC):
        return payload
    if not payload.startswith(b"{"):
        try:
            return binascii.a2b_base64(payload, strict_mode=True)
        except binascii.Error as error:
            return Reject(origin, f"no CloudWatch Logs batch: neither JSON, base64 nor gzip data ({error})", payload)
    try:
        return _decode_invocation(payload).awslogs.data
    except _REFUSED as error:
        if b'"logEvents"' in payload and b'"awslogs"' not in payload[:100]:
            return payload
        return Reject(origin, f"no CloudWatch Logs batch: {error}", payload)


def _inflated(data: bytes, limit: int) -> bytearray | str:
    """Unpack `data` as far as `limit` bytes allow; return a text that says why if it cannot be done."""
    inflate = zlib.decompressobj(_GZIP)
    text = bytearray()
    for start in range(0, len(data), _STEP):
        rest = data[start : start + _STEP]
        more = b""
        while rest or len(more) == _STEP:  # there may be more of it
            try:
                more = inflate.decompress(rest, _STEP)
            except zlib.error as error:
                return f"the gzip data is damaged ({error})"
            text += more
            if len(text) > limit:
                return f"it has more than {limit} bytes unpacked, from {len(data)}: more than is read"
            rest = inflate.unconsumed_tail
        if inflate.eof:
            return text
    return "the gzip data ends too early"


def _taken_apart(text: bytes, origin: str, rejects: list[Reject]) -> _Envelope:
    """Read a batch that the strict decoder refuses, each log event by itself; add the bad ones to `rejects`.

    Raises `JsonError` if it is no batch at all.
    """
    members = json_text.members(apiserver.whole(text))
    log_events = members.get("logEvents", b"null")
    if not json_text.is_array(log_events):
        raise json_text.JsonError("it has no list of logEvents", 0)
    good: list[LogEvent] = []
    for number, element in enumerate(each(log_events), 1):
        inside = json_text.members(element)
        message, time = inside.get("message", b""), inside.get("timestamp", b"")
        if message.startswith(b'"'):
            line = json_text.unquote(message).decode(errors=_AS_READ)
            good.append(LogEvent(line, int(time) if time.isdigit() and len(time) < _LONG else None))
        elif len(rejects) < apiserver.MAX_BAD_PARTS:
            rejects.append(Reject(f"{origin} logEvents {number}", "a log event without message", element))
    kind, group, stream = (named(members.get(key)) for key in ("messageType", "logGroup", "logStream"))
    return _Envelope(kind, group, stream, good)


def _received(log_event: LogEvent) -> int | None:
    """Return when CloudWatch Logs says that the line was written, in nanoseconds."""
    return None if log_event.timestamp is None else log_event.timestamp * 1_000_000
