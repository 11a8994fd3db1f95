"""Alerts to any webhook: each is posted by itself, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lanner.outputs.deadline import Deadline
from lanner.outputs.http import HttpClient, header_value
from lanner.outputs.shortening import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lanner.outputs.addresses import Reach
    from lanner.outputs.http import Answer, SecretText
    from lanner.outputs.message import Message
    from lanner.outputs.output import Failure

__all__ = ["Webhook"]

_SIZES = (1_000_000, 250_000, 60_000, 15_000)
"""Bytes of an alert: as many as servers usually take (nginx: 1 MiB), then fewer for one that refuses so many."""

_TOO_LARGE = 413


class Webhook:
    """Posts alerts to `url`, with their ids for receivers that drop duplicates (`Idempotency-Key`).

    `token` is sent as bearer token. The rest is that of `HttpClient`, whose errors are raised.
    """

    def __init__(
        self,
        url: str | SecretText,
        token: str | SecretText | None = None,
        *,
        allow_http: bool = False,
        reach: Reach | None = None,
        ca_file: str = "",
        setting: str = "LANNER_WEBHOOK_URL",
    ) -> None:
        self._client = HttpClient(url, setting, token=token, allow_http=allow_http, reach=reach, ca_file=ca_file)

    @property
    def name(self) -> str:
        """`webhook` and the host."""
        return f"webhook:{self._client.host}".rstrip(":")

    def batches(self, messages: Sequence[Message]) -> Iterable[Sequence[Message]]:
        """Yield the messages one by one: so one that is refused costs no other."""
        return [(message,) for message in messages]

    def send(self, batch: Sequence[Message], timeout: float) -> Sequence[Failure]:
        """Post an alert; a shorter one if it is too long for the receiver."""
        (message,) = batch
        deadline = Deadline(timeout)
        answer = self._post(message, _SIZES[0], deadline)
        for size in _SIZES[1:]:
            if answer.status == _TOO_LARGE and len(message.text) > size and deadline.left():
                answer = self._post(message, size, deadline)
        return answer.failures(batch)

    def _post(self, message: Message, size: int, deadline: Deadline) -> Answer:
        id_ = header_value(message.id)
        headers = {"Content-Type": "application/json", "X-Lanner-Alert-Id": id_, "Idempotency-Key": id_}
        return self._client.post(shortened(message, size), headers, deadline.left())
