"""A log that is read in segments gives what it gives as a whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lanner.fields.block import Block
from lanner.sources import Context, Piece, Progress, Reject, read
from lanner.sources.segments import Segment, SegmentReader, can_be_cut, count_lines, find_cut

EVENT = b'{"kind":"Event","auditID":"%d"}'


@pytest.fixture
def log(tmp_path: Path) -> Iterator[int]:
    """The descriptor of a log that tests write."""
    descriptor = os.open(tmp_path / "audit.log", os.O_RDWR | os.O_CREAT)
    yield descriptor
    os.close(descriptor)


def fill(log: int, *lines: bytes) -> list[int]:
    """Write lines; return where each begins, and the end."""
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + os.write(log, line + b"\n"))
    return starts


def events(*numbers: int) -> list[bytes]:
    return [EVENT % number for number in numbers]


def pieces_of(reader: SegmentReader, *, takes: bool = False) -> list[bytes | str]:
    found: list[bytes | str] = []
    for piece in reader:
        if isinstance(piece, Block):
            if takes:
                piece.take(piece.text.count(b"\n"))
                found += piece.text.splitlines()
        else:
            found.append(shown(piece))
    return found


def shown(piece: Piece) -> bytes | str:
    return f"{piece.origin}: {piece.reason}" if isinstance(piece, Reject) else piece.text


def reader_of(log: int, start: int, end: int | None, counted: int = 0, line: int = 1) -> SegmentReader:
    return SegmentReader(log, Segment("audit.log", start, end, counted, line), Context(), Progress())


@pytest.mark.parametrize("takes", [True, False])
def test_it_ends_where_it_is_to_end(log: int, takes: bool) -> None:
    starts = fill(log, *events(*range(10)))
    reader = reader_of(log, starts[3], starts[7])
    assert pieces_of(reader, takes=takes) == events(3, 4, 5, 6)
    assert (reader.end, reader.lines) == (starts[7], 4)


def test_the_last_goes_on_to_the_end_of_the_file(log: int) -> None:
    starts = fill(log, *events(0, 1, 2))
    os.write(log, EVENT % 3)
    reader = reader_of(log, starts[2], None)
    assert pieces_of(reader) == events(2, 3)
    assert reader.end is None


def test_lines_have_their_numbers(log: int) -> None:
    starts = fill(log, *events(0, 1), b"{", *events(3), b"rubbish", *events(5))
    assert pieces_of(reader_of(log, starts[3], starts[6]))[1].startswith("audit.log:5: ")
    assert pieces_of(reader_of(log, starts[3], starts[6], counted=starts[2], line=3))[1].startswith("audit.log:5: ")


def test_lines_before_are_not_counted_for_blocks(log: int, monkeypatch: pytest.MonkeyPatch) -> None:
    starts = fill(log, *events(0, 1, 2))
    monkeypatch.setattr("lanner.sources.segments.count_lines", lambda *_: pytest.fail("lines are counted"))
    assert pieces_of(reader_of(log, starts[1], None), takes=True) == events(1, 2)


def test_an_unfinished_document_is_read_to_its_end(log: int) -> None:
    # GIVEN an array that goes on beyond the end of the segment
    starts = fill(log, *events(0), b"[", *events(2, 3), b"]", *events(5, 6))
    reader = reader_of(log, 0, starts[3])
    # THEN it is read to its end, and so far the reader has come
    assert pieces_of(reader) == events(0, 2, 3)
    assert (reader.end, reader.lines) == (starts[5], 5)


def test_a_document_without_end_takes_all(log: int) -> None:
    starts = fill(log, b"[", *events(*range(1, 2000)))
    reader = reader_of(log, 0, starts[2])
    assert len(pieces_of(reader)) == 2000
    assert reader.end is None


def test_a_file_that_is_no_log_has_one_segment(log: int) -> None:
    starts = fill(log, b"<html>", *[b"x" * 70_000] * 3, *events(1))
    reader = reader_of(log, 0, starts[1])
    assert len(pieces_of(reader)) == 1
    assert reader.end is None


def test_gzip_data_is_not_looked_for_inside_a_file(log: int) -> None:
    starts = fill(log, *events(0), b"\x1f\x8b\x08\x00", *events(2))
    (reject, event) = pieces_of(reader_of(log, starts[1], None))
    assert str(reject).startswith("audit.log:2: gzip data")
    assert event == EVENT % 2


def test_a_file_that_cannot_be_read_to_the_end(log: int, monkeypatch: pytest.MonkeyPatch) -> None:
    starts = fill(log, *events(*range(4000)))
    pread = os.pread

    def damaged(descriptor: int, size: int, position: int) -> bytes:
        if position >= 65536:
            raise OSError(5, "Input/output error")
        return pread(descriptor, size, position)

    monkeypatch.setattr("os.pread", damaged)
    reader = reader_of(log, 0, starts[3999])
    assert pieces_of(reader)[-1] == "audit.log: reading failed: Input/output error"
    assert reader.end is None


@pytest.mark.parametrize("end", [b"", b"\r"])
def test_a_log_is_cut_between_events(log: int, end: bytes) -> None:
    starts = fill(log, *[line + end for line in events(*range(5000))])
    assert find_cut(log, 0) == starts[1]
    assert find_cut(log, starts[7] + 1) == starts[8]
    assert [find_cut(log, position) for position in range(65520, 65570)] == [
        next(start for start in starts if start > position + len(end) + 1) for position in range(65520, 65570)
    ]
    assert find_cut(log, starts[4999]) is None


@pytest.mark.parametrize(
    "lines",
    [
        [b"[", EVENT % 1 + b",", EVENT % 2],
        [b'{"kind":"EventList",', EVENT % 1],
        [b'{"kind": "Event"}', b'{"kind": "Event"}'],
    ],
)
def test_documents_are_not_cut(log: int, lines: list[bytes]) -> None:
    fill(log, *lines)
    assert find_cut(log, 0) is None


def test_a_place_to_cut_is_not_looked_for_for_ever(log: int, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(log, b"x" * 500_000, *events(1, 2))
    assert find_cut(log, 0) is not None
    monkeypatch.setattr("lanner.sources.segments.MAX_DOCUMENT", 400_000)
    assert find_cut(log, 0) is None


def test_what_can_be_cut(log: int) -> None:
    assert can_be_cut(log)
    fill(log, b"\x1f\x8b\x08")
    assert not can_be_cut(log)


def test_lines_are_counted(log: int, monkeypatch: pytest.MonkeyPatch) -> None:
    starts = fill(log, *events(*range(10)))
    monkeypatch.setattr("lanner.sources.segments._COUNTED_AT_ONCE", 50)
    assert [count_lines(log, 0, end) for end in (0, starts[1] - 1, starts[1], starts[9], None)] == [0, 0, 1, 9, 10]
    assert count_lines(log, starts[4], starts[6]) == 2


@pytest.mark.parametrize("size", [1, 40, 100, 1000])
def test_segments_give_what_the_whole_gives(log: int, tmp_path: Path, size: int) -> None:
    # GIVEN a log with some of all
    fill(
        log,
        *events(0, 1, 2),
        b'{"kind":"Ev',
        b"",
        *events(3),
        b"{",
        b' "kind": "Event",',
        b' "auditID": "x"',
        b"}",
        b"[",
        *events(4, 5),
        b"]",
        b"[",
        b",\n".join(events(6, 7)),
        b"]",
        *events(8, 9),
        b"\x00",
        *events(10),
        b"[",
        *events(11, 12),
    )
    expected = [shown(piece) for piece in read([tmp_path / "audit.log"])]
    # WHEN it is read in segments, each from where the one before really ended
    found: list[bytes | str] = []
    start: int | None = 0
    line = 1
    while start is not None:
        reader = reader_of(log, start, find_cut(log, start + size), counted=start, line=line)
        found += pieces_of(reader)
        start, line = reader.end, line + reader.lines
    # THEN there is the same
    assert [str(piece).replace(f"{tmp_path}/", "") for piece in expected] == [str(piece) for piece in found]
