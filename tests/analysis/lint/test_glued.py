"""`a or(b) and c`, which Falco refuses."""

from __future__ import annotations

import pytest

from lanner.analysis.lint.glued import glued_or


@pytest.mark.parametrize(
    ("condition", "position"),
    [
        ("a or(b) and c", 2),
        ("a or(b)and c", 2),
        ("a or(b) and(c)", 2),
        ("x or (a or(b or (c)) and d)", 8),
        ("a or(b) or(c) and d", 8),
        ("a or (b) and c", None),
        ("a or(b) or c", None),
        ("a or(b)", None),
        ("a and(b) or c", None),
        ("a and(b) and c", None),
        ("a or(b and c)", None),
        ("for(b) and c", None),
        ("a or(b) and_more", None),
        ("a = 'or(b) and c'", None),
        ('a = "x\\" or(b) and c"', None),
        (") and c", None),
    ],
)
def test_glued(condition: str, position: int | None) -> None:
    assert glued_or(condition) == position
