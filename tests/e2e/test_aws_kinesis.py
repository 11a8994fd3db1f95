"""A Kinesis stream, and objects in S3, in front of the Lambda function, with the rights that its README names."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

import pytest

from aws_data import batch
from emulators.aws_deployment import AwsDeployment
from emulators.ministack import ACCOUNT, REGION, Ministack
from emulators.processes import wait_until
from functions_data import incident
from lanner.sources import eks

pytestmark = pytest.mark.e2e

_READ_STREAM = (
    *("kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords"),
    *("kinesis:GetShardIterator", "kinesis:ListShards", "kinesis:ListStreams"),
)
_READ_QUEUE = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


class Deployment:
    """The function, whose role may do what `allow` adds."""

    def __init__(self, account: Ministack, package: Any, cluster: str, **more: Any) -> None:
        archive = package.archive.read_bytes()
        self.account = account
        self.function = AwsDeployment(account, archive, package.runtime, cluster=cluster, **more)
        self.name = self.function.function
        self._lambda = account.client("lambda")
        self._iam = account.client("iam")
        self.arn = self._lambda.get_function(FunctionName=self.name)["Configuration"]["FunctionArn"]

    def allow(self, actions: Iterable[str], resource: str) -> None:
        """Give the function's role a right."""
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._iam.put_role_policy(RoleName=self.name, PolicyName=f"p{uuid4().hex}", PolicyDocument=document)

    def map_to(self, source: str, **more: Any) -> str:
        """Let Lambda read a stream or a queue for the function; return the mapping's id."""
        answer = self._lambda.create_event_source_mapping(
            EventSourceArn=source,
            FunctionName=self.name,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            **more,
        )
        return str(answer["UUID"])

    def alerts(self, count: int) -> set[str]:
        """Return the ids of the alerts that arrive."""
        return {one["Message"]["id"] for one in self.function.received(count)}


@pytest.fixture
def deploy(account: Ministack, lambda_package: Any) -> Any:
    """What deploys the function for a cluster."""
    return lambda cluster, **more: Deployment(account, lambda_package, cluster, **more)


def batches(cluster: str, size: int = 25) -> list[bytes]:
    """Return what CloudWatch Logs makes of the incident's lines."""
    lines = incident()
    group = f"/aws/eks/{cluster}/cluster"
    return [batch(*lines[start : start + size], group=group) for start in range(0, len(lines), size)]


def a_stream(account: Ministack, name: str) -> tuple[Any, str]:
    """Return the client of a new stream, and its ARN."""
    client = account.client("kinesis")
    client.create_stream(StreamName=name, ShardCount=2)

    def state() -> Any:
        return client.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]

    wait_until(lambda: state()["StreamStatus"] == "ACTIVE", 30, "the stream")
    return client, str(state()["StreamARN"])


def test_a_stream_of_two_clusters(deploy: Any, judge: Any, measured: Any) -> None:
    # GIVEN what has to come of an incident in each of two clusters
    sent = [one for pair in zip(batches("shop"), batches("bank"), strict=True) for one in pair]
    expected = judge(eks.blocks, sent, "eks", "")
    deployed = deploy("stream")
    stream, arn = a_stream(deployed.account, "audit")
    deployed.allow(_READ_STREAM, arn)
    deployed.map_to(
        arn, StartingPosition="TRIM_HORIZON", BatchSize=100, BisectBatchOnFunctionError=True, MaximumRetryAttempts=9
    )
    # WHEN their batches, and what can never be read, are in the stream
    began = time.perf_counter()
    records = [{"Data": one, "PartitionKey": str(number)} for number, one in enumerate([*sent, b"poison"])]
    assert stream.put_records(StreamName="audit", Records=records)["FailedRecordCount"] == 0
    # THEN each alert arrives, and the poison is kept
    arrived = deployed.alerts(len(expected.alerts))
    seconds = time.perf_counter() - began
    assert arrived == expected.ids
    wait_until(lambda: deployed.function.waiting() == 1, 30, "the dead letter")
    (letter,) = deployed.function.kept()
    assert letter["text"] == "poison"
    assert "audit/shardId-" in letter["origin"]
    measured(f"Kinesis, Lambda, SNS, SQS: {len(sent)} batches of 2 clusters, {len(arrived)} alerts in {seconds:.2f} s")


@pytest.fixture
def bucket(account: Ministack) -> str:
    """A bucket."""
    name = f"audit-{uuid4().hex[:8]}"
    account.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


def test_objects_of_which_s3_tells(deploy: Any, bucket: str, judge: Any, measured: Any) -> None:
    # GIVEN a bucket that tells the function of its objects
    sent = batches("objects")
    expected = judge(eks.blocks, sent, "eks", "")
    deployed = deploy("objects")
    deployed.allow(["s3:GetObject", "s3:GetObjectVersion"], f"arn:aws:s3:::{bucket}/*")
    deployed.allow(["s3:ListBucket"], f"arn:aws:s3:::{bucket}")
    deployed.account.client("lambda").add_permission(
        FunctionName=deployed.name,
        StatementId="s3",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn=f"arn:aws:s3:::{bucket}",
        SourceAccount=ACCOUNT,
    )
    s3 = deployed.account.client("s3")
    told = {"LambdaFunctionArn": deployed.arn, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"LambdaFunctionConfigurations": [told]}
    )
    # WHEN objects are written as Firehose writes them
    began = time.perf_counter()
    s3.put_object(Bucket=bucket, Key="2026/11/21/14/a b+c=.gz", Body=gzip.compress(b"".join(sent[:7])))
    s3.put_object(Bucket=bucket, Key="2026/11/21/14/ä", Body=b"".join(map(gzip.decompress, sent[7:])))
    # THEN their alerts arrive
    arrived = deployed.alerts(len(expected.alerts))
    assert arrived == expected.ids
    measured(f"S3, Lambda, SNS, SQS: 2 objects, {len(arrived)} alerts in {time.perf_counter() - began:.2f} s")


def test_objects_behind_a_queue_without_the_right_to_read_them(deploy: Any, bucket: str, judge: Any) -> None:
    # GIVEN a bucket that tells a queue, and a function that may not read it yet
    sent = batches("queued")
    expected = judge(eks.blocks, sent, "eks", "")
    deployed = deploy("queued")
    account = deployed.account
    sqs, s3 = account.client("sqs"), account.client("s3")
    queue = sqs.create_queue(QueueName="objects", Attributes={"VisibilityTimeout": "2"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    told = {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [told]})
    deployed.allow(_READ_QUEUE, arn)
    deployed.map_to(arn, BatchSize=10)
    # WHEN an object is written THEN the function fails, and says why
    s3.put_object(Bucket=bucket, Key="a.gz", Body=b"".join(sent))
    wait_until(lambda: any("AccessDenied" in line for line in deployed.function.said()), 30, "the refusal")
    assert not deployed.function.kept()
    # AND when it may read, all is well
    deployed.allow(["s3:GetObject", "s3:GetObjectVersion"], f"arn:aws:s3:::{bucket}/*")
    assert deployed.alerts(len(expected.alerts)) == expected.ids
    assert not deployed.function.kept()
