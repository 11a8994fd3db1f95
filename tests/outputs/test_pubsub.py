"""Alerts and dead letters through Pub/Sub: Google's client against a small server of the same protocol."""

from __future__ import annotations

import importlib.util
import json
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanner.errors import DeadLetterError, UsageError
from lanner.outputs import pubsub
from lanner.outputs.boxes.pubsub import PubSubBox, subscriber
from lanner.outputs.dead_letters import DeadLetter, Joiner
from lanner.outputs.deadline import Deadline
from lanner.outputs.delivery import deliver
from lanner.outputs.pubsub import LIMIT, PubSubTopic, publisher
from lanner.sources import Reject
from outputs.conftest import a_message

SERVER = Path(__file__).parents[3] / "shared" / "tools" / "fake_pubsub.py"
PROJECT = "projects/prod-1"
TOPIC, SUBSCRIPTION = f"{PROJECT}/topics/alerts", f"{PROJECT}/subscriptions/alerts"


def _forget_clients() -> None:
    for kept in (publisher, subscriber):
        if kept.cache_info().currsize:
            kept().transport.close()
        kept.cache_clear()


@pytest.fixture
def clients() -> Iterator[None]:
    """GIVEN clients that are still to be made."""
    _forget_clients()
    yield
    _forget_clients()


@pytest.fixture
def broker(clients: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """GIVEN a server with the topic `alerts` and a subscription of it."""
    if not SERVER.exists():
        pytest.skip("the Pub/Sub server for tests is not beside this checkout; make e2e uses the emulator")
    spec = importlib.util.spec_from_file_location("fake_pubsub", SERVER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "fake_pubsub", module)  # its dataclasses look it up there
    spec.loader.exec_module(module)
    from google.pubsub_v1 import types

    server, port, found = module.serve()
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", f"127.0.0.1:{port}")
    found.topics[TOPIC] = types.Topic(name=TOPIC)
    found.subscribe(types.Subscription(name=SUBSCRIPTION, topic=TOPIC))
    yield found
    found.closed.set()
    server.stop(0)


def published(broker: Any) -> list[Any]:
    return [delivery.message for _, delivery in broker.take(broker.queue(SUBSCRIPTION), 1000, 0)]


def test_alerts_arrive_with_attributes(broker: Any) -> None:
    output = PubSubTopic(TOPIC)
    messages = [a_message(number, cluster="", rule="\u00e9" * 600) for number in range(30)]
    (batch,) = output.batches(messages)
    assert not output.send(batch, 10)
    found = published(broker)
    assert [json.loads(one.data)["id"] for one in found] == [message.id for message in messages]
    assert dict(found[0].attributes) == {
        "id": messages[0].id,
        "rule": "\u00e9" * 512,
        "priority": "Warning",
        "provider": "eks",
        "source": "k8s_audit",
        "truncated": "false",
    }
    assert found[0].ordering_key == ""
    assert output.name == "pubsub:alerts"


def test_a_topic_that_is_not_there_is_final(broker: Any) -> None:
    failures = PubSubTopic(f"{PROJECT}/topics/missing").send([a_message(0), a_message(1)], 10)
    assert len(failures) == 2
    assert all(failure.is_final and "NotFound" in failure.reason for failure in failures)


def test_failures_of_the_moment_pass(broker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a service that fails once
    publish, calls = broker.publish, []

    def fails_once(topic: str, messages: list) -> list[str]:
        calls.append(len(messages))
        if len(calls) == 1:
            raise ZeroDivisionError
        found: list[str] = publish(topic, messages)
        return found

    monkeypatch.setattr(broker, "publish", fails_once)
    assert deliver(PubSubTopic(TOPIC), [a_message(0), a_message(1)], Deadline(10)) == []
    # THEN only the delivery tries again
    assert calls == [2, 2]
    assert len(published(broker)) == 2


def test_a_service_that_is_slow_is_not_waited_for(broker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(broker, "publish", lambda topic, messages: released.wait(10) and ["1"])
    (failure,) = PubSubTopic(TOPIC).send([a_message()], 0.2)
    released.set()
    assert failure.reason.startswith("DeadlineExceeded")
    assert not failure.is_final


def test_a_service_that_takes_too_few_took_none(broker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "publish", lambda topic, messages: ["1"])
    failures = PubSubTopic(TOPIC).send([a_message(0), a_message(1)], 5)
    assert [(one.reason, one.is_final) for one in failures] == [("only 1 of 2 messages were taken", False)] * 2


def test_a_service_that_is_not_there(clients: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", f"127.0.0.1:{port}")
    (failure,) = PubSubTopic(TOPIC).send([a_message()], 2)
    assert failure.reason.startswith("ServiceUnavailable")
    assert not failure.is_final
    with pytest.raises(DeadLetterError, match="pubsub:alerts: ServiceUnavailable"):
        list(PubSubBox(SUBSCRIPTION).take())


def test_without_credentials_nobody_tries_again(clients: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("PUBSUB_EMULATOR_HOST", "GOOGLE_APPLICATION_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    (failure,) = PubSubTopic(TOPIC).send([a_message()], 5)
    assert failure.reason.startswith("DefaultCredentialsError")
    assert failure.is_final


def test_without_the_library_it_says_what_to_install(clients: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google.pubsub_v1", None)
    (failure,) = PubSubTopic(TOPIC).send([a_message()], 5)
    assert failure.reason.endswith("(pip install 'lanner[gcp]')")
    assert failure.is_final


def test_long_alerts_are_cut_and_taken(broker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pubsub, "LIMIT", 50_000)
    messages = [a_message(number, output="x" * 60_000) for number in range(2)]
    output = PubSubTopic(TOPIC)
    batches = list(output.batches(messages))
    assert len(batches) == 2
    for batch in batches:
        assert not output.send(batch, 10)
    found = published(broker)
    assert all(49_000 < type(one).pb(one).ByteSize() <= 50_000 for one in found)
    assert all("[cut by Lanner: 60000 bytes]" in json.loads(one.data)["output"] for one in found)


@given(st.lists(st.integers(0, 12_000_000), max_size=12))
def test_groups_are_no_larger_than_a_request(sizes: list[int]) -> None:
    def sized(number: int, size: int) -> Any:
        return SimpleNamespace(text=range(size), attributes=lambda: {"id": str(number)})

    messages = [sized(number, size) for number, size in enumerate(sizes)]
    batches = list(PubSubTopic(TOPIC).batches(messages))
    assert [message for batch in batches for message in batch] == messages
    for batch in batches:
        assert len(batch) == 1 or sum(len(message.text) for message in batch) <= LIMIT


def test_dead_letters_come_back(broker: Any) -> None:
    # GIVEN letters, among them one in parts: gRPC takes 4 MB unless, as Google's service, the server takes more
    contents = [b"{}", b"\xff\x00", b"x" * 1_000_000]
    box = PubSubBox(TOPIC)
    letters = [DeadLetter.of_reject(Reject("log:1", "why", content)) for content in contents]
    box.keep([record for letter in letters for record in letter.records(300_000)], Deadline(30))
    # WHEN they are taken
    joiner = Joiner()
    found = []
    taken = PubSubBox(SUBSCRIPTION).take()
    while len(found) < len(contents):
        record, acknowledge = next(taken)
        one = joiner.add(DeadLetter.read(record), acknowledge)
        if one is not None:
            found.append(one)
    # THEN they are all there, hidden from others while they are dealt with
    assert sorted(letter.content for letter, _ in found) == sorted(contents)
    queue = broker.queue(SUBSCRIPTION)
    assert len(queue.leased) == 7
    assert all(expires > 60 for expires in _seconds_left(queue))
    # AND can be taken away afterwards, too
    taken.close()  # type: ignore[attr-defined]
    for _, acknowledge in found:
        acknowledge()
    assert queue.leased == {}
    assert published(broker) == []


def test_what_is_only_looked_at_is_there_again_at_once(broker: Any) -> None:
    PubSubBox(TOPIC).keep([b"1", b"2"], Deadline(30))
    box = PubSubBox(SUBSCRIPTION)
    taken = box.take()
    for _ in range(2):
        next(taken)
    box.release()
    queue = broker.queue(SUBSCRIPTION)
    assert queue.leased == {}
    again = [delivery for _ in range(2) for _, delivery in broker.take(queue, 1, 10)]
    assert sorted(delivery.message.data for delivery in again) == [b"1", b"2"]


def test_large_letters_are_taken_at_once(broker: Any) -> None:
    texts = [b"%d" % number * 500_000 for number in range(10)]
    PubSubBox(TOPIC).keep(texts[:5], Deadline(30))
    PubSubBox(TOPIC).keep(texts[5:], Deadline(30))
    taken = PubSubBox(SUBSCRIPTION).take()
    assert sorted(next(taken)[0] for _ in texts) == sorted(texts)


def test_the_client_is_googles_own(clients: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PUBSUB_EMULATOR_HOST", raising=False)
    made = SimpleNamespace(transport=SimpleNamespace(close=lambda: None))
    monkeypatch.setattr("google.pubsub_v1.SubscriberClient", lambda: made)
    assert subscriber() is subscriber() is made


def _seconds_left(queue: Any) -> list[float]:
    import time

    return [expires - time.monotonic() for expires, _ in queue.leased.values()]


def test_when_nothing_comes_that_was_all(broker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lanner.outputs.boxes.pubsub._PULL_SECONDS", 0.2)
    texts = [b"%d" % number for number in range(25)]
    PubSubBox(TOPIC).keep(texts, Deadline(10))
    assert sorted(record for record, _ in PubSubBox(SUBSCRIPTION).take()) == sorted(texts)
    # also if the service says so by an empty answer
    monkeypatch.setattr("lanner.outputs.boxes.pubsub._PULL_SECONDS", 10)
    monkeypatch.setattr(broker, "take", lambda queue, most, wait: [])
    assert list(PubSubBox(SUBSCRIPTION).take()) == []


def test_letters_that_cannot_be_kept_or_taken_are_told(broker: Any) -> None:
    with pytest.raises(DeadLetterError, match="2 of 2 records were not taken: NotFound"):
        PubSubBox(f"{PROJECT}/topics/missing").keep([b"{}", b"[]"], Deadline(10))
    with pytest.raises(DeadLetterError, match="pubsub:missing: NotFound"):
        list(PubSubBox(f"{PROJECT}/subscriptions/missing").take())
    # GIVEN a letter whose subscription is deleted meanwhile
    PubSubBox(TOPIC).keep([b"{}"], Deadline(10))
    _, acknowledge = next(PubSubBox(SUBSCRIPTION).take())
    del broker.queues[SUBSCRIPTION]
    with pytest.raises(DeadLetterError, match="pubsub:alerts: "):
        acknowledge()


@pytest.mark.parametrize(
    "path",
    ["", "alerts", "projects/prod-1/topics/", "projects/prod-1/topics/a b", "projects/p/topics/ab", SUBSCRIPTION],
)
def test_what_is_no_topic(path: str) -> None:
    with pytest.raises(UsageError, match=r"is no topic of Pub/Sub \(projects/PROJECT/topics/TOPIC\)$"):
        PubSubTopic(path)
