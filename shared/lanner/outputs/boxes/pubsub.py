"""Dead letters in a Google Cloud Pub/Sub topic; they are taken back from one of its subscriptions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from lanner.errors import DeadLetterError, UsageError
from lanner.outputs.batching import grouped
from lanner.outputs.boxes.retrying import Refused, keep_all
from lanner.outputs.once import once
from lanner.outputs.pubsub import LIMIT, MOST, publish, refusal, resource_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lanner.outputs.dead_letters import Acknowledge
    from lanner.outputs.deadline import Deadline

__all__ = ["PubSubBox", "subscriber"]

_REST = 32  # bytes that are written around a record
_TAKEN_AT_ONCE = 10  # letters may be large
_RELEASED_AT_ONCE = 1000
_PULL_SECONDS = 10.0
_CALL_SECONDS = 10.0
_HIDDEN_SECONDS = 120
"""How long a message that was taken does not show again: the time that there is to deal with it."""


class PubSubBox:
    """Keeps dead letters in the topic `projects/P/topics/T`, or takes them from `projects/P/subscriptions/S`.

    Raises `UsageError` if `path` is neither.
    """

    limit = LIMIT

    def __init__(self, path: str) -> None:
        self._is_subscription = "/subscriptions/" in path
        self.path = resource_path(path, "subscription" if self._is_subscription else "topic")
        self.name = f"pubsub:{path.rpartition('/')[2]}"
        self._taken: dict[str, None] = {}

    def keep(self, records: Sequence[bytes], deadline: Deadline) -> None:
        """Publish records until the service has taken all of them."""
        if self._is_subscription:
            raise DeadLetterError(f"{self.path} is a subscription: letters are kept in a topic")
        keep_all(records, deadline, lambda waiting: grouped(waiting, _size, most=MOST, limit=LIMIT), self._publish)

    def take(self) -> Iterator[tuple[bytes, Acknowledge]]:
        """Pull messages until there are no more; those that are not acknowledged come back later."""
        if not self._is_subscription:
            raise UsageError(f"{self.path} is a topic: letters are taken from a subscription of it")
        while True:
            try:
                answer = subscriber().pull(
                    subscription=self.path, max_messages=_TAKEN_AT_ONCE, retry=None, timeout=_PULL_SECONDS
                )
            except Exception as error:  # the service's errors, those of the connection and of the credentials
                if type(error).__name__ in ("DeadlineExceeded", "GatewayTimeout"):
                    return
                raise DeadLetterError(f"{self.name}: {refusal(error).reason}") from None
            received = answer.received_messages
            if not received:
                return
            names = [one.ack_id for one in received]
            self._call("modify_ack_deadline", ack_ids=names, ack_deadline_seconds=_HIDDEN_SECONDS)
            self._taken |= dict.fromkeys(names)
            for one in received:
                yield bytes(one.message.data), self._acknowledgement(one.ack_id)

    def release(self) -> None:
        """Let those messages be pulled again at once that were taken and not acknowledged."""
        names, self._taken = list(self._taken), {}
        for group in grouped(names, len, most=_RELEASED_AT_ONCE, limit=LIMIT):
            self._call("modify_ack_deadline", ack_ids=group, ack_deadline_seconds=0)

    def _acknowledgement(self, name: str) -> Acknowledge:
        def acknowledge() -> None:
            self._call("acknowledge", ack_ids=[name])
            self._taken.pop(name, None)

        return acknowledge

    def _call(self, method: str, **arguments: Any) -> None:
        """Tell the service. Raises `DeadLetterError` if it does not understand."""
        try:
            getattr(subscriber(), method)(subscription=self.path, timeout=_CALL_SECONDS, **arguments)
        except Exception as error:
            raise DeadLetterError(f"{self.name}: {refusal(error).reason}") from None

    def _publish(self, group: list[bytes], seconds: float) -> list[Refused]:
        refused = publish(self.path, [(record, {}) for record in group], seconds)
        return [] if refused is None else [Refused(record, *refused) for record in group]


@once
def subscriber() -> Any:
    """Return the client, the same for all subscriptions; the library is imported when it is first needed."""
    from google.pubsub_v1 import SubscriberClient

    emulator = os.environ.get("PUBSUB_EMULATOR_HOST")
    if not emulator:
        return SubscriberClient()
    # The connection that Google's client makes to an emulator takes no more than 4 MB at a time.
    from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
    from grpc import insecure_channel  # type: ignore[import-untyped]

    channel = insecure_channel(emulator, [("grpc.max_receive_message_length", -1)])
    return SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))


def _size(record: bytes) -> int:
    """Return the bytes that a record takes in a request."""
    return min(len(record) + _REST, LIMIT)
