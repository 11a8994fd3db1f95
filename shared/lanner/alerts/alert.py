"""The alert: one rule that matched one event, ready to be shown or sent (spec/output.md sections 2 to 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from lanner.alerts.identity import alert_id

if TYPE_CHECKING:
    from lanner.alerts.stencil import AlertFormat
    from lanner.fields import Event
    from lanner.ruleset import Rule

__all__ = ["Alert"]

_encode = msgspec.json.Encoder().encode


class Alert:
    """One rule's alert on one event. Its texts are made when they are asked for."""

    __slots__ = ("_message", "_stencil", "event", "rule")

    def __init__(self, rule: Rule, event: Event, format_: AlertFormat) -> None:
        self.rule = rule
        self.event = event
        self._stencil = format_.stencil(rule)
        self._message: str | None = None

    @property
    def cluster(self) -> str:
        """Name of the cluster: the one that the user gave, else the envelope's, else empty."""
        return self._stencil.format.cluster or self.event.cluster

    @property
    def id(self) -> str:
        """Identity of the alert: the same for the same rule and event for ever (see `alert_id`)."""
        return alert_id(self.cluster, self.rule.name, self.event)

    @property
    def message(self) -> str:
        """The rule's output with its values, without the prefix."""
        if self._message is None:
            self._message, _, _ = self._stencil.fill(self.event)
        return self._message

    @property
    def output(self) -> str:
        """`<time>: <Priority> <message>`."""
        return self._stencil.line(self.event, self.message)

    def text_line(self) -> str:
        """Return the alert as a line of text, escaped like the inside of a JSON string (spec/output.md section 2)."""
        return _encode(self.output)[1:-1].decode()

    def output_fields(self) -> dict[str, Any]:
        """Return the values of the output's fields by their canonical text (spec/output.md section 3)."""
        _, fields, _ = self._stencil.fill(self.event)
        return fields

    def to_dict(self) -> dict[str, Any]:
        """Return the alert as a JSON object: Falco's keys and Lanner's own."""
        event, rule, stencil = self.event, self.rule, self._stencil
        message, fields, identity = stencil.fill(event)
        cluster = self.cluster
        alert = {  # in the order in which it is written; so it need not be sorted
            "cluster": cluster,
            "hostname": stencil.hostname,
            "id": alert_id(cluster, rule.name, event, identity),
            "message": message,
            "output": stencil.line(event, message),
            "output_fields": fields,
            "priority": stencil.label,
            "provider": event.provider,
            "rule": rule.name,
            "source": rule.source,
            "tags": list(rule.tags),
            "time": f"{event.utc}Z",
            "time_source": event.time_source,
            "truncated": bool(event.lost),
        }
        for key in stencil.left_out:
            del alert[key]
        return alert

    def json_line(self) -> bytes:
        """Return the alert as one compact JSON object with sorted keys."""
        return _encode(self.to_dict())
