"""Conditions in the form in which they are specialised: equal parts are one part, known parts are gone.

An expression is a number. `FALSE` and `TRUE` are two of them; the others are checks, negations, conjunctions and
disjunctions, each made once (hash-consing). So two rules, or two situations, that ask the same question have the same
number, and what was worked out for one holds for the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum

import msgspec

from lanner.language import And, BoundCheck, Condition, Not, Or

__all__ = ["FALSE", "TRUE", "Expression", "Expressions", "Kind"]

Expression = int

FALSE: Expression = 0
TRUE: Expression = 1


class Kind(Enum):
    """What an expression is."""

    CONSTANT = "constant"
    CHECK = "check"
    NOT = "not"
    AND = "and"
    OR = "or"


class Node(msgspec.Struct, frozen=True):
    """An expression: its kind, the expressions in it, its check if it is one, and what it may cost to evaluate."""

    kind: Kind
    parts: tuple[Expression, ...] = ()
    check: BoundCheck | None = None
    cost: int = 0


_COSTS = {"requestURI": 2, "userAgent": 2, "sourceIPs": 2, "annotations": 5, "requestObject": 5, "responseObject": 5}
"""What it costs to read from these parts of an event, about, if reading a decoded value costs 1."""

_NEGATED = 4
"""What it counts that a negated part is asked for nothing, mostly: most of them are exceptions, and hold."""


class Expressions:
    """All expressions of a ruleset, by number."""

    def __init__(self) -> None:
        self.nodes: list[Node] = [Node(Kind.CONSTANT), Node(Kind.CONSTANT)]
        self._numbers: dict[object, Expression] = {}
        self._checks: list[frozenset[Expression]] = [frozenset(), frozenset()]

    def of(self, condition: Condition, known: dict[int, Expression] | None = None) -> Expression:
        """Return the expression of a compiled condition.

        `known` remembers its parts by their identity, for conditions that share some (those of an artefact do).
        """
        known = {} if known is None else known
        found = known.get(id(condition))
        if found is None:
            found = known[id(condition)] = self._made(condition, known)
        return found

    def _made(self, condition: Condition, known: dict[int, Expression]) -> Expression:
        if isinstance(condition, BoundCheck):
            return self._number(condition.source, Node(Kind.CHECK, check=condition, cost=_cost(condition)))
        if isinstance(condition, Not):
            return self.negation(self.of(condition.child, known))
        assert isinstance(condition, And | Or)
        kind = Kind.AND if isinstance(condition, And) else Kind.OR
        return self.group(kind, [self.of(child, known) for child in condition.children])

    def negation(self, part: Expression) -> Expression:
        """Return what is true where `part` is false."""
        if part in (FALSE, TRUE):
            return TRUE if part == FALSE else FALSE
        node = self.nodes[part]
        if node.kind is Kind.NOT:
            return node.parts[0]
        return self._number((Kind.NOT, part), Node(Kind.NOT, (part,), cost=node.cost * _NEGATED))

    def group(self, kind: Kind, parts: Iterable[Expression]) -> Expression:
        """Return the conjunction (`Kind.AND`) or disjunction (`Kind.OR`) of `parts`."""
        end = FALSE if kind is Kind.AND else TRUE  # what decides the group at once
        found: dict[Expression, None] = {}
        for part in parts:
            if part == end:
                return end
            node = self.nodes[part]
            if node.kind is kind:
                found.update(dict.fromkeys(node.parts))
            elif node.kind is not Kind.CONSTANT:
                found[part] = None
        if len(found) < 2:
            return next(iter(found), TRUE if kind is Kind.AND else FALSE)
        # What costs little may decide before the rest is looked at. The order is free: nothing has side effects.
        inner = tuple(sorted(found, key=lambda part: self.nodes[part].cost))
        cost = sum([self.nodes[part].cost for part in inner])
        return self._number((kind, inner), Node(kind, inner, cost=cost))

    def forget(self, size: int) -> None:
        """Forget all expressions but the first `size`: those that were made since."""
        del self.nodes[size:], self._checks[size:]
        self._numbers = {key: number for key, number in self._numbers.items() if number < size}

    def checks(self, expression: Expression) -> frozenset[Expression]:
        """Return the checks in an expression."""
        return self._checks[expression]

    def restrict(
        self, expression: Expression, known: Mapping[Expression, bool], done: dict[Expression, Expression]
    ) -> Expression:
        """Return `expression` with the truth of some checks filled in.

        `done` remembers what that makes of its parts, for other expressions and the same `known`.
        """
        if known.keys().isdisjoint(self._checks[expression]):
            return expression
        result = done.get(expression)
        if result is None:
            node = self.nodes[expression]
            if node.kind is Kind.CHECK:
                result = TRUE if known[expression] else FALSE
            elif node.kind is Kind.NOT:
                result = self.negation(self.restrict(node.parts[0], known, done))
            else:
                result = self.group(node.kind, (self.restrict(part, known, done) for part in node.parts))
            done[expression] = result
        return result

    def condition(self, expression: Expression) -> Condition:
        """Return an expression as a condition."""
        node = self.nodes[expression]
        if node.kind is Kind.CHECK:
            assert node.check is not None
            return node.check
        parts = tuple(map(self.condition, node.parts))
        if node.kind is Kind.NOT:
            return Not(parts[0])
        return And(parts) if node.kind is Kind.AND or expression == TRUE else Or(parts)

    def _number(self, key: object, node: Node) -> Expression:
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.nodes)
            self.nodes.append(node)
            inner = frozenset((number,)) if node.kind is Kind.CHECK else frozenset()
            self._checks.append(inner.union(*[self._checks[part] for part in node.parts]))
        return number


def _cost(check: BoundCheck) -> int:
    """Return what it costs to make a check, about."""
    return sum([_COSTS.get(key, 1) for field in check.fields for key in field.reads])
