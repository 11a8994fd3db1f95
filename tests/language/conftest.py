"""Events, conditions and values for the tests of the language."""

import json

import pytest

from lanner.fields import Intake, NoValue, RawEvent, catalogue
from lanner.language import And, BoundCheck, Not, Or, compile_condition, compile_operand, parse


def _open(event=None, **context):
    """Open an event; text may hold any bytes, written as surrogates. It has an audit id and a time."""
    event = {"auditID": "a-1", "stageTimestamp": "2026-03-01T10:20:30.000000456Z"} | (event or {})
    text = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogateescape")
    return Intake().open(RawEvent(text, **context))


def _holds(condition, event):
    """Tell whether a compiled condition is true, in the two-valued logic of spec/conditions.md section 4."""
    if isinstance(condition, And):
        return all(_holds(child, event) for child in condition.children)
    if isinstance(condition, Or):
        return any(_holds(child, event) for child in condition.children)
    if isinstance(condition, Not):
        return not _holds(condition.child, event)
    assert isinstance(condition, BoundCheck)
    left = condition.left.value(event)
    if condition.right is None:
        return left is not NoValue.MISSING and condition.test(left)
    right = condition.right.value(event)
    return NoValue.MISSING not in (left, right) and condition.compare(left, right)


def _verdict(text, event=None):
    event = event if hasattr(event, "raw") else _open(event)
    return _holds(compile_condition(parse(text), catalogue(), text), event)


@pytest.fixture(scope="session")
def open_event():
    """`open_event({"verb": "get"})`."""
    return _open


@pytest.fixture(scope="session")
def verdict():
    """`verdict("ka.verb = get", {"verb": "get"})` is `True`."""
    return _verdict


@pytest.fixture(scope="session")
def value_of():
    """`value_of("tolower(ka.verb)", {"verb": "GET"})` is `b"get"`; `None` where the value is missing."""

    def read(text, event=None):
        value = compile_operand(text, catalogue()).value(event if hasattr(event, "raw") else _open(event))
        return None if value is NoValue.MISSING else value

    return read


@pytest.fixture(scope="session")
def check():
    """`check("ka.verb in (get, list)")` is that check, compiled."""

    def compiled(text):
        bound = compile_condition(parse(text), catalogue(), text)
        assert isinstance(bound, BoundCheck)
        return bound

    return compiled
