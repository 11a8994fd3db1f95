"""CloudWatch Logs batches: what they are unpacked from, what is left out, and what a bad one costs."""

from __future__ import annotations

import base64
import gzip
import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanner.fields import BODIES, RawEvent
from lanner.fields.block import Block
from lanner.sources import Piece, Reject, eks
from lanner.sources.other import Other

EVENTS = Path(__file__).parents[1] / "events"
A = '{"kind":"Event","auditID":"a"}'
B = '{"kind":"Event","auditID":"b"}'


def batch(*messages: object, **changes: object) -> dict:
    log_events = [{"id": str(n), "timestamp": 1700000000000 + n, "message": m} for n, m in enumerate(messages)]
    return {
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": "/aws/eks/shop/cluster",
        "logStream": "kube-apiserver-audit-0123",
        "subscriptionFilters": ["lanner"],
        "logEvents": log_events,
    } | changes


def packed(envelope: object) -> bytes:
    text = envelope if isinstance(envelope, bytes) else json.dumps(envelope).encode()
    return gzip.compress(text)


def invocation(envelope: object) -> bytes:
    return json.dumps({"awslogs": {"data": base64.b64encode(packed(envelope)).decode()}}).encode()


def take(payload: bytes, **options: object) -> list[Piece]:
    return list(eks.events(payload, origin="batch", **options))  # type: ignore[arg-type]


def outline(payload: bytes, **options: object) -> list[str]:
    return [
        f"!{piece.origin}" if isinstance(piece, Reject) else json.loads(piece.text)["auditID"]
        for piece in take(payload, **options)
    ]


def reason(payload: bytes, **options: object) -> str:
    (piece,) = take(payload, **options)
    assert isinstance(piece, Reject)
    return piece.reason


def test_a_recorded_batch() -> None:
    # GIVEN the Lambda event of four lines of an audit log
    payload = (EVENTS / "aws_cloudwatch.json").read_bytes()
    # WHEN it is read
    found = take(payload)
    # THEN each line is an event with its context
    assert len(found) == 4
    for number, event in enumerate(found, 1):
        assert isinstance(event, RawEvent)
        assert event.text.startswith(b'{"kind":"Event",')
        assert (event.provider, event.cluster, event.origin) == ("eks", "shop", f"batch item {number}")
        assert event.received == 1795270783175 * 10**6 or number > 1
        assert event.lost == frozenset()


@pytest.mark.parametrize("name", ["control", "authenticator"])
def test_batches_of_other_kinds_are_no_rejects_of_ours(name: str) -> None:
    (piece,) = take((EVENTS / f"aws_cloudwatch_{name}.json").read_bytes())
    assert isinstance(piece, Other)
    assert piece.reason
    assert piece.text == b""


def test_every_wrapping_is_taken_off() -> None:
    envelope = batch(A, B)
    data = packed(envelope)
    plain = json.dumps(envelope).encode()
    for payload in (invocation(envelope), base64.b64encode(data), data, plain, b" " + invocation(envelope) + b"\n"):
        assert outline(payload) == ["a", "b"]


def test_the_cluster_is_that_of_the_log_group() -> None:
    for group, named, wanted in [
        ("/aws/eks/shop/cluster", "", "shop"),
        ("/aws/eks/shop/cluster", "other", "shop"),
        ("/my/audit", "other", "other"),
        ("/aws/eks/a/b/cluster", "", ""),
    ]:
        (event,) = take(invocation(batch(A, logGroup=group)), cluster=named)
        assert isinstance(event, RawEvent)
        assert event.cluster == wanted


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        (A, ["a"]),
        (f" {A}\n", ["a"]),
        (A.replace(":", " : "), ["a"]),
        (f"[{A},{B}]", ["a", "b"]),
        ('{"kind":"EventList","items":[{"auditID":"i"}]}', ["i"]),
        (A[:-1], ["!batch item 1"]),
        ("", ["!batch item 1"]),
        ("I1121 14:00:00 trace.go:1] Trace", ["!batch item 1"]),
    ],
)
def test_a_message_is_one_payload_of_an_api_server(message: str, wanted: list[str]) -> None:
    found = take(invocation(batch(message, B)))
    assert outline(invocation(batch(message, B))) == [*wanted, "b"]
    assert all(event.received is not None for event in found if isinstance(event, RawEvent))


def test_a_recorded_line_that_was_cut() -> None:
    (event,) = take((EVENTS / "aws_cloudwatch_cut.json").read_bytes())
    assert isinstance(event, RawEvent)
    assert event.cut is not None
    assert event.cut[0] == "requestObject"
    assert event.lost == {"requestObject"}
    assert event.cut[-1] == "securityContext"


@pytest.mark.parametrize("end", ["[Truncated...]", "[Truncated...]\n"])
def test_what_is_left_of_a_cut_line_is_kept(end: str) -> None:
    cut, early, good = take(invocation(batch(A[:-1] + ',"verb":"ge' + end, A[:-5] + end, B)))
    assert isinstance(cut, RawEvent)
    assert cut.cut == ("verb",)
    assert (cut.provider, cut.cluster, cut.received, cut.origin) == ("eks", "shop", 1700000000000000000, "batch item 1")
    assert isinstance(early, Reject)
    assert early.reason == "the line was cut before its audit id is complete"
    assert early.text == b'{"kind":"Event","auditID"'
    assert isinstance(good, RawEvent)


def test_larger_events_lose_their_bodies() -> None:
    large = '{"kind":"Event","auditID":"a","requestObject":{},"responseObject":{},"pad":"' + "x" * 100 + '"}'
    (event,) = take(invocation(batch(large)), max_size=100)
    assert isinstance(event, RawEvent)
    assert event.lost == BODIES
    assert event.received == 1700000000000 * 10**6
    assert "the configured limit is 100" in reason(invocation(batch(large)), max_size=100, drop_larger=True)


def test_a_deep_event_costs_no_other() -> None:
    deep = '{"kind":"Event","auditID":"deep","x":' + '{"x":' * 300 + "1" + "}" * 301
    assert outline(invocation(batch(A, deep, B))) == ["a", "deep", "b"]


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"", "no CloudWatch Logs batch"),
        (b"\xff\xfe", "neither JSON, base64 nor gzip data"),
        (b"not base64!", "neither JSON, base64 nor gzip data"),
        (b"[]", "neither JSON, base64 nor gzip data"),
        (b"{}", "missing required field `awslogs`"),
        (b'{"awslogs":{"data":"?"}}', "no CloudWatch Logs batch"),
        (b'{"awslogs":{"data":7}}', "no CloudWatch Logs batch"),
        (b'{"awslogs":' * 3000, "no CloudWatch Logs batch"),
        (b"\x1f\x8b\x08\x00", "ends too early"),
        (b"\x1f\x8b\xff\x00", "damaged"),
        (packed(batch(A))[:-12], "ends too early"),
        (packed(b"x"), "no CloudWatch Logs batch: unexpected"),
        (packed(b"[]"), "no list of logEvents"),
        (packed(b"{" * 5000), "no CloudWatch Logs batch"),
        (packed(b'{"logEvents":{}}'), "no list of logEvents"),
        (packed({}), "its messageType is ''"),
        (packed(batch(A, messageType="X" * 100)), "X" * 60 + "'"),
        (packed(batch(A, logEvents=7)), "no list of logEvents"),
    ],
)
def test_what_is_no_batch_is_a_reject(payload: bytes, words: str) -> None:
    assert words in reason(payload)
    (piece,) = take(payload)
    assert isinstance(piece, Reject)
    assert piece.text == payload
    assert not isinstance(piece, Other)


def test_a_bad_log_event_costs_no_other() -> None:
    # GIVEN log events without message, with odd times and broken text
    odd = batch(A, None, 7, B)
    odd["logEvents"].append({"message": '{"kind":"Event","auditID":"t"}', "timestamp": "soon"})
    odd["logEvents"] += ["x", {}]
    # WHEN the batch is read
    found = take(packed(odd))
    # THEN the good ones are events
    assert outline(packed(odd)) == ["a", "b", "t", *(f"!batch logEvents {number}" for number in (2, 3, 6, 7))]
    assert [event.received for event in found if isinstance(event, RawEvent)][2] is None


def test_text_that_is_not_utf_8_stays_as_it_is() -> None:
    text = json.dumps(batch(A, B)).encode().replace(b'auditID\\":\\"a', b'x\\":\\"\xff\\u\\",\\"auditID\\":\\"a')
    broken, good = take(packed(text))
    assert isinstance(broken, RawEvent)
    assert b"\xff" in broken.text
    assert isinstance(good, RawEvent)


def test_a_bomb_is_not_unpacked() -> None:
    # GIVEN half a gigabyte of blanks in half a megabyte
    bomb = gzip.compress(b" " * (512 << 20), 1)
    tracemalloc.start()
    # WHEN it is read
    said = reason(bomb, max_inflated=1 << 20)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # THEN only as much was unpacked as is allowed
    assert "it has more than 1048576 bytes unpacked" in said
    assert peak < 8 << 20


def test_a_batch_of_the_largest_size_is_read() -> None:
    text = json.dumps(batch(A)).encode()
    assert outline(packed(text), max_inflated=len(text)) == ["a"]
    assert "more than" in reason(packed(text), max_inflated=len(text) - 1)


def test_messages_are_offered_as_one_block() -> None:
    # GIVEN a batch with an odd log event among the others
    payload = packed(batch(A, B, None))
    pieces = eks.blocks(payload, origin="batch")
    block = next(pieces)
    assert isinstance(block, Block)
    assert (block.text, block.provider, block.cluster) == (f"{A}\n{B}\n".encode(), "eks", "shop")
    # WHEN the block is taken
    block.take(2)
    # THEN only what is not in it follows, and its events are the same as one by one
    assert [piece.origin for piece in pieces if isinstance(piece, Reject)] == ["batch logEvents 3"]
    assert [block.raw(0), block.raw(1)] == take(payload)[:2]


@pytest.mark.parametrize(
    "messages", [(A, B), (A, A[:-1] + ',"verb":"ge[Truncated...]', B), (B + "\n", A), (" " + A,), ()]
)
def test_of_a_block_that_is_not_taken_the_events_follow(messages: tuple[str, ...]) -> None:
    payload = packed(batch(*messages))
    pieces = [piece for piece in eks.blocks(payload, origin="batch") if not isinstance(piece, Block)]
    assert pieces == take(payload)


def test_large_batches_are_offered_in_several_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eks, "_BLOCK", 2 * len(A))
    payload = packed(batch(A, B, B, A + "x", A))
    found = []
    for piece in eks.blocks(payload, origin="batch"):
        if isinstance(piece, Block) and piece.text == f"{A}\n{B}\n".encode():
            piece.take(2)
            found += [piece.raw(0), piece.raw(1)]
        elif not isinstance(piece, Block):
            found.append(piece)
    assert found == take(payload)


def test_events_of_a_block_are_small_enough() -> None:
    payload = packed(batch(A, A[:-1] + ',"requestObject":{}}'))
    assert isinstance(next(eks.blocks(payload, origin="batch", max_size=100)), Block)
    assert list(eks.blocks(payload, origin="batch", max_size=len(A))) == take(payload, max_size=len(A))


def test_what_is_no_batch_is_no_block() -> None:
    assert list(eks.blocks(b"?", origin="batch")) == take(b"?")


@given(st.data())
def test_damage_never_raises(data: st.DataObject) -> None:
    text = json.dumps(batch(A, B)).encode()
    position = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 5))
    text = text[:position] + data.draw(st.binary(max_size=5)) + text[position + length :]
    for payload in (text, packed(text), invocation(text), packed(batch(A))[:position]):
        for piece in take(payload):
            assert isinstance(piece, RawEvent | Reject)
