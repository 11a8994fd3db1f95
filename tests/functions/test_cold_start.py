"""What a function imports before its first answer: no SDK, no YAML, nothing of the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from functions_data import EVENTS, cloudwatch, incident

FUNCTIONS = Path(__file__).parents[2] / "functions"
UNWANTED = [
    *("boto3", "botocore.client", "google.cloud.pubsub_v1", "grpc", "urllib3", "yaml", "ssl"),
    *("lanner.cli", "lanner.ruleset.loader", "lanner.language.parser", "lanner.outputs.http", "lanner.pipeline.server"),
    *("lanner.scan.parallel", "multiprocessing", "argparse"),
]
INVOKED = """
import json, sys
from types import SimpleNamespace
from handler import handle
context = SimpleNamespace(function_name="lanner", memory_limit_in_mb=256, aws_request_id="1",
    invoked_function_arn="arn:aws:lambda:eu-west-1:123456789012:function:lanner",
    get_remaining_time_in_millis=lambda: 20000)
print(handle(json.loads(sys.stdin.read()), context))
print(*sys.modules)
"""


def modules(payload: object, rules: Path, folder: str, program: str, **settings: str) -> list[str]:
    """Run a function once in a process of its own; return the modules that were imported then."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(FUNCTIONS / folder),
        "LANNER_RULES": str(rules),
        **{f"LANNER_{name}": value for name, value in settings.items()},
    }
    ended = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(payload).encode(),
        capture_output=True,
        env=environment,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr.decode()
    return ended.stdout.decode().splitlines()[-1].split()


SNS = {"SNS_TOPIC_ARN": "arn:aws:sns:eu-west-1:123456789012:alerts", "DEAD_LETTERS": "https://sqs.example/1/dead"}


@pytest.mark.parametrize(
    ("name", "settings", "allowed"),
    [
        ("aws_cloudwatch", SNS, ()),
        ("aws_cloudwatch_control", SNS, ()),
        ("aws_cloudwatch", SNS | {"SLACK_URL_FILE": "/run/slack"}, ("lanner.outputs.http",)),
    ],
)
def test_a_quiet_batch_needs_no_client(
    name: str, settings: dict[str, str], allowed: tuple[str, ...], rules: Path
) -> None:
    payload = json.loads((EVENTS / f"{name}.json").read_text())
    imported = modules(payload, rules, "aws_cloudwatch", INVOKED, **settings)
    assert "lanner.pipeline.pipeline" in imported
    assert [one for one in UNWANTED if one in imported and one not in allowed] == []


def test_an_alert_on_standard_output_needs_none_either(rules: Path) -> None:
    imported = modules(cloudwatch(*incident()), rules, "aws_cloudwatch", INVOKED, STDOUT="true")
    assert [one for one in ("boto3", "urllib3", "yaml", "lanner.cli") if one in imported] == []


PUBSUB = """
import json, sys
from cloudevents.http import CloudEvent
from main import handle
handle(CloudEvent({"type": "t", "source": "s", "id": "1"}, json.loads(sys.stdin.read())))
print(*sys.modules)
"""


def test_a_quiet_message_needs_no_client(rules: Path) -> None:
    payload = json.loads((EVENTS / "gcp_pubsub_text.json").read_text())
    topics = {"PUBSUB_TOPIC": "projects/shop-prod/topics/alerts", "DEAD_LETTERS": "projects/shop-prod/topics/dead"}
    imported = modules(payload, rules, "gcp_pubsub", PUBSUB, **topics)
    of_the_framework = ("ssl", "argparse", "urllib3", "multiprocessing")
    assert [one for one in UNWANTED if one in imported and one not in of_the_framework] == []
