"""The catalogue for readers: as text, as JSON and as the markdown of docs/fields.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from lanner.fields.field import Field
from lanner.fields.types import Argument, Type

__all__ = ["as_json", "as_markdown", "as_text"]

_FAMILIES = (
    ("ka.", "Kubernetes audit fields", "Every `ka.*` field is missing on an event without an `auditID`."),
    ("jevt.", "JSON fields", "`jevt.*` and `json.*` are the same. They read anything in the event."),
    ("json.", "", ""),
    ("evt.", "Event fields", "Numbers compare as unsigned 64-bit integers."),
    ("static.", "Constants", "The configuration key `static_fields` adds `static.<name>` fields."),
)
_TYPES = {Type.STRING: "string", Type.BOOL: "boolean"}


def as_text(fields: Sequence[Field]) -> str:
    """Return one line a field: how it is written, its type, its meaning."""
    rows = [(_written(field), _type(field), field.meaning) for field in fields]
    widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
    return "\n".join(f"{name:<{widths[0]}}  {type_:<{widths[1]}}  {meaning}" for name, type_, meaning in rows)


def as_json(fields: Iterable[Field]) -> str:
    """Return the fields as a JSON array of objects."""
    return msgspec.json.format(msgspec.json.encode([_object(field) for field in fields]), indent=2).decode()


def as_markdown(fields: Sequence[Field]) -> str:
    """Return the page docs/fields.md."""
    lines = [
        "# Fields",
        "",
        "What conditions and outputs may name. `lanner fields --format markdown` writes this page.",
        "",
        "A field has a value or is *missing*; every check on a missing field is false. A list field can be tested with",
        "`in` (every element), `intersects` (any element) and `exists`. Letters in the last column are the deliberate",
        "differences from Falco of [compatibility.md](compatibility.md); sections are those of the specification of",
        "Falco's fields that Lanner is tested against.",
    ]
    for prefix, title, note in _FAMILIES:
        family = [field for field in fields if field.name.startswith(prefix)]
        if title:
            lines += ["", f"## {title}", "", note]
            if family:
                lines += ["", "| field | type | meaning | JSON path | section | differs |", "|---|---|---|---|---|---|"]
        lines += [_row(field) for field in family]
    return "\n".join(lines)


def _row(field: Field) -> str:
    written, path = f"`{_written(field)}`", _code(field.path)
    return f"| {written} | {_type(field)} | {field.meaning} | {path} | {field.section} | {field.correction} |"


def _code(path: str) -> str:
    return f"`{path}`" if path else ""


def _written(field: Field) -> str:
    return field.name + {Argument.NONE: "", Argument.KEY: "[key]", Argument.INDEX: "[index]"}[field.argument]


def _type(field: Field) -> str:
    name = _TYPES.get(field.type, "number")
    return f"list of {name}s" if field.is_list else name


def _object(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "type": _TYPES.get(field.type, "number"),
        "is_list": field.is_list,
        "argument": field.argument.value,
        "meaning": field.meaning,
        "json_path": field.path,
        "section": field.section,
        "correction": field.correction or None,
    }
