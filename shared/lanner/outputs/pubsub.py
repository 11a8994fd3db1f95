"""Alerts to a Google Cloud Pub/Sub topic."""

from __future__ import annotations

import re
import time
from functools import cache
from typing import TYPE_CHECKING, Any

from lanner.errors import UsageError
from lanner.outputs.batching import grouped
from lanner.outputs.output import Failure
from lanner.outputs.shortening import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lanner.outputs.message import Message

__all__ = ["PubSubTopic", "is_final_error", "publish", "publisher", "topic_path"]

_TOPIC = re.compile(r"projects/[a-z][a-z0-9.:-]{4,61}[a-z0-9]/topics/[A-Za-z][A-Za-z0-9._~+%-]{2,254}")
LIMIT = 9_000_000
"""Bytes that a message may have: Pub/Sub takes 10 MB with attributes, in a request of all messages together."""

_MOST = 1000
_MAX_ATTRIBUTE = 1024
_FINAL = frozenset(
    ("PermissionDenied", "NotFound", "InvalidArgument", "Unauthenticated", "Forbidden", "FailedPrecondition")
)
"""Errors that trying again within seconds does not mend."""


class PubSubTopic:
    """Publishes alerts to the topic `projects/P/topics/T`: the alert as JSON, what to filter by as attributes.

    Messages have no ordering keys. With `PUBSUB_EMULATOR_HOST` the client speaks to the emulator. Raises `UsageError`
    if `path` is not that of a topic.
    """

    def __init__(self, path: str) -> None:
        self.path = topic_path(path)
        self.name = f"pubsub:{path.rpartition('/')[2]}"

    def batches(self, messages: Sequence[Message]) -> Iterable[Sequence[Message]]:
        """Yield groups that one request can take."""
        return grouped(messages, lambda message: len(message.text) + _MAX_ATTRIBUTE, most=_MOST, limit=LIMIT)

    def send(self, batch: Sequence[Message], timeout: float) -> Sequence[Failure]:
        """Publish a group, and wait until the service has taken it."""
        items = [
            (
                shortened(message, LIMIT),
                {name: value[:_MAX_ATTRIBUTE] for name, value in message.attributes().items() if value},
            )
            for message in batch
        ]
        failures = publish(self.path, items, timeout)
        return [Failure(batch[number], reason, is_final) for number, (reason, is_final) in failures.items()]


def topic_path(path: str) -> str:
    """Return `path` if it is that of a topic, else raise `UsageError`."""
    if _TOPIC.fullmatch(path) is None:
        raise UsageError(f"{path!r} is no topic of Pub/Sub (projects/PROJECT/topics/TOPIC)")
    return path


@cache
def publisher() -> Any:
    """Return the client, the same for all that publish; the library is imported when the first one does."""
    from google.cloud import pubsub_v1
    from google.cloud.pubsub_v1 import types

    # Our batches are what they are: nothing is to be gained by waiting for more.
    settings = types.BatchSettings(max_messages=_MOST, max_bytes=LIMIT, max_latency=0.01)
    return pubsub_v1.PublisherClient(settings)


def publish(path: str, items: Sequence[tuple[bytes, dict[str, str]]], timeout: float) -> dict[int, tuple[str, bool]]:
    """Publish data with attributes and wait for all; return by number why an item failed, and whether that is final.

    The client's own retries end with `timeout` seconds.
    """
    end = time.monotonic() + timeout
    try:
        client = publisher()
        futures = [client.publish(path, data, timeout=timeout, retry=None, **more) for data, more in items]
    except Exception as error:  # no credentials, a broken channel ...
        return dict.fromkeys(range(len(items)), (_text(error), is_final_error(error)))
    failures = {}
    for number, future in enumerate(futures):
        try:
            future.result(max(0.0, end - time.monotonic()))
        except Exception as error:
            future.cancel()
            failures[number] = (_text(error), is_final_error(error))
    return failures


def is_final_error(error: Exception) -> bool:
    """Tell whether an error says that trying again cannot help."""
    return type(error).__name__ in _FINAL


def _text(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]
