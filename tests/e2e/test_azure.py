"""The function for AKS under Microsoft's worker library, behind a partition of events, before Storage queues."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from emulators.azure_worker import AzureWorker, Partition, WorkerDied
from emulators.azurite import ACCOUNT, Azurite
from emulators.managed_identity import ManagedIdentity
from emulators.processes import Unavailable
from functions_data import EVENTS, incident
from lanner.outputs.dead_letters import DeadLetter
from lanner.sources import aks

pytestmark = pytest.mark.e2e

RECORDED = [(EVENTS / f"azure_eventhub{kind}.json").read_bytes() for kind in ("", "_cut", "_quiet")]
CLUSTER = "/SUBSCRIPTIONS/0/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/SHOP"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Azurite's, which everybody knows."""


def bodies() -> list[bytes]:
    """Return the bodies of messages with the events of the incident, and recorded ones among them."""
    lines = incident()
    made = []
    for start in range(0, len(lines), 5):
        records = [
            {"category": "kube-audit", "properties": {"log": line}, "resourceId": CLUSTER}
            for line in lines[start : start + 5]
        ]
        made.append(json.dumps({"records": records}).encode())
    return [*made, *RECORDED]


class Cloud:
    """A function between a partition and queues for alerts and dead letters, which are still to be made."""

    def __init__(self, azurite: Azurite, identity: ManagedIdentity, folder: Path, log: Path) -> None:
        self._azurite = azurite
        self._folder, self._log = folder, log
        self._settings = {
            "LANNER_STORAGE_QUEUE_URL": f"{azurite.url}/alerts",
            "LANNER_DEAD_LETTERS": f"{azurite.url}/letters",
            "REQUESTS_CA_BUNDLE": str(azurite.authority),
            **identity.environment,
        }

    def function(self) -> AzureWorker:
        """Return the function, to be started."""
        return AzureWorker(self._folder, self._settings, self._log)

    def queue(self, name: str) -> Any:
        """Return the client of a queue, by the account's key."""
        from azure.storage.queue import QueueClient

        credential = {"account_name": ACCOUNT, "account_key": KEY}
        return QueueClient(self._azurite.url, name, credential, connection_verify=str(self._azurite.authority))

    def taken(self, name: str) -> list[bytes]:
        """Return what is in a queue, and remove it."""
        queue = self.queue(name)
        found = []
        for message in queue.receive_messages(messages_per_page=32):
            found.append(base64.b64decode(message.content))
            queue.delete_message(message)
        return found


@pytest.fixture
def cloud(cloud_run_source: Callable[[str], Path], tmp_path: Path) -> Iterator[Cloud]:
    """GIVEN Azure's emulator, a managed identity, and the package of the function."""
    with ExitStack() as stack:
        try:
            azurite = stack.enter_context(Azurite(tmp_path))
            made = Cloud(
                azurite,
                stack.enter_context(ManagedIdentity()),
                cloud_run_source("azure_eventhub").parent,
                tmp_path / "function.log",
            )
            made.function()
        except Unavailable as error:
            pytest.skip(str(error))
        yield made


def ids(alerts: list[bytes]) -> list[str]:
    return [json.loads(alert)["id"] for alert in alerts]


def test_what_the_host_is_told(cloud: Cloud) -> None:
    with cloud.function() as worker:
        assert worker.told["ok"], worker.told
        assert worker.told["retry"] == {
            "strategy": "exponential_backoff",
            "max_retry_count": -1,
            "seconds": [2.0, 120.0],
        }
        (binding,) = worker.told["bindings"]
        assert binding["type"] == "eventHubTrigger"
        assert (binding["cardinality"], binding["dataType"]) == ("MANY", "BINARY")


def test_alerts_arrive_in_the_queue(cloud: Cloud, judge: Any, measured: Callable[[str], None]) -> None:
    # GIVEN queues, and what has to come of the events
    for name in ("alerts", "letters"):
        cloud.queue(name).create_queue()
    expected = judge(aks.events, bodies(), "aks", "")
    partition = Partition(bodies())
    with cloud.function() as worker:
        # WHEN the host calls with them
        began = time.perf_counter()
        while not partition.is_done:
            partition.deliver(worker)
        seconds = time.perf_counter() - began
        lines = worker.lines
    # THEN each alert is there once, and the log says so
    alerts = cloud.taken("alerts")
    assert sorted(ids(alerts)) == sorted(message.id for message in expected.alerts)
    assert cloud.taken("letters") == []
    assert sum(line.get("delivered", 0) for line in lines) == len(alerts)
    assert {line["level"] for line in lines} == {"INFO"}
    measured(f"Azure: {len(bodies())} Event Hub messages, {len(alerts)} alerts in {seconds:.2f} s")


def test_what_cannot_be_read_is_kept(cloud: Cloud) -> None:
    for name in ("alerts", "letters"):
        cloud.queue(name).create_queue()
    with cloud.function() as worker:
        assert worker.call([b"no JSON", RECORDED[0], b"\xff\xfe"], partition="7", first=100) == ""
        assert worker.call([]) == ""
    assert len(cloud.taken("alerts")) == 1
    letters = [DeadLetter.read(record) for record in cloud.taken("letters")]
    assert sorted((letter.content, letter.origin) for letter in letters) == [
        (b"no JSON", "partition 7, sequence number 100, offset 100"),
        (b"\xff\xfe", "partition 7, sequence number 102, offset 102"),
    ]


def test_queues_that_are_not_there_and_crashes_lose_nothing(
    cloud: Cloud, judge: Any, measured: Callable[[str], None]
) -> None:
    # GIVEN neither queue, so that no alert can be delivered or kept
    expected = judge(aks.events, bodies(), "aks", "")
    partition = Partition(bodies(), batch=4)
    failed: list[str] = []
    with cloud.function() as worker:
        while not failed:
            partition.deliver(worker, failed, most=2)
        stands = partition.checkpoint
        assert all("neither delivered nor kept" in error and "QueueNotFound" in error for error in failed)
        partition.deliver(worker, failed, most=1)
        assert partition.checkpoint == stands
        worker.kill()
    # WHEN the queues are there, and the process dies again and again while it is at work
    for name in ("alerts", "letters"):
        cloud.queue(name).create_queue()
    deaths = 0
    while not partition.is_done:
        with cloud.function() as worker:
            try:
                for _ in range(3):
                    if not partition.is_done:
                        partition.deliver(worker)
                if not partition.is_done:
                    worker.begin(partition.next(), first=partition.checkpoint)
                    deaths += 1
                    time.sleep(0.02 * deaths)
                    worker.kill()
            except WorkerDied:
                pytest.fail(worker.said())
    # THEN all alerts are there, some of them twice, with the same ids
    alerts = cloud.taken("alerts")
    assert set(ids(alerts)) == expected.ids
    assert cloud.taken("letters") == []
    assert deaths > 1
    measured(
        f"Azure: {len(failed)} calls without a queue, {deaths} crashes: {len(expected.ids)} alerts, "
        f"{len(alerts)} sent, {len(expected.ids - set(ids(alerts)))} lost"
    )


def test_wrong_settings_are_said_and_keep_it_from_starting(cloud: Cloud) -> None:
    cloud._settings["LANNER_STORAGE_QUEUE_URL"] += "?sig=c2VjcmV0"
    with cloud.function() as worker:
        assert not worker.told["ok"]
        assert worker.told["error"].startswith(
            "UsageError: LANNER_STORAGE_QUEUE_URL: that is no URL of a Storage queue"
        )
        (line,) = worker.lines
        assert line["level"] == "CRITICAL"
        assert "c2VjcmV0" not in worker.told["error"] + json.dumps(line) + worker.said()
