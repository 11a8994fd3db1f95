"""Alerts to SNS, as moto takes them."""

from __future__ import annotations

import json
from collections.abc import Callable

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanner.errors import UsageError
from lanner.outputs.message import Message
from lanner.outputs.sns import SnsTopic
from outputs.conftest import REGION, Queue, a_message

ARN = f"arn:aws:sns:{REGION}:123456789012:alerts"
LIMIT = 262_144


def a_topic(queue: Queue, policy: dict | None = None) -> tuple[str, Callable[[], list[dict]]]:
    """Return the ARN of a topic, and what reads the queue behind it."""
    sns = boto3.client("sns", region_name=REGION)
    arn = sns.create_topic(Name="alerts")["TopicArn"]
    url, read = queue()
    queue_arn = f"arn:aws:sqs:{REGION}:123456789012:{url.rpartition('/')[2]}"
    more = {"FilterPolicy": json.dumps(policy)} if policy else {}
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn, Attributes=more)
    return arn, read


def a_fifo_topic(queue: Queue) -> tuple[str, Callable[[], list[dict]]]:
    sns = boto3.client("sns", region_name=REGION)
    arn = sns.create_topic(Name="alerts.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    url, read = queue(FifoQueue="true")
    endpoint = f"arn:aws:sqs:{REGION}:123456789012:{url.rpartition('/')[2]}"
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=endpoint, Attributes={"RawMessageDelivery": "true"})
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
    assert {name: one["Value"] for name, one in notification["MessageAttributes"].items()} == {
        "id": messages[1].id,
        "rule": "A Rule",
        "priority": "Critical",
        "cluster": "prod",
        "provider": "eks",
        "source": "k8s_audit",
        "truncated": "false",
    }
    assert {one["Type"] for one in notification["MessageAttributes"].values()} == {"String"}


def test_fifo_topics_drop_what_comes_again(queue: Queue) -> None:
    arn, read = a_fifo_topic(queue)
    message = a_message()
    others = [
        a_message(1, cluster="", provider=""),
        a_message(2, cluster=""),
        a_message(3, cluster="a b\u00e9" + "c" * 200),
    ]
    for batch in ([message], [message, *others, message]):
        assert not SnsTopic(arn).send(batch, 5)
    found = read()
    assert sorted(one["Attributes"]["MessageDeduplicationId"] for one in found) == [m.id for m in (message, *others)]
    groups = {one["Attributes"]["MessageGroupId"] for one in found}
    assert groups == {"prod", "lanner", "eks", "a-b-" + "c" * 124}


@pytest.mark.parametrize("size", [LIMIT - 2000, LIMIT - 1000, LIMIT, LIMIT + 1, 3 * LIMIT])
def test_long_alerts_are_cut_and_taken(queue: Queue, size: int) -> None:
    arn, read = a_topic(queue)
    # GIVEN two alerts of a size, with attributes as large as they can be
    messages = [a_message(number, rule="\u00e9" * 2000, output="") for number in range(2)]
    messages = [
        a_message(number, rule="\u00e9" * 2000, output="x" * (size - len(message.text)))
        for number, message in enumerate(messages)
    ]
    # WHEN they are sent THEN each is taken in a request of its own
    batches = list(SnsTopic(arn).batches(messages))
    assert len(batches) == 2
    for batch in batches:
        assert not SnsTopic(arn).send(batch, 5)
    notifications = [json.loads(message["Body"]) for message in read()]
    assert len(notifications) == 2
    for notification in notifications:
        counted = notification["Message"] + "".join(
            name + one["Type"] + one["Value"] for name, one in notification["MessageAttributes"].items()
        )
        assert LIMIT - 1000 - 2000 < len(counted.encode()) <= LIMIT
        alert = json.loads(notification["Message"])
        assert alert["rule"] == "\u00e9" * 2000
        assert ("[cut by Lanner: " in alert["output"]) == (size > LIMIT - 2000)


@given(st.lists(st.integers(0, 400_000), max_size=30))
def test_groups_are_no_larger_than_a_request(sizes: list[int]) -> None:
    messages = [a_message(number, output="x" * size) for number, size in enumerate(sizes)]
    batches = [list(batch) for batch in SnsTopic(ARN).batches(messages)]
    assert [message for batch in batches for message in batch] == messages
    for batch in batches:
        assert len(batch) <= 10
        assert len(batch) == 1 or sum(map(_size, batch)) <= LIMIT


def _size(message: Message) -> int:
    attributes = message.attributes()
    return len(message.text) + sum(len(name) + len("String") + len(value) for name, value in attributes.items())


def test_what_sns_refuses_does_not_keep_an_alert_back(queue: Queue) -> None:
    arn, read = a_topic(queue)
    message = a_message(output="a\uffffb\ufffec", rule="R\x07\u00e9\n", cluster="c\x00", source="")
    assert not SnsTopic(arn).send([message], 5)
    (notification,) = [json.loads(one["Body"]) for one in read()]
    assert json.loads(notification["Message"])["output"] == "a\ufffdb\ufffdc"
    assert notification["Subject"] == "Warning: R--- in c-"
    assert notification["MessageAttributes"]["rule"]["Value"] == "R\ufffd\u00e9\n"
    assert "source" not in notification["MessageAttributes"]


def test_subjects_are_short(queue: Queue) -> None:
    arn, read = a_topic(queue)
    assert not SnsTopic(arn).send([a_message(rule="R" * 90 + " " * 90)], 5)
    (notification,) = [json.loads(one["Body"]) for one in read()]
    assert notification["Subject"] == "Warning: " + "R" * 90


@pytest.mark.parametrize(
    "arn", ["", "alerts", "arn:aws:sqs:eu-west-1:1:q", "arn:aws:sns::1:t", "arn:aws:sns:r:1:", f"{ARN}:subscription"]
)
def test_what_is_no_topic(arn: str) -> None:
    with pytest.raises(UsageError, match="no ARN of an SNS topic"):
        SnsTopic(arn)
