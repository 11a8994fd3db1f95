"""Delivered objects: whatever they are packed in and however their records are put together, of any size."""

from __future__ import annotations

import base64
import gzip
import io
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws_data import batch
from functions_data import incident
from lanner.fields import RawEvent
from lanner.fields.block import Block
from lanner.sources import Context, Other, Piece, Reject, delivered, read

A = b'{"kind":"Event","auditID":"a"}'
B = b'{"kind":"Event","auditID":"b"}'
C = b'{"kind":"Event","auditID":"c"}'
CONTEXT = Context("eks", "named")
OTHER_STREAM = batch(A, logStream="authenticator-0123")


def unpacked(*batches: bytes) -> list[bytes]:
    return [gzip.decompress(one) for one in batches]


def take(data: bytes, context: Context = CONTEXT, **options: Any) -> list[Piece]:
    found = delivered.content(io.BytesIO(data), "s3://b/k", context, blocks=False, **options)
    return [piece for piece in found if not isinstance(piece, Block)]


def outline(data: bytes, **options: Any) -> list[str]:
    return [
        f"{'~' if isinstance(piece, Other) else '!'}{piece.origin.removeprefix('s3://b/k')}"
        if isinstance(piece, Reject)
        else json.loads(piece.text)["auditID"]
        for piece in take(data, **options)
    ]


BATCHES = [batch(A), OTHER_STREAM, batch(B, C)]
TEXTS = unpacked(*BATCHES)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["as it is", "packed"])
@pytest.mark.parametrize(
    "data",
    [
        b"".join(BATCHES),
        b"".join(TEXTS),
        b"\n".join(TEXTS) + b"\n",
        b"\n".join(TEXTS),
        b"\n\n".join(TEXTS),
        b"".join([*BATCHES[:1], gzip.compress(b"\n"), *BATCHES[1:]]),
    ],
    ids=["packed batches", "nothing between", "lines", "no last end", "blank lines", "a packed line end"],
)
def test_batches_as_firehose_writes_them(data: bytes, pack: Any) -> None:
    assert outline(pack(data)) == ["a", "~ batch 2", "b", "c"]
    for event in take(pack(data)):
        assert isinstance(event, Other) or (event.cluster, event.received) == ("shop", 1795270783 * 10**9)  # type: ignore[union-attr]


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["as it is", "packed"])
@pytest.mark.parametrize(
    ("data", "envelopes"),
    [(b"".join(BATCHES), ("", "eks")), (b"".join(TEXTS), ("", "eks")), (b"\n".join((A, B, C)), ("", "apiserver"))],
)
def test_files_of_objects_are_read_as_what_they_are(data: bytes, envelopes: Any, pack: Any, tmp_path: Path) -> None:
    (tmp_path / "object").write_bytes(pack(data))
    for envelope in envelopes:
        found = list(read([tmp_path / "object"], envelope=envelope))
        assert [json.loads(piece.text)["auditID"] for piece in found if isinstance(piece, RawEvent)] == ["a", "b", "c"]


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["as it is", "packed"])
@pytest.mark.parametrize("between", [b"", b"\n", b"\r\n"])
def test_extracted_messages(between: bytes, pack: Any) -> None:
    data = pack(between.join([A, B, C]))
    assert outline(data) == ["a", "b", "c"]
    assert {(event.provider, event.cluster) for event in take(data)} == {("eks", "named")}  # type: ignore[union-attr]


def test_exported_lines() -> None:
    lines = [b"2026-11-21T14:19:43.123Z " + line for line in (A, A[:-1] + b',"verb":"ge[Truncated...]', B)]
    for data in (b"\n".join(lines), gzip.compress(b"\n".join(lines) + b"\n")):
        one, cut, two = take(data)
        assert isinstance(one, RawEvent)
        assert (one.text, one.received, one.cluster) == (A, 1795270783123 * 10**6, "named")
        assert isinstance(cut, RawEvent)
        assert cut.cut == ("verb",)
        assert isinstance(two, RawEvent)
        assert two.origin == "s3://b/k:3"


def test_exported_lines_that_are_no_events() -> None:
    data = b"2026-11-21T14:19:43.123Z I1121 14:19:43.000001       1 trace.go:219] Trace\n2026-99-99T14:19:43.123Z "
    data += A + b"\ngarbage\n2026-11-21T14:19:43.123Z \n"
    assert outline(data) == ["~:1", "a", "!:3", "!:4"]
    (event,) = [piece for piece in take(data) if isinstance(piece, RawEvent)]
    assert event.received is None


def test_lines_of_the_other_logs_of_a_control_plane() -> None:
    # messages that were extracted do not tell the stream that they came from
    lines = [
        A,
        b"I1121 14:19:43.000001       1 trace.go:219] Trace[7]: x",
        b'time="2026-11-21T14:19:43Z" level=info msg="access granted"',
        b"W1121 14:19:43.000001      11 x.go:1] y",
        B,
        b"neither",
    ]
    assert outline(b"\n".join(lines)) == ["a", "~:2", "~:3", "~:4", "b", "!:6"]


def test_lines_of_several_logs_without_anything_between() -> None:
    # GIVEN what Firehose may make of messages that it has extracted
    trace = b'I1121 14:19:43.000001       1 trace.go:219] Trace "x"'
    cut = b'{"kind":"Event","auditID":"cut","verb":"ge[Truncated...]'
    tricky = b'{"kind":"Event","auditID":"t","verb":"}{\\"kind\\":\\"Event\\","}'
    for parts, wanted in (
        ((trace, A, B, trace, C), ["~", "a", "b", "~", "c"]),
        ((A, trace, B), ["a", "~", "b"]),
        ((A, b" ", B, b" ", C), ["a", "b", "c"]),
        ((cut, A), ["cut", "a"]),
        ((A, cut, trace), ["a", "!"]),
        ((tricky, trace, tricky), ["t", "~", "t"]),
        ((trace, trace), ["~"]),
        ((A, b"junk", B), ["a", "!", "b"]),
    ):
        found = [one[:1] if one[0] in "~!" else one for one in outline(b"".join(parts))]
        # THEN no event is lost by its neighbours, and none is taken for a line of another log
        assert found == wanted


def test_a_batch_in_lambdas_wrapping_has_the_same_limit() -> None:
    wrapped = json.dumps({"awslogs": {"data": base64.b64encode(batch(A, b"x" * 5000)).decode()}}).encode()
    (found,) = take(wrapped, max_inflated=1000)
    assert isinstance(found, Reject)
    assert "more than 1000 bytes unpacked" in found.reason


@pytest.mark.parametrize(
    ("data", "wanted", "reason"),
    [
        (b"", [], ""),
        (gzip.compress(b""), [], ""),
        (b"\n\n", [], ""),
        (b"(\xb5/\xfd" + b"x" * 90, ["!"], "this is compressed with zstd"),
        (b"".join(BATCHES)[:-9], ["a", "~ batch 2", "!"], ""),
        (gzip.compress(b"".join(TEXTS))[:-20], ["a", "~ batch 2", "!"], ""),
        (TEXTS[0] + b'{"messageType":"DATA_MESSAGE","lo' + TEXTS[2], ["a", "! batch 2"], "no CloudWatch Logs batch"),
        (
            TEXTS[0] + b'{"messageType":"x","logEvents":[]}' + TEXTS[2],
            ["a", "! batch 2", "b", "c"],
            "messageType is 'x'",
        ),
        (TEXTS[0] + A + TEXTS[2], ["a", "! batch 2", "b", "c"], "no CloudWatch Logs batch"),
        (A + b"\n" + TEXTS[0], ["a", "!:2"], "this is a CloudWatch Logs subscription batch (EKS), where an audit"),
        (A + b'\n{"Records":[]}', ["a", "!:2"], "this is a batch of AWS records"),
        (b'{"alerts":1}', ["!:1"], "no audit event: it has no kind"),
    ],
)
def test_what_cannot_be_read_costs_no_other(data: bytes, wanted: list[str], reason: str) -> None:
    found = outline(data)
    if reason or not wanted:
        assert found == wanted
        told = [piece.reason for piece in take(data) if isinstance(piece, Reject) and not isinstance(piece, Other)]
        assert all(reason in one for one in told)
    else:  # damage: something is said about it, and nothing else is lost
        assert found[:2] == wanted[:2]
        assert found[-1].startswith("!")


def test_larger_batches_and_lines_than_are_read() -> None:
    data = TEXTS[0] + unpacked(batch(B, b"x" * 5000))[0] + TEXTS[2]
    assert outline(data, max_inflated=1000) == ["a", "! batch 2", "b", "c"]
    line = b"2026-11-21T14:19:43.123Z "
    assert outline(line + A + b"\n" + line + b"x" * 5000 + b"\n" + line + B, max_inflated=1000) == ["a", "!:2", "b"]


def test_rejects_have_an_end() -> None:
    found = take(A + b"\n" + b'{"x":1}\n' * 30_000)
    assert len(found) == 10_002
    assert isinstance(found[-1], Reject)
    assert found[-1].reason == "more than 10,000 parts of it are no audit events; the rest is not read"


@pytest.mark.parametrize("stuff", [b"\0", b" ", b"[", b"2026-11-21T14:19:43.123Z \n"])
def test_bombs_end(stuff: bytes) -> None:
    # GIVEN 256 MiB of which hardly anything is left once they are packed, twice
    inside = io.BytesIO()
    with gzip.GzipFile(fileobj=inside, mode="wb", compresslevel=1) as file:
        for _ in range(256):
            file.write(stuff * ((1 << 20) // len(stuff)))
    bomb = gzip.compress(inside.getvalue(), 1)
    tracemalloc.start()
    # WHEN it is read THEN that comes to an end before all of it is
    events = bad = 0
    for piece in delivered.content(io.BytesIO(bomb), "x", CONTEXT, blocks=True):
        if isinstance(piece, Block):
            piece.take(piece.text.count(b"\n"))
        events += isinstance(piece, RawEvent)
        bad += isinstance(piece, Reject)
        last = piece
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(last, Reject)
    assert "the rest is not read" in last.reason
    assert bad <= 10_002
    assert events < 5_000_000
    # AND in memory there is one line at the most
    assert peak < 150 << 20


def test_memory_does_not_grow_with_the_object() -> None:
    lines = incident()
    one = unpacked(batch(*lines[:40]))[0]

    class Endless(io.RawIOBase):
        """So many batches, one behind the other."""

        def __init__(self, count: int) -> None:
            self._parts: Iterator[bytes] = iter([one] * count)
            self._rest = b""

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            while len(self._rest) < size and (part := next(self._parts, b"")):
                self._rest += part
            data, self._rest = self._rest[:size], self._rest[size:]
            return data

    tracemalloc.start()
    events = 0
    for piece in delivered.content(Endless(400), "x", CONTEXT, blocks=True):
        if isinstance(piece, Block):
            count = piece.text.count(b"\n")
            piece.take(count)
            events += count
        else:
            events += isinstance(piece, RawEvent)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert events == 400 * 40
    assert peak < 20 * len(one)


@given(st.lists(st.sampled_from([*TEXTS, *BATCHES, A, b"\n", b"{", b"}", b"\x1f\x8b\x08", b'"', b"x\n"]), max_size=8))
def test_nothing_that_is_delivered_raises(parts: list[bytes]) -> None:
    data = b"".join(parts)
    take(data)
    found = list(delivered.events(data, origin="x"))
    assert all(isinstance(piece, RawEvent | Reject) for piece in found)
    if data.strip() and not found:
        raise AssertionError("something was lost without a word")


def test_what_is_in_memory_is_kept_as_a_whole_if_nothing_of_it_can_be_read() -> None:
    data = gzip.compress(b"garbage\nmore of it\n")
    (reject,) = delivered.events(data, origin="x")
    assert isinstance(reject, Reject)
    assert reject.text == data
    assert reject.reason.endswith("(and 1 more of that)")


def test_data_whose_end_is_damaged_is_kept_as_a_whole_though_its_events_are_taken() -> None:
    data = batch(A, B)[:-6]
    *good, bad = delivered.events(data, origin="x")
    assert [type(piece) for piece in good] == [RawEvent, RawEvent]
    assert bad == Reject("x", "the gzip data ends too early: the file was cut", data)


@pytest.mark.parametrize(
    ("key", "is_other"),
    [
        ("aws-logs-write-test", True),
        ("exports/aws-logs-write-test", True),
        ("x/0a1b2c3d-0000-4000-8000-0123456789ab/authenticator-01/000000.gz", True),
        ("0a1b2c3d-0000-4000-8000-0123456789ab/kube-apiserver-01/000000.gz", True),
        ("0a1b2c3d-0000-4000-8000-0123456789ab/kube-apiserver-audit-01/000000.gz", False),
        ("2026/11/21/14/audit-1-2026-11-21-14-15-00-0a1b2c3d-0000-4000-8000-0123456789ab.gz", False),
        ("", False),
    ],
)
def test_objects_without_an_audit_log_are_known_by_their_keys(key: str, is_other: bool) -> None:
    assert bool(delivered.other_object(key)) == is_other
