"""Alerts to an Azure Event Grid topic, as CloudEvents."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from lanner.errors import UsageError
from lanner.outputs import azure
from lanner.outputs.batching import grouped
from lanner.outputs.deadline import Deadline
from lanner.outputs.once import once
from lanner.outputs.output import Failure
from lanner.outputs.shortening import beginning, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lanner.outputs.message import Message

__all__ = ["EventGridTopic", "client"]

_LIMIT = 1_000_000
"""Bytes of a request, and of an event: Event Grid takes 1 MB."""

_MOST = 500
_MAX_SUBJECT = 1024
_BETWEEN = 2  # bytes around an event in an array

_URL = r"https://([a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::[0-9]{1,5})?/api/events"
_CLOUD = r"eventgrid\.azure\.(?:us|cn)"
_VERSION = "2018-01-01"
_HEADERS = {"Content-Type": "application/cloudevents-batch+json; charset=utf-8"}

_TYPE = "lanner.alert"
_SOURCE = "lanner"
_NOT_IN_TEXTS = r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
"""Characters that attributes of a CloudEvent must not have (CloudEvents 1.0, type system)."""

_FRACTION = r"(\.[0-9]{6})[0-9]+"
"""Digits of a time that many readers refuse."""

_encode = msgspec.json.Encoder().encode


class EventGridTopic:
    """Publishes alerts to the topic with the endpoint `url`, whose input schema has to be CloudEvents 1.0.

    An event has the alert's id, the type `lanner.alert`, the cluster and the rule as subject (`prod/A Rule`), and the
    alert as data. The topic is called by identity, never with a key. Raises `UsageError` if `url` is no endpoint.
    """

    def __init__(self, url: str) -> None:
        found = re.fullmatch(_URL, url)
        if found is None:
            raise UsageError(
                "that is no endpoint of an Event Grid topic (https://TOPIC.REGION-1.eventgrid.azure.net/api/events); "
                "it is called by identity, so give no key or signature"
            )
        self.url = url
        self.name = f"event-grid:{found[1].partition('.')[0]}"
        cloud = re.search(f"{_CLOUD}$", found[1])
        self._scope = f"https://{cloud[0] if cloud else 'eventgrid.azure.net'}/.default"

    def batches(self, messages: Sequence[Message]) -> Iterable[Sequence[Message]]:
        """Yield groups that one request can take."""
        return grouped(messages, _size, most=_MOST, limit=_LIMIT - _BETWEEN)

    def send(self, batch: Sequence[Message], timeout: float) -> Sequence[Failure]:
        """Publish a group; if it is refused for what may be in one of them, one by one."""
        deadline = Deadline(timeout)
        refused = self._publish(batch, timeout)
        if refused is None:
            return []
        if len(batch) == 1 or not refused.is_content:
            return [Failure(message, refused.reason, refused.is_final, refused.wait) for message in batch]
        failures: list[Failure] = []
        for message in batch:
            seconds = deadline.left()
            failures += self.send([message], seconds) if seconds else [Failure(message, "there was no time left")]
        return failures

    def _publish(self, batch: Sequence[Message], timeout: float) -> azure.Refusal | None:
        content = b"[" + b",".join([_event(message) for message in batch]) + b"]"
        try:
            from azure.core.exceptions import HttpResponseError
            from azure.core.rest import HttpRequest

            request = HttpRequest("POST", self.url, params={"api-version": _VERSION}, headers=_HEADERS, content=content)
            response = client(self._scope).send_request(request, **azure.within(timeout))
            if response.status_code != 200:
                raise HttpResponseError(response=response)
        except Exception as error:  # the service's errors, those of the connection and of the identity
            return azure.refusal(error)
        return None


@once
def client(scope: str) -> Any:
    """Return what posts requests with a token for `scope`; the library is imported when there is a first alert.

    That is Azure's own pipeline, without its policies that would try again or follow redirects.
    """
    from azure.core import PipelineClient
    from azure.core.pipeline import policies

    return PipelineClient(
        "",
        policies=[
            policies.RequestIdPolicy(),
            policies.UserAgentPolicy("lanner"),
            policies.ProxyPolicy(),
            policies.BearerTokenCredentialPolicy(azure.credential(), scope),
        ],
    )


def _event(message: Message) -> bytes:
    """Return an alert as CloudEvent in JSON."""
    head = _head(message)
    return head + shortened(message, _LIMIT - len(head) - 1 - _BETWEEN) + b"}"


def _head(message: Message) -> bytes:
    """Return what stands before the alert."""
    subject = re.sub(_NOT_IN_TEXTS, "\ufffd", f"{message.cluster or 'unknown'}/{message.rule}")
    attributes = {
        "specversion": "1.0",
        "id": message.id,
        "source": _SOURCE,
        "type": _TYPE,
        "subject": beginning(subject, _MAX_SUBJECT),
        "datacontenttype": "application/json",
    }
    if message.time:
        attributes["time"] = re.sub(_FRACTION, r"\1", message.time)
    return _encode(attributes)[:-1] + b',"data":'


def _size(message: Message) -> int:
    """Return the bytes that a message takes in a request."""
    return min(len(_head(message)) + len(message.text) + 1 + _BETWEEN, _LIMIT - _BETWEEN)
