"""The package for Lambda under the client of Lambda's runtime, as it is unpacked there."""

from __future__ import annotations

import base64
import gzip
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulators.lambda_runtime import FunctionError, LambdaRuntime
from emulators.ministack import Ministack
from functions_data import cloudwatch, event, event_list, incident
from lanner.outputs.message import Message
from lanner.sources import apiserver, eks

pytestmark = pytest.mark.e2e

CLOUDWATCH, URL = "handler.handle", "lambda_url.handle"
TOKEN = "0123456789abcdef0123456789abcdef"
SETTINGS = {"LANNER_STDOUT": "true", "LANNER_AUTH_TOKENS": TOKEN}
STARTS, CALLS = 9, 200

Start = Callable[..., LambdaRuntime]


@pytest.fixture
def function(lambda_package: Any, tmp_path: Path) -> Start:
    """What starts a function of the package."""

    def start(handler: str, seconds: float = 30, **settings: str) -> LambdaRuntime:
        chosen = {"LANNER_DEAD_LETTERS": f"file:{tmp_path}/dead.jsonl"} | SETTINGS | settings
        log = tmp_path / "function.log"
        return LambdaRuntime(lambda_package.python, lambda_package.folder, handler, chosen, log, seconds)

    return start


def request(body: bytes, path: str = "/audit/shop", token: str = TOKEN) -> dict[str, Any]:
    """Return the event of a request to a function URL, as Lambda makes it."""
    return {
        "version": "2.0",
        "rawPath": path,
        "headers": {"content-type": "application/json", "authorization": f"Bearer {token}"},
        "requestContext": {"http": {"method": "POST", "path": path, "protocol": "HTTP/1.1"}},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def printed(started: LambdaRuntime) -> list[Message]:
    """Return the alerts that the function has printed."""
    return [
        Message.read(line.encode())
        for line in started.child.said(10**8).splitlines()
        if line.startswith('{"cluster"') and '"rule":' in line
    ]


def test_a_batch_of_a_subscription(function: Start, judge: Any) -> None:
    lines = incident()
    sent = cloudwatch(*lines)
    expected = judge(eks.events, [sent["awslogs"]["data"].encode()], "eks", "")
    with function(CLOUDWATCH) as started:
        for _ in ("cold", "warm"):
            counts = started.invoke(sent).result
            assert (counts["Events"], counts["Alerts"]) == (len(lines), len(expected.alerts))
        alerts = printed(started)
    assert {alert.id for alert in alerts} == expected.ids
    assert len(alerts) == 2 * len(expected.ids)


def test_requests_to_a_function_url(function: Start, judge: Any) -> None:
    lines = incident()
    bodies = [event_list(*lines[start : start + 100]) for start in range(0, len(lines), 100)]
    expected = judge(apiserver.events, bodies, "", "shop")
    with function(URL) as started:
        for body in bodies:
            assert started.invoke(request(body)).result["statusCode"] == 200
        assert started.invoke(request(gzip.compress(bodies[0]))).result["statusCode"] == 200
        assert started.invoke(request(bodies[0], token="wrong")).result["statusCode"] == 401
        assert started.invoke(request(b"", path="/elsewhere")).result["statusCode"] == 404
        assert {alert.id for alert in printed(started)} == expected.ids


def test_settings_that_are_wrong_are_told(function: Start) -> None:
    with (
        function(CLOUDWATCH, LANNER_SNS_TOPIC_ARM="arn") as started,
        pytest.raises(FunctionError, match=r"LANNER_SNS_TOPIC_ARM.*did you mean LANNER_SNS_TOPIC_ARN"),
    ):
        started.invoke({})


def test_what_is_not_safe_is_told(function: Start) -> None:
    # GIVEN an output and a box that cannot be reached
    settings = {
        "LANNER_STDOUT": "",
        "LANNER_SNS_TOPIC_ARN": "arn:aws:sns:eu-west-1:123456789012:alerts",
        "LANNER_DEAD_LETTERS": "file:/proc/nothing/dead.jsonl",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    }
    # WHEN something happens, THEN the call fails, so that Lambda calls again
    with function(CLOUDWATCH, 5, **settings) as started, pytest.raises(FunctionError, match="NotSafe"):
        started.invoke(cloudwatch(*incident()))


def test_every_file_is_compiled_and_read_from_its_byte_code(lambda_package: Any) -> None:
    sources = set(lambda_package.folder.rglob("*.py"))
    compiled = {path.parents[1] / f"{path.name.partition('.')[0]}.py" for path in lambda_package.folder.rglob("*.pyc")}
    assert compiled == sources


@pytest.mark.parametrize(
    ("handler", "sent"),
    [
        (CLOUDWATCH, event("aws_cloudwatch")),
        (URL, request(event("apiserver_webhook")["body"].encode())),
    ],
    ids=["subscription", "function URL"],
)
def test_cold_start(function: Start, measured: Any, handler: str, sent: Any, request: pytest.FixtureRequest) -> None:
    """Measure the time from the start of the process to the first answer, with a batch that alerts nobody."""
    times = []
    for _ in range(STARTS):
        with function(handler) as started:
            times.append(started.invoke(sent).time - started.child.started)
    measured(
        f"cold start of the package, {request.node.callspec.id}: median {statistics.median(times) * 1e3:.0f} ms, "
        f"{min(times) * 1e3:.0f} to {max(times) * 1e3:.0f} ms of {STARTS} (target 120 ms)"
    )


@pytest.mark.parametrize("output", ["stdout", "SNS"])
def test_warm_batch(function: Start, account: Ministack, measured: Any, judge: Any, output: str) -> None:
    """Measure the processor time of a batch of 200 events of which one alerts."""
    settings = {}
    if output == "SNS":
        topic = account.client("sns").create_topic(Name="measured")["TopicArn"]
        settings = {"LANNER_STDOUT": "", "LANNER_SNS_TOPIC_ARN": topic, "AWS_ENDPOINT_URL": account.endpoint}
    alerting, quiet = [], []
    for line in incident():
        found = judge(eks.events, [cloudwatch(line)["awslogs"]["data"].encode()], "eks", "").alerts
        (alerting if len(found) == 1 else quiet if not found else []).append(line)
    lines = [*quiet[:100], alerting[0], *quiet[100:199]]
    sent = cloudwatch(*lines)
    with function(CLOUDWATCH, **settings) as started:
        counts = started.invoke(sent).result
        assert (counts["Events"], counts["Alerts"], counts["Delivered"]) == (200, 1, 1)
        for _ in range(CALLS // 10):
            started.invoke(sent)
        before, began = cpu(started), time.perf_counter()
        for _ in range(CALLS):
            started.invoke(sent)
        used, wall = cpu(started) - before, time.perf_counter() - began
    measured(
        f"warm batch of 200 events ({sum(map(len, lines)) // 1000} kB), one alerting, to {output}: "
        f"{used / CALLS * 1e3:.1f} ms CPU, {wall / CALLS * 1e3:.1f} ms (target 8 ms CPU)"
    )


def cpu(started: LambdaRuntime) -> float:
    """Return the seconds of processor time that a function has used."""
    fields = Path(f"/proc/{started.child.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
