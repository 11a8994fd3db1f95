"""Generated code: what is left of the rules in one situation, as one Python function.

The function takes an event and returns the rules that match, in their order. Everything that comes from rules has a
name in it: `rule` rules, `read` readers of values, `c` constants, `test` and `compare` tests, `condition` conditions.
No text of a rule gets into the source. A `v` is the value that the reader of the same number has read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from operator import attrgetter
from typing import Any

import msgspec

from lanner.engine.expressions import TRUE, Expression, Expressions, Kind
from lanner.engine.generated import function
from lanner.engine.readers import FieldReader
from lanner.engine.reference import truth
from lanner.fields import BoundField, Event, NoValue
from lanner.language import BoundCheck
from lanner.language.operands import BoundOperand, FieldOperand
from lanner.ruleset import Rule

__all__ = ["MAX_DEPTH", "Residual", "generate"]

MAX_DEPTH = 40
"""Groups inside each other that are written as code; Python's parser takes up to 200 parentheses."""

_EQUALS = ("=", "==")  # no constant equals a missing value
_SHORT_TESTS = {
    "!=": "{value} != {constant}",
    "contains": "{constant} in {value}",
    "startswith": "{value}.startswith({constant})",
    "endswith": "{value}.endswith({constant})",
}

_UNREAD = object()

ReaderOf = Callable[[BoundField], FieldReader]
"""Returns what reads a field."""

Words = Callable[[], str]


class Residual(msgspec.Struct, frozen=True):
    """The rules that may match in one situation, with what is left to ask, and the function that asks it."""

    rules: tuple[tuple[Rule, Expression], ...]
    judge: Callable[[Event], list[Rule]]
    source: str
    words: dict[str, Words]
    """What says what the names in `source` stand for; seldom asked."""

    @property
    def names(self) -> dict[str, str]:
        """What the names in `source` stand for, in words."""
        return {name: words() for name, words in self.words.items()}


def generate(
    rules: Sequence[tuple[Rule, Expression]],
    expressions: Expressions,
    *,
    first_match: bool = False,
    reader: ReaderOf = attrgetter("value"),
) -> Residual:
    """Return the residual of `rules`, each with what is left of its condition (which is not `FALSE`).

    `reader` gives what reads a field.
    """
    writer = _Writer(expressions, reader)
    body = []
    known: frozenset[str] = frozenset()
    for rule, condition in rules:
        name = writer.name("rule", rule, partial(getattr, rule, "name"))
        found = f"return [{name}]" if first_match else f"matched.append({name})"
        if condition == TRUE:
            body.append(f"    {found}")
            continue
        written, read = writer.expression(condition, known, break_lines=True)
        known |= read
        body += [f"    if {written}:", f"        {found}"]
    head = ["def judge(event):", "    matched = []", *(f"    {value} = unread" for value in writer.read_again)]
    source = "\n".join([*head, *body, "    return matched", ""])
    scope = {**writer.things, "missing": NoValue.MISSING, "unread": _UNREAD, "truth": truth}
    return Residual(tuple(rules), function("judge", source, scope), source, writer.words)


def failed(error: Exception) -> Residual:
    """Return the residual for rules of which none could be made: it raises the error that says why."""

    def judge(event: Event) -> list[Rule]:
        raise error

    return Residual((), judge, "", {})


class _Writer:
    """Writes expressions, and gives names to what they need."""

    def __init__(self, expressions: Expressions, reader: ReaderOf) -> None:
        self._reader = reader
        self.things: dict[str, Any] = {}
        self.words: dict[str, Words] = {}
        self.read_again: dict[str, None] = {}
        """The values that are read at more than one place, where nobody can say which comes first."""
        self._expressions = expressions
        self._given: dict[tuple[str, Any], str] = {}
        self._seen: set[str] = set()

    def name(self, kind: str, thing: Any, words: Words, key: Any = None) -> str:
        """Return the name of a thing, the same for the same thing (or key). `words` say what it is."""
        key = (kind, id(thing) if key is None else key)
        if key not in self._given:
            self._given[key] = name = f"{kind}{len(self._given)}"
            self.things[name], self.words[name] = thing, words
        return self._given[key]

    def expression(
        self, number: Expression, known: frozenset[str], level: int = 0, *, break_lines: bool = False
    ) -> tuple[str, frozenset[str]]:
        """Write an expression that is not constant; return the values that it reads in any case, too.

        `known` are the values that were read before it.
        """
        node = self._expressions.nodes[number]
        if node.check is not None:
            return self._check(node.check, known)
        if level >= MAX_DEPTH:
            condition = self._expressions.condition(number)
            return f"truth({self.name('condition', condition, condition.__str__)}, event, {{}})", frozenset()
        if node.kind is Kind.NOT:
            written, read = self.expression(node.parts[0], known, level + 1)
            return f"(not {written})", read
        parts: list[str] = []
        first: frozenset[str] | None = None
        for part in node.parts:
            written, read = self.expression(part, known, level + 1)
            parts.append(written)
            known |= read  # the next part is evaluated after this one, or not at all
            first = read if first is None else first
        word = "and" if node.kind is Kind.AND else "or"
        text = f"\n        {word} ".join(parts) if break_lines else f" {word} ".join(parts)
        return (f"(\n        {text}\n    )" if break_lines else f"({text})"), first or frozenset()

    def _check(self, check: BoundCheck, known: frozenset[str]) -> tuple[str, frozenset[str]]:
        read, value = self._read(check.left, check.source.left.__str__, known)
        return self._test(check, read, value, known | {value}), frozenset((value,))

    def _test(self, check: BoundCheck, read: str, value: str, known: frozenset[str]) -> str:
        operator = check.operator
        if check.right is not None:
            other_read, other = self._read(check.right, check.source.right.__str__, known)
            compare = self.name("compare", check.compare, lambda: operator)
            return f"({read} is not missing and {other_read} is not missing and {compare}({value}, {other}))"
        if operator == "exists":
            return f"({read} is not missing)"
        if check.modifier is None and not check.left.is_list:
            if operator in ("in", "intersects"):
                choice = self.name("c", frozenset(check.constants), lambda: _words(check.constants), check.constants)
                return f"({read} in {choice})"
            if operator in _EQUALS or operator in _SHORT_TESTS:
                constant = self.name("c", check.constants[0], lambda: _words(check.constants))
                if operator in _EQUALS:
                    return f"({read} == {constant})"
                test = _SHORT_TESTS[operator].format(value=value, constant=constant)
                return f"({read} is not missing and {test})"
        test = self.name("test", check.test, lambda: f"of {check.source}")
        return f"({read} is not missing and {test}({value}))"

    def _read(self, operand: BoundOperand, words: Words, known: frozenset[str]) -> tuple[str, str]:
        """Return how an operand's value is read, and its name from then on."""
        if isinstance(operand, FieldOperand):
            name = self.name("read", self._reader(operand.field), words, operand.field)
        else:
            name = self.name("read", operand.value, words, operand)
        value = name.replace("read", "v")
        if value in known:
            return value, value
        read = f"({value} := {name}(event))"
        if value in self._seen:
            self.read_again[value] = None
            read = f"({value} if {value} is not unread else {read})"
        self._seen.add(value)
        return read, value


def _words(constants: Sequence[Any]) -> str:
    """Write constants for people."""
    return ", ".join(map(repr, constants))
