"""Patterns that values are matched with: POSIX regexes, shell globs and path prefixes (spec/conditions.md 4.2-4.6).

All of them are matched by RE2, in time linear in the value's length, whatever the pattern. RE2 is imported with the
first of them: that takes longer than all else that a function does before its first verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

__all__ = ["MAX_GLOB", "PatternError", "glob", "path_prefix", "regex"]

MAX_GLOB = 1024
"""Bytes of a glob. Reading brackets that do not close takes quadratic time, and globs may come from events."""

Matcher = Callable[[bytes], bool]

_CLASSES: dict[bytes, bytes] = {
    b"alpha": b"A-Za-z",
    b"digit": b"0-9",
    b"alnum": b"0-9A-Za-z",
    b"upper": b"A-Z",
    b"lower": b"a-z",
    b"space": rb"\x09-\x0d\x20",
    b"blank": rb"\x09\x20",
    b"punct": rb"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
    b"print": rb"\x20-\x7e",
    b"graph": rb"\x21-\x7e",
    b"cntrl": rb"\x00-\x1f\x7f",
    b"xdigit": b"0-9A-Fa-f",
}
_GLOB_MARKS = b"*?["


class PatternError(ValueError):
    """The pattern is not a regex of RE2's POSIX syntax, or a glob that is too long."""


def regex(pattern: bytes) -> Matcher:
    """Return a matcher of whole values by RE2 in POSIX mode. Invalid UTF-8 in a value counts as U+FFFD.

    Raises `PatternError` with RE2's reason.
    """
    import re2

    options = re2.Options()
    options.posix_syntax = True
    options.longest_match = True
    options.log_errors = False
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0]
        raise PatternError(reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)) from None

    def match(value: bytes) -> bool:
        if not value.isascii():
            value = value.decode(errors="replace").encode()
        return compiled.fullmatch(value) is not None

    return match


@lru_cache(maxsize=128)
def glob(pattern: bytes, *, ignore_case: bool = False) -> Matcher:
    """Return a matcher of whole values by the rules of `fnmatch` without flags, byte by byte (C locale).

    With `ignore_case` ASCII letters match in both cases. Raises `PatternError` for more than `MAX_GLOB` bytes.
    """
    if len(pattern) > MAX_GLOB:
        raise PatternError(f"a glob may have up to {MAX_GLOB} bytes")
    import re2

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.dot_nl = True
    options.log_errors = False
    compiled = re2.compile(_translate(pattern.lower() if ignore_case else pattern, ignore_case=ignore_case), options)
    if ignore_case:
        return lambda value: compiled.fullmatch(value.lower()) is not None
    return lambda value: compiled.fullmatch(value) is not None


def path_prefix(prefixes: Iterable[bytes]) -> Matcher:
    """Return a matcher of paths that begin with one of `prefixes`, component by component (section 4.6).

    A component of a prefix that contains `?`, `*` or `[` is a glob. Empty components do not count.
    """
    wanted = [[_component(part) for part in _components(prefix)] for prefix in prefixes]

    def match(value: bytes) -> bool:
        parts = _components(value)
        return any(
            len(prefix) <= len(parts) and all(test(part) for test, part in zip(prefix, parts, strict=False))
            for prefix in wanted
        )

    return match


def _components(path: bytes) -> list[bytes]:
    return [part for part in path.split(b"/") if part]


def _component(part: bytes) -> Matcher:
    if any(mark in part for mark in _GLOB_MARKS):
        return glob(part)
    return part.__eq__


def _translate(pattern: bytes, *, ignore_case: bool) -> bytes:
    """Write a glob as a regex. With `ignore_case` it is for lower-case values, and the glob itself is in lower case."""
    out: list[bytes] = []
    position = 0
    while position < len(pattern):
        char = pattern[position : position + 1]
        position += 1
        if char == b"*":
            if out[-1:] != [b".*"]:
                out.append(b".*")
        elif char == b"?":
            out.append(b".")
        elif char == b"[":
            found = _bracket(pattern, position, ignore_case=ignore_case)
            if found is None:
                out.append(rb"\[")
            else:
                text, position = found
                out.append(text)
        else:
            if char == b"\\":
                char = pattern[position : position + 1]
                position += 1
                if not char:
                    return rb"[^\x00-\xff]"  # nothing matches a lone backslash at the end
            out.append(rb"\x%02x" % ord(char))
    return b"".join(out)


def _bracket(pattern: bytes, position: int, *, ignore_case: bool) -> tuple[bytes, int] | None:
    """Read a bracket expression behind its `[`: a regex class and the position behind; `None` if it does not close."""
    negated = pattern[position : position + 1] in (b"!", b"^")
    start = position = position + negated
    members: list[bytes] = []
    while position < len(pattern):
        if pattern[position : position + 1] == b"]" and position > start:
            inner = b"".join(members)
            if not inner:
                return (b"." if negated else rb"[^\x00-\xff]"), position + 1
            return b"[" + (b"^" if negated else b"") + inner + b"]", position + 1
        if pattern.startswith(b"[:", position):
            end = pattern.find(b":]", position + 2)
            name = pattern[position + 2 : end] if end >= 0 else b""
            if name in _CLASSES:
                members.append(_CLASSES[b"lower" if ignore_case and name == b"upper" else name])
                position = end + 2
                continue
        low, position = _member(pattern, position)
        high = low
        if pattern[position : position + 1] == b"-" and pattern[position + 1 : position + 2] not in (b"]", b""):
            high, position = _member(pattern, position + 1)
        if low is None or high is None:
            return None
        if low <= high:
            members.append(rb"\x%02x-\x%02x" % (low, high))
    return None


def _member(pattern: bytes, position: int) -> tuple[int | None, int]:
    """Read one character of a bracket expression, a backslash before it undone."""
    if pattern[position] == 0x5C:
        position += 1
    if position >= len(pattern):
        return None, position
    return pattern[position], position + 1
