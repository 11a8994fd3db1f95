"""CloudWatch Logs, Lambda, SNS and SQS: the package as it is deployed, with the rights that its README names."""

from __future__ import annotations

import base64
import gzip
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from emulators.aws_deployment import AwsDeployment
from emulators.ministack import REGION, Ministack
from emulators.processes import environment, wait_until
from functions_data import cloudwatch, event, incident
from lanner.outputs.dead_letters import DeadLetter
from lanner.sources import eks

pytestmark = pytest.mark.e2e


@pytest.fixture
def deploy(account: Ministack, lambda_package: Any) -> Any:
    """What deploys the function for a cluster."""
    package = lambda_package.archive.read_bytes()
    return lambda cluster, **more: AwsDeployment(account, package, lambda_package.runtime, cluster=cluster, **more)


def payload(lines: list[str], cluster: str) -> bytes:
    """Return what CloudWatch Logs would deliver for the lines."""
    batch = json.loads(gzip.decompress(base64.b64decode(cloudwatch(*lines)["awslogs"]["data"])))
    batch["logGroup"] = f"/aws/eks/{cluster}/cluster"
    return base64.b64encode(gzip.compress(json.dumps(batch).encode()))


def says(deployed: AwsDeployment, text: str) -> bool:
    """Tell whether a function's log has a text: it gets there after the alerts, when the call has ended."""
    return any(text in line for line in deployed.said())


def test_alerts_arrive_in_the_queue(deploy: Any, judge: Any, measured: Any) -> None:
    # GIVEN what has to come of the log of an incident
    lines = incident()
    expected = judge(eks.events, [payload(lines, "shop")], "eks", "")
    deployed = deploy("shop")
    # WHEN it is written to the log group
    began = time.perf_counter()
    first = 0.0
    arrived = []
    for start in range(0, len(lines), 100):
        deployed.log(lines[start : start + 100])
    # THEN each alert comes out of the queue behind the topic
    for delivered in deployed.received(len(expected.alerts)):
        first = first or time.perf_counter() - began
        arrived.append(delivered)
    seconds = time.perf_counter() - began
    assert {one["Message"]["id"] for one in arrived} == expected.ids
    for one in arrived:
        assert one["MessageAttributes"]["priority"]["Value"] == one["Message"]["priority"]
        assert one["MessageAttributes"]["id"]["Value"] == one["Message"]["id"]
        assert one["Message"]["cluster"] == "shop"
    # AND nothing is kept, and the log shows what was done
    assert not deployed.kept()
    wait_until(lambda: says(deployed, '"Alerts"'), 30, "a line in the log")
    measured(
        f"CloudWatch Logs, Lambda, SNS, SQS: {len(lines)} events, {len(arrived)} alerts in {seconds:.2f} s, "
        f"the first after {first:.2f} s; IAM enforced"
    )


def test_quiet_logs_cause_nothing(deploy: Any) -> None:
    deployed = deploy("quiet")
    deployed.log([line for line in incident()[:40] if '"system:anonymous"' not in line])
    wait_until(lambda: says(deployed, '"Events"'), 30, "a run")
    assert not list(deployed.received(1, 1))
    assert not deployed.kept()


def test_without_the_right_to_publish_alerts_are_kept_and_can_be_replayed(
    account: Ministack, deploy: Any, judge: Any, measured: Any, tmp_path: Path
) -> None:
    # GIVEN a role that may not publish
    lines = incident()
    expected = judge(eks.events, [payload(lines, "denied")], "eks", "")
    deployed = deploy("denied", may_publish=False)
    # WHEN something happens
    deployed.log(lines)
    # THEN all alerts are kept as dead letters
    wait_until(lambda: deployed.waiting() == len(expected.alerts), 30, "dead letters for all alerts")
    wait_until(lambda: says(deployed, "not authorized"), 30, "the reason in the log")
    assert not list(deployed.received(1, 1))
    # AND `lanner replay` delivers them, with the same ids
    told = replay(account, deployed, tmp_path)
    assert told.returncode == 0, told.stderr
    arrived = {delivered["Message"]["id"] for delivered in deployed.received(len(expected.alerts), 5)}
    assert arrived == expected.ids
    assert deployed.waiting() == 0
    measured(f"Lambda without sns:Publish: {len(arrived)} alerts kept as dead letters, all replayed, 0 lost")


def replay(account: Ministack, deployed: AwsDeployment, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run `lanner replay` with the rights of an administrator."""
    variables = environment(
        LANNER_SNS_TOPIC_ARN=deployed.topic,
        AWS_ENDPOINT_URL=account.endpoint,
        AWS_DEFAULT_REGION=REGION,
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",
    )
    command = [sys.executable, "-m", "lanner", "replay", deployed.dead_letters]
    return subprocess.run(command, env=variables, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_other_batches_are_taken(account: Ministack, deploy: Any) -> None:
    deployed = deploy("others")
    client = account.client("lambda")
    for sent, counted in (
        (event("aws_cloudwatch_control"), "Others"),
        (event("aws_cloudwatch_authenticator"), "Others"),
        ({"awslogs": {"data": "nonsense"}}, "DeadLetters"),
    ):
        answer = client.invoke(FunctionName=deployed.function, Payload=json.dumps(sent).encode())
        assert "FunctionError" not in answer
        assert json.loads(answer["Payload"].read())[counted] == 1
    (letter,) = [DeadLetter.read(json.dumps(record).encode()) for record in deployed.kept()]
    assert letter.kind == "payload"
