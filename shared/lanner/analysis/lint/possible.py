"""Whether a condition can be true at all, if some of an event's values are known or known to be absent.

The answer is exact in one direction: where `Possible.narrowed` returns `None`, no event of that kind makes the
condition true. Where it returns what the values may be then, one may exist, or the condition contradicts itself in a
way that is not followed here (in lists, in transformed values, between two fields).

Of each field, a condition tells few values apart: the constants that it is compared with. So a field's possible values
are a set of these, of `MISSING`, and of `OTHER`, which stands for every value besides. Assuming that a check is true or
false leaves less of the set; nothing left is a contradiction.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from lanner.fields import Type
from lanner.language import And, BoundCheck, Condition, Not, Or
from lanner.language.nodes import walk
from lanner.language.operands import FieldOperand

if TYPE_CHECKING:
    from lanner.fields import BoundField

__all__ = ["MISSING", "OTHER", "Possible", "Situation", "Symbol", "Values"]


class Symbol(enum.Enum):
    """What a field may be besides one of the constants."""

    MISSING = "missing"
    OTHER = "other"

    __hash__ = object.__hash__


MISSING: Final = Symbol.MISSING
OTHER: Final = Symbol.OTHER

Values = frozenset[bytes | Symbol]
"""What a field may be."""
Situation = Mapping[str, Values]
"""What the fields may be, by their names with arguments; fields that are not in it may be anything."""

_ABSENT: Values = frozenset((MISSING,))
_OPAQUE: Values = frozenset((MISSING, OTHER))
_EXACT = frozenset(("=", "==", "!=", "in", "intersects"))  # they only ask whether values are equal
_MAX_WORK = 500_000  # checks times fields and values; beyond, everything is taken to be possible
_PASSES = 3  # what a check rules out may decide one that stands before it


class _Known(NamedTuple):
    """What a check says: of one field, value by value, or (`verdicts` is `None`) only that it needs all its fields."""

    fields: tuple[str, ...]
    verdicts: dict[bytes | Symbol, bool | None] | None


class Possible:
    """Conditions that are compiled, prepared for questions.

    `values` are constants that situations may name, besides those of the conditions themselves, by field.
    """

    def __init__(self, conditions: Iterable[Condition], values: Mapping[str, Iterable[bytes]] | None = None) -> None:
        checks = [leaf for condition in conditions for leaf in walk(condition) if isinstance(leaf, BoundCheck)]
        universe: dict[str, set[bytes | Symbol]] = {name: {*_OPAQUE, *texts} for name, texts in (values or {}).items()}
        for check in checks:
            for field in check.fields:
                universe.setdefault(field.text, set(_OPAQUE))
            if _is_enumerable(check):
                universe[check.fields[0].text].update(cast(tuple[bytes, ...], check.constants))
        self.universe: dict[str, Values] = {name: frozenset(found) for name, found in universe.items()}
        values_told_apart = sum(len(self.universe[field.text]) for check in checks for field in check.fields)
        self._is_too_large = len(checks) * len(self.universe) + values_told_apart > _MAX_WORK
        distinct = () if self._is_too_large else dict.fromkeys(checks)
        self._known = {check: self._judge(check) for check in distinct}

    def situation(
        self, only: Situation | None = None, never: Situation | None = None, absent: Iterable[str] = ()
    ) -> dict[str, Values]:
        """Return a situation in which fields have `only` these values, `never` those, or are `absent`."""
        found = dict(self.universe)
        for name, values in (only or {}).items():
            if name in found:  # else no condition looks at it
                found[name] = frozenset([value if value in found[name] else OTHER for value in values])
        for name, values in (never or {}).items():
            if name in found:
                found[name] = found[name] - values
        for name in absent:
            if name in found:
                found[name] = found[name] & _ABSENT
        return found

    def narrowed(self, condition: Condition, situation: Situation) -> Situation | None:
        """Return what the fields may be where `condition` is true in `situation`; `None` if it cannot be."""
        if self._is_too_large:
            return situation
        if not all(situation.values()):
            return None
        found: Situation | None = situation
        for _ in range(_PASSES):
            before = found
            assert before is not None
            found = self._assume(condition, True, before)
            if found is None or found == before:
                break
        return found

    def _assume(self, node: Condition, truth: bool, situation: Situation) -> Situation | None:
        """Return what is left of a situation where `node` has this truth, `None` if nothing is."""
        while isinstance(node, Not):
            node, truth = node.child, not truth
        if not isinstance(node, And | Or):
            assert isinstance(node, BoundCheck)
            return self._assume_check(node, truth, situation)
        found: Situation | None = None
        if isinstance(node, And) is truth:  # all parts have it
            found = situation
            for child in node.children:
                found = self._assume(child, truth, found)
                if found is None:
                    return None
            return found
        for child in node.children:  # some part has it
            one = self._assume(child, truth, situation)
            if one is situation:
                return situation
            if one is not None:
                found = one if found is None else {name: values | one[name] for name, values in found.items()}
        return found

    def _assume_check(self, check: BoundCheck, truth: bool, situation: Situation) -> Situation | None:
        names, verdicts = self._known[check]
        if verdicts is not None:
            values = situation[names[0]]
            left = frozenset([value for value in values if verdicts[value] is not (not truth)])
            if len(left) == len(values):
                return situation
            return {**situation, names[0]: left} if left else None
        if not truth:
            return situation
        changed = {name: situation[name] - _ABSENT for name in names if MISSING in situation[name]}
        if not changed:
            return situation
        return {**situation, **changed} if all(changed.values()) else None

    def _judge(self, check: BoundCheck) -> _Known:
        names = tuple(dict.fromkeys([field.text for field in check.fields]))
        if not isinstance(check.left, FieldOperand) or check.right is not None:
            return _Known(names, None)
        verdicts: dict[bytes | Symbol, bool | None] = {MISSING: False}
        if check.operator == "exists":
            for value in self.universe[names[0]]:
                verdicts.setdefault(value, True)
        elif _is_enumerable(check):
            values = self.universe[names[0]]
            for value in values:
                if not isinstance(value, Symbol):
                    verdicts[value] = bool(check.test(value))
            verdicts[OTHER] = bool(check.test(_unlike(values))) if check.operator in _EXACT else None
        else:
            for value in self.universe[names[0]]:
                verdicts.setdefault(value, None)
        return _Known(names, verdicts)


def _is_enumerable(check: BoundCheck) -> bool:
    """Tell whether a check compares one text with constants."""
    left = check.left
    return (
        isinstance(left, FieldOperand)
        and check.right is None
        and check.operator != "exists"
        and left.type is Type.STRING
        and not left.is_list
    )


def _unlike(values: Values) -> bytes:
    """Return a text that is none of `values`."""
    longest = max([len(value) for value in values if isinstance(value, bytes)], default=0)
    return b"\xff" * (longest + 1)


def fields_of(condition: Condition) -> dict[str, BoundField]:
    """Return the fields of a compiled condition by their names with arguments."""
    checks = [leaf for leaf in walk(condition) if isinstance(leaf, BoundCheck)]
    return {field.text: field for check in checks for field in check.fields}
