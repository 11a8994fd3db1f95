"""Dead letters in Storage queues, by the managed identity: Azure's client against Azure's emulator."""

from __future__ import annotations

import pytest

from lanner.errors import DeadLetterError, UsageError
from lanner.outputs import storage_queue
from lanner.outputs.boxes.storage_queue import StorageQueueBox, is_storage_queue
from lanner.outputs.dead_letters import DeadLetter, Joiner
from lanner.outputs.deadline import Deadline
from lanner.sources import Reject
from outputs.conftest import Clock

URL = "https://shopalerts.queue.core.windows.net/letters"


@pytest.fixture
def box(azure_queue: str) -> StorageQueueBox:
    """GIVEN an empty queue, and a function with a managed identity."""
    return StorageQueueBox(azure_queue)


def letters(box: StorageQueueBox) -> list[bytes]:
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


def records(box: StorageQueueBox, *contents: bytes) -> list[bytes]:
    made = [DeadLetter.of_reject(Reject("log:1", "why", content)) for content in contents]
    return [record for letter in made for record in letter.records(box.limit)]


def test_a_queue_gives_back_what_it_took(box: StorageQueueBox) -> None:
    # GIVEN letters, among them such as are no text, and one that is larger than a message
    contents = [b"%d" % number for number in range(22)] + [b"\xff", b"y" * 200_000, "\uffff\x00".encode()]
    # WHEN they are kept and taken
    box.keep(records(box, *contents), Deadline(20))
    # THEN they are all there, and gone from the queue afterwards
    assert sorted(letters(box)) == sorted(contents)
    assert letters(box) == []
    assert storage_queue.client(box.url).get_queue_properties().approximate_message_count == 0


@pytest.mark.parametrize("size", [1, storage_queue.LIMIT - 1, storage_queue.LIMIT])
def test_records_of_the_largest_size_are_taken(box: StorageQueueBox, size: int) -> None:
    box.keep([b"x" * size, b"{}"], Deadline(20))
    assert sorted(len(record) for record, _ in box.take()) == sorted([2, size])


def test_what_is_not_acknowledged_stays_out_of_sight(box: StorageQueueBox) -> None:
    box.keep([b"{}", b"[]"], Deadline(20))
    taken = list(box.take())
    assert list(box.take()) == []
    taken[0][1]()
    # WHEN it is given back THEN it can be taken at once, whole
    box.release()
    assert [record for record, _ in box.take()] == [taken[1][0]]
    box.release()


def test_a_message_of_somebody_else_is_taken_as_it_is(box: StorageQueueBox) -> None:
    storage_queue.client(box.url).send_message("no base64!")
    assert [record for record, _ in box.take()] == [b"no base64!"]


def test_a_letter_that_cannot_be_taken_away_is_told(box: StorageQueueBox) -> None:
    box.keep([b"{}"], Deadline(20))
    ((_, acknowledge),) = box.take()
    storage_queue.client(box.url).clear_messages()
    with pytest.raises(DeadLetterError, match=r"storage-queue:.*MessageNotFound"):
        acknowledge()
    with pytest.raises(DeadLetterError, match=r"storage-queue:.*MessageNotFound"):
        box.release()
    box.release()  # nothing is left to be given back


def test_a_queue_that_is_not_there(box: StorageQueueBox) -> None:
    missing = StorageQueueBox(box.url + "x")
    with pytest.raises(DeadLetterError, match=r"2 of 2 records were not taken: QueueNotFound \(404\)"):
        missing.keep([b"{}", b"[]"], Deadline(10))
    with pytest.raises(DeadLetterError, match=r"storage-queue:.*QueueNotFound"):
        list(missing.take())


def test_failures_of_the_moment_pass(box: StorageQueueBox, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    client, calls = storage_queue.client(box.url), 0
    send = client.send_message

    def fails_once(content: str, **options: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise OSError("the connection broke")
        return send(content, **options)

    monkeypatch.setattr(client, "send_message", fails_once)
    box.keep([b"{}"], Deadline(10))
    assert calls == 2
    assert len(clock.pauses) == 1
    assert [record for record, _ in box.take()] == [b"{}"]


CONNECTION = "DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (URL, True),
        (f"{URL}?sig=c2VjcmV0", True),
        (CONNECTION, True),
        ("QueueEndpoint=https://x;SharedAccessSignature=sig", True),
        ("https://shop.queue.core.chinacloudapi.cn/letters", True),
        ("https://shop.z12.queue.storage.azure.net/letters", True),
        ("https://127.0.0.1:10001/devstoreaccount1/letters", True),
        ("https://sqs.eu-west-1.amazonaws.com/123456789012/letters", False),
        ("https://eu-west-1.queue.amazonaws.com/123456789012/letters", False),
        ("https://sqs.eu-west-1.amazonaws.com/1/shop.queue.core.windows.net", False),
        ("http://127.0.0.1:4566/000000000000/q", False),
        ("projects/p/topics/t", False),
        ("file:/tmp/letters", False),
        ("", False),
    ],
)
def test_which_addresses_are_meant(address: str, expected: bool) -> None:
    assert is_storage_queue(address) is expected


@pytest.mark.parametrize("address", [f"{URL}?sig=c2VjcmV0", CONNECTION])
def test_keys_are_refused_and_not_shown(address: str) -> None:
    with pytest.raises(UsageError, match="no key, signature or connection string") as error:
        StorageQueueBox(address)
    assert "c2VjcmV0" not in str(error.value)
