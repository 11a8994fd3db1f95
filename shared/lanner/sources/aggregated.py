"""Kinesis records into which a producer has put several: the Kinesis Producer Library, Fluent Bit, Vector and others.

Such a record is four magic bytes, a message of protocol buffers, and the MD5 digest of that message. The message's
field 3, which may come often, is a record; field 3 of that is its data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["disaggregated"]

_MAGIC = b"\xf3\x89\x9a\xc2"
_DIGEST = 16
_RECORDS = _DATA = 3  # numbers of fields
_VARINT, _BYTES = 0, 2  # kinds of fields; the format has no others
_LONGEST = 10  # bytes of a number


def disaggregated(data: bytes) -> list[bytes]:
    """Return the data of the records that are in one record: `data` itself if it is no aggregate."""
    if not data.startswith(_MAGIC) or len(data) < len(_MAGIC) + _DIGEST:
        return [data]
    import hashlib  # only here: subscriptions of CloudWatch Logs do not aggregate

    message = data[len(_MAGIC) : -_DIGEST]
    if hashlib.md5(message, usedforsecurity=False).digest() != data[-_DIGEST:]:
        return [data]
    try:
        return [value for record in _values(message, _RECORDS) for value in _values(record, _DATA)]
    except ValueError:
        return [data]


def _values(message: bytes, wanted: int) -> Iterator[bytes]:
    """Yield the values of a field. Raises `ValueError` if the message is broken."""
    position = 0
    while position < len(message):
        key, position = _number(message, position)
        number, position = _number(message, position)
        if key & 7 == _VARINT:
            continue
        end = position + number
        if key & 7 != _BYTES or end > len(message):
            raise ValueError("no aggregated record")
        if key >> 3 == wanted:
            yield message[position:end]
        position = end


def _number(message: bytes, position: int) -> tuple[int, int]:
    """Return the number at `position`, and where it ends."""
    number = 0
    for shift, byte in enumerate(message[position : position + _LONGEST]):
        number |= (byte & 127) << 7 * shift
        if byte < 128:
            return number, position + shift + 1
    raise ValueError("a number does not end")
