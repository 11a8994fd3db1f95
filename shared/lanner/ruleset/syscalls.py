"""Rules of source `syscall`: Lanner never evaluates them, but it tells their mistakes (spec/rules.md section 7)."""

from __future__ import annotations

from collections.abc import Iterator

from lanner.errors import ConditionError, LanguageError
from lanner.language import And, Check, Condition, FieldRef, Not, Or, Transform
from lanner.language.nodes import TupleArgument, walk
from lanner.language.operands import parse_operand

__all__ = ["check_fields", "deprecated_fields", "field_problem", "is_bound_to_event_types"]

# The families of audit fields. Any other may be one of Falco's, or of a plugin's, for system calls.
_AUDIT_FAMILIES = ("ka", "jevt", "json")
_DEPRECATED = ("evt.dir", "evt.latency", "evt.wait_latency")


def check_fields(condition: Condition) -> None:
    """Raise `ConditionError` if a condition has a field of audit events (`unknown_field` is set)."""
    for field in _fields(condition):
        if field.name.split(".")[0] in _AUDIT_FAMILIES:
            message = f"unknown field {field}"
            raise ConditionError(message, position=field.position, unknown_field=True)


def field_problem(text: str) -> str:
    """Return why `text` is not a field or transformer for system calls, an empty text if it may be one."""
    try:
        check_fields(Check(parse_operand(text), "exists"))
    except LanguageError as error:
        return error.message
    return ""


def deprecated_fields(condition: Condition) -> list[str]:
    """Return the deprecated fields of a condition, each once."""
    names = dict.fromkeys(field.name for field in _fields(condition))
    return [name for name in names if name.startswith(_DEPRECATED)]


def is_bound_to_event_types(condition: Condition, *, is_negated: bool = False) -> bool:
    """Tell whether a condition, or its negation, can only be true for the event types that it names."""
    if isinstance(condition, Not):
        return is_bound_to_event_types(condition.child, is_negated=not is_negated)
    if isinstance(condition, And | Or):
        bound = [is_bound_to_event_types(child, is_negated=is_negated) for child in condition.children]
        return any(bound) if isinstance(condition, And) is not is_negated else all(bound)
    names_types = isinstance(condition, Check) and str(condition.left) == "evt.type" and condition.right is not None
    excludes = isinstance(condition, Check) and condition.operator == "!="
    return names_types and excludes is is_negated


def _fields(condition: Condition) -> Iterator[FieldRef]:
    checks = [leaf for leaf in walk(condition) if isinstance(leaf, Check)]
    for check in checks:
        pending: list[object] = [check.right, check.left]
        while pending:
            operand = pending.pop()
            if isinstance(operand, FieldRef):
                yield operand
            elif isinstance(operand, Transform):
                pending.extend(reversed(operand.arguments))
            elif isinstance(operand, TupleArgument):
                pending.extend(reversed(operand.items))
