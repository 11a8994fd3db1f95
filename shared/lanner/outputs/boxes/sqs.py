"""Dead letters in an Amazon SQS queue."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lanner.errors import DeadLetterError, UsageError
from lanner.outputs import aws
from lanner.outputs.batching import grouped
from lanner.outputs.boxes.retrying import Refused, keep_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lanner.outputs.dead_letters import Acknowledge
    from lanner.outputs.deadline import Deadline

__all__ = ["SqsBox"]

_LIMIT = 262_144
"""Bytes of all messages of a request (Amazon SQS quotas): each queue takes as many, if it is not told to take fewer."""

_MOST = 10
_QUEUE = r"https?://[^/?#\s@]+/[^?#\s]+"
_REGION = r"https?://(?:[^/]+\.)?(?:sqs(?:-fips)?\.([a-z]+(?:-[a-z0-9]+)+)|([a-z]+(?:-[a-z0-9]+)+)\.queue)\."
_WAIT_SECONDS = 2
_HIDDEN_SECONDS = 120
"""How long a message that was taken does not show again: the time that there is to deal with it."""


class SqsBox:
    """Keeps dead letters in the queue with the URL `url`, a standard one. Raises `UsageError` if it is no URL."""

    limit = _LIMIT

    def __init__(self, url: str) -> None:
        if re.fullmatch(_QUEUE, url) is None or url.endswith(".fifo"):
            raise UsageError(f"{url!r} is no URL of a standard SQS queue")
        self.url = url
        self.name = f"sqs:{url.rpartition('/')[2]}"
        region = re.match(_REGION, url)
        self._taken: dict[str, None] = {}
        self._region: str | None = (region[1] or region[2]) if region is not None else None

    def keep(self, records: Sequence[bytes], deadline: Deadline) -> None:
        """Send records until the queue has taken all of them."""
        keep_all(records, deadline, lambda waiting: grouped(waiting, len, most=_MOST, limit=_LIMIT), self._send)

    def take(self) -> Iterator[tuple[bytes, Acknowledge]]:
        """Receive messages until there are no more; those that are not acknowledged come back later."""
        while True:
            answer = self._call(
                "receive_message",
                MaxNumberOfMessages=_MOST,
                WaitTimeSeconds=_WAIT_SECONDS,
                VisibilityTimeout=_HIDDEN_SECONDS,
            )
            messages = answer.get("Messages", [])
            if not messages:
                return
            self._taken |= dict.fromkeys([message["ReceiptHandle"] for message in messages])
            for message in messages:
                yield message["Body"].encode(), self._acknowledgement(message["ReceiptHandle"])

    def release(self) -> None:
        """Let those messages be received again at once that were taken and not acknowledged."""
        handles, self._taken = list(self._taken), {}
        for group in grouped(handles, len, most=_MOST, limit=_LIMIT):
            entries = [
                {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                for number, handle in enumerate(group)
            ]
            self._call("change_message_visibility_batch", Entries=entries)

    def _acknowledgement(self, handle: str) -> Acknowledge:
        def acknowledge() -> None:
            self._call("delete_message", ReceiptHandle=handle)
            self._taken.pop(handle, None)

        return acknowledge

    def _call(self, action: str, **arguments: Any) -> Mapping[str, Any]:
        """Return the answer of the service. Raises `DeadLetterError` if there is none."""
        try:
            client = aws.client("sqs", self._region)
            answer: Mapping[str, Any] = getattr(client, action)(QueueUrl=self.url, **arguments)
        except Exception as error:  # boto3's errors have no common base
            raise DeadLetterError(f"{self.name}: {aws.reason_of(error).reason}") from None
        return answer

    def _send(self, group: list[bytes], seconds: float) -> list[Refused]:
        """Send records once."""

        def send(entries: Sequence[dict[str, Any]]) -> Mapping[str, Any]:
            client = aws.client("sqs", self._region, aws.seconds_within(seconds))
            answer: Mapping[str, Any] = client.send_message_batch(QueueUrl=self.url, Entries=entries)
            return answer

        entries = [{"Id": str(number), "MessageBody": record.decode()} for number, record in enumerate(group)]
        refused = aws.send_entries(send, entries)
        return [Refused(group[number], one.reason, one.is_final) for number, one in refused.items()]
