"""The subject of a certificate signing request: as much of PEM, DER and PKCS#10 as leads to it (RFC 2986, RFC 5280).

A request is read as API servers read it (Go's `encoding/pem` and `crypto/x509`), so that nothing that they pass over
hides what they sign.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

__all__ = ["COMMON_NAME", "ORGANIZATION", "subject"]

COMMON_NAME, ORGANIZATION = b"\x55\x04\x03", b"\x55\x04\x0a"
"""The types of subjects' parts that become a user's name and groups: the object identifiers 2.5.4.3 and 2.5.4.10."""

_BLOCK = (
    rb"^-----BEGIN CERTIFICATE REQUEST-----[ \t\r]*\n"
    rb"(?:[^\n:]*:[^\n]*\n)*+"  # headers
    rb"([A-Za-z0-9+/= \t\r\n]*+)"
    rb"^-----END CERTIFICATE REQUEST-----[ \t\r]*$"
)
_BLANKS = b" \t\r\n"

_SEQUENCE, _INTEGER, _OID, _BMP = 0x30, 0x02, 0x06, 0x1E


@cache
def _pattern() -> re.Pattern[bytes]:
    """Compile the regex when it is first used: such requests are rare."""
    return re.compile(_BLOCK, re.MULTILINE)


class _Item(NamedTuple):
    tag: int
    content: bytes


def subject(encoded: bytes, kind: bytes) -> list[bytes]:
    """Return the parts of one kind of the subject of a request, which is PEM in base64 as Kubernetes takes it.

    The list is empty if there is none, or if this is no request. Of several common names the last is the user's.
    """
    request = _first(_der(encoded), _SEQUENCE)
    items = list(_items(_first(request, _SEQUENCE)))
    if len(items) < 2 or items[0].tag != _INTEGER or items[1].tag != _SEQUENCE:
        return []
    return [value for part in _items(items[1].content) for one in _items(part.content) if (value := _part(one, kind))]


def _part(item: _Item, kind: bytes) -> bytes:
    inside = list(_items(item.content)) if item.tag == _SEQUENCE else []
    if len(inside) != 2 or inside[0] != (_OID, kind):
        return b""
    tag, text = inside[1]
    return text.decode("utf-16-be", "replace").removesuffix("\0").encode() if tag == _BMP else text


def _der(encoded: bytes) -> bytes:
    """Return what is in the first block of the PEM in a base64 text, nothing if there is none."""
    try:
        pem = binascii.a2b_base64(encoded)
    except binascii.Error:
        return b""
    for block in _pattern().finditer(pem):
        try:
            return binascii.a2b_base64(block[1].translate(None, _BLANKS), strict_mode=True)
        except binascii.Error:
            continue
    return b""


def _first(der: bytes, tag: int) -> bytes:
    """Return the content of the first item if it has this tag."""
    item = next(_items(der), None)
    return item.content if item is not None and item.tag == tag else b""


def _items(der: bytes) -> Iterator[_Item]:
    """Yield the items that stand behind each other, up to the first that is malformed."""
    position = 0
    while position + 2 <= len(der):
        tag, size = der[position], der[position + 1]
        position += 2
        if size & 0x80:
            count = size & 0x7F
            if not 1 <= count <= 4:  # indefinite lengths are not DER, longer ones no request
                return
            size = int.from_bytes(der[position : position + count], "big")
            position += count
        if position + size > len(der):
            return
        yield _Item(tag, der[position : position + size])
        position += size
