"""Alerts to an Amazon SNS topic, standard or FIFO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lanner.errors import UsageError
from lanner.outputs import aws
from lanner.outputs.batching import grouped
from lanner.outputs.output import Failure
from lanner.outputs.shortening import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lanner.outputs.message import Message

__all__ = ["SnsTopic"]

_LIMIT = 262_144  # bytes of all messages of a request, with their attributes (Amazon SNS API reference, PublishBatch)
_MOST = 10
_MAX_ATTRIBUTE = 1024
_RESERVED = 12_288
"""Bytes kept free in a request for the attributes of a message and its subject."""

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
        """Publish a group; `timeout` is bounded by that of the client."""
        entries = [self._entry(number, message) for number, message in enumerate(batch)]
        try:
            answer = aws.client("sns", self._region).publish_batch(
                TopicArn=self.arn, PublishBatchRequestEntries=entries
            )
        except Exception as error:  # boto3's errors have no common base
            reason, is_final = aws.reason_of(error)
            if is_final and len(batch) > 1:  # perhaps only one of them is refused
                return [failure for message in batch for failure in self.send([message], timeout)]
            return [Failure(message, reason, is_final) for message in batch]
        return [
            Failure(
                batch[int(failed["Id"])],
                aws.error_text(failed["Code"], failed.get("Message", "")),
                bool(failed.get("SenderFault")) or aws.is_final_code(failed["Code"]),
            )
            for failed in answer.get("Failed", [])
        ]

    def _entry(self, number: int, message: Message) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "Id": str(number),
            "Message": aws.acceptable(shortened(message, _LIMIT - _RESERVED).decode()),
            "Subject": _subject(message),
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": value} for name, value in _attributes(message).items()
            },
        }
        if self._is_fifo:
            entry["MessageGroupId"] = _plain(message.cluster or message.provider or "lanner").replace(" ", "-")[
                :_MAX_GROUP
            ]
            entry["MessageDeduplicationId"] = message.id
        return entry


def _attributes(message: Message) -> dict[str, str]:
    """Return what subscriptions filter by; empty values are refused, and so are control characters."""
    texts = {name: _plain(value, anything=True)[:_MAX_ATTRIBUTE] for name, value in message.attributes().items()}
    return {name: text for name, text in texts.items() if text}


def _size(message: Message) -> int:
    return min(len(message.text), _LIMIT - _RESERVED) + _RESERVED


def _subject(message: Message) -> str:
    """Return the subject of a mail: printable ASCII, not more than SNS takes."""
    where = f" in {message.cluster}" if message.cluster else ""
    return _plain(f"{message.priority.label}: {message.rule}{where}")[:_MAX_SUBJECT]


def _plain(text: str, *, anything: bool = False) -> str:
    """Return `text` with `-` for what cannot be printed, and, unless `anything` may stand there, is not ASCII."""
    return "".join([char if char.isprintable() and (anything or char.isascii()) else "-" for char in text])
