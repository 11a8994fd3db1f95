"""Generated code: what is left of the rules in one situation, as one Python function.

The function takes an event and returns the rules that match, in their order. Everything that comes from rules has a
name in it: `rule` rules, `read` readers of values, `c` constants, `test` and `compare` tests, `condition` conditions.
No text of a rule gets into the source. A `v` is the value that the reader of the same number has read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from lanner.engine.expressions import TRUE, Expression, Expressions, Kind
from lanner.engine.reference import truth
from lanner.fields import BoundField, Event, Extracted, NoValue
from lanner.language import BoundCheck
from lanner.language.operands import BoundOperand, FieldOperand
from lanner.ruleset import Rule

__all__ = ["MAX_DEPTH", "Residual", "generate"]

MAX_DEPTH = 40
"""Groups inside each other that are written as code; Python's parser takes up to 200 parentheses."""

_OF_ANYTHING = {"exists": "{read} is not missing", "=": "{read} == {c}", "==": "{read} == {c}"}
_OF_VALUES = {
    "!=": "{v} != {c}",
    "contains": "{c} in {v}",
    "startswith": "{v}.startswith({c})",
    "endswith": "{v}.endswith({c})",
}
# Code for checks with one constant (none with `exists`): what is right if the value is missing, too, and what is not.

_UNREAD = object()


class Residual(NamedTuple):
    """The rules that may match in one situation, with what is left to ask, and the function that asks it."""

    rules: tuple[tuple[Rule, Expression], ...]
    judge: Callable[[Event], list[Rule]]
    source: str
    names: dict[str, Any]
    """What the names in `source` stand for."""


def generate(
    rules: Sequence[tuple[Rule, Expression]], expressions: Expressions, *, first_match: bool = False
) -> Residual:
    """Return the residual of `rules`, each with what is left of its condition (which is not `FALSE`)."""
    writer = _Writer(expressions, [condition for _, condition in rules])
    body = []
    for rule, condition in rules:
        name = writer.name("rule", rule)
        found = f"return [{name}]" if first_match else f"matched.append({name})"
        body += [f"    {found}"] if condition == TRUE else [f"    if {writer.expression(condition)}:", f"        {found}"]
    head = ["def judge(event):", "    matched = []", *(f"    {value} = unread" for value in writer.repeated())]
    source = "\n".join([*head, *body, "    return matched", ""])
    scope = {**writer.names, "missing": NoValue.MISSING, "unread": _UNREAD, "truth": truth, "__builtins__": {}}
    exec(compile(source, "<residual>", "exec"), scope)  # noqa: S102 - made of names only
    return Residual(tuple(rules), scope["judge"], source, writer.names)


class _Writer:
    """Writes expressions, and gives names to what they need."""

    def __init__(self, expressions: Expressions, conditions: Sequence[Expression]) -> None:
        self.names: dict[str, Any] = {}
        self._expressions = expressions
        self._given: dict[tuple[str, Any], str] = {}
        self._reads: Counter[Any] = Counter()
        for condition in conditions:
            self._count_reads(condition)

    def name(self, kind: str, thing: Any, key: Any = None) -> str:
        """Return the name of a thing, the same for the same thing (or key)."""
        key = (kind, id(thing) if key is None else key)
        if key not in self._given:
            self._given[key] = name = f"{kind}{len(self._given)}"
            self.names[name] = thing
        return self._given[key]

    def repeated(self) -> list[str]:
        """Return the names of the values that may be read more than once."""
        return [_value_name(self._given["read", key]) for key, count in self._reads.items() if count > 1]

    def expression(self, number: Expression, level: int = 0) -> str:
        """Write an expression, one that is not constant."""
        node = self._expressions.nodes[number]
        if node.check is not None:
            return self._check(node.check)
        if level >= MAX_DEPTH:
            return f"truth({self.name('condition', self._expressions.condition(number))}, event, {{}})"
        parts = [self.expression(part, level + 1) for part in node.parts]
        if node.kind is Kind.NOT:
            return f"(not {parts[0]})"
        return f"({(' and ' if node.kind is Kind.AND else ' or ').join(parts)})"

    def _check(self, check: BoundCheck) -> str:
        read, value = self._read(check.left)
        if check.right is not None:
            other_read, other = self._read(check.right)
            compare = self.name("compare", check.compare)
            return f"({read} is not missing and {other_read} is not missing and {compare}({value}, {other}))"
        operator = check.operator
        if check.modifier is None and not (check.left.is_list and check.constants):
            constant = self.name("c", check.constants[0]) if check.constants else ""
            if operator in _OF_ANYTHING:
                return f"({_OF_ANYTHING[operator].format(read=read, c=constant)})"
            if operator in _OF_VALUES:
                return f"({read} is not missing and {_OF_VALUES[operator].format(v=value, c=constant)})"
            if operator in ("in", "intersects"):
                return f"({read} in {self.name('c', frozenset(check.constants), check.constants)})"
        return f"({read} is not missing and {self.name('test', check.test)}({value}))"

    def _read(self, operand: BoundOperand) -> tuple[str, str]:
        """Return how an operand's value is read, and its name from then on."""
        reader = self._read_name(operand)
        value = _value_name(reader)
        read = f"({value} := {reader}(event))"
        if self._reads[_key(operand)] > 1:
            read = f"({value} if {value} is not unread else {read})"
        return read, value

    def _read_name(self, operand: BoundOperand) -> str:
        reader = _reader(operand.field) if isinstance(operand, FieldOperand) else operand.value
        return self.name("read", reader, _key(operand))

    def _count_reads(self, number: Expression, level: int = 0) -> None:
        node = self._expressions.nodes[number]
        if node.check is not None:
            for operand in (node.check.left, node.check.right):
                if operand is not None:
                    self._reads[_key(operand)] += 1
        elif level < MAX_DEPTH:
            for part in node.parts:
                self._count_reads(part, level + 1)


def _value_name(reader: str) -> str:
    """Return the name of the value that a reader has read."""
    return reader.replace("read", "v")


def _reader(field: BoundField) -> Callable[[Event], Extracted]:
    """Return what reads a field of an event that has a view, so that it has an `auditID`, and that was not cut."""
    return getattr(field.extract, "__wrapped__", field.extract)  # see `lanner.fields.audit`


def _key(operand: BoundOperand) -> Any:
    """Return what two operands have in common that are the same value."""
    return operand.field if isinstance(operand, FieldOperand) else operand
