"""What to write instead, for the mistakes that people make in conditions."""

from __future__ import annotations

import re

__all__ = ["advice"]

_WORDS = "glob|iglob|contains|icontains|startswith|endswith|regex"
_MISTAKES = (
    (re.compile(r"(?:AND|OR|NOT|And|Or|Not)\b"), "and, or and not are written in lower case"),
    (re.compile(r"&&|\|\|"), "write `and`, `or`"),
    (re.compile(r"not\s+(?:in|intersects|pmatch|exists|" + _WORDS + r")\b"), "write `not` before the field"),
    (re.compile(r"!(?!=)"), "write `not`"),
    (re.compile(r"~"), "write `regex`, which matches the whole value, or `contains`"),
    (re.compile(rf"(?:{_WORDS})[\"'(]"), "put a blank behind the operator"),
    (re.compile(rf"(?:in|intersects|pmatch|exists|{_WORDS})\b", re.IGNORECASE), "operators are written in lower case"),
    (re.compile(r"#"), "a condition cannot hold comments"),
)
_BLANKS = re.compile(r"\s*")


def advice(text: str, position: int) -> str:
    """Return what to do about the mistake that stands at `position` of a condition, empty if it is no common one."""
    start = _BLANKS.match(text, position)
    assert start is not None  # it matches the empty text, too
    for mistake, hint in _MISTAKES:
        if mistake.match(text, start.end()):
            return hint
    return ""
