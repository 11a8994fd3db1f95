"""Rules that were compiled ahead: one file, which loads without YAML and without parsing a condition.

    lanner-rules 2 0.1.0 crc32:1f2e3d4c
    (MessagePack)

The first line names the format, the version of Lanner that wrote the file, and the checksum of all that follows:
rules with lists, macros and exceptions resolved, conditions folded, outputs taken apart (`lanner.ruleset.packing`).
Nothing in the file is ever executed.
"""

# No `from __future__ import annotations`: msgspec would have to evaluate each annotation again, at every start.

import zlib
from collections.abc import Mapping, Sequence

import msgspec

import lanner
from lanner.errors import LanguageError, RulesError, UsageError
from lanner.fields import Catalogue, catalogue
from lanner.language import FALSE, BoundCheck, Check, Condition, Template
from lanner.ruleset.appending import AppendOutput, ExtraField
from lanner.ruleset.packing import (
    Malformed,
    PackedCheck,
    PackedField,
    PackedGroup,
    PackedTemplate,
    PackedTree,
    Unpacked,
    field_name,
    pack_check,
    pack_condition,
    pack_field,
    pack_template,
    unpack_check,
    unpack_condition,
    unpack_groups,
    unpack_template,
)
from lanner.ruleset.places import Place
from lanner.ruleset.priority import Priority
from lanner.ruleset.rules import Rule, Ruleset

__all__ = ["MAGIC", "digest", "is_artefact", "read", "write"]

MAGIC = b"lanner-rules "
"""What an artefact begins with."""

_FORMAT = "2"
_MAX_HEADER = 200


class _PackedExtra(msgspec.Struct, frozen=True, array_like=True):
    """A further key of `output_fields`: with a template, a field, or neither."""

    key: str
    template: PackedTemplate | None = None
    raw: PackedField | None = None


class _PackedRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """A rule. Of one that Lanner does not evaluate, or that can never match, there is neither condition nor output."""

    name: str
    source: str
    description: str
    priority: Priority
    tags: tuple[str, ...]
    enabled: bool
    condition_text: str
    output_text: str
    place: tuple[str, int, int]
    condition: PackedTree | None = None
    output: PackedTemplate | None = None
    extra_fields: tuple[_PackedExtra, ...] = ()
    never: str = ""


class _Body(msgspec.Struct, frozen=True):
    """What follows the first line. `settings` is the digest of what the build took from a configuration."""

    static_fields: dict[str, str]
    settings: str
    checks: tuple[PackedCheck, ...]
    groups: tuple[PackedGroup, ...]
    rules: tuple[_PackedRule, ...]


def is_artefact(content: bytes) -> bool:
    """Tell whether a file that begins with `content` is an artefact, of whatever version."""
    return content.startswith(MAGIC)


def digest(static_fields: Mapping[str, str], append_output: Sequence[AppendOutput]) -> str:
    """Return a text that stands for these settings, which are settled when rules are built; empty without any."""
    if not static_fields and not append_output:
        return ""
    import hashlib  # slow to import, and an artefact is mostly loaded without such settings

    return hashlib.sha256(repr((dict(static_fields), tuple(append_output))).encode()).hexdigest()


def write(
    ruleset: Ruleset, static_fields: Mapping[str, str] | None = None, append_output: Sequence[AppendOutput] = ()
) -> bytes:
    """Return the artefact of a ruleset that was loaded with these static fields and appended outputs.

    Raises `UsageError` if a text in it cannot be written as UTF-8.
    """
    checks: dict[Check, int] = {}
    groups: dict[PackedGroup, int] = {}
    rules = tuple([_pack_rule(rule, checks, groups) for rule in ruleset.rules])
    constants = dict(static_fields or {})
    packed_checks = tuple([pack_check(check) for check in checks])
    body = _Body(constants, digest(constants, append_output), packed_checks, tuple(groups), rules)
    try:
        packed = msgspec.msgpack.encode(body)
    except UnicodeEncodeError as error:
        shown = error.object.encode("utf-8", "backslashreplace").decode()
        raise UsageError(f"{shown!r} is not UTF-8, so it cannot stand in an artefact") from None
    return f"{MAGIC.decode()}{_FORMAT} {lanner.__version__} {_checksum(packed)}\n".encode() + packed


def read(content: bytes, name: str, settings: str = "") -> Ruleset:
    """Return the rules of the artefact `content`; `name` is what messages call it.

    `settings` is the digest of the settings that the rules are expected to be built with, if there are any. Raises
    `RulesError` if the artefact is damaged or of another version of Lanner, `UsageError` if it is none, or if it was
    built with other settings.
    """
    packed = _checked(content, name)
    try:
        body = msgspec.msgpack.decode(packed, type=_Body)
        if settings not in ("", body.settings):
            raise UsageError(
                f"{name}: static_fields and append_output are settled when rules are built, and these rules were built "
                f"with others; {_build_again(name)} with this configuration"
            )
        return _unpacked(body)
    except (msgspec.DecodeError, UnicodeDecodeError, Malformed, RecursionError) as error:
        raise RulesError(f"{name}: the rules artefact is damaged ({error}); {_build_again(name)}") from None
    except LanguageError as error:
        raise RulesError(f"{name}: the rules artefact does not fit: {error.message}; {_build_again(name)}") from None


def _build_again(name: str) -> str:
    return f"build it again with `lanner build RULES -o {name}`"


def _checksum(packed: bytes) -> str:
    return f"crc32:{zlib.crc32(packed):08x}"


def _checked(content: bytes, name: str) -> bytes:
    """Return what follows the first line of an artefact that is whole and of this version."""
    if not is_artefact(content):
        raise UsageError(f"{name}: this is no rules artefact, as `lanner build` writes it")
    header, _, packed = content.partition(b"\n")
    words = header[:_MAX_HEADER].decode("ascii", "replace").split(" ")
    if len(words) != 4:
        raise RulesError(f"{name}: the rules artefact is damaged (its first line); {_build_again(name)}")
    if words[1] != _FORMAT:
        raise RulesError(f"{name}: the rules artefact has the format {words[1]!r}, not {_FORMAT}; {_build_again(name)}")
    if words[2] != lanner.__version__:
        raise RulesError(
            f"{name}: the rules artefact was built by Lanner {words[2]!r}, this is {lanner.__version__}; "
            f"{_build_again(name)}"
        )
    if words[3] != _checksum(packed):
        raise RulesError(f"{name}: the rules artefact is damaged (its checksum differs); {_build_again(name)}")
    return packed


def _pack_rule(rule: Rule, checks: dict[Check, int], groups: dict[PackedGroup, int]) -> _PackedRule:
    condition: PackedTree | None = None
    output: PackedTemplate | None = None
    extra_fields: tuple[_PackedExtra, ...] = ()
    if rule.condition is not None and not rule.never:
        assert rule.output is not None  # a rule that is evaluated has one
        condition = pack_condition(rule.condition, checks, groups)
        output = pack_template(rule.output)
        extra_fields = tuple([_pack_extra(extra) for extra in rule.extra_fields])
    return _PackedRule(
        name=rule.name,
        source=rule.source,
        description=rule.description,
        priority=rule.priority,
        tags=rule.tags,
        enabled=rule.enabled,
        condition_text=rule.condition_text,
        output_text=rule.output_text,
        place=(rule.place.file, rule.place.line, rule.place.column),
        condition=condition,
        output=output,
        extra_fields=extra_fields,
        never=rule.never,
    )


def _pack_extra(extra: ExtraField) -> _PackedExtra:
    template = None if extra.template is None else pack_template(extra.template)
    raw = None if extra.raw is None else pack_field(extra.raw.field.name, extra.raw.argument)
    return _PackedExtra(extra.key, template, raw)


def _unpacked(body: _Body) -> Ruleset:
    fields = Catalogue(body.static_fields) if body.static_fields else catalogue()
    checks = [unpack_check(check, fields) for check in body.checks]
    groups = unpack_groups(body.groups, checks)
    return Ruleset(tuple([_rule(rule, checks, groups, fields) for rule in body.rules]))


def _rule(packed: _PackedRule, checks: Sequence[BoundCheck], groups: Sequence[Unpacked], fields: Catalogue) -> Rule:
    condition: Condition | None = FALSE if packed.never else None
    output: Template | None = None
    if packed.condition is not None:
        if packed.output is None or packed.never:
            raise Malformed(f"the rule {packed.name!r} has a condition and no output, or can never match")
        condition = unpack_condition(packed.condition, checks, groups).condition
        output = unpack_template(packed.output, fields)
    return Rule(
        name=packed.name,
        source=packed.source,
        description=packed.description,
        priority=packed.priority,
        tags=packed.tags,
        enabled=packed.enabled,
        condition_text=packed.condition_text,
        condition=condition,
        output_text=packed.output_text,
        output=output,
        extra_fields=tuple([_extra(extra, fields) for extra in packed.extra_fields]),
        place=Place(*packed.place),
        never=packed.never,
    )


def _extra(packed: _PackedExtra, fields: Catalogue) -> ExtraField:
    template = None if packed.template is None else unpack_template(packed.template, fields)
    raw = None if packed.raw is None else fields.bind(*field_name(packed.raw))
    return ExtraField(packed.key, template, raw)
