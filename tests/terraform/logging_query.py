"""Google Cloud's Logging query language: which log entries a sink with such a filter exports.

Only what is needed of its documentation is understood. `Undocumented` is raised for the rest.
"""

from __future__ import annotations

import operator
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

import re2

__all__ = ["Query", "Undocumented", "query"]

_LONGEST = 20_000
"""Characters that a query may have."""

_FIELDS = {
    *("httpRequest", "insertId", "jsonPayload", "labels", "logName", "metadata", "operation", "protoPayload"),
    *("receiveTimestamp", "resource", "severity", "sourceLocation", "spanId", "textPayload", "timestamp", "trace"),
}
_MAY_BE_MISSING = {"jsonPayload", "protoPayload", "labels", "resource"}
"""Of the others, what is missing is as if it had its default value."""

_PART = r"(?:[A-Za-z0-9_@/-]+|\"(?:[^\"\\]|\\.)+\")"
_TOKEN = re.compile(
    rf"""(?:\s|--[^\n]*)*(?:
      (?P<path>[A-Za-z_@](?:[\w@/-]*)(?:\.{_PART})*(?=\s*(?:=~|!~|[=!<>:(])))
    | (?P<sign>=~|!~|!=|<=|>=|[=<>:(),-])
    | "(?P<quoted>(?:[^"\\]|\\.)*)"
    | (?P<word>[^\s()=<>!:~,"]+)
    )""",
    re.VERBOSE | re.ASCII,
)
_END = re.compile(r"(?:\s|--[^\n]*)*")
_STEP = re.compile(r'"((?:[^"\\]|\\.)+)"|([^."]+)')
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}

_Test = Callable[[Mapping[str, Any]], bool]


class Undocumented(ValueError):
    """A query that is none, or one whose meaning is not known here."""


class Query(NamedTuple):
    """A query. `fields` are what it looks at."""

    passes: _Test
    fields: frozenset[str] = frozenset()


def query(text: str) -> Query:
    """Return a query by its text. Raises `Undocumented` if it is not a proper one."""
    if len(text) > _LONGEST:
        raise Undocumented(f"{len(text)} characters are too many")
    if _END.fullmatch(text):
        return Query(lambda _entry: True)
    parser = _Parser(text)
    test = parser.whole()
    return Query(test, frozenset(parser.fields))


class _Parser:
    """`NOT` binds tightest, then `OR`, then `AND`, which may be left out."""

    def __init__(self, text: str) -> None:
        self.fields: list[str] = []
        self._tokens: list[tuple[str, str]] = []
        at = 0
        while not _END.fullmatch(text, at):
            match = _TOKEN.match(text, at)
            if not match or not match.lastgroup:
                raise Undocumented(f"not part of a query: {text[at:]!r}")
            kind, token = match.lastgroup, match[match.lastgroup]
            if kind == "path" and token in ("NOT", "AND", "OR"):
                kind = "word"
            self._tokens.append((kind, token))
            at = match.end()

    def whole(self) -> _Test:
        test = self._all()
        if self._tokens:
            raise Undocumented(f"nothing should follow, but {self._tokens[0][1]!r} does")
        return test

    def _all(self) -> _Test:
        tests = [self._any()]
        while self._tokens and self._tokens[0] != ("sign", ")"):
            self._take("word", "AND")
            tests.append(self._any())
        return lambda entry: all(test(entry) for test in tests)

    def _any(self) -> _Test:
        tests = [self._one()]
        while self._take("word", "OR"):
            tests.append(self._one())
        return lambda entry: any(test(entry) for test in tests)

    def _one(self) -> _Test:
        if self._take("word", "NOT") or self._take("sign", "-"):
            test = self._one()
            return lambda entry: not test(entry)
        if self._take("sign", "("):
            test = self._all()
            self._need("sign", ")")
            return test
        path = self._take("path")
        if path is None:
            there = self._tokens[0][1] if self._tokens else "the end"
            raise Undocumented(f"a text that may stand anywhere, or nothing: {there!r}")
        if self._take("sign", "("):
            return self._function(path)
        sign = self._need("sign")
        steps = [_unescaped(one) if one else two for one, two in _STEP.findall(path)]
        if steps[0] not in _FIELDS:
            raise Undocumented(f"no field of a log entry: {path}")
        self.fields.append(path)
        return self._values(steps, sign)

    def _function(self, name: str) -> _Test:
        wanted = self._need("quoted")
        self._need("sign", ")")
        if name.lower() != "log_id":
            raise Undocumented(f"the function {name}")
        self.fields.append("logName")
        return lambda entry: unquote(entry.get("logName", "").partition("/logs/")[2]) == wanted

    def _values(self, steps: list[str], sign: str) -> _Test:
        """Parse what a field is compared with: a value, or several within parentheses."""
        if not self._take("sign", "("):
            return self._compared(steps, sign)
        every = [[self._compared(steps, sign)]]
        while not self._take("sign", ")"):
            if self._take("word", "OR"):
                every[-1].append(self._compared(steps, sign))
            else:
                self._need("word", "AND")
                every.append([self._compared(steps, sign)])
        return lambda entry: all(any(test(entry) for test in tests) for tests in every)

    def _compared(self, steps: list[str], sign: str) -> _Test:
        quoted = self._take("quoted")
        if quoted is None and sign == ":" and self._take("word", "*"):
            return lambda entry: next(_values(entry, steps), None) is not None
        if quoted is None and self._take("sign", "-"):
            text = "-" + self._need("word")
        else:
            text = _unescaped(quoted) if quoted is not None else self._need("word")
        if text in ("AND", "OR", "NOT") and quoted is None:
            raise Undocumented(f"{text} is no value")
        compare = _comparison(sign, text)
        return lambda entry: any(compare(value) for value in _filled(entry, steps))

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


def _filled(entry: Mapping[str, Any], steps: list[str]) -> Iterator[Any]:
    """Yield the values of a field, or its default."""
    found = list(_values(entry, steps))
    if not found and steps[0] not in _MAY_BE_MISSING:
        if steps[0] not in ("insertId", "logName", "severity", "spanId", "textPayload", "trace"):
            raise Undocumented(f"the default of {'.'.join(steps)}")
        found = ["DEFAULT" if steps[0] == "severity" else ""]
    yield from found


def _values(value: Any, steps: list[str]) -> Iterator[Any]:
    """Yield what a path leads to. Of a list, each member is looked at."""
    if isinstance(value, list):
        for member in value:
            yield from _values(member, steps)
    elif not steps:
        yield value
    elif isinstance(value, Mapping) and steps[0] in value:
        yield from _values(value[steps[0]], steps[1:])


def _comparison(sign: str, text: str) -> Callable[[Any], bool]:
    folded = _folded(text)
    if sign in ("=~", "!~"):
        found = re2.compile(text).search
        return lambda value: isinstance(value, str) and bool(found(value)) is (sign == "=~")
    if sign == ":":
        return lambda value: isinstance(value, str) and folded in _folded(value)
    if sign not in ("=", "!=", *_ORDER):
        raise Undocumented(f"no comparison: {sign}")

    def compare(value: Any) -> bool:
        wanted: Any = folded
        if isinstance(value, bool):
            wanted = {"true": True, "false": False}.get(folded)
        elif isinstance(value, (int, float)):
            try:
                wanted = float(text)
            except ValueError:
                return False  # nothing that does not fit is equal or different
        elif isinstance(value, str):
            value = _folded(value)
        else:
            raise Undocumented(f"{value!r} compared with {text!r}")
        if sign in _ORDER:
            return _ORDER[sign](value, wanted)
        return wanted is not None and (value == wanted) is (sign == "=")

    return compare


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _unescaped(text: str) -> str:
    return re.sub(r'\\(["\\])', r"\1", text)
