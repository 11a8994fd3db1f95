"""Alerts to a Google Cloud Pub/Sub topic."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from lanner.errors import UsageError
from lanner.outputs.batching import grouped
from lanner.outputs.once import once
from lanner.outputs.output import Failure
from lanner.outputs.shortening import beginning, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lanner.outputs.message import Message

__all__ = ["LIMIT", "MOST", "PubSubTopic", "Refusal", "publish", "publisher", "refusal", "resource_path"]

LIMIT = 9_000_000
"""Bytes that the messages of a request have at most: Pub/Sub takes 10 MB, with what stands beside the data."""

MOST = 1000  # messages of a request
_MAX_ATTRIBUTE = 1024  # bytes
_REST = 256
"""Bytes kept free for what is written around data and attributes."""

_PROJECT = r"[a-z0-9][a-z0-9.:-]*"
_NAME = r"[A-Za-z][A-Za-z0-9._~+%-]{2,254}"
_MAX_REASON = 500

_FINAL = frozenset(
    (
        *("PermissionDenied", "Forbidden", "Unauthenticated", "Unauthorized"),
        *("NotFound", "InvalidArgument", "FailedPrecondition"),
        *("DefaultCredentialsError", "ModuleNotFoundError"),
    )
)
"""Errors that trying again within seconds does not mend."""


class Refusal(NamedTuple):
    """Why a request failed, and whether trying again within seconds cannot help."""

    reason: str
    is_final: bool


class PubSubTopic:
    """Publishes alerts to the topic `projects/P/topics/T`: the alert as JSON, what to filter by as attributes.

    Messages have no ordering keys. With `PUBSUB_EMULATOR_HOST` the client speaks to the emulator. Raises `UsageError`
    if `path` is not that of a topic.
    """

    def __init__(self, path: str) -> None:
        self.path = resource_path(path, "topic")
        self.name = f"pubsub:{path.rpartition('/')[2]}"

    def batches(self, messages: Sequence[Message]) -> Iterable[Sequence[Message]]:
        """Yield groups that one request can take."""
        return grouped(messages, _size, most=MOST, limit=LIMIT)

    def send(self, batch: Sequence[Message], timeout: float) -> Sequence[Failure]:
        """Publish a group, and wait until the service has taken it."""
        items = [(shortened(message, LIMIT - _beside(message)), _attributes(message)) for message in batch]
        refused = publish(self.path, items, timeout)
        return [] if refused is None else [Failure(message, *refused) for message in batch]


def resource_path(path: str, kind: str) -> str:
    """Return `path` if it is that of a `topic` or a `subscription`, as `kind` says, else raise `UsageError`."""
    if re.fullmatch(f"projects/{_PROJECT}/{kind}s/{_NAME}", path) is None:
        raise UsageError(f"{path!r} is no {kind} of Pub/Sub (projects/PROJECT/{kind}s/{kind.upper()})")
    return path


@once
def publisher() -> Any:
    """Return the client, the same for all that publish; the library is imported when the first one does."""
    # Not `google.cloud.pubsub_v1`, whose client collects messages and sends them from threads that go on when the
    # time is over: our batches are made already, and the call itself has to end.
    from google.pubsub_v1 import PublisherClient

    return PublisherClient()


def publish(path: str, items: Sequence[tuple[bytes, Mapping[str, str]]], timeout: float) -> Refusal | None:
    """Publish data with attributes in one request, once; return why it failed, if it did."""
    try:
        from google.pubsub_v1 import PubsubMessage

        messages = [PubsubMessage(data=data, attributes=attributes) for data, attributes in items]
        answer = publisher().publish(topic=path, messages=messages, retry=None, timeout=timeout)
    except Exception as error:  # the service's errors, those of the connection and of the credentials
        return refusal(error)
    if len(answer.message_ids) != len(items):
        return Refusal(f"only {len(answer.message_ids)} of {len(items)} messages were taken", is_final=False)
    return None


def refusal(error: Exception) -> Refusal:
    """Return what an error of Google's libraries means."""
    name = type(error).__name__
    hint = " (pip install 'lanner[gcp]')" if isinstance(error, ModuleNotFoundError) else ""
    return Refusal(f"{name}: {error}"[:_MAX_REASON] + hint, name in _FINAL)


def _attributes(message: Message) -> dict[str, str]:
    """Return what subscriptions filter by."""
    return {name: beginning(text, _MAX_ATTRIBUTE) for name, text in message.attributes().items() if text}


def _size(message: Message) -> int:
    """Return the bytes that a message takes in a request."""
    return min(len(message.text) + _beside(message), LIMIT)


def _beside(message: Message) -> int:
    """Return the bytes that a message takes beside its data."""
    return _REST + sum([len(name) + len(text.encode()) for name, text in _attributes(message).items()])
