"""Functions as their platforms load them: from their file, with their settings, once or many times."""

from __future__ import annotations

import importlib.util
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions_data import COMPARED
from lanner.outputs import aws
from lanner.ruleset import artefact
from support import shipped

TESTS = Path(__file__).parents[1]
FUNCTIONS = TESTS.parent / "functions"
EVENTS = TESTS / "events"
REGION = "eu-west-1"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much was compared: a suite that compares nothing passes, too."""
    if COMPARED:
        terminalreporter.section("alerts through functions, compared with those of the plain events")
        for line in COMPARED:
            terminalreporter.write_line(line)


@pytest.fixture(scope="module")
def packs() -> tuple[str, ...]:
    """The packs of shipped rules that functions judge by; `default` if there are none."""
    return ()


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory, packs: tuple[str, ...]) -> Path:
    """The shipped rules of these packs, built."""
    path = tmp_path_factory.mktemp("rules") / "rules.lanner"
    path.write_bytes(artefact.write(shipped(*packs)))
    return path


Function = Callable[..., ModuleType]


@pytest.fixture
def function(rules: Path, monkeypatch: pytest.MonkeyPatch) -> Function:
    """Load the module of a function, with settings."""
    monkeypatch.delenv("PYTHONDEVMODE", raising=False)
    monkeypatch.setenv("LANNER_RULES", str(rules))
    loggers = logging.root.manager.loggerDict

    def new_loggers() -> None:
        """Forget the loggers of a process before."""
        others = {name: one for name, one in loggers.items() if name.partition(".")[0] != "lanner"}
        monkeypatch.setattr(logging.root.manager, "loggerDict", others)

    def loaded(path: str, **settings: str) -> ModuleType:
        for name, value in settings.items():
            monkeypatch.setenv(f"LANNER_{name}", value)
        spec = importlib.util.spec_from_file_location(f"function_{path.replace('/', '_')}", FUNCTIONS / f"{path}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, module)
        new_loggers()
        spec.loader.exec_module(module)
        return module

    return loaded


@pytest.fixture
def context() -> Any:
    """What Lambda tells a function about its invocation."""
    return SimpleNamespace(
        function_name="lanner",
        memory_limit_in_mb=256,
        aws_request_id="6bc28136-xmpl-4365-b021-0ce6b2e64ab0",
        invoked_function_arn=f"arn:aws:lambda:{REGION}:123456789012:function:lanner",
        get_remaining_time_in_millis=lambda: 20_000,
    )


class Aws:
    """A topic whose alerts arrive in a queue, and a queue for dead letters."""

    def __init__(self) -> None:
        sns, self._sqs = boto3.client("sns", REGION), boto3.client("sqs", REGION)
        self.topic = sns.create_topic(Name="alerts")["TopicArn"]
        self._alerts = self._queue("alerts")
        arn = self._sqs.get_queue_attributes(QueueUrl=self._alerts, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
        self.dead_letters = self._queue("dead-letters")

    def _queue(self, name: str) -> str:
        url: str = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        return url

    def taken(self, url: str = "") -> list[str]:
        """Return what arrived in a queue, that of the alerts if none is named."""
        found: list[str] = []
        while messages := self._sqs.receive_message(
            QueueUrl=url or self._alerts, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages", []):
            for message in messages:
                found.append(message["Body"])
                self._sqs.delete_message(QueueUrl=url or self._alerts, ReceiptHandle=message["ReceiptHandle"])
        return found


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """AWS, as moto plays it."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_CA_BUNDLE", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    aws.client.cache_clear()
    with mock_aws():
        yield Aws()
    aws.client.cache_clear()
