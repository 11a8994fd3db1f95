"""Checks that are ready to be made: operators fitted to types, constants read (spec/conditions.md 3, 4 and 8)."""

from __future__ import annotations

import operator as op
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, cast

from lanner.errors import ConditionError
from lanner.fields import Catalogue, Event, Extracted, Type, Value
from lanner.language import nodes, patterns
from lanner.language.operands import BoundOperand, FieldOperand, bind_operand

__all__ = ["BoundCheck", "compile_condition"]

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
_NUMBER = re.compile(rb"[ \t\n\v\f\r]*([+-]?)([0-9]+)")
_UINT64 = 2**64

Test = Callable[[Any], bool]


@dataclass(frozen=True, slots=True, eq=False)
class BoundCheck(nodes.Leaf):
    """A check whose fields are found and whose types fit.

    `constants` are the values it compares with (bytes, int or bool), or `right` is the operand; with `exists` there is
    neither. `read` returns the left value; `test` judges it if it is present (`compare` a left and a right value).
    """

    source: nodes.Check
    left: BoundOperand
    operator: str
    modifier: str | None = None
    constants: tuple[Value, ...] = ()
    right: BoundOperand | None = None
    test: Test = field(repr=False, default=lambda value: True)
    compare: Callable[[Any, Any], bool] = field(repr=False, default=op.eq)
    read: Callable[[Event], Extracted] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        read = self.left.field.value if isinstance(self.left, FieldOperand) else self.left.value
        object.__setattr__(self, "read", read)

    def __str__(self) -> str:
        return str(self.source)


def compile_condition(condition: nodes.Condition, catalogue: Catalogue, text: str = "") -> nodes.Condition:
    """Return `condition` with every check bound and type-checked (`BoundCheck`).

    Equal checks become one object. `text` is the condition's text, which positions refer to. Raises `ConditionError`;
    its `unknown_field` is set if a field does not exist. A macro reference left in the tree is an error, too.
    """
    return _Compiler(catalogue, text).compile(condition)


class _Compiler:
    def __init__(self, catalogue: Catalogue, text: str) -> None:
        self._catalogue = catalogue
        self._text = text
        self._done: dict[nodes.Check, BoundCheck] = {}

    def compile(self, node: nodes.Condition) -> nodes.Condition:
        if isinstance(node, nodes.And | nodes.Or):
            return type(node)(tuple([self.compile(child) for child in node.children]))
        if isinstance(node, nodes.Not):
            return nodes.Not(self.compile(node.child))
        if isinstance(node, nodes.Check):
            if node not in self._done:
                self._done[node] = self._check(node)
            return self._done[node]
        assert isinstance(node, nodes.MacroRef)
        raise self._error(f"Undefined macro '{node.name}' used in filter.", node.position)

    def _check(self, check: nodes.Check) -> BoundCheck:
        left = bind_operand(check.left, self._catalogue, self._text)
        self._check_operator(check, left)
        if check.right is None:
            return BoundCheck(check, left, check.operator)
        if isinstance(check.right, tuple):
            constants = tuple(self._constant(check, left.type, constant) for constant in check.right)
            test = self._test(check, left, constants)
            return BoundCheck(check, left, check.operator, check.modifier, constants, test=test)
        if check.operator in ("regex", "pmatch"):
            message = f"operator '{check.operator.upper()}' doesn't support right-hand side fields"
            raise self._error(message, check.right_position)
        right = bind_operand(check.right, self._catalogue, self._text)
        if (left.type, left.is_list) != (right.type, right.is_list):
            raise self._error(
                f"field '{left.text}' has type '{_type_text(left)}' while the right-hand side field "
                f"'{right.text}' has incompatible type '{_type_text(right)}'",
                check.right_position,
            )
        compare = _comparison(check.operator, is_list=left.is_list)
        return BoundCheck(check, left, check.operator, right=right, compare=compare)

    def _check_operator(self, check: nodes.Check, left: BoundOperand) -> None:
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
            raise self._error(f"filter error: {message}", check.operator_position, hint)

    def _constant(self, check: nodes.Check, type_: Type, text: bytes) -> Value:
        shown = text.decode(errors="replace")
        if type_ is Type.BOOL:
            if text not in (b"true", b"false"):
                message = f"filter error: unrecognized boolean value {shown}"
                raise self._error(message, check.right_position, "write true or false")
            return text == b"true"
        if type_.is_number:
            match = _NUMBER.fullmatch(text)
            if match is None:
                raise self._error(f"{shown} is not a valid number", check.right_position)
            # Falco reads it as C's strtoull does: negative numbers wrap, too large ones become the largest.
            digits = match[2].lstrip(b"0")
            number = int(digits or b"0") if len(digits) <= 20 else _UINT64
            if number >= _UINT64:
                return _UINT64 - 1
            return -number % _UINT64 if match[1] == b"-" else number
        if b"\0" in text:
            raise self._error("filter error: filter value cannot contain a NUL byte (\\x00)", check.right_position)
        return text

    def _test(self, check: nodes.Check, left: BoundOperand, constants: tuple[Value, ...]) -> Test:
        if check.operator in _MEMBERSHIP:
            return _membership(check.operator, frozenset(cast(tuple[bytes, ...], constants)), is_list=left.is_list)
        try:
            if check.operator == "pmatch":
                return patterns.path_prefix(cast(tuple[bytes, ...], constants))
            tests = [_scalar_test(check.operator, constant) for constant in constants]
        except patterns.PatternError as error:
            what = "invalid regex pattern" if check.operator == "regex" else "filter parameter too long"
            raise self._error(f"{what}: {error}", check.right_position) from None
        return tests[0] if check.modifier is None else _modified(check.modifier, tests)

    def _error(self, message: str, position: int, hint: str = "") -> ConditionError:
        return ConditionError(message, text=self._text, position=position, hint=hint)


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
