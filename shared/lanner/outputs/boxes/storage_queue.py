"""Dead letters in an Azure Storage queue."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from lanner.errors import DeadLetterError
from lanner.outputs import azure
from lanner.outputs.batching import grouped
from lanner.outputs.boxes.retrying import Refused, keep_all
from lanner.outputs.storage_queue import AT_ONCE, LIMIT, client, name_of, put_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lanner.outputs.dead_letters import Acknowledge
    from lanner.outputs.deadline import Deadline

__all__ = ["StorageQueueBox", "is_storage_queue"]

_OURS = r"https://[^/]*\.queue\.(?:core|storage)\.|https://[^/]+/devstoreaccount1/"
"""Matches URLs of queues in all of Azure's clouds, and in its emulator."""

_CONNECTION_STRING = r"(?:.*;)?(?:DefaultEndpointsProtocol|QueueEndpoint|AccountName|AccountKey)="
_TAKEN_AT_ONCE = 10
_CALL_SECONDS = 10.0
_HIDDEN_SECONDS = 120
"""How long a message that was taken does not show again: the time that there is to deal with it."""


def is_storage_queue(address: str) -> bool:
    """Tell whether an address is meant to be that of a Storage queue, also if it is not as `StorageQueueBox` wants it.

    So that a connection string, which holds a key, is refused there, where it is not shown.
    """
    return re.match(f"{_OURS}|{_CONNECTION_STRING}", address, re.IGNORECASE) is not None


class StorageQueueBox:
    """Keeps dead letters in the queue with the URL `url`, as JSON in base64. Raises `UsageError` if it is no such URL.

    It is called by identity, never with a key.
    """

    limit = LIMIT

    def __init__(self, url: str) -> None:
        self.name = name_of(url)
        self.url = url
        self._taken: dict[str, str] = {}

    def keep(self, records: Sequence[bytes], deadline: Deadline) -> None:
        """Send records until the queue has taken all of them."""
        keep_all(
            records, deadline, lambda waiting: grouped(waiting, lambda _: 1, most=AT_ONCE, limit=AT_ONCE), self._send
        )

    def take(self) -> Iterator[tuple[bytes, Acknowledge]]:
        """Receive messages until there are no more; those that are not acknowledged come back later."""
        while True:
            page = self._call(_receive)
            if not page:
                return
            self._taken |= {one.id: one.pop_receipt for one in page}
            for one in page:
                yield _decoded(one.content), self._acknowledgement(one.id)

    def release(self) -> None:
        """Let those messages be received again at once that were taken and not acknowledged."""
        taken, self._taken = self._taken, {}
        for name, receipt in taken.items():
            self._call(lambda queue, name=name, receipt=receipt: _show(queue, name, receipt))

    def _acknowledgement(self, name: str) -> Acknowledge:
        def acknowledge() -> None:
            receipt = self._taken[name]
            self._call(lambda queue: queue.delete_message(name, receipt, **azure.within(_CALL_SECONDS)))
            del self._taken[name]

        return acknowledge

    def _call(self, ask: Any) -> Any:
        """Return what `ask` gets of the queue's client. Raises `DeadLetterError` if that fails."""
        try:
            return ask(client(self.url))
        except Exception as error:  # the service's errors, those of the connection and of the identity
            raise DeadLetterError(f"{self.name}: {azure.refusal(error).reason}") from None

    def _send(self, group: list[bytes], seconds: float) -> list[Refused]:
        """Send records once."""
        results = put_all(self.url, group, min(seconds, _CALL_SECONDS))
        return [
            Refused(record, one.reason, one.is_final)
            for record, one in zip(group, results, strict=True)
            if one is not None
        ]


def _receive(queue: Any) -> list[Any]:
    """Return the messages of one request."""
    pages = queue.receive_messages(
        messages_per_page=_TAKEN_AT_ONCE, visibility_timeout=_HIDDEN_SECONDS, **azure.within(_CALL_SECONDS)
    ).by_page()
    return list(next(pages, ()))


def _show(queue: Any, name: str, receipt: str) -> None:
    queue.update_message(name, receipt, visibility_timeout=0, **azure.within(_CALL_SECONDS))


def _decoded(content: str) -> bytes:
    """Return what a message holds; one that is not ours as it is."""
    try:
        return base64.b64decode(content, validate=True)
    except ValueError:
        return content.encode()
