"""Alerts to SNS, as moto takes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from lanner.errors import UsageError
from lanner.outputs import aws
from lanner.outputs.sns import SnsTopic
from outputs.conftest import REGION, a_message

Queue = Callable[..., tuple[str, Callable[[], list[dict]]]]
ARN = f"arn:aws:sns:{REGION}:123456789012:alerts"


def a_topic(queue: Queue, policy: dict | None = None) -> tuple[str, Callable[[], list[dict]]]:
    """Return the ARN of a topic, and what reads the queue behind it."""
    sns = boto3.client("sns", region_name=REGION)
    arn = sns.create_topic(Name="alerts")["TopicArn"]
    url, read = queue()
    queue_arn = f"arn:aws:sqs:{REGION}:123456789012:{url.rpartition('/')[2]}"
    more = {"FilterPolicy": json.dumps(policy)} if policy else {}
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn, Attributes=more)
    return arn, read


def test_alerts_arrive(queue: Queue) -> None:
    # GIVEN a topic with a queue behind it
    arn, read = a_topic(queue)
    messages = [a_message(number) for number in range(25)]
    output = SnsTopic(arn)
    # WHEN alerts are sent, ten at a time
    batches = list(output.batches(messages))
    assert [len(batch) for batch in batches] == [10, 10, 5]
    assert [failure for batch in batches for failure in output.send(batch, 5)] == []
    # THEN they are there as JSON, with a subject
    notifications = [json.loads(message["Body"]) for message in read()]
    assert sorted(json.loads(one["Message"])["id"] for one in notifications) == [message.id for message in messages]
    assert notifications[0]["Subject"] == "Warning: A Rule in prod"
    assert output.name == "sns:alerts"


def test_subscriptions_filter_by_attributes(queue: Queue) -> None:
    arn, read = a_topic(queue, {"priority": ["Critical"], "cluster": ["prod"]})
    messages = [a_message(0), a_message(1, priority="Critical"), a_message(2, priority="Critical", cluster="")]
    assert not SnsTopic(arn).send(messages, 5)
    (notification,) = [json.loads(message["Body"]) for message in read()]
    assert json.loads(notification["Message"])["id"] == messages[1].id
    assert notification["MessageAttributes"]["rule"] == {"Type": "String", "Value": "A Rule"}
    assert "truncated" in notification["MessageAttributes"]


def test_fifo_topics_drop_what_comes_again(queue: Queue) -> None:
    arn, read = _a_fifo_topic(queue)
    message = a_message()
    output = SnsTopic(arn)
    for batch in ([message], [message, a_message(1, cluster="", provider="")]):
        assert not output.send(batch, 5)
    found = read()
    assert len(found) == 2
    assert {one["Attributes"]["MessageGroupId"] for one in found} == {"prod", "lanner"}
    assert message.id in {one["Attributes"]["MessageDeduplicationId"] for one in found}


def _a_fifo_topic(queue: Queue) -> tuple[str, Callable[[], list[dict]]]:
    sns = boto3.client("sns", region_name=REGION)
    arn = sns.create_topic(Name="alerts.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    url, read = queue(FifoQueue="true")
    endpoint = f"arn:aws:sqs:{REGION}:123456789012:{url.rpartition('/')[2]}"
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=endpoint, Attributes={"RawMessageDelivery": "true"})
    return arn, read


def test_long_alerts_are_cut_and_taken(queue: Queue) -> None:
    arn, read = a_topic(queue)
    messages = [a_message(number, output="x" * 300_000) for number in range(2)]
    output = SnsTopic(arn)
    batches = list(output.batches(messages))
    assert len(batches) == 2
    for batch in batches:
        assert not output.send(batch, 5)
    bodies = [json.loads(json.loads(message["Body"])["Message"]) for message in read()]
    assert all("[cut by Lanner, 300000 characters in all]" in body["output"] for body in bodies)


def test_characters_that_sns_refuses_do_not_keep_an_alert_back(queue: Queue) -> None:
    arn, read = a_topic(queue)
    message = a_message(output="a\uffffb\ufffec", rule="R\x07\u00e9\n", cluster="c\x00")
    assert not SnsTopic(arn).send([message], 5)
    (notification,) = [json.loads(one["Body"]) for one in read()]
    assert json.loads(notification["Message"])["output"] == "a\ufffdb\ufffdc"
    assert notification["Subject"] == "Warning: R--- in c-"
    assert notification["MessageAttributes"]["rule"]["Value"] == "R-\u00e9-"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """GIVEN a client that answers each call by the next of a list: an answer, or an error to be raised."""
    answers: list[Any] = []

    class Client:
        def publish_batch(self, **arguments: Any) -> Any:
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

    monkeypatch.setattr(aws, "client", lambda service, region: Client())
    yield answers
    assert answers == []


def error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "why"}}, "PublishBatch")


@pytest.mark.parametrize(
    ("problem", "is_final"),
    [
        (error("Throttling"), False),
        (error("InternalError"), False),
        (error("ServiceUnavailable"), False),
        (error("AuthorizationError"), True),
        (error("AccessDeniedException"), True),
        (error("NotFound"), True),
        (EndpointConnectionError(endpoint_url="https://sns"), False),
    ],
)
def test_failures_of_a_request(client: list[Any], problem: Exception, is_final: bool) -> None:
    client.append(problem)
    (failure,) = SnsTopic(ARN).send([a_message()], 5)
    assert failure.is_final is is_final
    assert failure.reason


def test_one_bad_message_costs_no_other(client: list[Any]) -> None:
    # GIVEN a request that is refused as a whole because of one message
    client += [error("InvalidParameter"), {}, error("InvalidParameter"), {}]
    messages = [a_message(number) for number in range(3)]
    # WHEN it is sent THEN the others are sent alone
    (failure,) = SnsTopic(ARN).send(messages, 5)
    assert (failure.message, failure.is_final) == (messages[1], True)


def test_entries_may_fail_alone(client: list[Any]) -> None:
    failed = [{"Id": "1", "Code": "InternalError"}, {"Id": "2", "Code": "InvalidParameter", "SenderFault": True}]
    client.append({"Successful": [{"Id": "0"}], "Failed": failed})
    messages = [a_message(number) for number in range(3)]
    found = SnsTopic(ARN).send(messages, 5)
    assert [(failure.message, failure.is_final) for failure in found] == [(messages[1], False), (messages[2], True)]


@pytest.mark.parametrize("arn", ["", "alerts", "arn:aws:sqs:eu-west-1:1:q", "arn:aws:sns::1:t", "arn:aws:sns:r:1:"])
def test_what_is_no_topic(arn: str) -> None:
    with pytest.raises(UsageError, match="no ARN of an SNS topic"):
        SnsTopic(arn)
