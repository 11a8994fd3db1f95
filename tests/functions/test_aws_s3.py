"""The function behind objects in S3: notified directly, through queues and topics, and by EventBridge."""

from __future__ import annotations

import base64
import gzip
import json
import random
import tracemalloc
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import boto3
import pytest
from botocore.exceptions import ClientError

from aws_data import batch
from functions_data import COMPARED, event, incident, incident_alerts
from lanner.errors import NotSafe
from lanner.fields import Intake
from lanner.outputs.dead_letters import DeadLetter
from lanner.sources import Progress, apiserver
from lanner.sources.aws_records import S3Object, invocation_records

HANDLER = "aws_cloudwatch/handler"
ALERTS = incident_alerts()
BUCKET = "audit-archive"
ENVELOPES = Path(__file__).parents[3] / "shared" / "corpus" / "envelopes"
REGION = "eu-west-1"


def notification(key: str, version: str = "", name: str = "ObjectCreated:Put") -> dict[str, Any]:
    """Return what S3 sends about an object."""
    sent = event("aws_s3")
    (record,) = sent["Records"]
    record["eventName"] = name
    record["s3"]["bucket"]["name"] = BUCKET
    record["s3"]["object"] = {"key": quote_plus(key, safe="/"), "size": 1, "sequencer": "0"}
    if version:
        record["s3"]["object"]["versionId"] = version
    return dict(sent)


def created(key: str) -> dict[str, Any]:
    """Return what EventBridge sends about an object."""
    detail = {"version": "0", "bucket": {"name": BUCKET}, "object": {"key": key, "size": 1, "sequencer": "0"}}
    return {"version": "0", "source": "aws.s3", "detail-type": "Object Created", "account": "1", "detail": detail}


def queued(*messages: Any) -> dict[str, Any]:
    """Return Lambda's event for messages of a queue."""
    records = [
        {"messageId": f"m{n}", "eventSource": "aws:sqs", "body": json.dumps(message)}
        for n, message in enumerate(messages, 1)
    ]
    return {"Records": records}


def by_topic(message: Any) -> dict[str, Any]:
    return {"Type": "Notification", "MessageId": "x", "Message": json.dumps(message)}


def failures(answer: Any) -> list[str]:
    assert list(answer) == ["batchItemFailures"]
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


@pytest.fixture
def put(cloud: Any) -> Callable[..., str]:
    """Write an object; return its version."""
    s3 = boto3.client("s3", REGION)
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})

    def write(key: str, data: bytes) -> str:
        return str(s3.put_object(Bucket=BUCKET, Key=key, Body=data)["VersionId"])

    return write


@pytest.fixture
def handle(function: Any, cloud: Any, context: Any) -> Callable[[Any], Any]:
    """The handler, with a topic and a place for dead letters."""
    module = function(HANDLER, SNS_TOPIC_ARN=cloud.topic, DEAD_LETTERS=cloud.dead_letters)
    return lambda sent: module.handle(sent, context)


def hostile() -> list[str]:
    """Return a line that alerts once."""
    return [line for line in incident() if "exec" in line and "mallory" in line][:1]


KEY = "eks logs/2026/11/21/ä+b=%25.gz"


@pytest.mark.parametrize(
    "sent",
    [
        notification(KEY),
        created(KEY),
        {"Records": [{"EventSource": "aws:sns", "Sns": {"MessageId": "x", "Message": json.dumps(notification(KEY))}}]},
    ],
    ids=["S3", "EventBridge", "SNS"],
)
def test_an_object_of_which_the_function_is_told(sent: Any, handle: Any, put: Any, cloud: Any) -> None:
    put(KEY, gzip.compress(batch(*incident()[:100]) + batch(*hostile())))
    counts = handle(sent)
    alerts = [json.loads(text) for text in cloud.taken()]
    assert (counts["Events"], counts["Alerts"], counts["Delivered"]) == (101, len(alerts), len(alerts))
    assert {(alert["provider"], alert["cluster"]) for alert in alerts} == {("eks", "shop")}
    assert alerts
    assert not cloud.taken(cloud.dead_letters)


def test_messages_of_a_queue(handle: Any, put: Any, cloud: Any) -> None:
    # GIVEN objects, and messages about them, about nothing, and about what is no object of ours
    put("a.gz", batch(*hostile()))
    put("b", gzip.decompress(batch(*hostile(), group="/aws/eks/bank/cluster")))
    test = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": BUCKET}
    removed = notification("a.gz", name="ObjectRemoved:Delete")
    sent = queued(test, notification("a.gz"), by_topic(created("b")), removed, by_topic(test), {"surprise": 1})
    # WHEN they come THEN each is dealt with
    assert failures(handle(sent)) == []
    assert sorted(json.loads(text)["cluster"] for text in cloud.taken()) == ["bank", "shop"]
    (letter,) = [DeadLetter.read(text.encode()) for text in cloud.taken(cloud.dead_letters)]
    assert json.loads(letter.content) == {"surprise": 1}
    assert letter.origin.endswith("message m6")


def test_the_version_that_is_named(handle: Any, put: Any, cloud: Any) -> None:
    version = put("a.gz", batch(*hostile()))
    put("a.gz", batch(*incident()[:9]))
    assert handle(notification("a.gz", version))["Alerts"] == 1
    assert handle(notification("a.gz"))["Alerts"] == 0


def test_an_object_that_is_gone_is_kept_as_a_dead_letter(handle: Any, put: Any, cloud: Any) -> None:
    version = put("here", batch(*hostile()))
    sent = queued(notification("gone/a+b"), notification("here", version), notification("here", "0" * 32))
    assert failures(handle(sent)) == []
    assert len(cloud.taken()) == 1
    letters = [DeadLetter.read(text.encode()) for text in cloud.taken(cloud.dead_letters)]
    assert len(letters) == 2
    found = {
        content for letter in letters for content in invocation_records(json.loads(letter.content), "x")[0].contents
    }
    assert found == {S3Object(BUCKET, "gone/a+b"), S3Object(BUCKET, "here", "0" * 32)}
    assert all("S3 does not have it" in letter.reason for letter in letters)
    assert f"s3://{BUCKET}/gone/a+b" in letters[0].origin


class FaultyS3:
    """A client of S3 that does as it is told, before or while it answers."""

    def __init__(self, real: Any, faults: list[Any]) -> None:
        self._real = real
        self._faults = faults
        self.asked: list[dict[str, Any]] = []

    def get_object(self, **wanted: Any) -> Any:
        self.asked.append(wanted)
        fault = self._faults.pop(0) if self._faults else None
        if isinstance(fault, Exception):
            raise fault
        answer = self._real.get_object(**wanted)
        if fault is not None:
            answer["Body"] = Breaking(answer["Body"], fault)
        return answer


class Breaking:
    """A body that breaks off after some bytes."""

    def __init__(self, body: Any, size: int) -> None:
        self._body, self._left = body, size

    def read(self, size: int) -> Any:
        if not self._left:
            raise ConnectionResetError("the connection broke")
        data = self._body.read(min(size, self._left))
        self._left -= len(data)
        return data

    def close(self) -> None:
        self._body.close()


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Callable[..., FaultyS3]:
    """Let S3 fail in the function."""

    def fails(*faults: Any) -> FaultyS3:
        from lanner.pipeline import s3_objects

        faulty = FaultyS3(boto3.client("s3", REGION), list(faults))
        monkeypatch.setattr(s3_objects, "client", lambda service, region: faulty)
        monkeypatch.setattr(s3_objects, "pause", lambda attempt: 0.0)
        return faulty

    return fails


def refused(code: str, status: int) -> Exception:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "GetObject")


@pytest.mark.parametrize(
    ("code", "status"), [("AccessDenied", 403), ("SlowDown", 503), ("InternalError", 500), ("ExpiredToken", 400)]
)
def test_what_may_come_back_has_to_come_again(
    code: str, status: int, handle: Any, put: Any, cloud: Any, s3: Any
) -> None:
    # GIVEN an object that cannot be had now, among others
    put("a", batch(*hostile()))
    put("b", batch(*hostile(), group="/aws/eks/bank/cluster"))
    count = 1 if status in (400, 403) else 4
    asked = s3(*[refused(code, status)] * count)
    # WHEN a queue tells of it THEN its message comes again, and no other
    assert failures(handle(queued(notification("a"), notification("b")))) == ["m1"]
    assert [json.loads(text)["cluster"] for text in cloud.taken()] == ["bank"]
    assert len(asked.asked) == count + 1
    # AND where S3 tells of it itself, Lambda is to call again
    s3(*[refused(code, status)] * count)
    with pytest.raises(NotSafe, match=f"s3://{BUCKET}/a: {code}"):
        handle(notification("a"))
    assert not cloud.taken(cloud.dead_letters)


def test_a_broken_connection_costs_nothing(handle: Any, put: Any, cloud: Any, s3: Any) -> None:
    # GIVEN a connection that breaks off again and again
    data = b"".join(batch(*incident()[start : start + 10]) for start in range(0, 332, 10))
    put("a", data)
    chance = random.Random(3)
    faulty = s3(*(fault for _ in range(8) for fault in (chance.randrange(1, len(data) // 8), refused("SlowDown", 503))))
    # WHEN the object is read THEN the reading goes on where it was
    counts = handle(notification("a"))
    assert (counts["Events"], counts["Alerts"], counts["Delivered"]) == (332, ALERTS, ALERTS)
    assert len(set(cloud.taken())) == ALERTS
    assert len(faulty.asked) > 10
    assert all("IfMatch" in wanted and wanted["Range"].startswith("bytes=") for wanted in faulty.asked[1:])


def test_an_object_that_is_replaced_meanwhile_has_to_come_again(handle: Any, put: Any, s3: Any) -> None:
    data = b"".join(batch(*incident()[start : start + 10]) for start in range(0, 332, 10))
    put("a", data)
    s3(1000, refused("PreconditionFailed", 412))
    with pytest.raises(NotSafe, match="PreconditionFailed"):
        handle(notification("a"))


def test_an_object_for_which_there_is_no_time(function: Any, cloud: Any, context: Any, put: Any) -> None:
    # GIVEN an object that takes longer than an invocation may
    module = function(HANDLER, SNS_TOPIC_ARN=cloud.topic, DEAD_LETTERS=cloud.dead_letters)
    one = batch(*(line for line in incident()[:140]))
    put("large", batch(*hostile()) + one * 400)
    context.get_remaining_time_in_millis = lambda: 3000
    # WHEN the function is told THEN it says how far it came, and that the object has to come again
    with pytest.raises(NotSafe, match=f"s3://{BUCKET}/large: there was time for its first [0-9,]+ bytes only"):
        module.handle(notification("large"), context)
    # AND what was found is delivered
    assert len(cloud.taken()) >= 1


def test_objects_that_can_never_be_read(handle: Any, put: Any, cloud: Any) -> None:
    # GIVEN damaged ones, bombs, and what is no log, among good ones
    good = batch(*hostile())
    for name, data in {
        "torn": gzip.compress(good)[:-30],
        "bomb": gzip.compress(gzip.compress(b"\0" * (128 << 20), 1), 1),
        "zstd": b"(\xb5/\xfd" + b"x" * 99,
        "text": b"nonsense",
        "good": good,
    }.items():
        put(name, data)
    tracemalloc.start()
    assert failures(handle(queued(*map(notification, ("torn", "bomb", "good", "zstd", "text"))))) == []
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # THEN they are kept by their names, or as they were
    letters = {}
    for text in cloud.taken(cloud.dead_letters):
        letter = DeadLetter.read(text.encode())
        letters[letter.origin.partition(f"s3://{BUCKET}/")[2].split(" ")[0].split(":")[0]] = letter
    assert letters.keys() == {"torn", "bomb", "zstd", "text"}
    assert letters["text"].content == b"nonsense"
    for name in ("torn", "zstd"):
        assert S3Object(BUCKET, name).notification() == letters[name].content
    assert len(cloud.taken()) == 1
    assert peak < 150 << 20


def test_objects_of_other_logs_are_not_read(handle: Any, put: Any, s3: Any) -> None:
    faulty = s3()
    key = "x/0a1b2c3d-0000-4000-8000-0123456789ab/authenticator-01/000000.gz"
    assert failures(handle(queued(notification(key), notification("aws-logs-write-test")))) == []
    assert not faulty.asked


def wrapped(batches: list[bytes]) -> dict[str, bytes]:
    """Return objects as pipelines write them."""
    plain = [gzip.decompress(one) for one in batches]
    return {
        "batches": b"".join(batches),
        "batches, packed": gzip.compress(b"".join(batches)),
        "decompressed": b"".join(plain),
        "decompressed, packed": gzip.compress(b"".join(plain)),
        "with line ends": b"".join(one + b"\n" for one in plain),
    }


def test_the_corpus_in_objects(function: Any, context: Any, put: Any, capfd: Any, monkeypatch: Any) -> None:
    # GIVEN the recorded events, and objects of Firehose with them
    paths = [ENVELOPES / f"{name}.jsonl.gz" for name in ("eks-kinesis", "events")]
    if not all(path.exists() for path in paths):
        pytest.skip("eks-kinesis is not beside this checkout: this needs the recorded corpus")
    payloads, plain = (gzip.decompress(path.read_bytes()).splitlines() for path in paths)
    records = [record for payload in payloads for record in json.loads(payload)["Records"]]
    objects = wrapped([base64.b64decode(record["kinesis"]["data"]) for record in records])
    objects["extracted"] = gzip.compress(b"".join(line + b"\n" for line in plain))
    objects["extracted, nothing between"] = b"".join(plain)
    objects["exported"] = gzip.compress(b"".join(b"2026-11-21T14:15:00.000Z " + line + b"\n" for line in plain))
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "true")
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "ERROR")
    module = function(HANDLER, STDOUT="true", CLUSTER="shop")
    found = {}
    for name, data in objects.items():
        put(name, data)
        capfd.readouterr()
        # WHEN the function is told
        assert module.handle(notification(name), context)["Events"] == len(plain)
        found[name] = Counter(capfd.readouterr().out.encode().splitlines())
    # THEN each gives the alerts of the plain events, to the last character
    judge = module.pipeline._judge
    pieces = (piece for line in plain for piece in apiserver.events(line, origin="x", provider="eks", cluster="shop"))
    wanted = Counter(line for part in judge.parts(pieces, Intake(), Progress()) for line in part.output)
    assert wanted
    for name, alerts in found.items():
        different = (alerts - wanted).total() + (wanted - alerts).total()
        COMPARED.append(
            f"EKS, an object in S3 ({name}): {len(plain):,} events, {alerts.total()} alerts, {different} different"
        )
        assert not different
