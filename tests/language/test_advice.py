"""Hints for common mistakes."""

import pytest

from lanner.errors import ConditionError
from lanner.language import parse


@pytest.mark.parametrize(
    ("condition", "hint"),
    [
        ("a.b exists AND c.d exists", "and, or and not are written in lower case"),
        ("a.b exists && c.d exists", "write `and`, `or`"),
        ("a.b = x || c.d exists", "write `and`, `or`"),
        ("a.b not in (x)", "write `not` before the field"),
        ("a.b not contains x", "write `not` before the field"),
        ("!a.b exists", "write `not`"),
        ("a.b ~ x", "write `regex`, which matches the whole value, or `contains`"),
        ("a.b contains'x'", "put a blank behind the operator"),
        ("a.b IN (x)", "operators are written in lower case"),
        ("a.b Startswith x", "operators are written in lower case"),
        ("a.b = x # why", "a condition cannot hold comments"),
        ("a.b = x y", ""),
        ("a.b = 'x\\'", "a backslash before a quote makes it part of the string"),
        ("a.b = 'x", ""),
    ],
)
def test_the_hint_tells_what_to_write(condition, hint):
    with pytest.raises(ConditionError) as raised:
        parse(condition)
    error = raised.value
    assert error.hint == hint
    assert str(error) == (f"{error.message}; {hint}" if hint else error.message)
