"""JSON as Go's encoder writes it, and so Falco's GKE plugin the objects in a log entry (spec/sources.md section 2).

Keys in the order of their UTF-8 bytes, no blanks, `<`, `>`, `&` and the line separators U+2028 and U+2029 escaped,
numbers in the shortest text of the double that they are.
"""

from __future__ import annotations

import re
from decimal import Decimal
from math import isinf
from typing import Any, TypeVar

import msgspec

__all__ = ["decoder", "encode", "mark_integers", "number"]

T = TypeVar("T")

_SMALLEST, _LARGEST = 1e-6, 1e21
"""Numbers from here on, towards zero and away from it, are written with an exponent."""

_encode = msgspec.json.Encoder(order="deterministic").encode

_NOT_ESCAPED = bytes(set(range(256)).difference(b"<>&\xe2"))
_ESCAPES = (
    (b"<", b"\\u003c"),
    (b">", b"\\u003e"),
    (b"&", b"\\u0026"),
    ("\u2028".encode(), b"\\u2028"),
    ("\u2029".encode(), b"\\u2029"),
)

_DIGITS_AS_ZERO = bytes(ord("0") if chr(byte).isdigit() and byte < 128 else byte for byte in range(256))
_MANY_DIGITS = b"0" * 16  # integers of fewer digits are doubles as they are
_NEGATIVE_ZEROS = [before + b"-0" for before in (b":", b",", b"[", b" ", b"\n", b"\t", b"\r")]
# A string, even one without end, or an integer to be marked.
_INTEGER = re.compile(rb'"(?:[^"\\]++|\\.?)*+"?+|(?<![0-9.eE+-])(-0|-?[0-9]{16,}+)(?![0-9.eE])', re.DOTALL)


def decoder(type_: type[T]) -> msgspec.json.Decoder[T]:
    """Return a decoder whose untyped numbers are ready to be encoded, provided that `mark_integers` was there first."""
    return msgspec.json.Decoder(type_, float_hook=number)


def encode(value: Any) -> bytes:
    """Return the JSON text of `value`: of a structure in the order of its fields, of dictionaries in that of keys."""
    text = _encode(value)
    if text.translate(None, _NOT_ESCAPED):
        for character, escape in _ESCAPES:
            text = text.replace(character, escape)
    return text


def number(text: str) -> msgspec.Raw:
    """Return a number as Go writes it; what is beyond the range of a double stays as it is."""
    value = float(text)
    shortest = repr(value)
    if isinf(value):
        shortest = text
    elif value and not _SMALLEST <= abs(value) < _LARGEST:
        mantissa, _, exponent = shortest.partition("e")
        shortest = f"{mantissa}e{int(exponent):+d}"
    elif "e" in shortest:
        shortest = format(Decimal(shortest), "f")
    return msgspec.Raw(shortest.removesuffix(".0").encode())


def mark_integers(text: bytes) -> bytes:
    """Give integers that are not their double's shortest text (`-0`, beyond 2^53) a fraction, so `number` sees them."""
    if _MANY_DIGITS in text.translate(_DIGITS_AS_ZERO) or (
        b"-0" in text and any(start in text for start in _NEGATIVE_ZEROS)
    ):
        return _INTEGER.sub(lambda match: match[0] + b".0" if match[1] else match[0], text)
    return text
