"""Where dead letters are kept: what is kept can be taken again, and what cannot be kept is told."""

from __future__ import annotations

import json
import os
import stat
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import boto3
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from lanner.errors import DeadLetterError, UsageError
from lanner.outputs.boxes import box_at
from lanner.outputs.boxes.file import FileBox
from lanner.outputs.boxes.pubsub import PubSubBox
from lanner.outputs.boxes.retrying import Refused, keep_all
from lanner.outputs.boxes.sqs import SqsBox
from lanner.outputs.dead_letters import DeadLetter, DeadLetterBox, Joiner
from lanner.outputs.deadline import Deadline
from lanner.sources import Reject
from outputs.conftest import REGION, Clock, Queue

URL = f"https://sqs.{REGION}.amazonaws.com/123456789012/letters"
LIMIT = 262_144


def letters(box: DeadLetterBox) -> list[bytes]:
    """Take all letters of a box."""
    joiner = Joiner()
    found = []
    for record, acknowledge in box.take():
        one = joiner.add(DeadLetter.read(record), acknowledge)
        if one is not None:
            found.append(one[0].content)
            one[1]()
    assert joiner.incomplete == 0
    return found


def records(box: DeadLetterBox, *contents: bytes) -> list[bytes]:
    made = [DeadLetter.of_reject(Reject("log:1", "why", content)) for content in contents]
    return [record for letter in made for record in letter.records(box.limit)]


@pytest.mark.parametrize(
    ("address", "kind", "name"),
    [
        (URL, SqsBox, "sqs:letters"),
        ("http://127.0.0.1:4566/000000000000/q", SqsBox, "sqs:q"),
        ("projects/prod-1/topics/letters", PubSubBox, "pubsub:letters"),
        ("projects/prod-1/subscriptions/letters", PubSubBox, "pubsub:letters"),
        ("projects/example.com:prod/topics/letters", PubSubBox, "pubsub:letters"),
        ("file:/tmp/letters", FileBox, "file:/tmp/letters"),
    ],
)
def test_an_address_tells_the_kind(address: str, kind: type, name: str) -> None:
    box = box_at(address)
    assert isinstance(box, kind)
    assert box.name == name  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "address",
    ["", "letters", "file:", "projects/p", "projects/P/topics/t", "https://host", "https://a@host/q", f"{URL}.fifo"],
)
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(UsageError):
        box_at(address)


def test_a_file_keeps_letters_for_its_owner(tmp_path: Path) -> None:
    box = FileBox(str(tmp_path / "letters"))
    contents = [b"{}", b"\xff\x00", b"x" * 3_000_000]
    for content in contents:
        box.keep(records(box, content), Deadline(5))
    assert letters(box) == contents
    assert letters(box) == contents
    assert stat.S_IMODE(os.stat(box.path).st_mode) == 0o600
    assert len(Path(box.path).read_bytes().splitlines()) == 3


def test_a_line_without_an_end_costs_no_other_letter(tmp_path: Path) -> None:
    # GIVEN a file in which somebody did not come to the end
    box = FileBox(str(tmp_path / "letters"))
    Path(box.path).write_bytes(b'{"kind":"pay')
    # WHEN more is kept THEN it is whole
    box.keep([b"{}"], Deadline(5))
    box.keep([b"", b"[]"], Deadline(5))
    assert [record.strip() for record, _ in box.take()] == [b'{"kind":"pay', b"{}", b"[]"]


def test_a_file_is_written_by_one_at_a_time(tmp_path: Path) -> None:
    box = FileBox(str(tmp_path / "letters"))
    texts = [b"%d" % number * 200_000 for number in range(8)]
    threads = [threading.Thread(target=box.keep, args=([text] * 3, Deadline(5))) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    found = [record.strip() for record, _ in box.take()]
    assert sorted(found) == sorted(texts * 3)


def test_a_file_that_cannot_be_used(tmp_path: Path) -> None:
    box = FileBox(str(tmp_path / "missing" / "letters"))
    with pytest.raises(DeadLetterError, match=r"letters: cannot be written: No such file or directory$"):
        box.keep([b"{}"], Deadline(5))
    with pytest.raises(DeadLetterError, match=r"letters: cannot be read: No such file or directory$"):
        list(box.take())


@pytest.fixture
def sqs_box(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> SqsBox:
    """GIVEN an empty queue, in which nobody waits for more."""
    monkeypatch.setattr("lanner.outputs.boxes.sqs._WAIT_SECONDS", 0)
    url, _ = queue()
    return SqsBox(url)


def test_a_queue_gives_back_what_it_took(sqs_box: SqsBox) -> None:
    # GIVEN letters, among them such as are no text, and one that is larger than a message
    contents = [b"%d" % number for number in range(12)] + [b"\xff", b"y" * 600_000, "\uffff".encode()]
    # WHEN they are kept and taken
    sqs_box.keep(records(sqs_box, *contents), Deadline(20))
    # THEN they are all there, and gone from the queue afterwards
    assert sorted(letters(sqs_box)) == sorted(contents)
    assert letters(sqs_box) == []


def test_what_is_not_acknowledged_stays_out_of_sight(sqs_box: SqsBox) -> None:
    sqs_box.keep([b"{}", b"[]"], Deadline(20))
    taken = list(sqs_box.take())
    assert list(sqs_box.take()) == []
    taken[0][1]()
    sqs = boto3.client("sqs", region_name=REGION)
    counts = sqs.get_queue_attributes(QueueUrl=sqs_box.url, AttributeNames=["All"])["Attributes"]
    assert counts["ApproximateNumberOfMessagesNotVisible"] == "1"


@pytest.mark.parametrize("size", [LIMIT - 1, LIMIT])
def test_records_of_the_largest_size_are_taken(sqs_box: SqsBox, size: int) -> None:
    texts = [b"%d" % number * size for number in range(2)]
    sqs_box.keep([*texts, b"{}"], Deadline(20))
    assert sorted(len(record) for record, _ in sqs_box.take()) == [2, size, size]


def test_a_queue_that_is_not_there(sqs_box: SqsBox) -> None:
    missing = SqsBox(sqs_box.url + "x")
    with pytest.raises(DeadLetterError, match=r"1 of 1 records were not taken: .*(NonExistent|DoesNotExist)"):
        missing.keep([b"{}"], Deadline(10))
    with pytest.raises(DeadLetterError, match=r"sqs:.*(NonExistent|DoesNotExist)"):
        list(missing.take())


def test_a_letter_that_cannot_be_taken_away_is_told(sqs_box: SqsBox) -> None:
    sqs_box.keep([b"{}"], Deadline(20))
    ((_, acknowledge),) = sqs_box.take()
    sqs_box.url += "x"
    with pytest.raises(DeadLetterError, match="sqs:"):
        acknowledge()


def test_a_queue_may_refuse_some(
    credentials: None, clock: Clock, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a queue that refuses one message once, and another one always
    monkeypatch.setenv("AWS_ENDPOINT_URL", httpserver.url_for("").rstrip("/"))
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
    sent: list[list[str]] = []

    def handle(request: Request) -> Response:
        entries = json.loads(request.get_data())["Entries"]
        sent.append([entry["MessageBody"] for entry in entries])
        refused = {"bad": ("InvalidMessageContents", True)}
        if len(sent) == 1:
            refused["once"] = ("InternalError", False)
        answer: dict = {"Successful": [], "Failed": []}
        for entry in entries:
            body, name = entry["MessageBody"], entry["Id"]
            if body in refused:
                code, fault = refused[body]
                answer["Failed"].append({"Id": name, "Code": code, "SenderFault": fault, "Message": "why"})
            else:
                answer["Successful"].append({"Id": name, "MessageId": "m", "MD5OfMessageBody": _md5(body)})
        return Response(json.dumps(answer), content_type="application/x-amz-json-1.0")

    httpserver.expect_request("/").respond_with_handler(handle)
    # WHEN they are kept THEN only what may still be taken is sent again, and what is not taken is told
    with pytest.raises(DeadLetterError, match="1 of 4 records were not taken: InvalidMessageContents: why"):
        SqsBox(URL).keep([b"good", b"bad", b"once", b"well"], Deadline(30))
    assert sent == [["good", "bad", "once", "well"], ["once"]]
    # AND without the bad one all is well
    sent.clear()
    SqsBox(URL).keep([b"good", b"once"], Deadline(30))
    assert sent == [["good", "once"], ["once"]]


def _md5(text: str) -> str:
    import hashlib

    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@pytest.mark.parametrize(
    ("url", "region"),
    [
        (URL, REGION),
        ("https://us-east-2.queue.amazonaws.com/1/q", "us-east-2"),
        ("https://sqs-fips.us-gov-west-1.amazonaws.com/1/q", "us-gov-west-1"),
        ("https://sqs.cn-north-1.amazonaws.com.cn/1/q", "cn-north-1"),
        ("https://vpce-1-a.sqs.eu-central-1.vpce.amazonaws.com/1/q", "eu-central-1"),
        ("https://sqs.eu-west-3.api.aws/1/q", "eu-west-3"),
        ("https://queue.amazonaws.com/1/q", None),
        ("http://localhost:4566/1/sqs.eu-west-1.", None),
    ],
)
def test_the_region_is_that_of_the_queue(url: str, region: str | None) -> None:
    assert SqsBox(url)._region == region


Send = Callable[[list[bytes], float], list[Refused]]


def keep(send: Send, seconds: float = 60, kept: Sequence[bytes] = (b"a", b"b", b"c")) -> None:
    keep_all(kept, Deadline(seconds), lambda waiting: [list(waiting)] if waiting else [], send)


def test_records_are_sent_until_all_are_taken(clock: Clock) -> None:
    calls: list[list[bytes]] = []

    def send(group: list[bytes], seconds: float) -> list[Refused]:
        calls.append(group)
        return [Refused(record, "busy", is_final=False) for record in group[len(calls) :]]

    keep(send)
    assert calls == [[b"a", b"b", b"c"], [b"b", b"c"]]
    assert len(clock.pauses) == 1
    keep(send, kept=())
    assert len(calls) == 2


@pytest.mark.parametrize(("seconds", "is_final", "words"), [(0, False, "there was no time left"), (60, True, "denied")])
def test_what_cannot_be_kept_is_told(clock: Clock, seconds: float, is_final: bool, words: str) -> None:
    with pytest.raises(DeadLetterError, match=f"3 of 3 records were not taken: {words}"):
        keep(lambda group, left: [Refused(record, "denied", is_final) for record in group], seconds)
    assert clock.pauses == []


def test_the_deadline_is_kept(clock: Clock) -> None:
    # GIVEN a box that always answers that it is busy, and takes its time for that
    def send(group: list[bytes], seconds: float) -> list[Refused]:
        clock.now += min(seconds, 4)
        return [Refused(record, "busy", is_final=False) for record in group]

    with pytest.raises(DeadLetterError, match="busy"):
        keep(send, 10)
    assert 8 < clock.now - 1000 <= 10


def test_a_topic_cannot_be_read_and_a_subscription_not_written() -> None:
    with pytest.raises(UsageError, match="letters are taken from a subscription"):
        list(box_at("projects/prod-1/topics/letters").take())
    with pytest.raises(DeadLetterError, match="letters are kept in a topic"):
        box_at("projects/prod-1/subscriptions/letters").keep([b"{}"], Deadline(1))


def test_what_is_only_looked_at_is_there_again_at_once(queue: Queue) -> None:
    url, _ = queue()
    box = SqsBox(url)
    box.keep(records(box, *[b"%d" % number for number in range(12)]), Deadline(20))
    # GIVEN letters that were taken, of which one was acknowledged
    taken = [acknowledge for _, acknowledge in box.take()]
    taken[0]()
    # WHEN the others are released THEN they can be taken again
    box.release()
    assert len(letters(box)) == 11
