"""Alerts to falcosidekick (spec/output.md section 8), which hands them on to what it is configured for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from lanner.outputs.http import HttpClient, header_value
from lanner.outputs.shortening import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lanner.outputs.addresses import Reach
    from lanner.outputs.http import SecretText
    from lanner.outputs.message import Message
    from lanner.outputs.output import Failure

__all__ = ["Falcosidekick"]

_LIMIT = 1_000_000
_ID, _CLUSTER = "lanner.id", "lanner.cluster"
_OWN_TEXTS = ("k8s.ns.name", "k8s.pod.name")
"""Fields that falcosidekick takes to be strings: any other value of theirs breaks its request."""

_encode = msgspec.json.Encoder().encode


class Falcosidekick:
    """Posts alerts to the falcosidekick at `url`; the rest is that of `HttpClient`, whose errors are raised.

    Of an alert it keeps Falco's keys alone. So the id and the cluster go into the fields, as `lanner.id` and
    `lanner.cluster`; there has to be one field at least, anyway.
    """

    def __init__(
        self,
        url: str | SecretText,
        *,
        allow_http: bool = False,
        reach: Reach | None = None,
        ca_file: str = "",
        setting: str = "LANNER_FALCOSIDEKICK_URL",
    ) -> None:
        self._client = HttpClient(url, setting, allow_http=allow_http, reach=reach, ca_file=ca_file)

    @property
    def name(self) -> str:
        """`falcosidekick` and the host."""
        return f"falcosidekick:{self._client.host}".rstrip(":")

    def batches(self, messages: Sequence[Message]) -> Iterable[Sequence[Message]]:
        """Yield the messages one by one, as falcosidekick takes them."""
        return [(message,) for message in messages]

    def send(self, batch: Sequence[Message], timeout: float) -> Sequence[Failure]:
        """Post an alert."""
        (message,) = batch
        headers = {"Content-Type": "application/json", "X-Lanner-Alert-Id": header_value(message.id)}
        return self._client.post(_body(message), headers, timeout).failures(batch)


def _body(message: Message) -> bytes:
    """Return an alert with the keys and the types that falcosidekick asks for."""
    alert: dict[str, Any] = msgspec.json.decode(shortened(message, _LIMIT))
    found = alert.get("output_fields")
    fields: dict[str, Any] = {**found} if isinstance(found, dict) else {}
    fields[_ID] = message.id
    if message.cluster:
        fields[_CLUSTER] = message.cluster
    for key in _OWN_TEXTS:
        if key in fields and not isinstance(fields[key], str):
            fields[key] = "" if fields[key] is None else _text(fields[key])
    tags = alert.get("tags")
    return _encode(
        {
            "output": _text(alert.get("output", "")),
            "priority": message.priority.label,
            "rule": message.rule,
            "time": message.time,
            "output_fields": fields,
            "source": message.source,
            "tags": [_text(tag) for tag in tags] if isinstance(tags, list) else [],
            "hostname": _text(alert.get("hostname", "")),
        }
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else _encode(value).decode()
