"""Exceptions of rules: reading, validation, and their expansion into the condition (spec/rules.md section 5)."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence as Values
from dataclasses import dataclass, replace

from lanner.language import MODIFIERS, OPERATORS
from lanner.ruleset.entries import Entry, Warn
from lanner.ruleset.texts import Part, Text
from lanner.ruleset.yaml_nodes import Mapping, Node, Scalar, Sequence

__all__ = ["RuleException", "append_exceptions", "check_exception", "expand_exceptions", "read_exceptions"]

_LIST_OPERATORS = ("in", "pmatch", "intersects")
_WITHOUT_MODIFIER = ("exists", "<", "<=", ">", ">=", *_LIST_OPERATORS)

Value = str | tuple["Value", ...]
"""A text (empty for null and for mappings), or the values of a sequence."""

FieldProblem = Callable[[str], str]
"""Says why a text is not a field of the rule's source; an empty text if it is one, or if nobody can know."""


@dataclass(frozen=True, slots=True)
class RuleException:
    """An exception as far as it is known: `fields` and `comps` are empty if they were not given."""

    name: str
    fields: Value
    comps: Value
    values: tuple[tuple[Value, Node], ...]
    entry: Entry


def read_exceptions(rule: Entry, warn: Warn, *, is_append: bool) -> tuple[RuleException, ...]:
    """Return the exceptions of a rule; those that are appended need no fields.

    Raises `Invalid` (LOAD_ERR_YAML_VALIDATE) where their shape is wrong.
    """
    node = rule.node.get("exceptions")
    if node is None or (isinstance(node, Scalar) and node.is_null):
        return ()
    if not isinstance(node, Sequence):
        raise rule.invalid("Rule exceptions must be a sequence", node, "put `- ` in front of each exception's name")
    exceptions: list[RuleException] = []
    for item in node.items:
        if not isinstance(item, Mapping):
            raise rule.invalid("Rule exception must be a mapping", item)
        name = Entry(item, rule.context).named("exception", "").text("name").value
        entry = Entry(item, rule.context).named("exception", name)
        for earlier in exceptions:
            if earlier.name == name:
                message = f"Multiple definitions of exception '{name}' in the same rule"
                warn(entry.warning("LOAD_EXCEPTION_NAME_NOT_UNIQUE", message))
        if not is_append and not entry.has("fields"):
            raise entry.lacks("fields")
        fields, comps = (_value(item.get(key), entry) for key in ("fields", "comps"))
        exceptions.append(RuleException(name, fields, comps, _values(entry, warn, is_append), entry))
    return tuple(exceptions)


def _values(entry: Entry, warn: Warn, is_append: bool) -> tuple[tuple[Value, Node], ...]:
    node = entry.node.get("values")
    if node is None:
        if is_append:
            warn(entry.warning("LOAD_APPEND_NO_VALUES", "Overriding/appending exception with no values"))
        return ()
    if not isinstance(node, Sequence):
        raise entry.invalid("Rule exception values must be a sequence", node)
    return tuple([(_value(item, entry), item) for item in node.items])


def _value(node: Node | None, entry: Entry) -> Value:
    if isinstance(node, Sequence):
        return tuple([_value(item, entry) for item in node.items])
    if not isinstance(node, Scalar) or node.is_null:
        return ""
    if not node.value:
        raise entry.invalid("Value must be non-empty", node)
    return node.value


def _item(value: Value) -> str:
    return value if isinstance(value, str) else ""


def _has_modifier(comparison: str) -> bool:
    words = comparison.split()
    return len(words) == 2 and words[0] in OPERATORS and words[0] not in _WITHOUT_MODIFIER and words[1] in MODIFIERS


def check_exception(exception: RuleException, problem_of: FieldProblem) -> RuleException:
    """Return a valid exception with its comparisons filled in (spec/rules.md sections 5.1 and 5.2).

    Raises `Invalid` (LOAD_ERR_VALIDATE).
    """
    entry, fields, comps = exception.entry, exception.fields, exception.comps
    if not fields:
        raise entry.rejected("Rule exception item must have fields property with a list of fields")
    if isinstance(fields, tuple):
        if not comps:
            comps = ("=",) * len(fields)
        if not isinstance(comps, tuple) or len(comps) != len(fields):
            raise entry.rejected("Fields and comps lists must have equal length")
        comps = tuple([_item(comp).strip() for comp in comps])
        for comp in comps:
            if comp not in OPERATORS and not _has_modifier(comp):
                hint = f"use one of {', '.join(OPERATORS)}"
                raise entry.rejected(f"'{comp}' is not a supported comparison operator", hint=hint)
    else:
        comps = comps or "in"
        if not isinstance(comps, str):
            raise entry.rejected("Fields and comps must both be strings", hint="put the field in brackets, too")
        if comps not in _LIST_OPERATORS and not _has_modifier(comps):
            raise entry.rejected(
                "When fields is a single value, comps must be one of (in, pmatch, intersects) or a modifier operator "
                "(e.g. startswith oneof)",
                hint=f"put the field in brackets to compare with '{comps}'" if comps in OPERATORS else "",
            )
    for field in fields if isinstance(fields, tuple) else (fields,):
        problem = problem_of(_item(field))
        if problem:
            raise entry.rejected(f"'{_item(field)}' is not a supported filter field", hint=problem)
    return replace(exception, comps=comps)


def append_exceptions(
    known: tuple[RuleException, ...], new: Values[RuleException], problem_of: FieldProblem
) -> tuple[RuleException, ...]:
    """Return the exceptions of a rule after `new` ones were appended (spec/rules.md section 5.4).

    Raises `Invalid` (LOAD_ERR_VALIDATE).
    """
    exceptions = list(known)
    for exception in new:
        entry = exception.entry
        index = next((i for i, earlier in enumerate(exceptions) if earlier.name == exception.name), None)
        if index is None:
            for key, value in (("fields", exception.fields), ("values", exception.values)):
                if not value:
                    raise entry.rejected(f"Rule exception must have {key} property with a list of {key}")
            exceptions.append(check_exception(exception, problem_of))
        else:
            for key, given in (("fields", exception.fields), ("comps", exception.comps)):
                if given:
                    raise entry.rejected(f"Can not append exception {key} to existing exception, only values")
            earlier = exceptions[index]
            exceptions[index] = replace(earlier, values=earlier.values + exception.values)
    return tuple(exceptions)


def expand_exceptions(condition: Text, exceptions: Values[RuleException]) -> Text:
    """Return the condition with the exceptions written out behind it (spec/rules.md section 5.3).

    Raises `Invalid` (LOAD_ERR_VALIDATE) for values that do not fit the fields.
    """
    if not exceptions:
        return condition
    parts = [Part("("), *condition.parts, Part(")")]
    for exception in exceptions:
        text = _tuples(exception) if isinstance(exception.fields, tuple) else _list(exception)
        if text:
            parts.append(Part(f" and not {text}", exception.entry.node))
    return Text(tuple(parts))


def _list(exception: RuleException) -> str:
    """`(field comparison (v1, v2))`; nulls among the values are ignored."""
    for value, node in exception.values:
        if isinstance(value, tuple):
            raise exception.entry.rejected("Expected values array to contain a list of strings", node)
    items = ", ".join([_quoted(_item(value)) for value, _ in exception.values if value])
    return f"({exception.fields} {_item(exception.comps)} ({items}))" if items else ""


def _tuples(exception: RuleException) -> str:
    """`(( f1 c1 v1 and f2 c2 v2) or ( f1 c1 w1 and f2 c2 w2))`."""
    fields, comps = exception.fields, exception.comps or ("=",) * len(exception.fields)
    if not isinstance(comps, tuple) or len(comps) != len(fields):
        raise exception.entry.rejected("Fields and comps lists must have equal length")
    alternatives = []
    for values, node in exception.values:
        if not isinstance(values, tuple) or len(values) != len(fields):
            raise exception.entry.rejected("Fields and values lists must have equal length", node)
        checks = [
            f" {_item(field)} {_item(comp)} {_right(_item(comp), value)}"
            for field, comp, value in zip(fields, comps, values, strict=True)
        ]
        alternatives.append(f"({' and'.join(checks)})")
    return f"({' or '.join(alternatives)})" if alternatives else ""


def _right(comp: str, value: Value) -> str:
    if isinstance(value, tuple):
        return f"({', '.join([_quoted(_item(item)) for item in value])})"
    if comp in _LIST_OPERATORS or _has_modifier(comp):
        return value if value.startswith("(") else f"({value})"
    return _quoted(value)


def _quoted(item: str) -> str:
    """Wrap an item with a blank in double quotes, unless it begins with a quote; nothing is escaped."""
    return f'"{item}"' if " " in item and item[0] not in "\"'" else item
