"""The truth of checks on values that were cut, as far as the kept part decides it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from lanner.fields.cut import Kept
    from lanner.language import BoundCheck

__all__ = ["truth_of_kept"]

Truth = bool | None


def truth_of_kept(check: BoundCheck, kept: Kept) -> Truth:
    """Return the truth of `check`, which compares with constants, if its left value is one of which `kept` is left."""
    constants = cast("tuple[bytes, ...]", check.constants)
    if not constants:
        return False
    if isinstance(kept.value, list):
        return _of_list(check.operator, frozenset(constants), kept)
    if check.operator in ("in", "intersects"):
        return _any(_is_equal(kept.value, constant) for constant in constants)
    judge = _TEXTS.get(check.operator)
    if judge is None:
        return None
    found = [judge(kept.value, constant) for constant in constants]
    if check.modifier == "allof":
        return _negated(_any(map(_negated, found)))
    if check.modifier == "oneof" and len(found) > 1:
        return _one(found)
    return _any(found)


def _of_list(operator: str, constants: frozenset[bytes], kept: Kept) -> Truth:
    if operator == "in":  # all of them have to be among the constants
        return None if constants.issuperset(kept.value) else False
    # `intersects`: lists know no other operator
    return None if constants.isdisjoint(kept.value) or not kept.is_sure else True


def _is_equal(beginning: bytes, constant: bytes) -> Truth:
    return None if constant.startswith(beginning) else False


def _starts_with(beginning: bytes, constant: bytes) -> Truth:
    return True if beginning.startswith(constant) else _is_equal(beginning, constant)


def _contains(beginning: bytes, constant: bytes) -> Truth:
    return True if constant in beginning else None


_TEXTS: dict[str, Callable[[bytes, bytes], Truth]] = {
    "=": _is_equal,
    "==": _is_equal,
    "!=": lambda beginning, constant: _negated(_is_equal(beginning, constant)),
    "startswith": _starts_with,
    "contains": _contains,
    "icontains": lambda beginning, constant: _contains(beginning.lower(), constant.lower()),
}


def _negated(truth: Truth) -> Truth:
    return None if truth is None else not truth


def _any(truths: Iterable[Truth]) -> Truth:
    result: Truth = False
    for truth in truths:
        if truth:
            return True
        if truth is None:
            result = None
    return result


def _one(truths: list[Truth]) -> Truth:
    """Tell whether exactly one is true."""
    if truths.count(True) > 1:
        return False
    return None if None in truths else truths.count(True) == 1
