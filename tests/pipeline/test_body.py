"""Bodies: plain, packed, too large, and bombs."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest

from lanner.pipeline.body import MAX_INFLATED, unpacked

TEXT = b'{"kind":"EventList","items":[]}'


def test_plain_and_packed() -> None:
    assert unpacked(TEXT) == TEXT
    assert unpacked(b"") == b""
    assert unpacked(gzip.compress(TEXT)) == TEXT
    assert unpacked(gzip.compress(TEXT) + gzip.compress(b" ")) == TEXT + b" "
    assert unpacked(gzip.compress(b"")) == b""


def test_large_ones_are_unpacked_whole() -> None:
    # GIVEN texts around the sizes at which they are unpacked in pieces
    for size in (2**20 - 1, 2**20, 2**20 + 1, 3 * 2**20):
        text = b"".join(b"%d," % number for number in range(size // 7))[:size]
        assert unpacked(gzip.compress(text, 1)) == text


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (gzip.compress(TEXT)[:-9], "ends too early"),
        (gzip.compress(TEXT)[:12] + b"xxxxxxxxxxxxxxx", "is damaged"),
        (gzip.compress(TEXT) + b"xxxx", "is damaged"),
        (b"\x1f\x8b\x08", "ends too early"),
        (gzip.compress(b"") * 20, "more than 16 members"),
    ],
)
def test_what_cannot_be_had(body: bytes, wanted: str) -> None:
    found = unpacked(body)
    assert isinstance(found, str)
    assert wanted in found


@pytest.mark.parametrize("size", [64 << 20, 256 << 20])
def test_bombs_cost_little(size: int) -> None:
    # GIVEN gzip data that is a thousandth of what it unpacks to
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(deflate.compress(bytes(1 << 20)) for _ in range(size >> 20)) + deflate.flush()
    assert size / len(bomb) > 950
    # WHEN it is unpacked
    tracemalloc.start()
    found = unpacked(bomb)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # THEN it is refused before it takes much
    assert isinstance(found, str)
    assert "bytes unpacked" in found
    assert most < MAX_INFLATED + (16 << 20)
