"""An alert on its way: the JSON text that every destination and every dead letter holds."""

from __future__ import annotations

from typing import Any

import msgspec

from lanner.ruleset import Priority

__all__ = ["Message"]


class _Told(msgspec.Struct):
    """What a message has to tell about itself."""

    id: str
    rule: str
    priority: str
    cluster: str = ""
    provider: str = ""
    source: str = ""
    time: str = ""
    truncated: bool = False


_decode = msgspec.json.Decoder(_Told).decode


class Message(msgspec.Struct, frozen=True):
    """One alert, ready to be sent.

    `text` is the alert as one compact JSON object (`lanner.alerts.Alert.json_line`), without a line's end; the other
    members stand in it, too, for destinations that route by them. `id` is the same for the same event and rule for
    ever, so destinations that drop duplicates drop those by it.
    """

    text: bytes
    id: str
    rule: str
    priority: Priority
    cluster: str = ""
    provider: str = ""
    source: str = ""
    time: str = ""
    truncated: bool = False

    @classmethod
    def read(cls, text: bytes) -> Message:
        """Return the message whose text is `text`. Raises `ValueError` if that is no alert with an id."""
        try:
            told = _decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ValueError(f"no alert: {error}") from None
        return cls(
            text.strip(),
            told.id,
            told.rule,
            Priority.parse(told.priority),
            told.cluster,
            told.provider,
            told.source,
            told.time,
            told.truncated,
        )

    def attributes(self) -> dict[str, str]:
        """Return what destinations filter and route by; names and values are texts."""
        return {
            "id": self.id,
            "rule": self.rule,
            "priority": self.priority.label,
            "cluster": self.cluster,
            "provider": self.provider,
            "source": self.source,
            "truncated": "true" if self.truncated else "false",
        }

    def alert(self) -> dict[str, Any]:
        """Return the alert as a dictionary of its own."""
        found: dict[str, Any] = msgspec.json.decode(self.text)
        return found
