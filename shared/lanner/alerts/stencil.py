"""What is known of a rule's alerts before there is one: worked out once, so that each costs little."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from lanner.alerts.identity import IDENTITY
from lanner.fields import BoundField, Event, Extracted, NoValue, Type, generic, timestamp
from lanner.language import field_key, value_text
from lanner.language.operands import FieldOperand

if TYPE_CHECKING:
    from lanner.language import BoundOperand
    from lanner.ruleset import Rule

__all__ = ["AlertFormat", "Stencil"]

_MISSING = value_text(NoValue.MISSING)


class AlertFormat(msgspec.Struct, frozen=True, dict=True):
    """What alerts contain and how, by the names and defaults of Falco's configuration (spec/rules.md section 10).

    `cluster`, if given, goes before the cluster that an envelope names. A format keeps the stencils of all rules that
    it was used with, and so the rules: take another one when other rules are loaded.
    """

    time_format_iso_8601: bool = False
    json_include_output_property: bool = True
    json_include_message_property: bool = False
    json_include_tags_property: bool = True
    json_include_output_fields_property: bool = True
    cluster: str = ""

    def stencil(self, rule: Rule) -> Stencil:
        """Return the stencil of a rule's alerts."""
        known = self._stencils.get(id(rule))
        if known is None:
            known = self._stencils[id(rule)] = Stencil(rule, self)
        return known

    @cached_property
    def _stencils(self) -> dict[int, Stencil]:
        """Stencils by the ids of their rules, because rules take long to compare."""
        return {}


class Stencil:
    """What the alerts of one rule have in common, in one format.

    `alert` is the JSON object of each, with sorted keys and without the values that change.
    """

    __slots__ = (
        "_fields",
        "_inner",
        "_label",
        "_paths",
        "_pattern",
        "_pieces",
        "_show_time",
        "_time_key",
        "alert",
        "format",
        "rule",
    )

    def __init__(self, rule: Rule, format_: AlertFormat) -> None:
        assert rule.output is not None  # only compiled rules match
        self.rule = rule
        self.format = format_
        self._label = rule.priority.label
        alert: dict[str, Any] = {
            "hostname": generic.hostname().encode("utf-8", "surrogateescape").decode(errors="replace"),
            "priority": self._label,
            "rule": rule.name,
            "source": rule.source,
        }
        changing = ["cluster", "id", "provider", "time", "time_source", "truncated"]
        if format_.json_include_output_property:
            changing.append("output")
        if format_.json_include_message_property:
            changing.append("message")
        if format_.json_include_tags_property:
            changing.append("tags")
        if format_.json_include_output_fields_property:
            changing.append("output_fields")
        self.alert = _sorted(alert | dict.fromkeys(changing))
        self._show_time = timestamp.iso8601 if format_.time_format_iso_8601 else timestamp.clock
        self._time_key = "evt.time.iso8601" if format_.time_format_iso_8601 else "evt.time"
        parts = rule.output.parts
        self._pattern = b"".join(part.replace(b"%", b"%%") if isinstance(part, bytes) else b"%b" for part in parts)
        pieces = [_Piece(part.operand, part.width) for part in parts if not isinstance(part, bytes)]
        paths = {path: index for index, path in enumerate(IDENTITY)}
        # Plain texts are read all at once, each by its number among them; what else there is, one by one.
        self._pieces = [(paths.setdefault(piece.path, len(paths)) if piece.path else None, piece) for piece in pieces]
        self._paths = tuple(paths)
        shown = {piece.field for piece in pieces}
        # What stands inside transformers is among the output's fields, but the message does not show it as it is.
        self._inner = [(field_key(field), field) for field in rule.output.fields if field not in shown]
        keys = [self._time_key, *(piece.key for piece in pieces if piece.field is not None)]
        keys += [key for key, _ in self._inner] + [extra.key for extra in rule.extra_fields]
        self._fields = _sorted(dict.fromkeys(keys))

    def line(self, time: int, message: str) -> str:
        """Return the message behind its time and priority: `<time>: <Priority> <message>`."""
        return f"{self._show_time(time)}: {self._label} {message}"

    def fill(self, event: Event) -> tuple[str, dict[str, Any], list[bytes | None]]:
        """Return the message, the output's fields by their keys, and the event's texts at `IDENTITY`.

        They are made together because they show the same values (spec/output.md section 3).
        """
        texts = event.texts(self._paths)
        is_plain = event.is_audited and not event.lost  # else a text may be there, but is not the field's value
        shown: list[bytes] = []
        fields = self._fields.copy()
        fields[self._time_key] = event.time
        for number, piece in self._pieces:
            if number is None or not is_plain:
                value = piece.read(event)
                shown.append(piece.text(value))
                if piece.field is not None:
                    fields[piece.key] = _native(value, piece.field, event)
            elif (text := texts[number]) is None:
                shown.append(_MISSING)
                fields[piece.key] = None
            else:
                shown.append(text)
                fields[piece.key] = text.decode("utf-8", "replace")
        for key, field in self._inner:
            fields[key] = _native(field.value(event), field, event)
        for extra in self.rule.extra_fields:
            if extra.template is not None:
                fields[extra.key] = extra.template.render(event).decode("utf-8", "replace")
            else:
                fields[extra.key] = None if extra.raw is None else _native(extra.raw.value(event), extra.raw, event)
        message = (self._pattern % tuple(shown)).decode("utf-8", "replace")
        return message, fields, texts[: len(IDENTITY)]


class _Piece:
    """A value in a rule's output. `field` is `None` for what a transformer makes, which only the message shows.

    With a `path` it is nothing but the text there, and shown as it is.
    """

    __slots__ = ("_digits", "_width", "field", "key", "path", "read")

    def __init__(self, operand: BoundOperand, width: int) -> None:
        self._width = width
        self._digits = 0
        self.field: BoundField | None = None
        self.key = ""
        self.read = operand.value
        self.path: tuple[str, ...] | None = None
        if isinstance(operand, FieldOperand):
            self.field = operand.field
            self.key = field_key(operand.field)
            self.read = operand.field.value
            self._digits = operand.field.field.digits
            self.path = None if width else operand.field.text_path

    def text(self, value: Extracted) -> bytes:
        """Return the value as the message shows it."""
        text = value_text(value, self._digits)
        return text[: self._width].ljust(self._width) if self._width else text


def _sorted(entries: dict[str, Any]) -> dict[str, Any]:
    """Return a dictionary in the order in which alerts show it; so they need not be sorted one by one."""
    return dict(sorted(entries.items()))


def _native(value: Extracted, field: BoundField, event: Event) -> Any:
    """Return a field's value as JSON has it: missing is null, textual times are nanoseconds."""
    if isinstance(value, NoValue):
        return None
    if field.field.is_time_text:
        return event.time
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list):
        return [text.decode("utf-8", "replace") for text in value]
    if field.field.type is Type.RELTIME and value >= 2**63:
        return value - 2**64  # Falco shows it signed
    return value
