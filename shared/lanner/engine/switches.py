"""Switches: values that are cheap to read, take few different forms, and decide most checks.

The checks of a switch see nothing of an event but its value, so the value decides them all. Values that decide them
alike form a class: there are few classes, however many values there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import msgspec
from msgspec import UNSET

from lanner.engine.expressions import Expression, Expressions
from lanner.engine.projection import Path
from lanner.engine.reference import truth
from lanner.fields import BoundField, Event, NoValue
from lanner.fields.generic import pointer_path
from lanner.language import BoundCheck
from lanner.language.operands import FieldOperand, fields_of

__all__ = ["CANDIDATES", "UNDECIDED", "Candidate", "Switch", "choose"]

MAX_CLASSES = 256
"""Classes of one switch that are told apart. A value of any further class decides nothing by itself."""

MAX_REMEMBERED = 10_000
"""Values of one switch whose classes are remembered: clients choose many of them."""

MAX_VALUE = 256
"""Characters of a value that is remembered."""

MAX_NUMBER = 1_000_000
"""What numbers that are remembered are below."""

UNDECIDED = 0
"""The class of values that decide nothing."""

_POINTERS = ("jevt.value", "json.value")
_EQUALITY = frozenset(("=", "==", "!=", "in", "intersects", "exists"))
_NO_CONSTANT = "\0"  # no constant of a condition contains it


class Candidate(msgspec.Struct, frozen=True):
    """A value that may become a switch: where it stands, its type, the fields that are this value.

    Values of few forms are looked up as they are (`is_key`), of the others their classes. Where nearly every event has
    another value (`is_name`), a switch makes sense only if its checks are questions of equality: then the class of a
    new value is known at once. `usual` is what the most frequent events of a cluster have, the renewals of leases.
    """

    path: Path
    fields: tuple[str, ...]
    type: type = str
    is_key: bool = False
    is_name: bool = False
    usual: Any = UNSET


CANDIDATES = (
    Candidate(("stage",), ("ka.stage",), is_key=True, usual="ResponseComplete"),
    Candidate(("verb",), ("ka.verb",), is_key=True, usual="update"),
    Candidate(("objectRef", "resource"), ("ka.target.resource",), is_key=True, usual="leases"),
    Candidate(("objectRef", "subresource"), ("ka.target.subresource",), is_key=True),
    Candidate(("responseStatus", "code"), ("ka.response.code",), int),
    Candidate(("user", "username"), ("ka.user.name",)),
    Candidate(("objectRef", "namespace"), ("ka.target.namespace",)),
    Candidate(("userAgent",), ("ka.useragent",)),
    Candidate(("objectRef", "name"), ("ka.target.name", "ka.req.configmap.name"), is_name=True),
)
"""In the order in which they are asked: the keys first, and what leaves the fewest rules."""

_BY_FIELD = {field: candidate for candidate in CANDIDATES for field in candidate.fields}
_BY_PATH = {candidate.path: candidate for candidate in CANDIDATES}


class Switch:
    """A value of events and the checks that it decides.

    `classes` gives for each class what its values decide; `table` the classes of the values known so far, `default`
    that of all others, `None` if each of them has to be looked at. It `is_full` once a value that came belongs to no
    class.
    """

    def __init__(self, candidate: Candidate, checks: Mapping[Expression, BoundCheck]) -> None:
        self.path = candidate.path
        self.type = candidate.type
        self.is_key = candidate.is_key
        self.usual = candidate.usual
        self.checks = dict(checks)
        self.classes: dict[int, dict[Expression, bool]] = {UNDECIDED: {}}
        self.table: dict[Any, int] = {}
        self.default: int | None = None
        self.is_full = False
        self._fields = {field for check in checks.values() for field in fields_of(check.left)}
        self._numbers: dict[tuple[bool, ...], int] = {}
        self._last = UNDECIDED
        self._is_plain = all(isinstance(check.left, FieldOperand) for check in checks.values())
        if all(map(_is_equality, checks.values())):
            for constant in {constant for check in checks.values() for constant in check.constants}:
                value = _value(constant, candidate.type)
                if value is not None:
                    self.table[value] = self._class(value)
            self.table[UNSET] = self._class(UNSET)
            self.default = self._class(_NO_CONSTANT)
            self.is_full = False  # beginning anew would change nothing

    def class_of(self, value: Any) -> int:
        """Return the class of a value (`UNSET` if it is missing)."""
        number = self.table.get(value, self.default)
        if number is None:
            number = self._class(value)
            if len(value) <= MAX_VALUE if isinstance(value, str) else value is UNSET or abs(value) < MAX_NUMBER:
                if len(self.table) >= MAX_REMEMBERED:
                    self.table.clear()
                self.table[value] = number
        return number

    def forget(self) -> None:
        """Forget the classes of all values that came, unless they were known before."""
        if self.default is None:
            self.classes = {UNDECIDED: {}}  # numbers go on: another thread may still look one up
            self._numbers.clear()
            self.table.clear()
            self.is_full = False

    def _class(self, value: Any) -> int:
        """Find the class of a value by making its checks."""
        extracted = NoValue.MISSING if value is UNSET else str(value).encode()
        try:
            if self._is_plain and extracted is not NoValue.MISSING:
                verdicts = tuple([test(extracted) for test in self._tests])
            else:
                verdicts = tuple([self._verdict(check, extracted) for check in self.checks.values()])
        except Exception:  # a defect of ours: the check is made again, on each event, where only its rule fails
            return UNDECIDED
        number = self._numbers.get(verdicts)
        if number is None:
            if len(self.classes) >= MAX_CLASSES:
                self.is_full = True
                return UNDECIDED
            number = self._numbers[verdicts] = self._last = self._last + 1
            self.classes[number] = dict(zip(self.checks, verdicts, strict=True))
        return number

    @cached_property
    def _tests(self) -> list[Callable[[Any], bool]]:
        return [check.test for check in self.checks.values()]

    def _verdict(self, check: BoundCheck, extracted: bytes | NoValue) -> bool:
        event = Event(None, 0)
        event.values = dict.fromkeys(self._fields, extracted)
        return bool(truth(check, event, {}))


def choose(expressions: Expressions, conditions: Sequence[Expression]) -> list[Switch]:
    """Return the switches that are of use for these conditions, in the order in which they are to be asked."""
    numbers: set[Expression] = set()
    numbers.update(*map(expressions.checks, conditions))
    checks: dict[Candidate, dict[Expression, BoundCheck]] = {candidate: {} for candidate in CANDIDATES}
    for number in sorted(numbers):
        check = expressions.nodes[number].check
        assert check is not None
        candidates = {_candidate(field) for field in fields_of(check.left)}
        candidate = candidates.pop() if len(candidates) == 1 and check.right is None else None
        if candidate is not None:
            checks[candidate][number] = check
    return [
        Switch(candidate, own)
        for candidate, own in checks.items()
        if own and (not candidate.is_name or all(map(_is_equality, own.values())))
    ]


def _candidate(field: BoundField) -> Candidate | None:
    """Return the candidate whose value a field is, by its own name or by that of its place."""
    if field.field.name in _POINTERS:
        return _BY_PATH.get(pointer_path(field.argument or ""))
    return _BY_FIELD.get(field.text)


def _is_equality(check: BoundCheck) -> bool:
    return isinstance(check.left, FieldOperand) and check.operator in _EQUALITY and check.modifier is None


def _value(constant: Any, type_: type) -> Any:
    """Return the value that equals a constant of a condition, `None` if no event can have it."""
    try:
        value = type_(constant.decode())
    except ValueError:
        return None
    return value if str(value).encode() == constant else None
