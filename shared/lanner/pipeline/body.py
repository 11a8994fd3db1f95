"""The body of a request: read and unpacked within limits."""

from __future__ import annotations

import zlib

from lanner.sources.stream import GZIP_MAGIC

__all__ = ["MAX_BODY", "MAX_INFLATED", "unpacked"]

MAX_BODY = 32 << 20
"""Bytes that a body may have, as it comes: those that Cloud Run takes. Falco's webhook takes 12 MiB."""

MAX_INFLATED = 48 << 20
"""Bytes that a body may have unpacked."""

_MAX_RATIO = 250
"""How much smaller gzip data may be than what is in it; events, however alike, stay below 100."""

_SUSPICIOUS = 1 << 20
"""Bytes of unpacked data from which on the ratio counts."""

_MAX_MEMBERS = 16
"""Pieces of gzip data behind each other; each costs a copy of all that follow."""

_GZIP = 16 + zlib.MAX_WBITS
_STEP = 1 << 20


def unpacked(body: bytes) -> bytes | str:
    """Return what a body holds, unpacked if it is gzip data (told by its first bytes); or why it is not to be had."""
    if not body.startswith(GZIP_MAGIC):
        return body
    limit = min(MAX_INFLATED, max(_SUSPICIOUS, len(body) * _MAX_RATIO))
    found = bytearray()
    for _ in range(_MAX_MEMBERS):
        inflate = zlib.decompressobj(_GZIP)
        while not inflate.eof:
            try:
                more = inflate.decompress(body, _STEP)
            except zlib.error as error:
                return f"the gzip data is damaged ({error})"
            found += more
            if len(found) > limit:
                return f"the gzip data is more than {limit:,} bytes unpacked"
            body = inflate.unconsumed_tail
            if not (body or more or inflate.eof):
                return "the gzip data ends too early"
        body = inflate.unused_data
        if not body:
            return bytes(found)
    return f"the gzip data has more than {_MAX_MEMBERS} members"
