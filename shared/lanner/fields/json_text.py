"""JSON as text: find, split and render the values of a JSON document without building Python objects.

A JSON value is the slice of `bytes` it was written with, perhaps without the blanks between its tokens; its first
byte tells its type (`{`, `[`, `"`, else a number, `true`, `false` or `null`). So numbers and escapes stay exactly as
the source has them, which is what Falco shows and compares (spec/fields.md section 2).

The grammar is Falco's lenient one: control characters and invalid UTF-8 inside strings, unknown escapes, number
texts such as `1.2.3` or `nan` are accepted. Ordinary texts take msgspec's strict and fast splitter; whatever it
refuses, or may have changed (it keeps the last of duplicate keys, Falco the first), takes the exact one below.
"""

from __future__ import annotations

import re
from functools import cache

import msgspec

__all__ = [
    "MAX_DEPTH",
    "MAX_LENIENT",
    "MAX_PRETTY",
    "JsonError",
    "check",
    "compact",
    "elements",
    "get",
    "is_array",
    "is_object",
    "keys",
    "members",
    "pretty",
    "render",
    "within_depth",
]

MAX_DEPTH = 300
"""Objects and arrays may nest this deep (spec/fields.md section 2)."""

MAX_LENIENT = 16 * 2**20
"""Bytes that a text may have which is not strict JSON: the exact splitter takes its time."""

MAX_PRETTY = 16 * 2**20
"""Bytes that an indented text may have, about."""

_ARRAY, _OBJECT, _QUOTE = ord("["), ord("{"), ord('"')
_CONTAINERS = (_ARRAY, _OBJECT)
_SPACE = b" \t\r\n"

_split_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_split_array = msgspec.json.Decoder(list[msgspec.Raw]).decode
_validate = msgspec.json.Decoder(msgspec.Raw).decode
_REFUSED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_STRING = rb'"(?:[^"\\]+|\\.)*+"'
_TOKEN = (
    rb"[ \t\r\n]*+(?:(" + _STRING + rb")|([{}\[\],:])"
    rb"|([+-]?(?:[iI][nN][fF]|[nN][aA][nN])|[0-9.+\-eE]++|true|false|null))"
)
_QUOTED = rb'"[^"]*"'
_MARK = rb'(?:[^"\[\]{}]++|' + _STRING + rb")*+([\[\]{}])"
_BLANKS = rb"(" + _STRING + rb")|[ \t\r\n]+"
_ESCAPE = (
    rb"\\(?:u([0-9a-fA-F]{4})(?:(?<=[dD][89abAB]..)\\u([0-9a-fA-F]{4})|(?<=[dD][c-fC-F]..)\\u([0-9a-fA-F]{4}))?|(.))"
)
_MAX_DIGITS = 18
_NO_MARKS = bytes(set(range(256)).difference(b'{}[]"'))
_SHORT = {b'"': b'"', b"\\": b"\\", b"/": b"/", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}


@cache
def _pattern(text: bytes) -> re.Pattern[bytes]:
    """Compile a regex when it is first used: ordinary events need none of them."""
    return re.compile(text, re.DOTALL)


class JsonError(ValueError):
    """The text is not JSON.

    `position` is the offset of the first byte that does not fit, in the text without surrounding blanks.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


def is_object(value: bytes) -> bool:
    """Tell whether `value` is a JSON object."""
    return value[0] == _OBJECT


def is_array(value: bytes) -> bool:
    """Tell whether `value` is a JSON array."""
    return value[0] == _ARRAY


def check(text: bytes) -> bytes:
    """Return `text` without surrounding blanks if it is one JSON value, else raise `JsonError`."""
    text = text.strip(_SPACE)
    try:
        _validate(text)
    except _REFUSED as refusal:
        if len(text) > MAX_LENIENT:
            raise JsonError(f"with {len(text)} bytes it is too large to be read leniently ({refusal})", 0) from None
        end = _skip(text, 0)
        if end != len(text):
            end = len(text) - len(text[end:].lstrip(_SPACE))
            raise JsonError(f"something follows the JSON value at byte {end + 1}", end) from None
    return text


def within_depth(text: bytes, limit: int = MAX_DEPTH) -> bool:
    """Tell whether the JSON value `text` nests at most `limit` objects and arrays."""
    if text.count(b"{") + text.count(b"[") <= limit:
        return True
    # Escapes first, so that the quotes left are those that begin and end strings; what stands between them goes, too.
    bare = text.replace(b"\\\\", b"").replace(b'\\"', b"").translate(None, _NO_MARKS)
    depth = 0
    for mark in _pattern(_QUOTED).sub(b"", bare):
        depth += 1 if mark in b"{[" else -1
        if depth > limit:
            return False
    return True


def members(value: bytes) -> dict[str, bytes]:
    """Return the members of a JSON object: decoded key → value, in source order.

    Of duplicate keys the first counts; a key written without escapes goes before one that only decodes to it. Bytes of
    a key that are not UTF-8 become surrogates. The dictionary is empty for anything but an object.
    """
    if value[0] != _OBJECT:
        return {}
    try:
        found = _split_object(value)
    except _REFUSED:
        return _members_exactly(value)
    # A plain object is as long as its keys and values and the marks between them. Otherwise there are blanks, non-ASCII
    # or escaped keys (all harmless), or duplicates, of which msgspec kept the wrong one.
    if sum(map(len, found)) + sum(map(len, found.values())) + 4 * len(found) + 1 != len(value) and found:
        tight = compact(value)
        return members(tight) if len(tight) < len(value) else _members_exactly(value)
    return dict(zip(found, map(bytes, found.values()), strict=True))


def keys(value: bytes) -> list[bytes]:
    """Return the decoded keys of a JSON object as often and in the order that the source has them."""
    return [unquote(key) for key, _ in _pairs(value)] if value[0] == _OBJECT else []


def elements(value: bytes) -> list[bytes]:
    """Return the elements of a JSON array, an empty list for anything but an array."""
    if value[0] != _ARRAY:
        return []
    try:
        return [bytes(item) for item in _split_array(value)]
    except _REFUSED:
        return _elements_exactly(value)


def get(value: bytes, key: str) -> bytes | None:
    """Step from `value` to its member or element `key`; `None` if there is none (spec/fields.md section 2)."""
    if value[0] == _OBJECT:
        return members(value).get(key)
    if value[0] == _ARRAY:
        index = array_index(key)
        items = elements(value)
        return items[index] if index is not None and index < len(items) else None
    return None


def array_index(key: str) -> int | None:
    """Read `key` as an array index, decimal digits with an optional sign; `None` for anything else."""
    digits = key[1:] if key.startswith(("+", "-")) else key
    significant = digits.lstrip("0")
    if not (digits.isascii() and digits.isdigit()) or len(significant) > _MAX_DIGITS:
        return None
    index = int(significant or "0")
    return None if index and key.startswith("-") else index


def render(value: bytes) -> bytes:
    """Return the text of a JSON value: a string decoded, anything else as compact JSON with its source escapes."""
    if value[0] == _QUOTE:
        return unquote(value)
    return compact(value)


def compact(value: bytes) -> bytes:
    """Return `value` without the blanks between its tokens; everything else stays as it is."""
    if value[0] not in _CONTAINERS or not (b" " in value or b"\n" in value or b"\t" in value or b"\r" in value):
        return value
    try:
        return msgspec.json.format(value, indent=-1)
    except _REFUSED:
        return _pattern(_BLANKS).sub(rb"\1", value)


def unquote(value: bytes) -> bytes:
    """Decode a JSON string; unknown escapes and lone surrogates stay as they are written."""
    if b"\\" not in value:
        return value[1:-1]
    return _pattern(_ESCAPE).sub(_unescape, value[1:-1])


def pretty(value: bytes) -> bytes:
    """Return `value` indented by two blanks a level, as `jevt.obj` shows it (spec/fields.md section 4).

    Deep and wide values grow a hundredfold by their indentation: beyond `MAX_PRETTY` bytes they stay compact.
    """
    out: list[bytes] = []
    level = size = 0
    previous = b""
    for token in _pattern(_TOKEN).finditer(value):
        text = token[0].lstrip(_SPACE)
        if text in (b"}", b"]"):
            level -= 1
            if previous not in (b"{", b"["):
                out.append(b"\n" + b"  " * level)
        elif previous in (b"{", b"[", b","):
            out.append(b"\n" + b"  " * level)
        out.append(b": " if text == b":" else text)
        size += len(text) + 2 * level
        if size > MAX_PRETTY:
            return compact(value)
        if text in (b"{", b"["):
            level += 1
        previous = text
    return b"".join(out)


def _unescape(match: re.Match[bytes]) -> bytes:
    unit, low, stray, short = match.groups()
    if short is not None:
        return _SHORT.get(short, match[0])
    code = int(unit, 16)
    if not 0xD800 <= code < 0xE000:
        return chr(code).encode()
    second = int(low or b"0", 16)
    if 0xDC00 <= second < 0xE000:
        return chr(0x10000 + ((code - 0xD800) << 10) + (second - 0xDC00)).encode()
    # A surrogate that pairs with nothing: alone it stays as written, before another \u escape both become U+FFFD.
    return match[0] if low is None and stray is None else "\ufffd".encode()


def _members_exactly(value: bytes) -> dict[str, bytes]:
    plain: dict[str, bytes] = {}
    escaped: dict[str, bytes] = {}
    for key, item in _pairs(value):
        if b"\\" in key:
            escaped.setdefault(_decode(unquote(key)), item)
        else:
            plain.setdefault(_decode(key[1:-1]), item)
    for name, item in escaped.items():
        plain.setdefault(name, item)
    return plain


def _decode(key: bytes) -> str:
    return key.decode("utf-8", "surrogateescape")


def _pairs(value: bytes) -> list[tuple[bytes, bytes]]:
    pairs: list[tuple[bytes, bytes]] = []
    position = 1
    while True:
        token = _token(value, position)
        if token[2] in (b"}", b","):
            if token[2] == b"}":
                return pairs
            token = _token(value, token.end())
        key = token[1]
        start = _token(value, token.end()).end()
        position = _end(value, start)
        pairs.append((key, value[start:position].strip(_SPACE)))


def _elements_exactly(value: bytes) -> list[bytes]:
    items: list[bytes] = []
    position = 1
    while True:
        token = _token(value, position)
        if token[2] == b"]":
            return items
        start = token.end() if token[2] == b"," else position
        position = _end(value, start)
        items.append(value[start:position].strip(_SPACE))


def _end(text: bytes, position: int) -> int:
    """Return the end of the value that starts at `position` of a valid text: `_skip` without its checks, but fast."""
    token = _token(text, position)
    depth = int(token[2] is not None)
    position = token.end()
    while depth:
        mark = _pattern(_MARK).match(text, position)
        if mark is None:
            raise _misfit(text, len(text))
        depth += 1 if mark[1] in b"{[" else -1
        position = mark.end()
    return position


def _token(text: bytes, position: int) -> re.Match[bytes]:
    token = _pattern(_TOKEN).match(text, position)
    if token is None:
        raise _misfit(text, position)
    return token


def _misfit(text: bytes, position: int) -> JsonError:
    """Say what is wrong with what stands at `position`, behind blanks perhaps."""
    while position < len(text) and text[position] in _SPACE:
        position += 1
    if position == len(text):
        return JsonError("the JSON text ends too early", position)
    if text[position] != _QUOTE:
        return JsonError(f"unexpected {text[position : position + 1]!r} at byte {position + 1}", position)
    if _pattern(_TOKEN).match(text, position) is None:
        return JsonError(f"a string that begins at byte {position + 1} does not end", position)
    return JsonError(f"unexpected string at byte {position + 1}", position)


def _skip(text: bytes, position: int) -> int:
    """Return the end of the JSON value that starts at `position` (blanks may come first). Linear, not recursive."""
    open_marks = bytearray()
    expect = _VALUE
    while True:
        token = _token(text, position)
        mark = token[2]
        if mark is None:
            if expect in (_KEY, _KEY_OR_END) and token[1] is not None:
                expect = _COLON
            elif expect in (_VALUE, _VALUE_OR_END):
                expect = _COMMA_OR_END
            else:
                raise _misfit(text, position)
        elif mark in b"{[":
            if expect not in (_VALUE, _VALUE_OR_END):
                raise _misfit(text, position)
            open_marks += mark
            expect = _KEY_OR_END if mark == b"{" else _VALUE_OR_END
        elif mark in b"}]":
            matches = bool(open_marks) and open_marks[-1] == (_OBJECT if mark == b"}" else _ARRAY)
            if not matches or expect not in (_COMMA_OR_END, _KEY_OR_END, _VALUE_OR_END):
                raise _misfit(text, position)
            open_marks.pop()
            expect = _COMMA_OR_END
        elif mark == b"," and expect is _COMMA_OR_END:
            expect = _KEY if open_marks[-1] == _OBJECT else _VALUE
        elif mark == b":" and expect is _COLON:
            expect = _VALUE
        else:
            raise _misfit(text, position)
        position = token.end()
        if not open_marks and expect is _COMMA_OR_END:
            return position


_VALUE, _VALUE_OR_END, _KEY, _KEY_OR_END, _COLON, _COMMA_OR_END = range(6)
