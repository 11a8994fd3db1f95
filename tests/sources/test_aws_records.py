"""Records of Lambda: what is taken out of them, and what a bad one costs."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws_data import aggregate, batch, kinesis
from lanner.fields import BODIES, RawEvent
from lanner.sources import Other, Piece, Reject, aws_records
from lanner.sources.aws_records import S3Object, invocation_records

EVENTS = Path(__file__).parents[1] / "events"
A = b'{"kind":"Event","auditID":"a"}'
B = b'{"kind":"Event","auditID":"b"}'


def take(payload: object, **options: Any) -> list[Piece]:
    text = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return list(aws_records.events(text, origin="log", **options))


def outline(payload: object, **options: Any) -> list[str]:
    return [
        f"!{piece.origin}" if isinstance(piece, Reject) else json.loads(piece.text)["auditID"]
        for piece in take(payload, **options)
    ]


def objects(event: object) -> list[object]:
    """Return what the function is told of by an event."""
    return [content for record in invocation_records(event, "x") for content in record.contents]


def test_recorded_records_of_a_stream() -> None:
    control, *found, other = take((EVENTS / "aws_kinesis.json").read_bytes())
    assert isinstance(control, Other)
    assert isinstance(other, Other)
    assert len(found) == 4
    for number, event in enumerate(found, 1):
        assert isinstance(event, RawEvent)
        assert event.text.startswith(b'{"kind":"Event",')
        assert (event.provider, event.cluster) == ("eks", "shop")
        assert event.origin == (
            "log record 2 audit/shardId-000000000006:49590338271490256608559692540925702759324208523137515618 "
            f"batch 1 item {number}"
        )


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (batch(A, B), ["a", "b"]),
        (gzip.decompress(batch(A, B)), ["a", "b"]),
        (batch(A) + batch(B), ["a", "b"]),
        (gzip.compress(batch(A) + batch(B)), ["a", "b"]),
        (A, ["a"]),
        (A + b"\n" + B + b"\n", ["a", "b"]),
        (A + B, ["a", "b"]),
        (b'{"kind":"EventList","items":[' + A + b"]}", ["a"]),
        (b"[" + A + b"," + B + b"]", ["a", "b"]),
        (gzip.compress(A + b"\n" + B), ["a", "b"]),
        (aggregate(A, batch(B)), ["a", "b"]),
        (aggregate(), []),
    ],
)
def test_whatever_a_producer_puts_into_a_record(data: bytes, wanted: list[str]) -> None:
    assert outline(kinesis(data, B)) == [*wanted, "b"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"I1121 14:15:00.000000 1 trace.go:1] Trace",
        b"\x1f\x8b\x08 torn",
        batch(A)[:-20],
        gzip.compress(b"nonsense"),
        gzip.compress(b"\x00" * 3000),
        gzip.compress(b"not JSON\n" * 30),
        b"\x00\xff\xfe",
        b'{"kind":"Event","auditID":',
        b'{"messageType":"DATA_MESSAGE"}',
        b'{"messageType":"DATA_MESSAGE","logEvents":7}',
        b'{"messageType":"UNHEARD_OF","logEvents":[]}',
        b'{"Records":[{"kinesis":{"data":"e30="}}]}',
        json.dumps(kinesis(A)).encode(),
        b"\xf3\x89\x9a\xc2" + b"x" * 30,
    ],
)
def test_a_record_that_cannot_be_read_is_kept_as_a_whole(data: bytes) -> None:
    good, bad, last = take(kinesis(A, data, B))
    assert isinstance(good, RawEvent)
    assert isinstance(bad, Reject)
    assert not isinstance(bad, Other)
    assert bad.reason
    assert bad.text == data
    assert bad.origin.startswith("log record 2 audit/shardId-000000000000:2")
    assert isinstance(last, RawEvent)


def test_the_clusters_are_those_of_the_log_groups() -> None:
    found = take(kinesis(batch(A), batch(A, group="/aws/eks/bank/cluster"), batch(A, group="/x"), A), cluster="named")
    assert [piece.cluster for piece in found if isinstance(piece, RawEvent)] == ["shop", "bank", "named", "named"]


def test_what_is_known_of_a_payload_is_handed_on() -> None:
    large = b'{"kind":"Event","auditID":"a","requestObject":{},"responseObject":{},"pad":"' + b"x" * 100 + b'"}'
    for data in (batch(large), large):
        (event,) = take(kinesis(data), max_size=100, provider="p")
        assert isinstance(event, RawEvent)
        assert event.lost == BODIES
        assert event.provider == "p"
        (reject,) = take(kinesis(data), max_size=100, drop_larger=True)
        assert isinstance(reject, Reject)
        assert "the configured limit is 100" in reject.reason
    (reject,) = take(kinesis(batch(A)), max_inflated=50)
    assert isinstance(reject, Reject)
    assert reject.reason == "it has 291 bytes, more than the 50 that are read"


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"7",
        b"[]",
        {},
        {"Records": None},
        {"Records": {}},
        {"Records": [7]},
        {"Records": [None]},
        {"Records": [{}]},
        {"Records": [[]]},
        {"Records": [{"kinesis": {}}]},
        {"Records": [{"kinesis": {"data": 7}}]},
        {"Records": [{"kinesis": {"data": "no base64!"}}]},
        {"Records": [{"kinesis": {"data": "é"}}]},
        {"Records": [{"eventSource": "aws:dynamodb", "dynamodb": {}}]},
        {"Records": [{"s3": {"bucket": {}}}]},
        {"Records": [{"s3": {"bucket": {"name": 7}, "object": {"key": "k"}}}]},
        {"Records": [{"messageId": "m", "body": ""}]},
        {"Records": [{"messageId": "m", "body": "text"}]},
        b'{"Records":[{"kinesis":{"data":"\xff"}}]}',
        b'{"Records":[' + b"[" * 2000 + b"]" * 2000 + b"]}",
        b'{"Records":[' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"]}",
    ],
)
def test_what_is_no_record(payload: object) -> None:
    (reject,) = take(payload)
    assert isinstance(reject, Reject)
    assert not isinstance(reject, Other)
    assert reject.origin.startswith("log")
    assert reject.reason


def test_other_services_are_named() -> None:
    (reject,) = take({"Records": [{"eventSource": "aws:dynamodb", "dynamodb": {}}]})
    assert isinstance(reject, Reject)
    assert reject.reason == "a record of 'aws:dynamodb', which holds no audit log"
    assert json.loads(reject.text) == {"eventSource": "aws:dynamodb", "dynamodb": {}}


def test_notifications_only_name_objects() -> None:
    (reject,) = take((EVENTS / "aws_s3.json").read_bytes())
    assert isinstance(reject, Reject)
    name = "s3://audit-archive/eks logs/2026/11/21/14/audit-1-2026-11-21-14-15-00-6f1f=.gz"
    assert reject.reason == f"it names the object {name}, in which the log is: give that itself"
    # what is kept of it names the object, too
    assert objects(json.loads(reject.text)) == [
        S3Object("audit-archive", name[19:], "096fKKXTRTtl3on89fVO.nfljtsv6qko")
    ]


# -- notifications and their wrappings --------------------------------------------------------------------------------

NOTIFICATION = {
    "Records": [
        {
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "s3": {"bucket": {"name": "logs"}, "object": {"key": "a+b%2Bc/%C3%A9%25.gz", "versionId": "v1"}},
        }
    ]
}
TEST = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "logs"}
CREATED = {
    "source": "aws.s3",
    "detail-type": "Object Created",
    "detail": {"bucket": {"name": "logs"}, "object": {"key": "a b+c/é%.gz", "version-id": "v1"}},
}
OBJECT = S3Object("logs", "a b+c/é%.gz", "v1")


def by_topic(message: object) -> dict[str, Any]:
    return {"Type": "Notification", "TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": json.dumps(message)}


def by_queue(*messages: object) -> dict[str, Any]:
    return {
        "Records": [
            {"messageId": f"m{number}", "eventSource": "aws:sqs", "body": json.dumps(message)}
            for number, message in enumerate(messages, 1)
        ]
    }


@pytest.mark.parametrize(
    "event",
    [
        NOTIFICATION,
        CREATED,
        by_queue(NOTIFICATION),
        by_queue(CREATED),
        by_queue(by_topic(NOTIFICATION)),
        by_queue(by_topic(CREATED)),
        {"Records": [{"EventSource": "aws:sns", "Sns": {"MessageId": "m", "Message": json.dumps(NOTIFICATION)}}]},
    ],
)
def test_the_object_that_is_named(event: object) -> None:
    assert objects(event) == [OBJECT]


def test_a_key_that_is_written_down_is_read_again() -> None:
    for found in (OBJECT, S3Object("logs", "k"), S3Object("b", "😀 +%2B\n")):
        assert objects(json.loads(found.notification())) == [found]


@pytest.mark.parametrize(
    "message",
    [
        TEST,
        by_topic(TEST),
        {"Records": [NOTIFICATION["Records"][0] | {"eventName": "ObjectRemoved:Delete"}]},
        CREATED | {"detail-type": "Object Deleted"},
    ],
)
def test_messages_about_nothing_that_was_written(message: object) -> None:
    for event in (by_queue(message), by_queue(message, NOTIFICATION)):
        first, *others = objects(event)
        assert isinstance(first, Other)
        assert others in ([], [OBJECT])


def test_a_queue_may_carry_the_log_itself() -> None:
    encoded = {"awslogs": {"data": base64.b64encode(batch(A)).decode()}}
    bodies = [json.loads(A), encoded]
    assert outline(by_queue(*bodies)) == ["a", "a"]
    event = {"Records": [{"messageId": "m", "body": base64.b64encode(batch(A)).decode()}]}
    assert outline(event) == ["a"]


def test_wrappings_have_an_end() -> None:
    message: object = NOTIFICATION
    for _ in range(10):
        message = by_topic(message)
    (found,) = objects(by_queue(message))
    assert isinstance(found, bytes)


def test_every_record_has_the_name_by_which_a_failure_is_reported() -> None:
    assert [record.id for record in invocation_records(kinesis(A, B), "x")] == ["1", "2"]
    assert [record.id for record in invocation_records(by_queue(TEST, NOTIFICATION), "x")] == ["m1", "m2"]
    assert [record.id for record in invocation_records(NOTIFICATION, "x")] == [""]
    assert [record.origin for record in invocation_records(kinesis(A), "x")] == ["x audit/shardId-000000000000:1"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["Records", "kinesis", "data", "body", "messageId", "Sns", "Message", "s3", "bucket", "x"]
                )
                | st.sampled_from(
                    ["name", "object", "key", "source", "detail-type", "detail", "Type", "Event", "eventName"]
                ),
                inner | st.sampled_from(["aws.s3", "Object Created", "Notification", "{}", '{"Records":[{}]}']),
                max_size=4,
            )
        ),
        max_leaves=25,
    )
)
def test_nothing_that_is_sent_raises(event: object) -> None:
    for record in invocation_records(event, "x"):
        assert record.contents
        for content in record.contents:
            assert isinstance(content, bytes | S3Object | Reject)
            if isinstance(content, S3Object):
                content.notification()
    take(event)
