"""What outputs that post one alert a request have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from lanner.outputs.deadline import Deadline
from lanner.outputs.output import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lanner.outputs.http import Answer, HttpClient
    from lanner.outputs.message import Message

__all__ = ["JSON_TYPE", "LONGEST", "Posting"]

JSON_TYPE = "application/json"
LONGEST = 1_000_000
"""Bytes of a request's body: many servers take no more than a megabyte."""


class Posting(ABC):
    """Posts each alert by `client`, in a request of its own."""

    kind: ClassVar[str]

    def __init__(self, client: HttpClient) -> None:
        self._client = client

    @property
    def name(self) -> str:
        """The kind and the host; only the kind where the URL is a secret that cannot be read."""
        host = self._client.host
        return f"{self.kind}:{host}" if host else self.kind

    def batches(self, messages: Sequence[Message]) -> Iterable[Sequence[Message]]:
        """Yield the messages one by one."""
        return [[message] for message in messages]

    def send(self, batch: Sequence[Message], timeout: float) -> Sequence[Failure]:
        """Post each message once, all of them within `timeout` seconds."""
        deadline = Deadline(timeout)
        failures: list[Failure] = []
        for message in batch:
            left = deadline.left()
            if not left:
                failures.append(Failure(message, "there was no time left"))
                continue
            answer = self._client.post(self.body(message), self.headers(message), left)
            failures += self.judged(answer).failures([message])
        return failures

    @abstractmethod
    def body(self, message: Message) -> bytes:
        """Return what is posted for a message."""

    def headers(self, message: Message) -> Mapping[str, str]:
        """Return the headers of a message's request."""
        return {"Content-Type": JSON_TYPE}

    def judged(self, answer: Answer) -> Answer:
        """Return `answer`, or what it means to this destination."""
        return answer
