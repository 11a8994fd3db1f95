"""The function for GKE between two topics of Pub/Sub."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from emulators import cloud_audit_log
from emulators.cloud_run import CloudRunFunction
from emulators.fake_pubsub import FakePubSub
from emulators.processes import Unavailable, free_port
from emulators.pubsub import PubSub, PubSubEmulator
from functions_data import incident
from lanner.outputs.dead_letters import DeadLetter
from lanner.sources import gke

RECORDED = ("gcp_pubsub", "gcp_pubsub_refused")
OTHERS = ("gcp_pubsub_container", "gcp_pubsub_text")


class Cloud:
    """Topics for log entries, alerts and dead letters, subscriptions to the last two, and the function between them."""

    def __init__(self, pubsub: PubSub, host: str, source: Path, log: Path) -> None:
        self.pubsub = pubsub
        self.entries = pubsub.topic("audit-log")
        alerts, dead_letters = pubsub.topic("alerts"), pubsub.topic("dead-letters")
        self.alerts = pubsub.subscription(alerts, "alerts")
        self.dead_letters = pubsub.subscription(dead_letters, "dead-letters")
        self._source, self._log = source, log
        self._port = free_port()
        self._settings = {
            "LANNER_PUBSUB_TOPIC": alerts,
            "LANNER_DEAD_LETTERS": dead_letters,
            "PUBSUB_EMULATOR_HOST": host,
        }
        self._is_subscribed = False

    def function(self) -> CloudRunFunction:
        """Start the function, which the topic of log entries is pushed to; later ones take the place of the first."""
        started = CloudRunFunction(self._source, "cloudevent", self._settings, self._log, self._port)
        if not self._is_subscribed:
            self.pubsub.subscription(self.entries, "lanner", started.url)
            self._is_subscribed = True
        return started


@pytest.fixture(params=["fake", pytest.param("emulator", marks=pytest.mark.e2e)])
def cloud(request: pytest.FixtureRequest, cloud_run_source: Callable[[str], Path], tmp_path: Path) -> Iterator[Cloud]:
    """Pub/Sub: ours, and Google's emulator where it is."""
    with ExitStack() as stack:
        try:
            served = FakePubSub() if request.param == "fake" else PubSubEmulator(tmp_path)
        except Unavailable as error:
            pytest.skip(str(error))
        host = stack.enter_context(served).host
        pubsub = stack.enter_context(PubSub(host))
        yield Cloud(pubsub, host, cloud_run_source("gcp_pubsub"), tmp_path / "function.log")


def entries() -> list[bytes]:
    """Return entries as Cloud Audit Logs would write them of the incident, and recorded ones."""
    return [*cloud_audit_log.written(incident()), *map(cloud_audit_log.recorded, RECORDED)]


def pushed(data: bytes) -> bytes:
    """Return the body by which a message is delivered."""
    return json.dumps({"message": {"data": base64.b64encode(data).decode()}}).encode()


def test_alerts_arrive_at_the_topic(cloud: Cloud, judge: Any, measured: Any, request: pytest.FixtureRequest) -> None:
    # GIVEN log entries, and what has to come of them
    published = entries()
    expected = judge(gke.events, map(pushed, published), "gke", "")
    assert len(expected.ids) > len(RECORDED)
    with cloud.function():
        # WHEN they are published, and others among them
        began = time.perf_counter()
        for data in (*published, *map(cloud_audit_log.recorded, OTHERS)):
            cloud.pubsub.publish(cloud.entries, data)
        arrived = list(cloud.pubsub.pull(cloud.alerts, len(expected.alerts)))
        seconds = time.perf_counter() - began
        # THEN each alert arrives, with attributes to filter by
        alerts = [json.loads(data) for data, _ in arrived]
        assert {alert["id"] for alert in alerts} == expected.ids
        for alert, (_, attributes) in zip(alerts, arrived, strict=True):
            assert attributes["id"] == alert["id"]
            assert attributes["rule"] == alert["rule"]
            assert attributes["priority"] == alert["priority"]
        # AND nothing is kept
        assert not list(cloud.pubsub.pull(cloud.dead_letters, 1, 0.5))
    measured(f"Pub/Sub ({request.node.callspec.id}): {len(published)} entries, {len(alerts)} alerts in {seconds:.2f} s")


def test_what_cannot_be_read_is_kept_and_not_delivered_again(cloud: Cloud) -> None:
    with cloud.function():
        for data in (b"no JSON", b"\xff\xfe", b'{"protoPayload": 7}', cloud_audit_log.recorded(RECORDED[1])):
            cloud.pubsub.publish(cloud.entries, data)
        ((alert, _),) = cloud.pubsub.pull(cloud.alerts, 1)
        kept = [DeadLetter.read(data) for data, _ in cloud.pubsub.pull(cloud.dead_letters, 2)]
        assert not list(cloud.pubsub.pull(cloud.dead_letters, 9, 0.5))
    assert json.loads(alert)["rule"] == "Initial Access Attempt Failed"
    assert {letter.kind for letter in kept} == {"payload"}
    assert {letter.content for letter in kept} == {b"no JSON", b"\xff\xfe"}


def test_a_crash_loses_nothing(cloud: Cloud, judge: Any, measured: Any, request: pytest.FixtureRequest) -> None:
    # GIVEN messages on their way
    published = entries()
    expected = judge(gke.events, map(pushed, published), "gke", "")
    half = len(published) // 2
    with cloud.function() as started:
        for data in published[:half]:
            cloud.pubsub.publish(cloud.entries, data)
        # WHEN the function dies among them
        first = list(cloud.pubsub.pull(cloud.alerts, 3))
        started.kill()
    # AND others come while it is away
    for data in published[half:]:
        cloud.pubsub.publish(cloud.entries, data)
    # AND it comes back
    with cloud.function():
        seen = {attributes["id"] for _, attributes in first}
        count = len(first)
        assert seen < expected.ids
        while seen != expected.ids:
            batch = list(cloud.pubsub.pull(cloud.alerts, 1, 20))
            assert batch, f"{len(expected.ids - seen)} alerts are lost"
            seen |= {attributes["id"] for _, attributes in batch}
            count += len(batch)
    # THEN all alerts arrive, with the same ids
    assert seen == expected.ids
    measured(
        f"Pub/Sub ({request.node.callspec.id}): killed once, {len(published) - half} of {len(published)} entries came "
        f"while it was away: {len(seen)} alerts, {count - len(seen)} of them twice, 0 lost"
    )
