"""The catalogue for readers: as text, as JSON and as the markdown of docs/fields.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from lanner.fields.availability import LACKING, OTHERWISE, PROVIDERS
from lanner.fields.field import Field
from lanner.fields.types import Argument, Type

__all__ = ["as_json", "as_markdown", "as_text"]

_FAMILIES = (
    ("ka.", True, "Kubernetes audit fields", "Every `ka.*` field is missing on an event without an `auditID`."),
    ("ka.", False, "Lanner's own fields", "Falco does not have them: a rule that names one is not portable."),
    ("jevt.", True, "JSON fields", "`jevt.*` and `json.*` are the same. They read anything in the event."),
    ("json.", True, "", ""),
    ("evt.", True, "Event fields", "Numbers compare as unsigned 64-bit integers."),
    ("static.", True, "Constants", "The configuration key `static_fields` adds `static.<name>` fields."),
)
_HEAD = "| field | type | meaning | JSON path | level | providers | section | differs |"
_INTRODUCTION = """\
# Fields

What conditions and outputs may name. `lanner fields --format markdown` writes this page.

A field has a value or is *missing*; every check on a missing field is false. A list field can be tested with
`in` (every element), `intersects` (any element) and `exists`.

An argument in brackets is a key or a JSON pointer (`[key]`; a slash in a key of a pointer is written `~1`), the number
of an element from 0 on (`[index]`, which may be left out), or a network such as `10.0.0.0/8`, `2001:db8::/32`, or one
address (`[network]`; what is none is an error of the rules file).

*level* is the least level of an audit policy at which the field is logged, *providers* tells whose logs have it (the
tables at the end say why not, and what is different). Sections are those of the specification of Falco's fields that
Lanner is tested against; `Lanner` marks fields that Falco does not have. Letters in the last column are the deliberate
differences from Falco of [compatibility.md](compatibility.md).

## The written object

The JSON paths of Lanner's own fields begin with `written` where they read the object that a request writes: its body
or, if that is a JSON patch, an object of the values that the patch sets, each at its place. So these fields see a
create, a replacement, a merge patch, server-side apply and a JSON patch alike. What a patch does not mention is
missing, and so is what is null. Of elements that a JSON patch inserts into an array none is left out, even if it
writes to the same index again; `move` and `copy` are followed to what the patch has written itself. Of duplicate keys
in a patch the last counts, as for API servers.

`podSpec` is a pod specification in that object: `spec.template.spec` (workloads),
`spec.jobTemplate.spec.template.spec` (CronJobs), `template.spec` (PodTemplates) or `spec` (pods). Lists are those of
all of them, a flag is true if one has it so, another text is that of the place that belongs to the target's resource.
`.all_containers` are containers, init containers and ephemeral containers together. Lists hold what is written; only
`image.repository` is missing if any container has no image: then a list of what is allowed covers all of them, or none.

Of a body that was cut, lists have at least what stood before the cut; of a JSON patch that was cut nothing is known.

Bounds: pointers of 300 steps, arrays 16 deep in each other, folders of 16 levels; of JSON patches what API servers take
(10,000 operations, 3 MiB of copies); of patches 250,000 places, none inside a place whose pointer has more than 256
bytes. What is beyond is not looked at; no object of an API comes near.""".splitlines()

_OWNERS = {True: "Falco", False: "Lanner"}
_BRACKETS = {Argument.NONE: "", Argument.KEY: "[key]", Argument.INDEX: "[index]", Argument.NETWORK: "[network]"}
_TYPES = {Type.STRING: "string", Type.BOOL: "boolean"}


def as_text(fields: Sequence[Field]) -> str:
    """Return one line a field: how it is written, its type, level, providers, whose it is, and its meaning."""
    rows = [
        (_written(field), _type(field), field.level, _providers(field), _OWNERS[field.is_portable], field.meaning)
        for field in fields
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows])


def as_json(fields: Iterable[Field]) -> str:
    """Return the fields as a JSON array of objects."""
    return msgspec.json.format(msgspec.json.encode([_object(field) for field in fields]), indent=2).decode()


def as_markdown(fields: Sequence[Field]) -> str:
    """Return the page docs/fields.md."""
    lines = [*_INTRODUCTION]
    for prefix, is_portable, title, note in _FAMILIES:
        family = [field for field in fields if field.name.startswith(prefix) and field.is_portable == is_portable]
        if title:
            lines += ["", f"## {title}", "", note]
            if family:
                lines += ["", _HEAD, "|" + "---|" * (_HEAD.count("|") - 1)]
        lines += [_row(field) for field in family]
    lines += _remarks(fields, LACKING, "What is not in a provider's log", "| field | not on | because |")
    lines += _remarks(fields, OTHERWISE, "What is different in a provider's log", "| field | on | it is |")
    return "\n".join(lines)


def _remarks(fields: Iterable[Field], remarks: Mapping[str, Mapping[str, str]], title: str, head: str) -> Iterator[str]:
    """Yield the lines of a table of what there is to say of some fields' values in the logs of some providers."""
    rows = [
        f"| `{field.name}` | {', '.join([one for one in PROVIDERS if said.get(one) == text])} | {text} |"
        for field in fields
        for said in [remarks.get(field.name, {})]
        for text in dict.fromkeys(said.values())
    ]
    if rows:
        yield from ("", f"## {title}", "", head, "|---|---|---|", *rows)


def _row(field: Field) -> str:
    section = field.section if field.is_portable else _OWNERS[False]
    columns = (
        f"`{_written(field)}`",
        _type(field),
        field.meaning,
        f"`{field.path}`" if field.path else "",
        field.level,
        _providers(field),
        section,
        field.correction,
    )
    return f"| {' | '.join(columns)} |"


def _providers(field: Field) -> str:
    """Say whose logs have a field, in few words."""
    there = [provider for provider in PROVIDERS if provider in field.providers]
    lacking = [provider for provider in PROVIDERS if provider not in field.providers]
    if not lacking:
        return "all"
    return f"all but {', '.join(lacking)}" if len(lacking) < len(there) else ", ".join(there)


def _written(field: Field) -> str:
    return field.name + _BRACKETS[field.argument]


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
        "section": field.section or None,
        "correction": field.correction or None,
        "is_portable": field.is_portable,
        "level": field.level,
        "providers": [provider for provider in PROVIDERS if provider in field.providers],
    }
