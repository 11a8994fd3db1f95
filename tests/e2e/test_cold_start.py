"""What a function does before its first answer: with nothing to alert of, no SDK is imported."""

from __future__ import annotations

import http.client
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulators.cloud_run import CloudRunFunction
from emulators.processes import environment
from functions_data import event
from package.build import REPOSITORY

TOKEN = "0123456789abcdef0123456789abcdef"
ARN = "arn:aws:sns:eu-west-1:123456789012:alerts"
SETTINGS = {
    "LANNER_AUTH_TOKENS": TOKEN,
    "LANNER_SNS_TOPIC_ARN": ARN,
    "LANNER_PUBSUB_TOPIC": "projects/shop-prod/topics/alerts",
    "LANNER_WEBHOOK_URL": "https://alerts.example/hook",
    "LANNER_SLACK_URL": "https://hooks.slack.example/x",
    "LANNER_DEAD_LETTERS": "https://sqs.eu-west-1.amazonaws.com/123456789012/dead-letters",
}
# Of botocore, Powertools imports the package itself, to be named in its user agent.
SDKS = ("boto3", "botocore.session", "botocore.client", "google.cloud.pubsub_v1", "google.auth", "grpc", "urllib3")
BUILD_TIME = ("yaml", "argparse", "lanner.cli", "lanner.language.parser", "lanner.ruleset.loader")

# Each ends by printing the modules that are imported.
LAMBDA = """
import json, sys
from types import SimpleNamespace
import {module}
context = SimpleNamespace(function_name="lanner", memory_limit_in_mb=256, aws_request_id="1",
    invoked_function_arn="arn:aws:lambda:eu-west-1:123456789012:function:lanner",
    get_remaining_time_in_millis=lambda: 60_000)
answer = {module}.handle(json.loads(sys.argv[1]), context)
assert answer.get("Events") == 4 or answer.get("statusCode") == 200, answer
print(*sys.modules)
"""
CLOUD_RUN = """
import json, sys
import functions_framework
before = set(sys.modules)  # the framework itself is the platform's
path, signature, body, headers = sys.argv[1:]
client = functions_framework.create_app("handle", path, signature).test_client()
answer = client.post("/audit/shop", data=body, headers=json.loads(headers))
assert answer.status_code == 200, answer.data
print(*(sys.modules.keys() - before))
"""
JSON = {"Content-Type": "application/json"}
STARTS = 9


def quiet_request() -> dict[str, Any]:
    """Return a request to a function URL in which nothing happens."""
    return {
        "version": "2.0",
        "rawPath": "/audit/shop",
        "headers": {"content-type": "application/json", "authorization": f"Bearer {TOKEN}"},
        "requestContext": {"http": {"method": "POST", "path": "/audit/shop"}},
        "body": event("apiserver_webhook")["body"],
        "isBase64Encoded": False,
    }


def imported(rules: Path, program: str, folder: Path, *arguments: str) -> list[str]:
    """Run a program in a fresh interpreter, as a function whose source is in `folder`; return what it imported."""
    variables = environment(PYTHONPATH=str(folder), LANNER_RULES=str(rules)) | SETTINGS
    ended = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()[-1].split()


def unwanted(modules: list[str], names: tuple[str, ...]) -> list[str]:
    """Return the modules that are of packages which are not wanted."""
    return [module for module in modules if any(f"{module}.".startswith(f"{name}.") for name in names)]


@pytest.mark.parametrize(
    ("function", "module", "sent"),
    [("aws_cloudwatch", "handler", event("aws_cloudwatch")), ("http_webhook", "lambda_url", quiet_request())],
    ids=["subscription", "function URL"],
)
def test_a_quiet_batch_imports_no_sdk_on_lambda(rules: Path, function: str, module: str, sent: Any) -> None:
    folder = REPOSITORY / "functions" / function
    modules = imported(rules, LAMBDA.format(module=module), folder, json.dumps(sent))
    assert "lanner.pipeline" in modules
    assert unwanted(modules, SDKS + BUILD_TIME) == []


@pytest.mark.parametrize(
    ("function", "signature", "body", "head"),
    [
        ("gcp_pubsub", "cloudevent", json.dumps(event("gcp_pubsub_container")), JSON),
        (
            "http_webhook",
            "http",
            event("apiserver_webhook")["body"],
            JSON | {"Authorization": f"Bearer {TOKEN}"},
        ),
    ],
    ids=["gcp_pubsub", "http_webhook"],
)
def test_a_quiet_batch_imports_no_sdk_on_cloud_run(
    rules: Path, function: str, signature: str, body: str, head: dict[str, str]
) -> None:
    folder = REPOSITORY / "functions" / function
    modules = imported(rules, CLOUD_RUN, folder, str(folder / "main.py"), signature, body, json.dumps(head))
    assert "lanner.pipeline" in modules
    assert unwanted(modules, SDKS + BUILD_TIME) == []


@pytest.mark.e2e
@pytest.mark.parametrize("function", ["gcp_pubsub", "http_webhook"])
def test_cold_start_on_cloud_run(
    cloud_run_source: Callable[[str], Path], tmp_path: Path, measured: Any, function: str
) -> None:
    """Measure the time from the start of the functions framework to the first answer."""
    source = cloud_run_source(function)
    head, path, signature = JSON, "/", "cloudevent"
    body = json.dumps(event("gcp_pubsub_container"))
    if function == "http_webhook":
        head, path, signature = JSON | {"Authorization": f"Bearer {TOKEN}"}, "/audit/shop", "http"
        body = event("apiserver_webhook")["body"]
    # Without the first, which writes the byte code that the platform's build makes.
    times = [first_answer(source, signature, tmp_path, path, body, head) for _ in range(STARTS + 1)][1:]
    measured(
        f"cold start on Cloud Run, {function}, Python {sys.version_info.major}.{sys.version_info.minor}: "
        f"median {statistics.median(times) * 1e3:.0f} ms, {min(times) * 1e3:.0f} to {max(times) * 1e3:.0f} ms "
        f"of {STARTS} (target 400 ms)"
    )


def first_answer(source: Path, signature: str, folder: Path, path: str, body: str, head: dict[str, str]) -> float:
    """Return the seconds from the start of a function to its first answer."""
    function = CloudRunFunction(source, signature, SETTINGS, folder / "function.log")
    try:
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", function.port, timeout=10)
            try:
                connection.request("POST", path, body, head)
                answer = connection.getresponse()
                assert answer.status == 200, answer.read()
            except ConnectionError:
                assert function.process.poll() is None, function.said()
                os.sched_yield()
                time.sleep(0.002)
            else:
                return time.perf_counter() - function.started
            finally:
                connection.close()
    finally:
        function.kill()
