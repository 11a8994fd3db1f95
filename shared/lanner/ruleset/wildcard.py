"""Falco's wildcards, which select rules by name (spec/rules.md section 9)."""

from __future__ import annotations

__all__ = ["matches"]


def matches(pattern: str, text: str) -> bool:
    """Tell whether `text` matches `pattern`, in which only `*` is special.

    Each text between stars is found at its first occurrence, without backtracking: `*foo` does not match `foo-foo`.
    """
    head, *segments = pattern.split("*")
    if not segments:
        return text == pattern
    if not text.startswith(head):
        return False
    position = len(head)
    for segment in segments:
        found = text.find(segment, position)
        if found < 0:
            return False
        position = found + len(segment)
    return position == len(text) or not segments[-1]
