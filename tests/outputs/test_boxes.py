"""Where dead letters are kept: what is kept can be taken again, and what cannot be kept is told."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lanner.errors import DeadLetterError, UsageError
from lanner.outputs import aws
from lanner.outputs.boxes import box_at
from lanner.outputs.boxes.file import FileBox
from lanner.outputs.boxes.pubsub import PubSubBox
from lanner.outputs.boxes.retrying import Refused, keep_all
from lanner.outputs.boxes.sqs import SqsBox
from lanner.outputs.dead_letters import DeadLetter, Joiner
from lanner.outputs.deadline import Deadline
from lanner.sources import Reject

URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/letters"
Queue = Callable[..., tuple[str, Callable[[], list[dict]]]]


def letters(box: SqsBox | FileBox) -> list[bytes]:
    """Take all letters of a box."""
    joiner = Joiner()
    found = []
    for record, acknowledge in box.take():
        one = joiner.add(DeadLetter.read(record), acknowledge)
        if one is not None:
            found.append(one[0].content)
            one[1]()
    return found


def records(box: SqsBox | FileBox, *contents: bytes) -> list[bytes]:
    made = [DeadLetter.of_reject(Reject("log:1", "why", content)) for content in contents]
    return [record for letter in made for record in letter.records(box.limit)]


@pytest.mark.parametrize(
    ("address", "kind", "name"),
    [
        (URL, SqsBox, "sqs:letters"),
        ("http://127.0.0.1:4566/000000000000/q", SqsBox, "sqs:q"),
        ("projects/prod-1/topics/letters", PubSubBox, "pubsub:letters"),
        ("projects/prod-1/subscriptions/letters", PubSubBox, "pubsub:letters"),
        ("file:/tmp/letters", FileBox, "file:/tmp/letters"),
    ],
)
def test_an_address_tells_the_kind(address: str, kind: type, name: str) -> None:
    box = box_at(address)
    assert isinstance(box, kind)
    assert box.name == name


@pytest.mark.parametrize(
    "address",
    ["", "letters", "file:", "projects/p", "projects/P/topics/t", "https://host", f"{URL}.fifo", "projects/x"],
)
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(UsageError):
        box_at(address)


def test_a_file_keeps_letters_for_its_owner(tmp_path: Path) -> None:
    box = FileBox(str(tmp_path / "letters"))
    contents = [b"{}", b"\xff\x00", b"x" * 100_000]
    for content in contents:
        box.keep(records(box, content), Deadline(5))
    assert letters(box) == contents
    assert letters(box) == contents
    assert stat.S_IMODE(os.stat(box.path).st_mode) == 0o600


def test_a_file_that_cannot_be_used(tmp_path: Path) -> None:
    box = FileBox(str(tmp_path / "missing" / "letters"))
    with pytest.raises(DeadLetterError, match="cannot be written"):
        box.keep([b"{}"], Deadline(5))
    with pytest.raises(DeadLetterError, match="cannot be read"):
        list(box.take())


def test_a_queue_gives_back_what_it_took(queue: Queue) -> None:
    # GIVEN letters, among them one that is no text and one that is larger than a message
    url, _ = queue()
    box = SqsBox(url)
    contents = [b"%d" % number for number in range(12)] + [b"\xff", b"y" * 600_000, "\uffff".encode()]
    # WHEN they are kept and taken
    box.keep(records(box, *contents), Deadline(20))
    # THEN they are all there, and gone from the queue afterwards
    assert sorted(letters(box)) == sorted(contents)
    assert letters(box) == []


def test_a_queue_that_is_not_there(queue: Queue) -> None:
    url, _ = queue()
    box = SqsBox(url + "x")
    with pytest.raises(DeadLetterError, match="1 of 1 records were not taken"):
        box.keep([b"{}"], Deadline(0.1))
    with pytest.raises(DeadLetterError, match="sqs:"):
        list(box.take())


def test_entries_of_a_queue_may_fail_alone(monkeypatch: pytest.MonkeyPatch, no_pauses: list[float]) -> None:
    # GIVEN a queue that refuses one of two messages once, and an acknowledgement
    sent: list[list[str]] = []

    class Client:
        def send_message_batch(self, QueueUrl: str, Entries: list[dict]) -> Any:
            sent.append([entry["MessageBody"] for entry in Entries])
            return {"Failed": [{"Id": "1", "Code": "InternalError"}]} if len(sent) == 1 else {}

        def receive_message(self, **arguments: Any) -> Any:
            return {"Messages": [{"Body": "{}", "ReceiptHandle": "h"}]}

        def delete_message(self, **arguments: Any) -> Any:
            raise ClientError({"Error": {"Code": "Throttling", "Message": "why"}}, "DeleteMessage")

    monkeypatch.setattr(aws, "client", lambda service, region: Client())
    box = SqsBox(URL)
    # WHEN they are kept THEN only that one is sent again
    box.keep([b"a", b"b"], Deadline(30))
    assert sent == [["a", "b"], ["b"]]
    _, acknowledge = next(iter(box.take()))
    with pytest.raises(DeadLetterError, match="Throttling"):
        acknowledge()


def _one_group(waiting: Any) -> list[list[bytes]]:
    return [list(waiting)]


def test_records_are_sent_until_all_are_taken(no_pauses: list[float]) -> None:
    calls: list[list[bytes]] = []

    def send(group: list[bytes], seconds: float) -> list[Refused]:
        calls.append(group)
        return [Refused(record, "busy", is_final=False) for record in group[len(calls) :]]

    keep_all([b"a", b"b", b"c"], Deadline(60), _one_group, send)
    assert [len(call) for call in calls] == [3, 2]
    keep_all([], Deadline(60), _one_group, send)


@pytest.mark.parametrize(("seconds", "is_final", "words"), [(0, False, "no time left"), (60, True, "denied")])
def test_what_cannot_be_kept_is_told(no_pauses: list[float], seconds: float, is_final: bool, words: str) -> None:
    def send(group: list[bytes], left: float) -> list[Refused]:
        return [Refused(record, "denied", is_final) for record in group]

    with pytest.raises(DeadLetterError, match=f"2 of 2 records were not taken: .*{words}"):
        keep_all([b"a", b"b"], Deadline(seconds), _one_group, send)
    assert no_pauses == []


def test_a_topic_cannot_be_read_and_a_subscription_not_written() -> None:
    with pytest.raises(UsageError, match="letters are taken from a subscription"):
        list(box_at("projects/prod-1/topics/letters").take())
    with pytest.raises(DeadLetterError, match="letters are kept in a topic"):
        box_at("projects/prod-1/subscriptions/letters").keep([json.dumps({}).encode()], Deadline(1))
