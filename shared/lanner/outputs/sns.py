"""Alerts to an Amazon SNS topic, standard or FIFO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lanner.errors import UsageError
from lanner.outputs import aws
from lanner.outputs.batching import grouped
from lanner.outputs.output import Failure
from lanner.outputs.shortening import beginning, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lanner.outputs.message import Message

__all__ = ["SnsTopic"]

_LIMIT = 262_144  # bytes of all messages of a request, with their attributes (Amazon SNS API reference, PublishBatch)
_MOST = 10
_MAX_ATTRIBUTE = 1024
_TYPE = "String"
_REST = 512
"""Bytes kept free for a message's subject, group and deduplication id, whether they count or not."""

_MAX_SUBJECT = 100
_MAX_GROUP = 128


class SnsTopic:
    """Publishes alerts to the topic `arn`: the alert as JSON, what subscriptions filter by as message attributes.

    A FIFO topic (`.fifo`) gets the cluster as message group and the alert's id as deduplication id. Raises `UsageError`
    if `arn` is not that of a topic.
    """

    def __init__(self, arn: str) -> None:
        parts = arn.split(":")
        if len(parts) != 6 or parts[0] != "arn" or parts[2] != "sns" or not (parts[3] and parts[5]):
            raise UsageError(f"{arn!r} is no ARN of an SNS topic (arn:aws:sns:REGION:ACCOUNT:TOPIC)")
        self.arn = arn
        self.name = f"sns:{parts[5]}"
        self._region = parts[3]
        self._is_fifo = parts[5].endswith(".fifo")

    def batches(self, messages: Sequence[Message]) -> Iterable[Sequence[Message]]:
        """Yield groups of at most ten messages that together are not too long."""
        return grouped(messages, _size, most=_MOST, limit=_LIMIT)

    def send(self, batch: Sequence[Message], timeout: float) -> Sequence[Failure]:
        """Publish a group."""

        def publish(entries: Sequence[dict[str, Any]]) -> Mapping[str, Any]:
            client = aws.client("sns", self._region, aws.seconds_within(timeout))
            answer: Mapping[str, Any] = client.publish_batch(TopicArn=self.arn, PublishBatchRequestEntries=entries)
            return answer

        refused = aws.send_entries(publish, [self._entry(number, message) for number, message in enumerate(batch)])
        return [Failure(batch[number], one.reason, one.is_final) for number, one in refused.items()]

    def _entry(self, number: int, message: Message) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "Id": str(number),
            "Message": aws.acceptable(shortened(message, _LIMIT - _beside(message)).decode()),
            "Subject": _subject(message),
            "MessageAttributes": {
                name: {"DataType": _TYPE, "StringValue": value} for name, value in _attributes(message).items()
            },
        }
        if self._is_fifo:
            group = _plain(message.cluster or message.provider or "lanner")
            entry["MessageGroupId"] = group.replace(" ", "-")[:_MAX_GROUP]
            entry["MessageDeduplicationId"] = message.id
        return entry


def _attributes(message: Message) -> dict[str, str]:
    """Return what subscriptions filter by; empty values would be refused."""
    texts = {name: aws.acceptable(text) for name, text in message.attributes().items()}
    return {name: beginning(text, _MAX_ATTRIBUTE) for name, text in texts.items() if text}


def _size(message: Message) -> int:
    """Return the bytes that a message takes in a request."""
    beside = _beside(message)
    return min(len(message.text) + beside, _LIMIT)


def _beside(message: Message) -> int:
    """Return the bytes that a message takes beside its text."""
    attributes = _attributes(message)
    return _REST + sum([len(name) + len(_TYPE) + len(value.encode()) for name, value in attributes.items()])


def _subject(message: Message) -> str:
    """Return the subject of a mail: printable ASCII, not more than SNS takes."""
    where = f" in {message.cluster}" if message.cluster else ""
    return _plain(f"{message.priority.label}: {message.rule}{where}")[:_MAX_SUBJECT].rstrip()


def _plain(text: str) -> str:
    """Return `text` with `-` for all that is not printable ASCII."""
    return "".join([char if char.isascii() and char.isprintable() else "-" for char in text])
