"""Alerts and dead letters through Pub/Sub: Google's client against a small server of the same protocol."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lanner.errors import UsageError
from lanner.outputs import pubsub
from lanner.outputs.boxes.pubsub import PubSubBox
from lanner.outputs.dead_letters import DeadLetter, Joiner
from lanner.outputs.deadline import Deadline
from lanner.outputs.pubsub import PubSubTopic
from lanner.sources import Reject
from outputs.conftest import a_message

SERVER = Path(__file__).parents[3] / "shared" / "tools" / "fake_pubsub.py"
PROJECT = "projects/prod-1"


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """GIVEN a server with the topic `alerts` and a subscription of it."""
    if not SERVER.exists():
        pytest.skip("the Pub/Sub server for tests is not beside this checkout; make e2e uses the emulator")
    spec = importlib.util.spec_from_file_location("fake_pubsub", SERVER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(__import__("sys").modules, "fake_pubsub", module)
    spec.loader.exec_module(module)
    from google.pubsub_v1 import types

    server, port, found = module.serve()
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", f"127.0.0.1:{port}")
    found.topics[f"{PROJECT}/topics/alerts"] = types.Topic(name=f"{PROJECT}/topics/alerts")
    found.subscribe(types.Subscription(name=f"{PROJECT}/subscriptions/alerts", topic=f"{PROJECT}/topics/alerts"))
    pubsub.publisher.cache_clear()
    yield found
    pubsub.publisher().stop()
    pubsub.publisher.cache_clear()
    found.closed.set()
    server.stop(0)


def published(broker: Any) -> list[Any]:
    queue = broker.queue(f"{PROJECT}/subscriptions/alerts")
    return [delivery.message for _, delivery in broker.take(queue, 1000, 0)]


def test_alerts_arrive_with_attributes(broker: Any) -> None:
    output = PubSubTopic(f"{PROJECT}/topics/alerts")
    messages = [a_message(number, cluster="") for number in range(30)]
    (batch,) = output.batches(messages)
    assert not output.send(batch, 10)
    found = published(broker)
    assert sorted(json.loads(one.data)["id"] for one in found) == [message.id for message in messages]
    assert dict(found[0].attributes)["priority"] == "Warning"
    assert "cluster" not in found[0].attributes
    assert found[0].ordering_key == ""
    assert output.name == "pubsub:alerts"


def test_a_topic_that_is_not_there_is_final(broker: Any) -> None:
    output = PubSubTopic(f"{PROJECT}/topics/missing")
    (failure,) = output.send([a_message()], 10)
    assert failure.is_final
    assert "NotFound" in failure.reason


def test_dead_letters_come_back(broker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # gRPC takes messages of 4 MB unless, as Google's service, the server takes more
    monkeypatch.setattr("lanner.outputs.boxes.pubsub.LIMIT", 300_000)
    contents = [b"{}", b"\xff\x00", b"x" * 1_000_000]
    box = PubSubBox(f"{PROJECT}/topics/alerts")
    letters = [DeadLetter.of_reject(Reject("log:1", "why", content)) for content in contents]
    box.keep([record for letter in letters for record in letter.records(300_000)], Deadline(30))
    joiner = Joiner()
    found = []
    taken = PubSubBox(f"{PROJECT}/subscriptions/alerts").take()
    for record, acknowledge in taken:
        one = joiner.add(DeadLetter.read(record), acknowledge)
        if one is not None:
            found.append(one[0].content)
            one[1]()
        if len(found) == len(contents):
            taken.close()  # type: ignore[attr-defined]
            break
    assert sorted(found) == sorted(contents)
    assert broker.queue(f"{PROJECT}/subscriptions/alerts").leased == {}


def test_what_goes_wrong_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_credentials() -> Any:
        raise RuntimeError("no credentials")

    monkeypatch.setattr(pubsub, "publisher", no_credentials)
    (failure,) = PubSubTopic(f"{PROJECT}/topics/alerts").send([a_message()], 1)
    assert (failure.reason, failure.is_final) == ("RuntimeError: no credentials", False)


def test_an_answer_that_does_not_come_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from concurrent.futures import Future

    futures: list[Future] = [Future(), Future()]
    futures[1].set_result("id")
    client = SimpleNamespace(publish=lambda *args, **more: futures.pop(0))
    monkeypatch.setattr(pubsub, "publisher", lambda: client)
    messages = [a_message(0), a_message(1)]
    (failure,) = PubSubTopic(f"{PROJECT}/topics/alerts").send(messages, 0.01)
    assert failure.message is messages[0]
    assert not failure.is_final


@pytest.mark.parametrize(
    "path", ["", "alerts", "projects/prod-1/topics/", "projects/prod-1/topics/a b", "projects/p/topics/abc"]
)
def test_what_is_no_topic(path: str) -> None:
    with pytest.raises(UsageError, match="no topic of Pub/Sub"):
        PubSubTopic(path)
