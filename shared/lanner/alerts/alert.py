"""The alert: one rule that matched one event, ready to be shown or sent (spec/output.md sections 2 to 4)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import msgspec

from lanner.fields import BoundField, Event, NoValue, Type, generic, timestamp
from lanner.language import field_key
from lanner.ruleset import Rule

__all__ = ["Alert", "AlertFormat", "alert_id"]

_encode = msgspec.json.Encoder(order="sorted").encode


@dataclass(frozen=True, slots=True)
class AlertFormat:
    """What alerts contain and how, by the names and defaults of Falco's configuration (spec/rules.md section 10).

    `cluster`, if given, goes before the cluster that an envelope names.
    """

    time_format_iso_8601: bool = False
    json_include_output_property: bool = True
    json_include_message_property: bool = False
    json_include_tags_property: bool = True
    json_include_output_fields_property: bool = True
    cluster: str = ""


class Alert:
    """One rule's alert on one event. Its texts are made when they are asked for."""

    __slots__ = ("_format", "_message", "event", "rule")

    def __init__(self, rule: Rule, event: Event, format_: AlertFormat) -> None:
        self.rule = rule
        self.event = event
        self._format = format_
        self._message: str | None = None

    @property
    def cluster(self) -> str:
        """Name of the cluster: the one that the user gave, else the envelope's, else empty."""
        return self._format.cluster or self.event.raw.cluster

    @property
    def id(self) -> str:
        """Identity of the alert: the same for the same rule and event for ever (see `alert_id`)."""
        return alert_id(self.cluster, self.rule.name, self.event)

    @property
    def message(self) -> str:
        """The rule's output with its values, without the prefix."""
        if self._message is None:
            assert self.rule.output is not None  # only compiled rules match
            self._message = self.rule.output.render(self.event).decode(errors="replace")
        return self._message

    @property
    def output(self) -> str:
        """`<time>: <Priority> <message>`."""
        show = timestamp.iso8601 if self._format.time_format_iso_8601 else timestamp.clock
        return f"{show(self.event.time)}: {self.rule.priority.label} {self.message}"

    def text_line(self) -> str:
        """Return the alert as a line of text, escaped like the inside of a JSON string (spec/output.md section 2)."""
        return _encode(self.output)[1:-1].decode()

    def output_fields(self) -> dict[str, Any]:
        """Return the values of the output's fields by their canonical text (spec/output.md section 3)."""
        prefix = "evt.time.iso8601" if self._format.time_format_iso_8601 else "evt.time"
        values: dict[str, Any] = {prefix: self.event.time}
        if self.rule.output is not None:
            for field in self.rule.output.fields:
                values[field_key(field)] = _native(field, self.event)
        for extra in self.rule.extra_fields:
            if extra.template is not None:
                values[extra.key] = extra.template.render(self.event).decode(errors="replace")
            else:
                values[extra.key] = None if extra.raw is None else _native(extra.raw, self.event)
        return values

    def to_dict(self) -> dict[str, Any]:
        """Return the alert as a JSON object: Falco's keys and Lanner's own."""
        chosen = self._format
        event = self.event
        alert: dict[str, Any] = {
            "cluster": self.cluster,
            "hostname": generic.hostname().encode("utf-8", "surrogateescape").decode(errors="replace"),
            "id": self.id,
            "priority": self.rule.priority.label,
            "provider": event.raw.provider,
            "rule": self.rule.name,
            "source": self.rule.source,
            "time": timestamp.rfc3339(event.time),
            "time_source": event.time_source,
            "truncated": event.raw.truncated,
        }
        if chosen.json_include_output_property:
            alert["output"] = self.output
        if chosen.json_include_message_property:
            alert["message"] = self.message
        if chosen.json_include_tags_property:
            alert["tags"] = list(self.rule.tags)
        if chosen.json_include_output_fields_property:
            alert["output_fields"] = self.output_fields()
        return alert

    def json_line(self) -> bytes:
        """Return the alert as one compact JSON object with sorted keys."""
        return _encode(self.to_dict())


def alert_id(cluster: str, rule: str, event: Event) -> str:
    """Return the SHA-256, in hexadecimal digits, of what makes an alert this one.

    It covers the cluster, the rule and the event's auditID, stage, user name, verb, request URI and both timestamps as
    they stand in the event (empty where missing), each prefixed with its length. The audit id alone would not do: any
    client may choose it (`Audit-ID` header), and an attacker would repeat one to hide behind "duplicates".
    """
    digest = hashlib.sha256()
    for text in (
        cluster.encode("utf-8", "surrogateescape"),
        rule.encode("utf-8", "surrogateescape"),
        event.text_of("auditID"),
        event.text_of("stage"),
        event.text_of("user", "username"),
        event.text_of("verb"),
        event.text_of("requestURI"),
        event.text_of("requestReceivedTimestamp"),
        event.text_of("stageTimestamp"),
    ):
        digest.update(b"%d:%b" % (len(text), text))
    return digest.hexdigest()


def _native(field: BoundField, event: Event) -> Any:
    """Return a field's value as JSON has it: missing is null, textual times are nanoseconds."""
    value = field.value(event)
    if isinstance(value, NoValue):
        return None
    if field.field.is_time_text:
        return event.time
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, list):
        return [text.decode(errors="replace") for text in value]
    if field.field.type is Type.RELTIME and value >= 2**63:
        return value - 2**64  # Falco shows it signed
    return value
