"""Dead letters in a Google Cloud Pub/Sub topic; they are taken back from one of its subscriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lanner.errors import DeadLetterError, UsageError
from lanner.outputs.batching import grouped
from lanner.outputs.boxes.retrying import Refused, keep_all
from lanner.outputs.pubsub import LIMIT, publish, topic_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lanner.outputs.dead_letters import Acknowledge
    from lanner.outputs.deadline import Deadline

__all__ = ["PubSubBox"]

_MOST = 1000
_TAKEN_AT_ONCE = 10  # letters may be large
_PULL_SECONDS = 10.0


class PubSubBox:
    """Keeps dead letters in the topic `projects/P/topics/T`, or takes them from `projects/P/subscriptions/S`."""

    limit = LIMIT

    def __init__(self, path: str) -> None:
        self._is_subscription = "/subscriptions/" in path
        if self._is_subscription:
            topic_path(path.replace("/subscriptions/", "/topics/"))  # the names follow the same rules
        else:
            topic_path(path)
        self.path = path
        self.name = f"pubsub:{path.rpartition('/')[2]}"

    def keep(self, records: Sequence[bytes], deadline: Deadline) -> None:
        """Publish records until the service has taken all of them."""
        if self._is_subscription:
            raise DeadLetterError(f"{self.path} is a subscription: letters are kept in a topic")
        keep_all(records, deadline, lambda waiting: grouped(waiting, len, most=_MOST, limit=LIMIT), self._publish)

    def take(self) -> Iterator[tuple[bytes, Acknowledge]]:
        """Pull messages until there are no more; those that are not acknowledged come back later."""
        if not self._is_subscription:
            raise UsageError(f"{self.path} is a topic: letters are taken from a subscription of it")
        from google.api_core.exceptions import DeadlineExceeded, GoogleAPICallError
        from google.cloud import pubsub_v1

        with pubsub_v1.SubscriberClient() as client:
            while True:
                try:
                    request = {"subscription": self.path, "max_messages": _TAKEN_AT_ONCE}
                    answer = client.pull(request=request, timeout=_PULL_SECONDS)
                except DeadlineExceeded:
                    return
                except GoogleAPICallError as error:
                    raise DeadLetterError(f"{self.name}: {error}") from None
                if not answer.received_messages:
                    return
                for received in answer.received_messages:
                    yield bytes(received.message.data), self._acknowledgement(client, received.ack_id)

    def _publish(self, group: list[bytes], seconds: float) -> list[Refused]:
        failures = publish(self.path, [(record, {}) for record in group], seconds)
        return [Refused(group[number], reason, is_final) for number, (reason, is_final) in failures.items()]

    def _acknowledgement(self, client: Any, ack_id: str) -> Acknowledge:
        def acknowledge() -> None:
            client.acknowledge(request={"subscription": self.path, "ack_ids": [ack_id]})

        return acknowledge
