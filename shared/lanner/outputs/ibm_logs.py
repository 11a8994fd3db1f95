"""Alerts to IBM Cloud Logs, the successor of IBM Log Analysis with LogDNA, by its ingestion API.

Limits are those of IBM's documentation: 2 MB a request, 32 K a log with all that belongs to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from lanner.outputs.batching import grouped
from lanner.outputs.deadline import Deadline
from lanner.outputs.http import Answer, HttpClient
from lanner.outputs.ibm_iam import IAM_URL, IamTokens
from lanner.outputs.ingestion import address, event_time, send_in_parts, understood
from lanner.outputs.shortening import beginning, shortened
from lanner.ruleset import Priority

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lanner.outputs.addresses import Reach
    from lanner.outputs.http import SecretText
    from lanner.outputs.message import Message
    from lanner.outputs.output import Failure

__all__ = ["IbmCloudLogs"]

_PATH = "/logs/v1/singles"
_APPLICATION = "lanner"
_HEADERS = {"Content-Type": "application/json"}
_MAX_REQUEST, _MAX_LOGS = 1_900_000, 1000
_SIZES = (30_000, 15_000, 8_000)
"""Bytes of an alert: as many as may be, then fewer for a receiver that refuses so many."""

_MAX_NAME = 200
_OTHERS = 1000
"""Bytes of a log beside the alert, with room to spare."""

_UNAUTHORIZED = 401
_MILLISECOND = 10**6

_SEVERITIES = {
    Priority.EMERGENCY: 6,
    Priority.ALERT: 6,
    Priority.CRITICAL: 6,
    Priority.ERROR: 5,
    Priority.WARNING: 4,
    Priority.NOTICE: 3,
    Priority.INFORMATIONAL: 3,
    Priority.DEBUG: 1,
}
"""What the service calls critical, error, warning, info and debug; the alert tells its priority."""

_encode = msgspec.json.Encoder().encode


class IbmCloudLogs:
    """Posts alerts to the instance whose ingress endpoint is `url` (`https://ID.ingress.REGION.logs.cloud.ibm.com`).

    A log's text is the alert, as an object. Its application is `lanner`, its subsystem and its computer the cluster.
    `api_key` is that of a service ID with the role Sender; what it gets from IAM at `iam_url` is sent as bearer token.
    The rest is that of `HttpClient`, whose errors are raised.
    """

    def __init__(
        self,
        url: str | SecretText,
        api_key: str | SecretText,
        *,
        iam_url: str = IAM_URL,
        allow_http: bool = False,
        reach: Reach | None = None,
        ca_file: str = "",
        setting: str = "LANNER_IBM_LOGS_URL",
    ) -> None:
        self._client = HttpClient(address(url, _PATH), setting, allow_http=allow_http, reach=reach, ca_file=ca_file)
        self._tokens = IamTokens(
            api_key, iam_url, name=f"{setting}: its API key", allow_http=allow_http, reach=reach, ca_file=ca_file
        )

    @property
    def name(self) -> str:
        """`ibm-cloud-logs` and the host."""
        return f"ibm-cloud-logs:{self._client.host}".rstrip(":")

    def batches(self, messages: Sequence[Message]) -> Iterable[Sequence[Message]]:
        """Yield the messages in groups as large as a request may be."""
        return grouped(messages, _size, most=_MAX_LOGS, limit=_MAX_REQUEST)

    def send(self, batch: Sequence[Message], timeout: float) -> Sequence[Failure]:
        """Post some logs."""
        return send_in_parts(batch, _SIZES, Deadline(timeout), self._post)

    def _post(self, part: Sequence[Message], size: int, seconds: float) -> Answer:
        """Post logs with a token; with a new one if that is refused: it may have been withdrawn."""
        deadline = Deadline(seconds)
        body = _encode([_log(message, size) for message in part])
        answer, token = self._attempt(body, deadline)
        if answer.status == _UNAUTHORIZED:
            self._tokens.forget(token)
            answer, _ = self._attempt(body, deadline)
        return understood(answer)

    def _attempt(self, body: bytes, deadline: Deadline) -> tuple[Answer, str]:
        """Post a body once; return the answer, and the token that was sent."""
        token = self._tokens.token(deadline.left())
        if isinstance(token, Answer):
            return token, ""
        return self._client.post(body, {**_HEADERS, "Authorization": f"Bearer {token}"}, deadline.left()), token


def _log(message: Message, size: int) -> dict[str, Any]:
    """Return an alert, with so many bytes, as a log."""
    time = event_time(message)
    cluster = beginning(message.cluster, _MAX_NAME)
    return {
        "applicationName": _APPLICATION,
        "subsystemName": cluster or _APPLICATION,
        "computerName": cluster,
        "category": beginning(message.source, _MAX_NAME),
        "severity": _SEVERITIES[message.priority],
        "text": msgspec.Raw(shortened(message, size)),
        **({} if time is None else {"timestamp": time // _MILLISECOND, "hiResTimestamp": str(time)}),
    }


def _size(message: Message) -> int:
    """Return how many bytes a log may take."""
    return min(len(message.text), _SIZES[0]) + _OTHERS
