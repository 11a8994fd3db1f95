"""Alerts to an Azure Storage queue."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from lanner.errors import UsageError
from lanner.outputs import azure
from lanner.outputs.batching import grouped
from lanner.outputs.once import once
from lanner.outputs.output import Failure
from lanner.outputs.shortening import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lanner.outputs.message import Message

__all__ = ["AT_ONCE", "LIMIT", "StorageQueue", "client", "name_of", "put_all"]

LIMIT = 65_536 // 4 * 3
"""Bytes that a message may have before it is written in base64, of which a queue takes 64 KiB."""

AT_ONCE = 8
"""Messages that are sent side by side: the service takes one a request."""

_NAME = r"[a-z0-9](?:-?[a-z0-9]){2,62}"
_URL = rf"https://[a-z0-9][a-z0-9.-]*(?::[0-9]{{1,5}})?/(?:[a-z0-9]{{3,24}}/)?({_NAME})"
_FOR_EVER = -1
"""How long a message is kept: by itself a queue forgets it after seven days."""


class StorageQueue:
    """Sends alerts to the queue with the URL `url`: the alert as JSON in base64, as queue triggers of Functions expect.

    It is called by identity, never with a key. Raises `UsageError` if `url` is not that of a queue.
    """

    def __init__(self, url: str) -> None:
        self.name = name_of(url)
        self.url = url

    def batches(self, messages: Sequence[Message]) -> Iterable[Sequence[Message]]:
        """Yield groups that are sent side by side."""
        return grouped(messages, lambda _: 1, most=AT_ONCE, limit=AT_ONCE)

    def send(self, batch: Sequence[Message], timeout: float) -> Sequence[Failure]:
        """Send a group, each in a request of its own."""
        results = put_all(self.url, [shortened(message, LIMIT) for message in batch], timeout)
        return [
            Failure(message, one.reason, one.is_final, one.wait)
            for message, one in zip(batch, results, strict=True)
            if one is not None
        ]


def name_of(url: str) -> str:
    """Return the name of the queue with the URL `url`, for logs. Raises `UsageError`, which does not show it."""
    found = re.fullmatch(_URL, url)
    if found is None:
        raise UsageError(
            "that is no URL of a Storage queue (https://ACCOUNT.queue.core.windows.net/QUEUE); it is called by "
            "identity, so give no key, signature or connection string"
        )
    return f"storage-queue:{found[1]}"


@once
def client(url: str) -> Any:
    """Return the client of a queue, the same for all that ask; the library is imported when the first one does."""
    from azure.storage.queue import QueueClient

    return QueueClient.from_queue_url(url, credential=azure.credential(), retry_total=0, permit_redirects=False)


def put_all(url: str, texts: Sequence[bytes], timeout: float) -> list[azure.Refusal | None]:
    """Put each text into the queue, once, side by side; return in order why it was not taken, `None` if it was."""
    if len(texts) == 1:
        return [_put(url, texts[0], timeout)]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda text: _put(url, text, timeout), texts))


def _put(url: str, text: bytes, timeout: float) -> azure.Refusal | None:
    try:
        content = base64.b64encode(text).decode()
        client(url).send_message(content, time_to_live=_FOR_EVER, **azure.within(timeout))
    except Exception as error:  # the service's errors, those of the connection and of the identity
        return azure.refusal(error)
    return None
