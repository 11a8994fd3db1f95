"""Bytes and lines of one input, in the pieces in which they come."""

from __future__ import annotations

import gzip
import io
import random
from collections.abc import Callable

import pytest

from lanner.sources import Progress
from lanner.sources.stream import Lines, Stream, unpacked


class Pipe(io.RawIOBase):
    """Gives its bytes in the pieces that it was made of, as a pipe does."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = list(pieces)

    def readable(self) -> bool:
        return True

    def read1(self, limit: int) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""


def lines_of(*pieces: bytes) -> Lines:
    return Lines(Stream(Pipe(*pieces), Progress()), joined=True)


def test_lines_come_one_by_one() -> None:
    lines = lines_of(b"a\nbb", b"b\n\nc")
    assert [lines.line(99) for _ in range(6)] == [b"a\n", b"bbb\n", b"\n", b"c", b"", b""]


def test_a_long_line_comes_in_parts() -> None:
    lines = lines_of(b"abc", b"defgh\nx\n")
    assert [lines.line(3) for _ in range(4)] == [b"abc", b"def", b"gh\n", b"x\n"]
    assert lines_of(b"abc\n").line(0) == b""


def test_whole_lines_that_are_there_come_as_a_block() -> None:
    lines = lines_of(b"a\nb\nc", b"c\nd\n", b"e\n")
    assert [lines.block() for _ in range(4)] == [b"a\nb\n", b"cc\nd\n", b"e\n", b""]


def test_the_last_line_without_end_is_no_block() -> None:
    lines = lines_of(b"a\nb")
    assert [lines.block(), lines.block(), lines.line(99), lines.block()] == [b"a\n", b"", b"b", b""]


def test_a_line_that_is_not_complete_is_waited_for_once() -> None:
    lines = lines_of(b"aaaa", b"bbbb", b"c\nd\n")
    # Whoever gets nothing asks for the line, however long it takes to come.
    assert [lines.block(), lines.line(99), lines.block()] == [b"", b"aaaabbbbc\n", b"d\n"]


def test_blocks_and_lines_take_turns() -> None:
    lines = lines_of(b"a\nb\nc\n", b"d\n")
    assert lines.line(99) == b"a\n"
    assert lines.beginning() == b"b\nc\n"
    assert lines.block() == b"b\nc\n"
    assert lines.beginning() == b"d\n"
    assert lines.consumed == 6
    assert lines.line(99) == b"d\n"
    assert lines.beginning() == lines.line(99) == lines.block() == b""
    assert lines.consumed == 8


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "packed"])
def test_nothing_is_lost_whatever_the_pieces_and_whoever_asks(pack: Callable[[bytes], bytes]) -> None:
    chance = random.Random(1)
    for _ in range(200):
        text = b"".join(b"x" * chance.choice((0, 1, 5, 40)) + b"\n" for _ in range(chance.randrange(20)))
        text += chance.choice((b"", b"rest"))
        packed, pieces = pack(text), []
        while packed:
            size = chance.choice((1, 3, 30))
            pieces.append(packed[:size])
            packed = packed[size:]
        lines, found = lines_of(*pieces), []
        while True:
            more = chance.choice((lines.block, lambda lines=lines: lines.line(7)))() or lines.line(99)
            if not more:
                break
            found.append(more)
            assert lines.consumed == sum(map(len, found))
        assert b"".join(found) == text


def test_objects_without_anything_in_between_are_lines() -> None:
    one, two = b'{"a":"x}{","b":{}}', b'{"c":[{"d":"}{\\"e"}]}'
    text = one + two + one + b"\n" + two
    for size in (1, 2, 3, 5, 99):
        lines = lines_of(*(text[start : start + size] for start in range(0, len(text), size)))
        assert [lines.line(99) for _ in range(5)] == [one, two, one + b"\n", two, b""]
        assert lines.consumed == len(text)
    assert lines.objects(text[: text.index(b"\n") + 1]) == [one, two, one + b"\n"]
    assert lines.objects(one) == [one]


@pytest.mark.parametrize("end", [b"}", b"}{", b'}{"'])
def test_what_may_be_the_beginning_of_the_next_object(end: bytes) -> None:
    for pieces in ([end], [end, b"\n"], [b"abc" + end], [b"abc", end, b"d\n"], [b"x" * 9, end[:1], end[1:]]):
        lines = lines_of(*pieces)
        assert b"".join(iter(lambda lines=lines: lines.line(4), b"")) == b"".join(pieces)  # type: ignore[misc]


def test_a_block_does_not_gather_objects() -> None:
    # GIVEN many objects without a line end, which would be copied each time that more is read
    text = b'{"a":1}' * 1000
    lines = lines_of(*(text[start : start + 70] for start in range(0, len(text), 70)))
    most = 0
    while lines.block() or lines.line(99):
        most = max(most, len(lines.beginning()))
    assert most < 200
    assert lines.consumed == len(text)


def test_data_that_is_packed_twice() -> None:
    text = b"line\n" * 30_000
    members = b"".join(gzip.compress(text[start : start + 999]) for start in range(0, len(text), 999))
    for packed in (text, gzip.compress(text), members, gzip.compress(members), gzip.compress(gzip.compress(text))):
        progress = Progress()
        stream = unpacked(Pipe(*(packed[start : start + 500] for start in range(0, len(packed), 500))), progress)
        assert b"".join(iter(stream.read, b"")) == text
        assert (progress.bytes_read, stream.damage) == (len(packed), "")


@pytest.mark.parametrize("cut", [9, 200])
def test_damage_of_data_that_is_packed_twice(cut: int) -> None:
    inside = gzip.compress(bytes(random.Random(1).randbytes(5000)))
    for packed in (gzip.compress(inside)[:-cut], gzip.compress(inside[:-cut])):
        stream = unpacked(io.BytesIO(packed), Progress())
        assert 0 < len(b"".join(iter(stream.read, b""))) <= 5000
        assert "ends too early" in stream.damage


def test_progress_is_that_of_the_bytes_as_they_are_stored() -> None:
    progress = Progress()
    packed = gzip.compress(b"line\n" * 1000)
    stream = Stream(Pipe(packed[:10], packed[10:]), progress)
    assert b"".join(iter(stream.read, b"")) == b"line\n" * 1000
    assert progress.bytes_read == len(packed)
    assert stream.damage == ""


def test_pieces_are_as_large_as_asked_for_at_most() -> None:
    stream = Stream(Pipe(b"abcdef", b"gh"), Progress())
    assert [stream.read(4), stream.read(4), stream.read(4), stream.read(4)] == [b"abcd", b"ef", b"gh", b""]
