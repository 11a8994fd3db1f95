"""Checks that are ready to be made: operators fitted to types, constants read (spec/conditions.md 3, 4 and 8)."""

from __future__ import annotations

import operator as op
import re
from collections.abc import Callable, Iterable
from functools import cache, cached_property
from typing import Any, cast

from lanner.errors import ConditionError
from lanner.fields import BoundField, Catalogue, Event, Extracted, Type, Value
from lanner.language import nodes, patterns
from lanner.language.operands import BoundOperand, FieldOperand, bind_operand, fields_of

__all__ = ["BoundCheck", "bind_check", "compile_condition"]

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": op.eq,
    "==": op.eq,
    "!=": op.ne,
    "<": op.lt,
    "<=": op.le,
    ">": op.gt,
    ">=": op.ge,
}
_TEXT_TESTS: dict[str, Callable[[bytes, bytes], bool]] = {
    "contains": lambda value, constant: constant in value,
    "icontains": lambda value, constant: constant.lower() in value.lower(),
    "startswith": bytes.startswith,
    "endswith": bytes.endswith,
    "glob": lambda value, pattern: _matches_glob(value, pattern, ignore_case=False),
    "iglob": lambda value, pattern: _matches_glob(value, pattern, ignore_case=True),
}
_MEMBERSHIP = ("in", "intersects")
_STRING_OPERATORS = frozenset(("exists", "regex", "pmatch", *_MEMBERSHIP, *_COMPARISONS, *_TEXT_TESTS))
_NUMBER_OPERATORS = frozenset(("exists", *_MEMBERSHIP, *_COMPARISONS))
_BOOL_OPERATORS = frozenset(("exists", *_MEMBERSHIP, "=", "==", "!="))
_LIST_OPERATORS = frozenset(("exists", *_MEMBERSHIP))
_UINT64 = 2**64

Test = Callable[[Any], bool]


class BoundCheck(nodes.Leaf):
    """A check whose fields are found and whose types fit.

    `source` is the check itself, with its `operator` and its `modifier`. `constants` are the values it compares with
    (bytes, int or bool), or `right` is the operand; with `exists` there is neither. `read` returns the left value.
    """

    def __init__(
        self,
        source: nodes.Check,
        left: BoundOperand,
        constants: tuple[Value, ...] = (),
        right: BoundOperand | None = None,
    ) -> None:
        self.source = source
        self.operator = source.operator
        self.modifier = source.modifier
        self.left = left
        self.constants = constants
        self.right = right
        self.read: Callable[[Event], Extracted] = left.field.value if isinstance(left, FieldOperand) else left.value

    @property
    def fields(self) -> list[BoundField]:
        """The fields that it reads, on either side; one as often as it stands there."""
        operands = [self.left] if self.right is None else [self.left, self.right]
        return [field for operand in operands for field in fields_of(operand)]

    @cached_property
    def test(self) -> Test:
        """Judges the left value, if it is present, by the constants.

        Made when it is first asked for: patterns need RE2, which takes longer to import than all else to load. Raises
        `ConditionError` if there is something wrong with a pattern; `compile_condition` has asked before.
        """
        if self.operator == "exists":
            return lambda value: True
        if self.operator in _MEMBERSHIP:
            constants = frozenset(cast(tuple[bytes, ...], self.constants))
            return _membership(self.operator, constants, is_list=self.left.is_list)
        try:
            if self.operator == "pmatch":
                return patterns.path_prefix(cast(tuple[bytes, ...], self.constants))
            tests = [_scalar_test(self.operator, constant) for constant in self.constants]
        except patterns.PatternError as error:
            what = "invalid regex pattern" if self.operator == "regex" else "filter parameter too long"
            raise ConditionError(f"{what}: {error}", position=self.source.right_position) from None
        return tests[0] if self.modifier is None else _modified(self.modifier, tests)

    @cached_property
    def compare(self) -> Callable[[Any, Any], bool]:
        """Judges a left and a right value, if both are present."""
        return _comparison(self.operator, is_list=self.left.is_list)

    def __str__(self) -> str:
        return str(self.source)


def compile_condition(
    condition: nodes.Condition,
    catalogue: Catalogue,
    text: str = "",
    done: dict[nodes.Check, BoundCheck] | None = None,
) -> nodes.Condition:
    """Return `condition` with every check bound and type-checked (`BoundCheck`).

    Equal checks become one object, and so do those of other conditions that were given the same `done` (and the same
    catalogue): the first one that was met. `text` is the condition's text, which positions refer to. Raises
    `ConditionError`; its `unknown_field` is set if a field does not exist. A macro reference left in the tree is an
    error, too.
    """
    return _Compiler(catalogue, text, {} if done is None else done).compile(condition)


class _Compiler:
    def __init__(self, catalogue: Catalogue, text: str, done: dict[nodes.Check, BoundCheck]) -> None:
        self._catalogue = catalogue
        self._text = text
        self._done = done

    def compile(self, node: nodes.Condition) -> nodes.Condition:
        if isinstance(node, nodes.And | nodes.Or):
            return type(node)(tuple([self.compile(child) for child in node.children]))
        if isinstance(node, nodes.Not):
            return nodes.Not(self.compile(node.child))
        if isinstance(node, nodes.Check):
            bound = self._done.get(node)
            if bound is None:
                bound = self._done[node] = self._check(node)
            return bound
        assert isinstance(node, nodes.MacroRef)
        raise ConditionError(f"Undefined macro '{node.name}' used in filter.", text=self._text, position=node.position)

    def _check(self, check: nodes.Check) -> BoundCheck:
        bound = bind_check(check, self._catalogue, self._text)
        if bound.right is None:
            try:
                assert bound.test is not None  # asked for now, so that a wrong pattern is found
            except ConditionError as error:
                raise ConditionError(error.message, text=self._text, position=error.position) from None
        return bound


def bind_check(check: nodes.Check, catalogue: Catalogue, text: str = "") -> BoundCheck:
    """Find the fields of a check and see whether types, operator and constants fit; patterns are not looked at.

    Raises `ConditionError` with a position in `text`.
    """
    left = bind_operand(check.left, catalogue, text)
    _check_operator(check, left, text)
    if check.right is None:
        return BoundCheck(check, left)
    if isinstance(check.right, tuple):
        return BoundCheck(check, left, tuple(_constant(check, left.type, constant, text) for constant in check.right))
    if check.operator in ("regex", "pmatch"):
        message = f"operator '{check.operator.upper()}' doesn't support right-hand side fields"
        raise ConditionError(message, text=text, position=check.right_position)
    right = bind_operand(check.right, catalogue, text)
    if (left.type, left.is_list) != (right.type, right.is_list):
        raise ConditionError(
            f"field '{left.text}' has type '{_type_text(left)}' while the right-hand side field "
            f"'{right.text}' has incompatible type '{_type_text(right)}'",
            text=text,
            position=check.right_position,
        )
    return BoundCheck(check, left, right=right)


def _check_operator(check: nodes.Check, left: BoundOperand, text: str) -> None:
    name = "=" if check.operator == "==" else check.operator
    hint = ""
    if left.is_list:
        allowed, message = _LIST_OPERATORS, f"'{name}' operator not supported list filters"
        hint = "use in, intersects or exists, or make it one value with join(...) or len(...)"
    elif left.type is Type.STRING:
        allowed, message = _STRING_OPERATORS, f"'{name}' operator not supported for string filters"
        hint = f"use {name.removeprefix('b')}" if name.startswith("b") else ""
    else:
        allowed = _NUMBER_OPERATORS if left.type.is_number else _BOOL_OPERATORS
        message = f"'{name}' operator not supported for numeric filters"
    if check.operator not in allowed:
        position = check.operator_position
        raise ConditionError(f"filter error: {message}", text=text, position=position, hint=hint)


def _constant(check: nodes.Check, type_: Type, constant: bytes, text: str) -> Value:
    hint = ""
    if type_ is Type.BOOL:
        if constant in (b"true", b"false"):
            return constant == b"true"
        problem, hint = f"filter error: unrecognized boolean value {_shown(constant)}", "write true or false"
    elif type_.is_number:
        match = _number().fullmatch(constant)
        if match is not None:
            return _unsigned(match[1], match[2].lstrip(b"0"))
        problem = f"{_shown(constant)} is not a valid number"
    else:
        if b"\0" not in constant:
            return constant
        problem = "filter error: filter value cannot contain a NUL byte (\\x00)"
    raise ConditionError(problem, text=text, position=check.right_position, hint=hint)


def _shown(constant: bytes) -> str:
    return constant.decode(errors="replace")


@cache
def _number() -> re.Pattern[bytes]:
    return re.compile(rb"[ \t\n\v\f\r]*([+-]?)([0-9]+)")


def _unsigned(sign: bytes, digits: bytes) -> int:
    """Read a number as C's `strtoull` does: negative numbers wrap, too large ones become the largest."""
    number = int(digits or b"0") if len(digits) <= 20 else _UINT64
    if number >= _UINT64:
        return _UINT64 - 1
    return -number % _UINT64 if sign == b"-" else number


def _scalar_test(operator: str, constant: Value) -> Test:
    """Return the test of one value by one constant. Raises `PatternError`."""
    if operator == "regex":
        return patterns.regex(cast(bytes, constant))
    if operator in ("glob", "iglob"):
        return patterns.glob(cast(bytes, constant), ignore_case=operator == "iglob")
    compare = _COMPARISONS.get(operator) or cast(Callable[[Any, Any], bool], _TEXT_TESTS[operator])
    return lambda value: compare(value, constant)


def _matches_glob(value: bytes, pattern: bytes, *, ignore_case: bool) -> bool:
    """Tell whether `value` matches a glob that is itself a value; a glob that is too long matches nothing."""
    try:
        return patterns.glob(pattern, ignore_case=ignore_case)(value)
    except patterns.PatternError:
        return False


def _membership(operator: str, constants: frozenset[bytes], *, is_list: bool) -> Test:
    if not constants:
        return lambda value: False
    if not is_list:
        return constants.__contains__
    if operator == "in":
        return constants.issuperset
    return lambda values: not constants.isdisjoint(values)


def _modified(modifier: str, tests: list[Test]) -> Test:
    if modifier == "oneof":
        return lambda value: sum(test(value) for test in tests) == 1
    if modifier == "anyof":
        return lambda value: any(test(value) for test in tests)
    return lambda value: bool(tests) and all(test(value) for test in tests)


def _comparison(operator: str, *, is_list: bool) -> Callable[[Any, Any], bool]:
    """Return the comparison of two present values (section 4.9)."""
    if is_list:
        if operator == "in":
            return lambda left, right: set(right).issuperset(cast(Iterable[bytes], left))
        return lambda left, right: not set(right).isdisjoint(cast(Iterable[bytes], left))
    if operator in _MEMBERSHIP:
        return op.eq
    return _COMPARISONS.get(operator) or cast(Callable[[Any, Any], bool], _TEXT_TESTS[operator])


def _type_text(operand: BoundOperand) -> str:
    return operand.type.value + (" (list)" if operand.is_list else "")
