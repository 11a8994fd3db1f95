"""Dead letters in an Amazon SQS queue."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lanner.errors import DeadLetterError, UsageError
from lanner.outputs import aws
from lanner.outputs.batching import grouped
from lanner.outputs.boxes.retrying import Refused, keep_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lanner.outputs.dead_letters import Acknowledge
    from lanner.outputs.deadline import Deadline

__all__ = ["SqsBox"]

_LIMIT = (
    262_144  # bytes of all messages of a request (Amazon SQS quotas; larger ones have to be allowed for each queue)
)
_MOST = 10
_QUEUE = re.compile(r"https?://[^/?#\s@]+/[^?#\s]+")
_REGION = re.compile(r"^https?://(?:sqs\.([a-z0-9-]+)\.|([a-z0-9-]+)\.queue\.)amazonaws")
_WAIT_SECONDS = 2


class SqsBox:
    """Keeps dead letters in the queue with the URL `url`, a standard one. Raises `UsageError` if it is no URL."""

    limit = _LIMIT

    def __init__(self, url: str) -> None:
        if _QUEUE.fullmatch(url) is None or url.endswith(".fifo"):
            raise UsageError(f"{url!r} is no URL of a standard SQS queue")
        self.url = url
        self.name = f"sqs:{url.rpartition('/')[2]}"
        region = _REGION.match(url)
        self._region = (region[1] or region[2]) if region is not None else None

    def keep(self, records: Sequence[bytes], deadline: Deadline) -> None:
        """Send records until the queue has taken all of them."""
        keep_all(records, deadline, lambda waiting: grouped(waiting, len, most=_MOST, limit=_LIMIT), self._send)

    def take(self) -> Iterator[tuple[bytes, Acknowledge]]:
        """Receive messages until there are no more; those that are not acknowledged come back later."""
        try:
            while True:
                answer = self._client.receive_message(
                    QueueUrl=self.url, MaxNumberOfMessages=_MOST, WaitTimeSeconds=_WAIT_SECONDS
                )
                messages = answer.get("Messages", [])
                if not messages:
                    return
                for message in messages:
                    yield message["Body"].encode(), self._acknowledgement(message["ReceiptHandle"])
        except _errors() as error:
            raise DeadLetterError(f"{self.name}: {aws.reason_of(error)[0]}") from None

    @property
    def _client(self) -> Any:
        return aws.client("sqs", self._region)

    def _acknowledgement(self, handle: str) -> Acknowledge:
        def acknowledge() -> None:
            try:
                self._client.delete_message(QueueUrl=self.url, ReceiptHandle=handle)
            except _errors() as error:
                raise DeadLetterError(f"{self.name}: {aws.reason_of(error)[0]}") from None

        return acknowledge

    def _send(self, group: list[bytes], seconds: float) -> list[Refused]:
        """Send records once; the client bounds how long that takes."""
        entries = [{"Id": str(number), "MessageBody": record.decode()} for number, record in enumerate(group)]
        try:
            answer = self._client.send_message_batch(QueueUrl=self.url, Entries=entries)
        except Exception as error:  # boto3's errors have no common base
            reason, is_final = aws.reason_of(error)
            return [Refused(record, reason, is_final) for record in group]
        return [
            Refused(
                group[int(one["Id"])], aws.error_text(one["Code"], one.get("Message", "")), bool(one.get("SenderFault"))
            )
            for one in answer.get("Failed", [])
        ]


def _errors() -> tuple[type[Exception], ...]:
    """Return what boto3 raises for what the service or the network does."""
    from botocore.exceptions import BotoCoreError, ClientError

    return (BotoCoreError, ClientError)
