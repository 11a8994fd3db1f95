"""Alerts to be sent, outputs that fail as they are told, a clock that nobody waits for, and moto's AWS."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3
import pytest
from moto import mock_aws

from emulators.azurite import Azurite
from emulators.managed_identity import ManagedIdentity
from emulators.processes import Unavailable
from lanner.outputs import aws, azure, storage_queue
from lanner.outputs.message import Message
from lanner.outputs.output import Failure

REGION = "eu-west-1"

Queue = Callable[..., tuple[str, Callable[[], list[dict]]]]


def a_message(number: int = 0, **changes: object) -> Message:
    """Return an alert with so many parts of its own; `changes` are those of its JSON object."""
    alert = {
        "cluster": "prod",
        "hostname": "h",
        "id": f"{number:064x}",
        "output": f"10:00:00.000000000: Warning alert {number}",
        "output_fields": {"evt.time": 1714558830123456000, "ka.user.name": "alice"},
        "priority": "Warning",
        "provider": "eks",
        "rule": "A Rule",
        "source": "k8s_audit",
        "tags": ["k8s"],
        "time": "2024-05-01T10:20:30.123456000Z",
        "time_source": "stageTimestamp",
        "truncated": False,
    } | changes
    return Message.read(json.dumps(alert, separators=(",", ":"), ensure_ascii=False).encode())


class Scripted:
    """An output that takes groups of `size`, and answers each attempt by what `answer` makes of it."""

    name = "scripted:one"

    def __init__(self, answer: Callable[[Sequence[Message], float], Sequence[Failure]], size: int = 10) -> None:
        self._answer = answer
        self._size = size
        self.taken: list[str] = []
        self.timeouts: list[float] = []

    def batches(self, messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
        for start in range(0, len(messages), self._size):
            yield messages[start : start + self._size]

    def send(self, batch: Sequence[Message], timeout: float) -> Sequence[Failure]:
        self.timeouts.append(timeout)
        failures = self._answer(batch, timeout)
        failed = {id(failure.message) for failure in failures}
        self.taken += [message.id for message in batch if id(message) not in failed]
        return failures


class Clock:
    """The time, which passes when somebody waits; `pauses` are how long."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def put_in(self, patch: pytest.MonkeyPatch) -> None:
        """Make it the clock of deliveries."""
        for module in ("deadline", "delivery", "boxes.retrying"):
            patch.setattr(f"lanner.outputs.{module}.time", self)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """GIVEN a clock that nobody waits for."""
    clock = Clock()
    clock.put_in(monkeypatch)
    return clock


def _forget_clients() -> None:
    aws.client.cache_clear()
    aws._session.cache_clear()


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """GIVEN credentials for AWS, and clients that are still to be made."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_CA_BUNDLE", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    _forget_clients()
    yield
    _forget_clients()


@pytest.fixture
def cloud(credentials: None) -> Iterator[None]:
    """GIVEN an AWS account of moto's."""
    with mock_aws():
        yield


@pytest.fixture
def queue(cloud: None) -> Queue:
    """What makes a queue: its URL, and what reads the messages in it."""
    sqs = boto3.client("sqs", region_name=REGION)

    def make(**attributes: str) -> tuple[str, Callable[[], list[dict]]]:
        name = f"q{len(sqs.list_queues().get('QueueUrls', []))}"
        name += ".fifo" if attributes.get("FifoQueue") else ""
        url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]

        def read() -> list[dict]:
            found: list[dict] = []
            while True:
                answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"])
                if not answer.get("Messages"):
                    return found
                for message in answer["Messages"]:
                    found.append(message)
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

        return url, read

    return make


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """Azure's emulator of queues."""
    with TemporaryDirectory(prefix="lanner-") as folder:
        try:
            started = Azurite(Path(folder))
        except Unavailable as error:
            pytest.skip(str(error))
        with started:
            yield started


@pytest.fixture
def identity(monkeypatch: pytest.MonkeyPatch) -> Iterator[ManagedIdentity]:
    """A function with a managed identity, and clients that are still to be made."""
    azure.credential.cache_clear()
    storage_queue.client.cache_clear()
    with ManagedIdentity() as served:
        for name, value in served.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("AZURE_CLIENT_ID", raising=False)
        monkeypatch.setenv("NO_PROXY", "*")
        yield served
    azure.credential.cache_clear()
    storage_queue.client.cache_clear()


@pytest.fixture
def azure_queue(azurite: Azurite, identity: ManagedIdentity, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty Storage queue; its URL."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(azurite.authority))
    url = f"{azurite.url}/q{uuid.uuid4().hex}"
    storage_queue.client(url).create_queue()
    return url
