"""Alerts to LogDNA (Mezmo), or whatever takes log lines as it does: as IBM's tutorial forwards those of Falco.

Limits are those of IBM's documentation of the service: 10 MB a request, 16 KB a line (what is longer is cut on arrival,
and no JSON any more), 32 KB of metadata.
"""

from __future__ import annotations

import re
from base64 import b64encode
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from lanner.errors import UsageError
from lanner.outputs.batching import grouped
from lanner.outputs.deadline import Deadline
from lanner.outputs.http import Answer, HttpClient
from lanner.outputs.ingestion import address, event_time, send_in_parts, understood
from lanner.outputs.shortening import beginning, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lanner.outputs.addresses import Reach
    from lanner.outputs.http import SecretText
    from lanner.outputs.message import Message
    from lanner.outputs.output import Failure

__all__ = ["LogDna"]

_PATH = "/logs/ingest"
_APP = "lanner"
_MAX_REQUEST, _MAX_LINES = 8_000_000, 1000
_MAX_LINE = 16_000
_SIZES = (32_000, 16_000, 8_000)
"""Bytes of an alert as metadata: as many as may be, then fewer for a receiver that refuses so many."""

_MAX_HOST = 200
_MAX_HOSTS = 16
"""Clusters to which connections are kept."""

_OTHERS = 400
"""Bytes of a line that is neither text nor metadata, with room to spare."""

_KEY = r"[!-9;-~]++"  # a user name of Basic authentication has no colon
_MILLISECOND = 10**6

_encode = msgspec.json.Encoder().encode


class LogDna:
    """Posts alerts as log lines to the ingestion API at `url` (`/logs/ingest`, if it names a host alone).

    A line is the alert as JSON, and so is its metadata, which the service indexes; its level is the priority, its app
    `lanner`, its host the cluster. There is no id for a line: that of the alert is in both. `key` is the ingestion
    key. The rest is that of `HttpClient`, whose errors are raised.
    """

    def __init__(
        self,
        url: str | SecretText,
        key: str | SecretText,
        *,
        allow_http: bool = False,
        reach: Reach | None = None,
        ca_file: str = "",
        setting: str = "LANNER_LOGDNA_URL",
    ) -> None:
        def client(host: str) -> HttpClient:
            whole = address(url, _PATH, f"hostname={quote(host, safe='')}")
            return HttpClient(whole, setting, allow_http=allow_http, reach=reach, ca_file=ca_file)

        self._client = lru_cache(_MAX_HOSTS)(client)
        self._key = key
        self._key_name = f"{setting}: its key" if isinstance(key, str) else key.name
        self._any_client = client(_APP)
        if isinstance(key, str):
            self._authorization()

    @property
    def name(self) -> str:
        """`logdna` and the host."""
        return f"logdna:{self._any_client.host}".rstrip(":")

    def batches(self, messages: Sequence[Message]) -> Iterable[Sequence[Message]]:
        """Yield the messages in groups, each of one cluster: a request has one host."""
        hosts: dict[str, list[Message]] = {}
        for message in messages:
            hosts.setdefault(message.cluster, []).append(message)
        for group in hosts.values():
            yield from grouped(group, _size, most=_MAX_LINES, limit=_MAX_REQUEST)

    def send(self, batch: Sequence[Message], timeout: float) -> Sequence[Failure]:
        """Post some lines."""
        deadline = Deadline(timeout)
        try:
            headers = {"Content-Type": "application/json; charset=UTF-8", "Authorization": self._authorization()}
        except UsageError as error:
            return Answer(reason=str(error)).failures(batch)
        client = self._client(beginning(batch[0].cluster, _MAX_HOST) or _APP)

        def post(part: Sequence[Message], size: int, seconds: float) -> Answer:
            body = _encode({"lines": [_line(message, size) for message in part]})
            return understood(client.post(body, headers, seconds))

        return send_in_parts(batch, _SIZES, deadline, post)

    def _authorization(self) -> str:
        """Return the header: the key as the name of a user without password. Raises `UsageError`."""
        key = self._key if isinstance(self._key, str) else self._key.reveal()
        if not re.fullmatch(_KEY, key):
            raise UsageError(f"{self._key_name}: a key has no blanks, no colons and no characters beyond ASCII")
        return f"Basic {b64encode(f'{key}:'.encode()).decode()}"


def _line(message: Message, size: int) -> dict[str, Any]:
    """Return an alert as a line, with so many bytes of metadata."""
    time = event_time(message)
    return {
        "line": shortened(message, min(size, _MAX_LINE)).decode(),
        "app": _APP,
        "level": message.priority.label,
        "meta": msgspec.Raw(shortened(message, size)),
        **({} if time is None else {"timestamp": time // _MILLISECOND}),
    }


def _size(message: Message) -> int:
    """Return how many bytes a line may take: as a string in JSON, a text of JSON grows to twice its size at most."""
    size = len(message.text)
    return 2 * min(size, _MAX_LINE) + min(size, _SIZES[0]) + _OTHERS
