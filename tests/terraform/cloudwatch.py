"""Filter patterns of CloudWatch Logs: what a subscription with such a pattern passes on.

Only what its documentation tells is understood. `Undocumented` is raised for the rest: a filter must not rely on it.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable
from typing import Any, NamedTuple

__all__ = ["Pattern", "Undocumented", "pattern"]

_LONGEST = 1024
"""Characters that a pattern may have."""

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<selector>\$(?:\.[A-Za-z0-9_-]+|\.\['[^']+'\]|\[\d+\])+)
    | (?P<two>&&|\|\||!=|<=|>=)
    | (?P<one>[()=<>])
    | "(?P<quoted>(?:[^"\\]|\\["\\])*)"
    | (?P<word>[\w.*+-]+)
    )""",
    re.VERBOSE | re.ASCII,
)
_STEP = re.compile(r"\.\['([^']+)'\]|\.([A-Za-z0-9_-]+)|\[(\d+)\]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?", re.ASCII)
_TERM = re.compile(r'\s*([?-]?)(?:"((?:[^"\\]|\\["\\])+)"|(\w+))(?=\s|$)', re.ASCII)
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_MISSING = object()

_Test = Callable[[Any], bool]


class Undocumented(ValueError):
    """A pattern whose meaning, or whose meaning for a value, is not documented; or that is none."""


class Pattern(NamedTuple):
    """A filter pattern. `selectors` are the fields that it looks at; it is a JSON pattern if there are some."""

    passes: Callable[[str], bool]
    selectors: frozenset[str] = frozenset()


def pattern(text: str) -> Pattern:
    """Return a pattern by its text. Raises `Undocumented` if it is not a proper one."""
    if len(text) > _LONGEST:
        raise Undocumented(f"{len(text)} characters are too many")
    stripped = text.strip()
    if stripped.startswith("["):
        raise Undocumented("patterns for fields between spaces are not understood here")
    if not stripped.startswith("{"):
        return Pattern(_terms(stripped))
    if not stripped.endswith("}"):
        raise Undocumented("no closing brace")
    parser = _Parser(stripped[1:-1])
    test = parser.whole()

    def passes(line: str) -> bool:
        try:
            document = json.loads(line)
        except ValueError:
            return False
        return isinstance(document, dict) and test(document)

    return Pattern(passes, frozenset(parser.selectors))


def _terms(text: str) -> Callable[[str], bool]:
    needed: dict[str, list[str]] = {"": [], "-": [], "?": []}
    at = 0
    while at < len(text):
        match = _TERM.match(text, at)
        if not match:
            raise Undocumented(f"not a term: {text[at:]!r}")
        needed[match[1]].append(_unescaped(match[2]) if match[2] else match[3])
        at = match.end()
    if needed["?"] and (needed[""] or needed["-"]):
        raise Undocumented("optional terms beside others")

    def passes(line: str) -> bool:
        return (
            all(term in line for term in needed[""])
            and not any(term in line for term in needed["-"])
            and (not needed["?"] or any(term in line for term in needed["?"]))
        )

    return passes


class _Parser:
    """`||` binds less tightly than `&&`."""

    def __init__(self, text: str) -> None:
        self.selectors: list[str] = []
        self._tokens: list[tuple[str, str]] = []
        text = text.rstrip()
        at = 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if not match or not match.lastgroup:
                raise Undocumented(f"not part of a pattern: {text[at:]!r}")
            kind = "sign" if match.lastgroup in ("one", "two") else match.lastgroup
            self._tokens.append((kind, match[match.lastgroup]))
            at = match.end()

    def whole(self) -> _Test:
        test = self._any()
        if self._tokens:
            raise Undocumented(f"nothing should follow, but {self._tokens[0][1]!r} does")
        return test

    def _any(self) -> _Test:
        tests = [self._all()]
        while self._take("sign", "||"):
            tests.append(self._all())
        return tests[0] if len(tests) == 1 else lambda document: any(test(document) for test in tests)

    def _all(self) -> _Test:
        tests = [self._one()]
        while self._take("sign", "&&"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda document: all(test(document) for test in tests)

    def _one(self) -> _Test:
        if self._take("sign", "("):
            test = self._any()
            self._need("sign", ")")
            return test
        selector = self._need("selector")
        self.selectors.append(selector)
        steps = [one or two or int(three) for one, two, three in _STEP.findall(selector)]
        compared = self._comparison()
        return lambda document: compared(_value(document, steps))

    def _comparison(self) -> _Test:
        if self._take("word", "NOT"):
            self._need("word", "EXISTS")
            return lambda value: value is _MISSING
        if self._take("word", "IS"):
            name = self._need("word")
            if name not in ("NULL", "TRUE", "FALSE"):
                raise Undocumented(f"IS {name}")
            wanted = {"NULL": None, "TRUE": True, "FALSE": False}[name]
            return lambda value: value is wanted
        sign = self._need("sign")
        quoted = self._take("quoted")
        text = quoted if quoted is not None else self._need("word")
        number = float(text) if quoted is None and _NUMBER.fullmatch(text) else None
        if sign in _ORDER:
            if number is None:
                raise Undocumented(f"{sign} {text!r} compares no numbers")
            return _numeric(lambda value: _ORDER[sign](value, number))
        if sign not in ("=", "!="):
            raise Undocumented(f"no comparison: {sign}")
        equal = sign == "="
        if number is not None:
            return _numeric(lambda value: (value == number) is equal)
        return _textual(text if quoted is None else _unescaped(text), equal)

    def _take(self, kind: str, text: str | None = None) -> str | None:
        if self._tokens and self._tokens[0][0] == kind and text in (None, self._tokens[0][1]):
            return self._tokens.pop(0)[1]
        return None

    def _need(self, kind: str, text: str | None = None) -> str:
        found = self._take(kind, text)
        if found is None:
            there = self._tokens[0][1] if self._tokens else "the end"
            raise Undocumented(f"{text or kind} is needed where {there!r} is")
        return found


def _value(document: Any, steps: list[str | int]) -> Any:
    for step in steps:
        there = isinstance(document, dict) if isinstance(step, str) else isinstance(document, list)
        try:
            document = document[step] if there else _MISSING
        except (KeyError, IndexError):
            return _MISSING
    return document


def _numeric(test: Callable[[float], bool]) -> _Test:
    """Compare a number. Nothing but a number is ever equal to one, or different from one."""

    def compared(value: Any) -> bool:
        if isinstance(value, str):
            raise Undocumented(f"the text {value!r} compared with a number")
        return isinstance(value, (int, float)) and not isinstance(value, bool) and test(value)

    return compared


def _textual(wanted: str, equal: bool) -> _Test:
    """Compare a text, or what is missing: that is neither equal nor different. `*` stands for anything at an end."""
    start, end = wanted.startswith("*"), wanted.endswith("*")
    middle = wanted[start : len(wanted) - end] if len(wanted) > 1 else "" if start else wanted

    def same(value: str) -> bool:
        if start and end:
            return middle in value
        if start:
            return value.endswith(middle)
        return value.startswith(middle) if end else value == wanted

    def compared(value: Any) -> bool:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            raise Undocumented(f"the number {value!r} compared with a text")
        return isinstance(value, str) and same(value) is equal

    return compared


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
