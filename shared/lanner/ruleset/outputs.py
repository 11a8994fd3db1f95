"""Outputs of rules, with what the configuration appends to them (spec/output.md sections 1 and 4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lanner.errors import LanguageError, TemplateError
from lanner.fields import BoundField, Catalogue
from lanner.language import Template, compile_operand, compile_template, field_key
from lanner.language.operands import FieldOperand
from lanner.ruleset.appending import AppendOutput, ExtraField
from lanner.ruleset.diagnostics import Diagnostic, Invalid, Location, Severity, about, about_text
from lanner.ruleset.entries import Warn
from lanner.ruleset.items import RuleItem

__all__ = ["check_container_info", "compile_extra_fields", "compile_output"]

_CONTAINER_INFO = "%container.info"
_STATIC = "static."


def check_container_info(rule: RuleItem, warn: Warn) -> None:
    """Warn about `%container.info`, which is removed from outputs."""
    if _CONTAINER_INFO in rule.output.text:
        message = f"{_CONTAINER_INFO} is deprecated and has no effect: it is removed from the output"
        warn(rule.entry.warning("LOAD_DEPRECATED_ITEM", message, rule.entry.node.get("output")))


def compile_output(
    rule: RuleItem,
    append_output: Sequence[AppendOutput],
    catalogue: Catalogue,
    warn: Warn,
    known: dict[str, Template],
) -> Template | None:
    """Return the compiled output of a rule; `None` if it names an unknown field and the rule is to be skipped then.

    `known` remembers compiled outputs. Raises `Invalid` (LOAD_ERR_COMPILE_OUTPUT).
    """
    own = rule.output.text
    appended = [f" {text}" for entry in _applicable(rule, append_output) for text in _texts(entry, catalogue)]
    text = own + "".join(appended)
    try:
        if text not in known:
            known[text] = compile_template(text, catalogue)
        return known[text]
    except TemplateError as error:
        if error.unknown_field and rule.skip_if_unknown_filter:
            warn(_problem("LOAD_UNKNOWN_FILTER", error, rule, Severity.WARNING))
            return None
        raise Invalid(_problem("LOAD_ERR_COMPILE_OUTPUT", error, rule, Severity.ERROR)) from None


def compile_extra_fields(
    rule: RuleItem, append_output: Sequence[AppendOutput], catalogue: Catalogue
) -> tuple[ExtraField, ...]:
    """Return the extra fields of a rule's alerts. Raises `Invalid` (LOAD_ERR_COMPILE_OUTPUT)."""
    applicable = _applicable(rule, append_output)
    templates = dict(pair for entry in applicable for pair in entry.extra_fields)
    fields = []
    for key, template in templates.items():
        try:
            if template is None:
                compile_template(f"%{key}", catalogue)
                fields.append(ExtraField(key, raw=_raw_field(key, catalogue)))
            else:
                fields.append(ExtraField(key, compile_template(template, catalogue)))
        except TemplateError as error:
            hint = f"the extra field '{key}' comes from `append_output` of the configuration"
            code, node = "LOAD_ERR_COMPILE_OUTPUT", rule.entry.node
            raise Invalid(about(code, error.message, node, rule.entry.context, hint=hint)) from None
    return tuple(fields)


def _applicable(rule: RuleItem, append_output: Sequence[AppendOutput]) -> Iterator[AppendOutput]:
    return (entry for entry in append_output if entry.applies_to(rule.source, rule.name, rule.tags))


def _texts(entry: AppendOutput, catalogue: Catalogue) -> Iterator[str]:
    if entry.extra_output:
        yield entry.extra_output
    if entry.suggested_output:
        for name in catalogue.fields:
            if name.startswith(_STATIC):
                yield f"{name.replace('.', '_')}=%{name}"


def _raw_field(key: str, catalogue: Catalogue) -> BoundField | None:
    """Return the field that `key` names in the form of the keys of `output_fields`; `None` for other texts."""
    try:
        operand = compile_operand(key, catalogue)
    except LanguageError:
        return None
    return operand.field if isinstance(operand, FieldOperand) and field_key(operand.field) == key else None


def _problem(code: str, error: TemplateError, rule: RuleItem, severity: Severity) -> Diagnostic:
    own = rule.output.text
    position = error.position
    if _CONTAINER_INFO in own:
        position = own.find("%")  # the error's position is that in the text without the removed pieces
    elif own.startswith("*"):
        position += 1
    if position >= len(own) and own:
        error.hint = "this text comes from `append_output` of the configuration"
    node, _ = rule.output.locate(position)
    context = (*rule.entry.context, Location("output", "", node.place))
    return about_text(code, error, rule.output, position, context, severity=severity)
