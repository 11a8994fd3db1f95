"""Output templates: text with `%field` and `%transformer(...)` in it (spec/output.md section 1)."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from lanner.errors import ConditionError, LanguageError, TemplateError
from lanner.fields import BoundField, Catalogue, Event, Extracted, NoValue
from lanner.language import nodes
from lanner.language.operands import BoundOperand, FieldOperand, bind_operand, fields_of, parse_operand

if TYPE_CHECKING:
    from lanner.language.parser import Parser

__all__ = ["MAX_WIDTH", "Piece", "Template", "compile_template", "field_key", "value_text"]

MAX_WIDTH = 65536
"""Bytes that a value's width may ask for."""

_DIGITS = tuple("0123456789")
_CONTAINER_INFO = "%container.info"
_CONTAINER_INFO_WARNING = "%container.info is deprecated and has no effect: it is removed from the output"


class Piece(msgspec.Struct, frozen=True):
    """A value in a template; its text is cut or padded with blanks to `width` bytes (0: as it is).

    `source` is what was bound to `operand`.
    """

    operand: BoundOperand
    source: nodes.Operand
    width: int = 0


class Template(msgspec.Struct, frozen=True):
    """A compiled template. `warnings` are for its author."""

    text: str
    parts: tuple[bytes | Piece, ...]
    warnings: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[BoundField, ...]:
        """Every field of the template, also inside transformers, each once."""
        found: dict[BoundField, None] = {}
        for part in self.parts:
            if isinstance(part, Piece):
                found.update(dict.fromkeys(fields_of(part.operand)))
        return tuple(found)

    def render(self, event: Event) -> bytes:
        """Return the template's text for `event`."""
        out = []
        for part in self.parts:
            if isinstance(part, bytes):
                out.append(part)
                continue
            digits = part.operand.field.field.digits if isinstance(part.operand, FieldOperand) else 0
            text = value_text(part.operand.value(event), digits)
            out.append(text[: part.width].ljust(part.width) if part.width else text)
        return b"".join(out)


def value_text(value: Extracted, digits: int = 0) -> bytes:
    """Return a value as output texts show it; a number is filled with zeros up to `digits` digits."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, NoValue):
        return b"<NA>"
    if isinstance(value, list):
        return b"(" + b",".join(value) + b")"
    if isinstance(value, bool):
        return b"true" if value else b"false"
    return b"%0*d" % (digits, value)


@cache
def _needs_quotes() -> re.Pattern[str]:
    return re.compile(r"[\s=\"'\\\x00-\x1f\x7f]")


def field_key(field: BoundField) -> str:
    """Return the key of a field in `output_fields` (spec/output.md section 3)."""
    if field.argument is None or not _needs_quotes().search(field.argument):
        return field.text
    return f"{field.field.name}[{nodes.quote(field.argument.encode('utf-8', 'surrogateescape'))}]"


def compile_template(text: str, catalogue: Catalogue) -> Template:
    """Compile an output template.

    Raises `TemplateError`; its `unknown_field` is set if no field can be read behind a `%`.
    """
    warnings = (_CONTAINER_INFO_WARNING,) if _CONTAINER_INFO in text else ()
    # A leading star means "render even if values are missing", which is always so.
    source = text.replace(_CONTAINER_INFO, "").removeprefix("*")
    if not text:
        raise TemplateError("empty formatting token", text=text)
    parts: list[bytes | Piece] = []
    position = 0
    while position < len(source):
        percent = source.find("%", position)
        literal = source[position : percent if percent >= 0 else None]
        if literal:
            parts.append(literal.encode("utf-8", "surrogateescape"))
        if percent < 0:
            break
        piece, position = _piece(source, percent, catalogue)
        parts.append(piece)
    return Template(text, tuple(parts), warnings)


def _piece(source: str, percent: int, catalogue: Catalogue) -> tuple[Piece, int]:
    from lanner.language.parser import Parser  # an artefact holds templates that were parsed when it was built

    start = percent + 1
    while source[start : start + 1] in _DIGITS:
        start += 1
    digits = source[percent + 1 : start]
    if start == len(source):
        what = "a number" if digits else "a %"
        message = f"invalid formatting syntax: formatting cannot end with {what}"
        raise TemplateError(message, text=source, position=percent)
    width = int(digits or 0) if len(digits) < 10 else MAX_WIDTH + 1
    if width > MAX_WIDTH:
        raise TemplateError(f"the width of a field must not exceed {MAX_WIDTH}", text=source, position=percent)
    parser = Parser(source, start)
    first: LanguageError | None = None
    try:
        parser.operand()
    except ConditionError as error:
        first = error
    for end in _ends(parser, start, catalogue):
        text = source[start:end]
        try:
            written = parse_operand(text)
            operand = bind_operand(written, catalogue, text)
        except LanguageError as error:
            first = first or error
            if error.message == "unknown multivalue transformer":
                raise TemplateError(error.message, text=source, position=percent) from None
        else:
            return Piece(operand, written, width), end
    reason = first.message if first else "no field stands behind the %"
    hint = first.hint if first and first.hint else "a percent sign itself cannot be written in an output"
    raise TemplateError(reason, text=source, position=percent, hint=hint, unknown_field=True)


def _ends(parser: Parser, start: int, catalogue: Catalogue) -> list[int]:
    """Return where the field or transformer that `parser` has read from `start` may end, the longest first.

    That is behind its argument, before its argument, or, for a field, wherever a name of the catalogue may end.
    """
    names = range(start + 1, min(parser.position, start + max(map(len, catalogue.fields))) + 1)
    return sorted({parser.position, parser.bracket, *names} - {start}, reverse=True)
