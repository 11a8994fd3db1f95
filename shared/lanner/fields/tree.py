"""JSON values as Python objects, as an API server reads them: of duplicate keys the last counts.

Requests that create or replace something are logged as the server has read them; patches as they were sent. So what is
in a patch has to be read as the server does, or a second key of the same name would hide what is really written.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

__all__ = ["decoded", "encoded", "utf8"]

_encode = msgspec.json.encode
_INT64 = 2**63
_MAX_DIGITS = 100
"""Digits of a number; longer ones no server takes, and reading them takes quadratic time."""


def decoded(value: bytes) -> Any:
    """Return a JSON value as a Python object; integral numbers become integers, what is not Unicode U+FFFD.

    What no API server takes for JSON becomes `None`, as it changes nothing.
    """
    try:
        return _decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # a ValidationError is a DecodeError
        return _leniently(value)


def encoded(value: Any) -> bytes:
    """Return a JSON text of what `decoded` has returned, or what was made of it."""
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return b"".join(_pieces(value))


def utf8(text: str) -> bytes:
    """Return a text of a value in UTF-8."""
    try:
        return text.encode()
    except UnicodeEncodeError:  # half of a pair of surrogates
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def _number(text: str) -> int | float | str:
    """Read a number with a fraction or an exponent: servers take 1.0 for 1."""
    number = float(text)
    if number.is_integer() and abs(number) < _INT64:
        return int(number)
    return number if abs(number) != float("inf") else text


_decode = msgspec.json.Decoder(float_hook=_number).decode


def _leniently(value: bytes) -> Any:
    import json  # of the few texts that are not strict

    def integer(text: str) -> int | str:
        return int(text) if len(text) <= _MAX_DIGITS else text

    try:
        text = value.decode("utf-8", "replace")
        return json.loads(text, parse_float=_number, parse_int=integer, parse_constant=str, strict=False)
    except (ValueError, RecursionError):
        return None


def _pieces(value: Any) -> Iterator[bytes]:
    """Yield the pieces of a JSON text of a value with texts that are not Unicode."""

    pending: list[Any] = [value]  # and pieces that are written already, as bytes
    while pending:
        item = pending.pop()
        if isinstance(item, bytes):
            yield item
        elif isinstance(item, dict | list):
            is_object = isinstance(item, dict)
            parts: list[Any] = [b"{" if is_object else b"["]
            for number, key in enumerate(item):
                comma = b"," if number else b""
                parts += [b"%b%b:" % (comma, _encode(utf8(key).decode())), item[key]] if is_object else [comma, key]
            parts.append(b"}" if is_object else b"]")
            pending.extend(reversed(parts))
        else:
            yield _encode(utf8(item).decode() if isinstance(item, str) else item)
