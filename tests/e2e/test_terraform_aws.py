"""Terraform, with AWS's own provider: the smallest example in an account that enforces IAM, from apply to destroy."""

from __future__ import annotations

import base64
import gzip
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from emulators import terraform as running
from emulators.ministack import ACCOUNT, REGION, Ministack
from emulators.processes import Unavailable, wait_until
from emulators.terraform import Terraform
from functions_data import cloudwatch, incident
from lanner.sources import eks
from package.build import REPOSITORY
from terraform.places import copied

pytestmark = pytest.mark.e2e

CLUSTER, NAME = "shop", "lanner"
LOG_GROUP = f"/aws/eks/{CLUSTER}/cluster"
STREAM = "kube-apiserver-audit-0123456789abcdef0123456789abcdef"

# The emulator's services have one address, its functions run on this machine, and its filters know no JSON.
OVERRIDE = """\
provider "aws" {{
  access_key = "test"
  secret_key = "test"

  endpoints {{
    cloudwatch     = "{endpoint}"
    cloudwatchlogs = "{endpoint}"
    iam            = "{endpoint}"
    lambda         = "{endpoint}"
    sns            = "{endpoint}"
    sqs            = "{endpoint}"
    sts            = "{endpoint}"
  }}
}}

module "lanner" {{
  package = "{package}"
  filter  = ""
}}
"""

# On AWS, batches need the right of a single message; the emulator asks for rights that AWS does not know.
RIGHTS_OF_THE_EMULATOR = {"sns:PublishBatch": "topic", "sqs:SendMessageBatch": "dead letters"}

# What the emulator forgets of what it was told (it takes alarms by one protocol, and tells of them by another).
KNOWN_DRIFT = {
    "aws_cloudwatch_metric_alarm": {
        "actions_enabled",
        "alarm_description",
        "dimensions",
        "period",
        "statistic",
        "treat_missing_data",
    }
}


class Applied(NamedTuple):
    """The example as it was applied: where it is, how Terraform gets there, what it put out."""

    account: Ministack
    terraform: Terraform
    folder: Path
    seconds: float
    topic: str
    dead_letters: str
    role: str

    def run(self, *arguments: str) -> str:
        """Run Terraform, which has to succeed; return what it printed."""
        done = self.terraform(self.folder, *arguments)
        assert done, done.output
        return done.output


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ministack]:
    """An account of its own, so that what is left in it can be told."""
    try:
        started = Ministack(tmp_path_factory.mktemp("account"))
    except Unavailable as error:
        pytest.skip(str(error))
    with started:
        yield started


@pytest.fixture(scope="module")
def applied(fresh: Ministack, lambda_package: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Applied]:
    """The example, applied after EKS made the cluster's log group."""
    try:
        program, provider = running.binary(), running.real_aws(tmp_path_factory.mktemp("provider"))
        with provider as variables:
            tree = copied(tmp_path_factory.mktemp("checkout"))
            folder = tree / "examples" / "aws-eks-minimal"
            (folder / "emulator_override.tf").write_text(
                OVERRIDE.format(endpoint=fresh.endpoint, package=lambda_package.archive)
            )
            terraform = Terraform(program, tmp_path_factory.mktemp("terraform"), variables)
            fresh.client("logs").create_log_group(logGroupName=LOG_GROUP)
            fresh.client("logs").create_log_stream(logGroupName=LOG_GROUP, logStreamName=STREAM)
            made = Applied(fresh, terraform, folder, 0, "", "", "")
            made.run("init", "-no-color")
            began = time.perf_counter()
            made.run("apply", "-no-color", "-auto-approve")
            seconds = time.perf_counter() - began
            told = {name: one["value"] for name, one in json.loads(made.run("output", "-json")).items()}
            yield made._replace(
                seconds=seconds, topic=told["alert_topic"], dead_letters=told["dead_letters"], role=told["identity"]
            )
    except Unavailable as error:
        pytest.skip(str(error))


@pytest.fixture
def alerts(applied: Applied) -> Iterator[str]:
    """A queue behind the topic: its URL. Meanwhile the function has the rights that the emulator asks for."""
    sqs, sns, iam = (applied.account.client(service) for service in ("sqs", "sns", "iam"))
    queue = sqs.create_queue(QueueName="alerts")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    let = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": applied.topic}},
    }
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy(let))})
    subscription = sns.subscribe(TopicArn=applied.topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]
    places = {"topic": applied.topic, "dead letters": arn_of_queue(applied.dead_letters)}
    rights = [
        {"Effect": "Allow", "Action": action, "Resource": places[place]}
        for action, place in RIGHTS_OF_THE_EMULATOR.items()
    ]
    iam.put_role_policy(RoleName=NAME, PolicyName="emulator", PolicyDocument=json.dumps(policy(*rights)))
    yield queue
    iam.delete_role_policy(RoleName=NAME, PolicyName="emulator")
    sns.unsubscribe(SubscriptionArn=subscription)
    sqs.delete_queue(QueueUrl=queue)


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    """Return a policy of statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def arn_of_queue(url: str) -> str:
    """Return the ARN of a queue in the account."""
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{url.rpartition('/')[2]}"


def received(account: Ministack, queue: str, count: int, seconds: float = 30) -> Iterator[dict[str, Any]]:
    """Yield alerts out of the queue, until there were `count` or nothing came for some seconds."""
    sqs = account.client("sqs")
    end = time.monotonic() + seconds
    while count > 0 and time.monotonic() < end:
        answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for message in answer.get("Messages", []):
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            yield json.loads(json.loads(message["Body"])["Message"])
            count -= 1
            end = time.monotonic() + seconds


def test_events_in_the_log_group_arrive_as_alerts(applied: Applied, alerts: str, judge: Any, measured: Any) -> None:
    # GIVEN what has to come of the log of an incident
    lines = incident()
    batch = json.loads(gzip.decompress(base64.b64decode(cloudwatch(*lines)["awslogs"]["data"])))
    batch["logGroup"] = LOG_GROUP
    payload = base64.b64encode(gzip.compress(json.dumps(batch).encode()))
    expected = judge(eks.events, [payload], "eks", "")
    # WHEN it is written to the log group
    now = time.time_ns() // 1_000_000
    began = time.perf_counter()
    applied.account.client("logs").put_log_events(
        logGroupName=LOG_GROUP, logStreamName=STREAM, logEvents=[{"timestamp": now, "message": line} for line in lines]
    )
    # THEN each alert comes out of the queue behind the topic
    arrived = []
    first = 0.0
    for alert in received(applied.account, alerts, len(expected.alerts)):
        first = first or time.perf_counter() - began
        arrived.append(alert)
    assert {alert["id"] for alert in arrived} == expected.ids
    assert {alert["cluster"] for alert in arrived} == {CLUSTER}
    # AND nothing is kept
    answer = applied.account.client("sqs").receive_message(QueueUrl=applied.dead_letters)
    assert not answer.get("Messages")
    measured(
        f"terraform apply of aws-eks-minimal by AWS's provider: {applied.seconds:.0f} s; {len(lines)} events, "
        f"{len(arrived)} alerts, the first after {first:.2f} s; IAM enforced"
    )


def test_a_second_apply_changes_nothing(applied: Applied) -> None:
    # WHEN it is planned again
    plan = applied.folder / "second.tfplan"
    applied.run("plan", "-no-color", f"-out={plan}")
    changes = json.loads(applied.run("show", "-json", str(plan)))["resource_changes"]
    # THEN there is nothing to do but what the emulator forgot
    for one in changes:
        if one["change"]["actions"] == ["no-op"]:
            continue
        before, after = one["change"]["before"], one["change"]["after"]
        assert one["change"]["actions"] == ["update"], one["address"]
        different = {name for name in after if before.get(name) != after[name]}
        assert different <= KNOWN_DRIFT.get(one["type"], set()), one["address"]
    # AND that can be done
    assert "0 added" in applied.run("apply", "-no-color", str(plan))


def test_the_role_may_do_what_the_readme_lists(applied: Applied) -> None:
    # GIVEN the rights that the README of the function lists
    readme = (REPOSITORY / "functions" / "aws_cloudwatch" / "README.md").read_text()
    listed = set(re.findall(r"`((?:sns|sqs|kms|secretsmanager|kinesis|s3):\w+)`", readme))
    own_log = {"logs:CreateLogStream", "logs:PutLogEvents"}
    # WHEN all policies of the role are read
    iam = applied.account.client("iam")
    assert not iam.list_attached_role_policies(RoleName=NAME)["AttachedPolicies"]
    (name,) = iam.list_role_policies(RoleName=NAME)["PolicyNames"]
    document = iam.get_role_policy(RoleName=NAME, PolicyName=name)["PolicyDocument"]
    # THEN they give these and no others, on what is its own
    given = {action: statement["Resource"] for statement in document["Statement"] for action in statement["Action"]}
    assert given.keys() == {"sns:Publish", "sqs:SendMessage"} | own_log
    assert given.keys() <= listed | own_log
    assert given["sns:Publish"] == [applied.topic]
    assert given["sqs:SendMessage"] == [arn_of_queue(applied.dead_letters)]
    for action in own_log:
        assert given[action] == [f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/{NAME}:*"]


def test_the_role_is_denied_everything_else(applied: Applied) -> None:
    # GIVEN others' topics, queues, logs and secrets, and somebody who has the function's role
    account = applied.account
    topic = account.client("sns").create_topic(Name="others")["TopicArn"]
    queue = account.client("sqs").create_queue(QueueName="others")["QueueUrl"]
    secret = account.client("secretsmanager").create_secret(Name="others", SecretString="-")["ARN"]
    answer = account.client("sts").assume_role(RoleArn=applied.role, RoleSessionName="tests")["Credentials"]
    keys = {
        "aws_access_key_id": answer["AccessKeyId"],
        "aws_secret_access_key": answer["SecretAccessKey"],
        "aws_session_token": answer["SessionToken"],
    }
    # WHEN he does what the function does, THEN he may
    account.client("sns", **keys).publish(TopicArn=applied.topic, Message="-")
    account.client("sqs", **keys).send_message(QueueUrl=applied.dead_letters, MessageBody="-")
    # WHEN he does anything else, THEN he may not
    now = time.time_ns() // 1_000_000
    tried: list[tuple[str, str, dict[str, Any]]] = [
        ("sns", "publish", {"TopicArn": topic, "Message": "-"}),
        ("sns", "subscribe", {"TopicArn": applied.topic, "Protocol": "sqs", "Endpoint": arn_of_queue(queue)}),
        ("sns", "delete_topic", {"TopicArn": applied.topic}),
        ("sqs", "send_message", {"QueueUrl": queue, "MessageBody": "-"}),
        ("sqs", "receive_message", {"QueueUrl": applied.dead_letters}),
        ("sqs", "purge_queue", {"QueueUrl": applied.dead_letters}),
        ("logs", "get_log_events", {"logGroupName": LOG_GROUP, "logStreamName": STREAM}),
        (
            "logs",
            "put_log_events",
            {
                "logGroupName": LOG_GROUP,
                "logStreamName": STREAM,
                "logEvents": [{"timestamp": now, "message": "-"}],
            },
        ),
        ("logs", "delete_log_group", {"logGroupName": LOG_GROUP}),
        ("logs", "delete_subscription_filter", {"logGroupName": LOG_GROUP, "filterName": NAME}),
        ("secretsmanager", "get_secret_value", {"SecretId": secret}),
        ("lambda", "invoke", {"FunctionName": NAME}),
        ("lambda", "update_function_configuration", {"FunctionName": NAME, "Timeout": 900}),
        ("cloudwatch", "delete_alarms", {"AlarmNames": [f"{NAME}-errors"]}),
        ("iam", "put_role_policy", {"RoleName": NAME, "PolicyName": "more", "PolicyDocument": json.dumps(policy())}),
        ("iam", "list_roles", {}),
        ("s3", "list_buckets", {}),
        ("kms", "list_keys", {}),
        ("kinesis", "list_streams", {}),
    ]
    allowed = [f"{service}:{call}" for service, call, asked in tried if not denied(account, keys, service, call, asked)]
    assert not allowed
    account.client("sns").delete_topic(TopicArn=topic)
    account.client("sqs").delete_queue(QueueUrl=queue)
    account.client("secretsmanager").delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)


def denied(account: Ministack, keys: dict[str, str], service: str, call: str, asked: dict[str, Any]) -> bool:
    """Tell whether a call is refused because of who calls."""
    from botocore.exceptions import ClientError

    try:
        getattr(account.client(service, **keys), call)(**asked)
    except ClientError as error:
        return error.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException", "AuthorizationError")
    return False


def test_destroy_leaves_nothing(applied: Applied) -> None:
    # WHEN it is destroyed
    applied.run("destroy", "-no-color", "-auto-approve")
    # THEN nothing is left but what was there before
    account = applied.account
    assert json.loads(applied.run("show", "-json")).get("values") is None
    assert not account.client("lambda").list_functions()["Functions"]
    assert not account.client("sns").list_topics()["Topics"]
    assert not account.client("sqs").list_queues().get("QueueUrls")
    assert not account.client("iam").list_roles(PathPrefix="/")["Roles"]
    assert not account.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert not account.client("cloudwatch").list_dashboards()["DashboardEntries"]
    logs = account.client("logs")
    wait_until(lambda: [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]] == [LOG_GROUP], 10)
    assert not logs.describe_subscription_filters(logGroupName=LOG_GROUP)["subscriptionFilters"]
