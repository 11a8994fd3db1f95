"""Constant folding: what a compiled condition says of every event, known before there is one.

Folding is exact in the three values of the reference evaluator, on whole events and on cut ones, with one deliberate
exception: no event happens at the moment 0 (`_is_never_time`), whatever its timestamp says.
"""

from __future__ import annotations

from lanner.fields import Event, NoValue, RawEvent
from lanner.language.checks import BoundCheck
from lanner.language.nodes import And, Condition, Not, Or
from lanner.language.operands import FieldOperand

__all__ = ["decisive", "fold"]

# `jevt.rawtime=0` is how the macros of Falco's rules write "never" (docs/compatibility.md).
_MOMENTS = ("jevt.rawtime", "json.rawtime", "evt.rawtime")
_ZERO = ((b"0",), (0,))


def fold(condition: Condition) -> Condition | bool:
    """Return `condition`, compiled, without what is constant in it; its truth if all of it is.

    Groups inside groups of the same kind are flattened, and of equal children only the first is kept.
    """
    if isinstance(condition, And | Or):
        return _fold_group(condition)
    if isinstance(condition, Not):
        child = fold(condition.child)
        if isinstance(child, bool):
            return not child
        return child.child if isinstance(child, Not) else Not(child)
    assert isinstance(condition, BoundCheck)
    verdict = _constant_verdict(condition)
    return condition if verdict is None else verdict


def decisive(condition: Condition, verdict: bool) -> list[Condition]:
    """Return the checks, negated where they stand so, that give `condition`, which folds to `verdict`, this truth."""
    if isinstance(condition, Not):
        parts = decisive(condition.child, not verdict)
        return [part.child if isinstance(part, Not) else Not(part) for part in parts]
    if isinstance(condition, And | Or):
        if verdict is isinstance(condition, Or):  # one such child is enough
            return decisive(next(child for child in condition.children if fold(child) is verdict), verdict)
        return [part for child in condition.children for part in decisive(child, verdict)]
    return [condition]


def _fold_group(group: And | Or) -> Condition | bool:
    kind = type(group)
    decides = kind is Or  # the truth of one child that is that of the group
    kept: dict[Condition, None] = {}
    for child in group.children:
        folded = fold(child)
        if folded is decides:
            return decides
        if not isinstance(folded, bool):
            kept.update(dict.fromkeys(folded.children if isinstance(folded, kind) else (folded,)))
    if not kept:
        return not decides
    children = tuple(kept)
    return children[0] if len(children) == 1 else kind(children)


def _constant_verdict(check: BoundCheck) -> bool | None:
    """Return the truth that a check has on every event, `None` if it depends on the event."""
    left, right = check.left, check.right
    if check.operator == "exists":
        if isinstance(left, FieldOperand) and left.field.field.is_always_there:
            return True
    elif right is None:
        if not check.constants:
            return False
        if _is_never_time(check):
            return check.operator == "!="
    return _on_any_event(check) if all(field.field.is_constant for field in check.fields) else None


def _is_never_time(check: BoundCheck) -> bool:
    """Tell whether a check compares the event's time with 0 for equality."""
    if check.operator not in ("=", "==", "!=") or check.modifier is not None or check.constants not in _ZERO:
        return False
    return isinstance(check.left, FieldOperand) and check.left.field.field.name in _MOMENTS


def _on_any_event(check: BoundCheck) -> bool:
    event = Event(RawEvent(b"{}"), 1)
    left = check.left.value(event)
    if isinstance(left, NoValue):
        return False
    if check.right is None:
        return bool(check.test(left))
    right = check.right.value(event)
    return not isinstance(right, NoValue) and bool(check.compare(left, right))
