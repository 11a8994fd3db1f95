"""Falco's wildcards (spec/rules.md section 9)."""

from __future__ import annotations

import pytest

from lanner.ruleset import matches


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("a", "a"),
        ("", ""),
        ("*", ""),
        ("*", "anything"),
        ("a*", "a"),
        ("a*", "abc"),
        ("*c", "abc"),
        ("*foo", "a-foo"),
        ("a*c", "abc"),
        ("a*b*c", "a1b2c"),
        ("**", "x"),
        ("a**b", "ab"),
        ("*b*", "abc"),
        ("[a]?", "[a]?"),
    ],
)
def test_matches(pattern, text):
    assert matches(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("a", "b"),
        ("a", "A"),
        ("", "x"),
        ("a*", "ba"),
        ("*c", "ab"),
        ("a*c", "ab"),
        ("*foo", "foo-foo"),
        ("a*b", "a1b2b"),
        ("*b*", "ac"),
        ("?", "x"),
        ("ab*b", "ab"),
    ],
)
def test_does_not_match(pattern, text):
    assert not matches(pattern, text)
