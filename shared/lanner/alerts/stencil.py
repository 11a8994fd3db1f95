"""What is known of a rule's alerts before there is one: worked out once, so that each costs little."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from lanner.alerts.identity import IDENTITY
from lanner.engine.generated import function
from lanner.fields import BoundField, Event, Extracted, NoValue, Type, generic
from lanner.language import Piece, Template, field_key, value_text
from lanner.language.operands import FieldOperand, fields_of

if TYPE_CHECKING:
    from lanner.ruleset import ExtraField, Rule

__all__ = ["AlertFormat", "Stencil"]

_MISSING = value_text(NoValue.MISSING).decode()

_Texts = Sequence[str | None]
_Filled = tuple[str, dict[str, Any], _Texts | None]
_Fill = Callable[[Event, _Texts], tuple[str, dict[str, Any]]]

_Reader = Callable[[Event], tuple[Any, str]]
"""Returns a value as JSON has it, and as the message shows it. Raises `UnicodeDecodeError` if that is not UTF-8."""


class AlertFormat(msgspec.Struct, frozen=True, dict=True):
    """What alerts contain and how, by the names and defaults of Falco's configuration (spec/rules.md section 10).

    `cluster`, if given, goes before the cluster that an envelope names. With `redact`, values of Secrets and obvious
    credentials are not shown (`lanner.alerts.redaction`). A format keeps the stencils of all rules that
    it was used with, and so the rules: take another one when other rules are loaded.
    """

    time_format_iso_8601: bool = False
    json_include_output_property: bool = True
    json_include_message_property: bool = False
    json_include_tags_property: bool = True
    json_include_output_fields_property: bool = True
    cluster: str = ""
    redact: bool = False

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

    `hostname` and `label` (of the priority) stand in each alert; `left_out` are the keys that the format does not want.
    """

    __slots__ = (
        "_fill",
        "_paths",
        "_read",
        "_redaction",
        "_time_key",
        "format",
        "hostname",
        "label",
        "left_out",
        "rule",
    )

    def __init__(self, rule: Rule, format_: AlertFormat) -> None:
        self.rule = rule
        self.format = format_
        self.label = rule.priority.label
        self.hostname = generic.hostname().encode("utf-8", "surrogateescape").decode(errors="replace")
        wanted = {
            "message": format_.json_include_message_property,
            "output": format_.json_include_output_property,
            "output_fields": format_.json_include_output_fields_property,
            "tags": format_.json_include_tags_property,
        }
        self.left_out = tuple([key for key, is_wanted in wanted.items() if not is_wanted])
        self._time_key = "evt.time.iso8601" if format_.time_format_iso_8601 else "evt.time"
        self._fill, self._paths, self._read = self._filler()
        self._redaction = _redaction() if format_.redact else None

    def _filler(self) -> tuple[_Fill, tuple[tuple[str, ...], ...], tuple[BoundField, ...]]:
        """Return the function that fills the stencil, the paths of the texts that it is to be given of an event, and
        the fields that it reads itself.

        It is generated: every alert passes here. Plain texts are at hand, what else there is is read one by one.
        """
        paths = {path: number for number, path in enumerate(IDENTITY)}
        scope: dict[str, Any] = {"join": "".join, "missing": _MISSING}
        lines: list[str] = []
        fields_read: dict[BoundField, None] = {}

        def read(reader: _Reader, of: Iterable[BoundField]) -> str:
            """Read another value, which is made of some fields; return its number."""
            number = str(len(lines))
            fields_read.update(dict.fromkeys(of))
            scope[f"read{number}"] = reader
            lines.append(f"    n{number}, s{number} = read{number}(event)")
            return number

        message: list[str] = []
        fields = {self._time_key: "event.time"}
        for part in self._output.parts:
            if isinstance(part, bytes):
                name = f"c{len(scope)}"
                scope[name] = part.decode("utf-8", "replace")
                message.append(name)
                continue
            path = _plain_path(part, self.format)
            if path is not None:
                native = f"t{paths.setdefault(path, len(paths))}"
                message.append(f"missing if {native} is None else {native}")
            else:
                number = read(_piece_reader(part), fields_of(part.operand))
                native = f"n{number}"
                message.append(f"s{number}")
            if isinstance(part.operand, FieldOperand):
                fields[field_key(part.operand.field)] = native
        for field in self._output.fields:
            if field_key(field) not in fields:  # it stands inside a transformer
                fields[field_key(field)] = f"n{read(_field_reader(field), (field,))}"
        for extra in self.rule.extra_fields:
            fields[extra.key] = f"n{read(_extra_reader(extra), _fields_of_extra(extra))}"
        entries: list[str] = []
        for key, native in sorted(fields.items()):
            name = f"key{len(entries)}"
            scope[name] = key
            entries.append(f"{name}: {native}")
        texts = [f"t{number}" for number in range(len(paths))]
        source = "\n".join(
            [
                "def fill(event, texts):",
                f"    {', '.join(texts)} = texts",
                *lines,
                f"    message = join(({''.join([f'{part}, ' for part in message])}))",
                f"    return message, {{{', '.join(entries)}}}",
                "",
            ]
        )
        fill: _Fill = function("fill", source, scope)
        return fill, tuple(paths), tuple(fields_read)

    def line(self, event: Event, message: str) -> str:
        """Return the message behind its time and priority: `<time>: <Priority> <message>`."""
        time = f"{event.utc}+0000" if self.format.time_format_iso_8601 else event.clock
        return f"{time}: {self.label} {message}"

    def fill(self, event: Event) -> _Filled:
        """Return the message, the output's fields by their keys, and the event's texts at `IDENTITY`, if they are read.

        They are made together because they show the same values (spec/output.md section 3).
        """
        redaction = self._redaction
        if redaction is not None:
            event = redaction.without_secrets(event)
        if not event.lost and event.is_audited:  # else a text may be there, but is not the field's value
            try:
                texts: _Texts = event.texts(self._paths)
                shown = texts
                if redaction is not None:
                    shown, event = redaction.without_credentials(event, texts, self._read)
                message, fields = self._fill(event, shown)
            except UnicodeDecodeError:  # some text is not UTF-8: the message is to be decoded as a whole
                pass
            else:
                return message, fields, texts[: len(IDENTITY)]  # which is that of the event as it was
        if redaction is not None:
            _, event = redaction.without_credentials(event, (), self._fields)
        fields = {self._time_key: event.time}
        for field in self._output.fields:
            fields[field_key(field)] = _native(field.value(event), field, event)
        for extra in self.rule.extra_fields:
            fields[extra.key], _ = _extra_reader(extra)(event)
        message = self._output.render(event).decode("utf-8", "replace")
        return message, dict(sorted(fields.items())), None

    @property
    def _fields(self) -> list[BoundField]:
        return [*self._output.fields, *[field for extra in self.rule.extra_fields for field in _fields_of_extra(extra)]]

    @property
    def _output(self) -> Template:
        assert self.rule.output is not None  # only compiled rules match
        return self.rule.output


class _Redaction(msgspec.Struct, frozen=True):
    """What of `lanner.alerts.redaction` is called for each alert."""

    without_secrets: Callable[[Event], Event]
    without_credentials: Callable[[Event, _Texts, Sequence[BoundField]], tuple[_Texts, Event]]


@cache
def _redaction() -> _Redaction:
    # Where it is not wanted, none of it is needed.
    from lanner.alerts.redaction import without_credentials_in, without_secrets

    return _Redaction(without_secrets, without_credentials_in)


def _plain_path(piece: Piece, format_: AlertFormat) -> tuple[str, ...] | None:
    """Return where the text stands that a piece of an output shows as it is; `None` if it shows something else."""
    if piece.width or not isinstance(piece.operand, FieldOperand):
        return None
    field = piece.operand.field
    if format_.redact and field.argument is not None:
        return None  # it may tell that the value is a credential
    return field.text_path


def _piece_reader(piece: Piece) -> _Reader:
    """Return what reads a piece of an output."""
    template = Template("", (piece,))
    field = piece.operand.field if isinstance(piece.operand, FieldOperand) else None

    def read(event: Event) -> tuple[Any, str]:
        # What a transformer makes is shown by the message alone.
        native = None if field is None else _native(field.value(event), field, event)
        return native, template.render(event).decode()

    return read


def _field_reader(field: BoundField) -> _Reader:
    return lambda event: (_native(field.value(event), field, event), "")


def _extra_reader(extra: ExtraField) -> _Reader:
    """Return what reads a field that the configuration adds."""
    if extra.raw is not None:
        return _field_reader(extra.raw)
    template = extra.template
    if template is None:
        return lambda event: (None, "")
    return lambda event: (template.render(event).decode("utf-8", "replace"), "")


def _fields_of_extra(extra: ExtraField) -> tuple[BoundField, ...]:
    if extra.raw is not None:
        return (extra.raw,)
    return () if extra.template is None else extra.template.fields


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
