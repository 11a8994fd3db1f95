"""Alerts to Storage queues, by the managed identity: Azure's client against Azure's emulator."""

from __future__ import annotations

import base64
import json
import sys
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.azurite import Azurite
from emulators.managed_identity import ManagedIdentity
from lanner.errors import UsageError
from lanner.outputs import azure, storage_queue
from lanner.outputs.deadline import Deadline
from lanner.outputs.delivery import deliver
from lanner.outputs.storage_queue import AT_ONCE, LIMIT, StorageQueue
from outputs.conftest import a_message

URL = "https://shopalerts.queue.core.windows.net/alerts"


@pytest.fixture
def queue(azure_queue: str) -> str:
    """GIVEN an empty queue; its URL."""
    return azure_queue


def read(url: str) -> list[Any]:
    """Return the messages in a queue."""
    return list(storage_queue.client(url).receive_messages(messages_per_page=32))


def test_alerts_arrive(queue: str, identity: ManagedIdentity) -> None:
    # GIVEN more alerts than are sent at once
    messages = [a_message(number, output="\u00e9 <&> \x00") for number in range(AT_ONCE + 3)]
    output = StorageQueue(queue)
    # WHEN they are sent
    batches = list(output.batches(messages))
    assert [len(batch) for batch in batches] == [AT_ONCE, 3]
    assert [failure for batch in batches for failure in output.send(batch, 5)] == []
    # THEN they are there as queue triggers read them, and do not go away by themselves
    found = read(queue)
    assert sorted(base64.b64decode(one.content) for one in found) == sorted(message.text for message in messages)
    assert {one.expires_on.year for one in found} == {9999}
    # AND there was one token for all
    assert identity.asked == [{"api-version": "2019-08-01", "resource": "https://storage.azure.com"}]


def test_the_identity_may_be_user_assigned(
    queue: str, identity: ManagedIdentity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_CLIENT_ID", "the-id-of-an-identity")
    azure.credential.cache_clear()
    storage_queue.client.cache_clear()
    identity.asked.clear()
    assert not StorageQueue(queue).send([a_message()], 5)
    assert [asked["client_id"] for asked in identity.asked] == ["the-id-of-an-identity"]


@pytest.mark.parametrize("size", [LIMIT - 1, LIMIT, LIMIT + 1, 4 * LIMIT])
def test_long_alerts_are_cut_and_taken(queue: str, size: int) -> None:
    message = a_message(output="")
    message = a_message(output="x" * (size - len(message.text)))
    assert len(message.text) == size
    assert not StorageQueue(queue).send([message], 5)
    (found,) = read(queue)
    assert LIMIT * 4 // 3 - 100 < len(found.content) <= 65_536
    alert = json.loads(base64.b64decode(found.content))
    assert alert["id"] == message.id
    assert ("[cut by Lanner: " in alert["output"]) == (size > LIMIT)


def test_a_queue_that_is_not_there_is_final(queue: str) -> None:
    failures = StorageQueue(f"{queue}-missing").send([a_message(0), a_message(1)], 5)
    assert [(one.reason, one.is_final) for one in failures] == [
        ("QueueNotFound (404): The specified queue does not exist.", True)
    ] * 2


def test_one_that_fails_costs_no_other(queue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a service that does not take one of them at first
    client, calls, lock = storage_queue.client(queue), [], threading.Lock()
    send = client.send_message

    def fails_once(content: str, **options: Any) -> Any:
        with lock:
            calls.append(base64.b64decode(content))
        if calls.count(messages[1].text) == 1 and base64.b64decode(content) == messages[1].text:
            raise OSError("the connection broke")
        return send(content, **options)

    messages = [a_message(number) for number in range(3)]
    monkeypatch.setattr(client, "send_message", fails_once)
    # WHEN they are delivered THEN only that one is sent again
    assert deliver(StorageQueue(queue), messages, Deadline(10)) == []
    assert sorted(calls) == sorted([message.text for message in (*messages, messages[1])])
    assert len(read(queue)) == 3


def test_an_identity_that_is_not_there_yet_is_waited_for(queue: str, identity: ManagedIdentity) -> None:
    azure.credential.cache_clear()
    storage_queue.client.cache_clear()
    identity.status = 500
    (failure,) = StorageQueue(queue).send([a_message()], 5)
    assert failure.reason.startswith("CredentialUnavailableError: ")
    assert (failure.is_final, failure.wait) == (False, 5)


def test_no_token_is_sent_to_another_place(identity: ManagedIdentity, azurite: Azurite) -> None:
    # GIVEN a server whose certificate nobody vouches for
    (failure,) = StorageQueue(f"{azurite.url}/alerts").send([a_message()], 5)
    assert failure.reason.startswith("ServiceRequestError: ")
    assert "CERTIFICATE_VERIFY_FAILED" in failure.reason


def test_without_the_library_it_says_what_to_install(
    identity: ManagedIdentity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "azure.storage.queue", None)
    (failure,) = StorageQueue(URL).send([a_message()], 5)
    assert failure.reason.endswith("(pip install 'lanner[azure]')")
    assert failure.is_final


@given(st.integers(0, 50))
def test_groups_are_no_larger_than_what_is_sent_at_once(count: int) -> None:
    messages = [a_message(number) for number in range(count)]
    batches = list(StorageQueue(URL).batches(messages))
    assert [message for batch in batches for message in batch] == messages
    assert all(0 < len(batch) <= AT_ONCE for batch in batches)


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "https://shop.queue.core.chinacloudapi.cn/alerts",
        "https://shop.queue.core.usgovcloudapi.net/a-b-c",
        "https://shop.z12.queue.storage.azure.net/alerts",
        "https://127.0.0.1:10001/devstoreaccount1/alerts",
    ],
)
def test_queues_of_all_clouds(url: str) -> None:
    assert StorageQueue(url).name == f"storage-queue:{url.rpartition('/')[2]}"


SIGNED = f"{URL}?sv=2024&sig=c2VjcmV0"
CONNECTION = "DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net"


@pytest.mark.parametrize(
    "url",
    [
        *("", "alerts", SIGNED, CONNECTION, "http://shop.queue.core.windows.net/alerts"),
        *("https://shop.queue.core.windows.net", "https://shop.queue.core.windows.net/", f"{URL}/x/y"),
        *("https://shop.queue.core.windows.net/UPPER", "https://shop.queue.core.windows.net/a--b", f"{URL}\n"),
        *("https://user:c2VjcmV0@shop.queue.core.windows.net/alerts", f"{URL}#x"),
    ],
)
def test_what_is_no_queue(url: str) -> None:
    with pytest.raises(UsageError, match=r"no URL of a Storage queue.*no key, signature") as error:
        StorageQueue(url)
    assert "c2VjcmV0" not in str(error.value)
