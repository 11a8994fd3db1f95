"""Files, directories and standard input: what is read, in which order, and what is said about the rest."""

from __future__ import annotations

import gzip
import io
import os
import random
import re
import socket
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from engine.random_rules import rule
from lanner.engine import CompiledEngine, ReferenceEngine, Verdict
from lanner.fields import Event, Intake, RawEvent
from lanner.fields.block import Block
from lanner.sources import MAX_EVENT_SIZE, Piece, Progress, Reject, read, read_blocks, stream
from lanner.sources.draft import KEPT


def line(name: str, **more: object) -> bytes:
    extra = "".join(f',"{key}":"{text}"' for key, text in more.items())
    return b'{"kind":"Event","auditID":"' + name.encode() + b'"' + extra.encode() + b"}"


def log(*names: str, end: bytes = b"\n") -> bytes:
    return b"".join(line(name) + end for name in names)


def name_of(piece: Piece) -> str:
    if isinstance(piece, Reject):
        return "!" + piece.origin.rsplit("/", 1)[-1]
    return piece.text.partition(b'"auditID":"')[2].partition(b'"')[0].decode()


def outline(*paths: Path | str) -> list[str]:
    return [name_of(piece) for piece in read(paths)]


def only_reject(*paths: Path | str) -> Reject:
    (piece,) = read(paths)
    assert isinstance(piece, Reject)
    return piece


@pytest.fixture
def audit(tmp_path: Path) -> Path:
    return tmp_path / "audit.log"


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n\n \t\n"])
def test_a_log_has_one_payload_a_line(audit: Path, end: bytes) -> None:
    audit.write_bytes(log("a", "b", end=end) + b"[" + line("c") + b"]" + end + line("d"))
    assert outline(audit) == ["a", "b", "c", "d"]


def test_an_event_tells_where_it_stood_and_where_it_came_from(audit: Path) -> None:
    audit.write_bytes(log("a") + b"\n[" + line("b") + b"," + line("c") + b"]\n")
    found = list(read([str(audit)], provider="eks", cluster="prod"))
    assert found == [
        RawEvent(line("a"), "eks", "prod", None, f"{audit}:1"),
        RawEvent(line("b"), "eks", "prod", None, f"{audit}:3 item 1"),
        RawEvent(line("c"), "eks", "prod", None, f"{audit}:3 item 2"),
    ]


def test_sizes_count(audit: Path) -> None:
    audit.write_bytes(line("a", requestObject="x") + b"\n" + line("b") + b"\n" + line("c", pad="x" * 40))
    assert [sorted(p.lost) for p in read([audit], max_size=40) if isinstance(p, RawEvent)] == [
        ["requestObject"],
        [],
        [],
    ]
    assert [name_of(p) for p in read([audit], max_size=40, drop_larger=True)] == ["!audit.log:1", "b", "!audit.log:3"]
    assert MAX_EVENT_SIZE == 262144


def test_an_empty_file_holds_nothing(audit: Path) -> None:
    audit.write_bytes(b"")
    assert outline(audit) == []


def test_paths_are_read_in_their_order_and_as_often_as_given(audit: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    audit.write_bytes(log("a"))
    other.write_bytes(log("o"))
    assert outline(other, audit, other) == ["o", "a", "o"]


def test_a_directory_gives_its_files_sorted(tmp_path: Path) -> None:
    for name in ("b.log", "a.log.gz", ".hidden", "c"):
        (tmp_path / name).write_bytes(log(name))
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "d.log").write_bytes(log("d"))
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    os.mkfifo(tmp_path / "pipe")
    assert outline(tmp_path) == ["a.log.gz", "b.log", "c", "!nowhere"]


def test_what_cannot_be_read_is_said_and_the_rest_is_read(tmp_path: Path, audit: Path) -> None:
    audit.write_bytes(log("a"))
    empty = tmp_path / "empty"
    empty.mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        os.chdir(tmp_path)  # a socket's path must be short
        server.bind("socket")
        found = list(read([tmp_path / "gone", "nul\0", empty, audit, "/dev/zero", "socket"]))
    assert [name_of(piece) for piece in found] == ["!gone", "!nul\0", "!empty", "a", "!zero", "!socket"]
    reasons = [piece.reason for piece in found if isinstance(piece, Reject)]
    assert reasons[0] == "cannot be read: No such file or directory"
    assert reasons[1].startswith("cannot be read: ")
    assert "no files in this directory" in reasons[2]
    assert "a device or a socket" in reasons[3]


def test_a_file_that_goes_away_is_said(audit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audit.write_bytes(log("a"))

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    assert only_reject(audit) == Reject(str(audit), "cannot be read: Permission denied")


def test_names_are_shown_in_printable_characters(tmp_path: Path) -> None:
    os.makedirs(os.fsencode(tmp_path) + b"/\xff")
    assert only_reject(Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))).origin == f"{tmp_path}/\\udcff"


def test_a_pipe_is_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=[log("a", "b")])
    writer.start()
    progress = Progress()
    assert [name_of(piece) for piece in read([pipe], progress=progress)] == ["a", "b"]
    writer.join()
    assert (progress.bytes_read, progress.total_bytes) == (len(log("a", "b")), None)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_standard_input_is_read(pack: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(pack(log("a") + b"x\n"))))
    progress = Progress()
    found = list(read(["-"], progress=progress))
    assert [name_of(piece) for piece in found] == ["a", "!<stdin>:2"]
    assert progress.total_bytes is None


def test_progress_counts_bytes_as_stored(audit: Path, tmp_path: Path) -> None:
    audit.write_bytes(gzip.compress(log(*map(str, range(1000)))))
    progress = Progress()
    results = read([tmp_path / "gone", audit], progress=progress)
    assert progress.total_bytes == 0
    next(results)
    assert progress.total_bytes == audit.stat().st_size
    assert len(list(results)) == 1000
    assert progress.bytes_read == progress.total_bytes


# ------------------------------------------------------------------------------------------------------------- gzip


def noise(count: int) -> list[str]:
    """Names that do not compress well."""
    rng = random.Random(7)
    return [f"{n}-{rng.randbytes(100).hex()}" for n in range(count)]


def test_gzip_is_known_by_its_first_bytes(audit: Path) -> None:
    names = noise(5000)
    audit.write_bytes(gzip.compress(log(*names)))
    assert outline(audit) == names


def test_gzip_members_and_padding(audit: Path) -> None:
    packed = [gzip.compress(part) for part in (log("a"), b"", b'{"kind":"Event",', b'"auditID":"b"}\n', log("c"))]
    audit.write_bytes(b"".join(packed) + bytes(100_000))
    assert outline(audit) == ["a", "b", "c"]


@pytest.mark.parametrize("cut", [1, 9, 1000, 40_000])
def test_cut_gzip_keeps_what_came_before(audit: Path, cut: int) -> None:
    # GIVEN a packed log without its last bytes
    names = noise(3000)
    audit.write_bytes(gzip.compress(log(*names))[:-cut])
    # WHEN it is read
    found = list(read([audit]))
    # THEN the events before the cut are there, and the cut is said
    events = [name_of(piece) for piece in found if isinstance(piece, RawEvent)]
    assert events == names[: len(events)]
    assert len(events) > 2000
    assert isinstance(found[-1], Reject)
    assert found[-1].reason == "the gzip data ends too early: the file was cut"
    assert found[-1].origin == str(audit)
    assert len(found) - len(events) <= 2


def test_damaged_gzip_keeps_what_came_before(audit: Path) -> None:
    names = noise(3000)
    packed = bytearray(gzip.compress(log(*names)))
    packed[-40_000:-39_900] = b"\xff" * 100
    audit.write_bytes(packed)
    found = list(read([audit]))
    events = [name_of(piece) for piece in found if isinstance(piece, RawEvent)]
    assert events[:2500] == names[:2500]
    assert isinstance(found[-1], Reject)
    assert "the gzip data is damaged" in found[-1].reason


def test_a_wrong_checksum_costs_no_event(audit: Path) -> None:
    packed = bytearray(gzip.compress(log("a", "b")))
    packed[-6] ^= 1
    audit.write_bytes(packed)
    assert outline(audit) == ["a", "b", "!audit.log"]


@pytest.mark.parametrize("content", [b"\x1f\x8b\x08", b"\x1f\x8b\x08\x00", b"\x1f\x8b\x08\xff\xff\xff\n"])
def test_what_only_begins_like_gzip_data(audit: Path, content: bytes) -> None:
    audit.write_bytes(content)
    assert "gzip data" in only_reject(audit).reason
    audit.write_bytes(content + b"\n" + log("a"))
    assert outline(audit) == ["!audit.log:1", "a"]


def test_a_pipe_may_give_gzip_data_byte_by_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(io.BytesIO):
        def read1(self, size: int | None = -1, /) -> bytes:
            return super().read1(1)

    class Standard:
        buffer = Slow(gzip.compress(log("a", "b")) + gzip.compress(b""))

    monkeypatch.setattr("sys.stdin", Standard)
    assert outline("-") == ["a", "b"]


def test_something_else_behind_gzip_data_is_said(audit: Path) -> None:
    audit.write_bytes(gzip.compress(log("a")) + b"rubbish")
    assert outline(audit) == ["a", "!audit.log"]


def test_a_bomb_is_unpacked_in_bounded_pieces(audit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lanner.sources.payloads.MAX_DOCUMENT", 1 << 20)
    packer = zlib.compressobj(wbits=31)
    audit.write_bytes(b"".join([packer.compress(b" " * (1 << 24)), packer.flush(), gzip.compress(b"\n" + log("a"))]))
    assert outline(audit) == ["!audit.log:1", "a"]


def test_a_device_error_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(io.BytesIO):
        pieces = iter([b"{", log("a")[1:] + b"x", OSError(5, "Input/output error"), b""])

        def read1(self, size: int | None = -1, /) -> bytes:
            piece = next(self.pieces)
            if isinstance(piece, OSError):
                raise piece
            assert isinstance(piece, bytes)
            return piece

    class Standard:
        buffer = Broken()

    monkeypatch.setattr("sys.stdin", Standard)
    found = list(read(["-"]))
    assert [name_of(piece) for piece in found] == ["a", "!<stdin>:2", "!<stdin>"]
    assert found[-1] == Reject("<stdin>", "reading failed: Input/output error")


# ------------------------------------------------------------------------------------------------- no audit log at all


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"# rules\n\n- list: x\n  items: [a]\n- macro: m\n  condition: a\n", "give it with -r"),
        (b"<!doctype html>\n<html>\n<p>403\n</html>\n", "HTML"),
        (b'<?xml version="1.0"?>\n<Error>\n</Error>\n', "HTML or XML"),
        (b"\x28\xb5\x2f\xfdxxx\nyyy\n", "zstd -dc FILE | lanner scan -"),
        (b"BZh91AY\n\n", "bzip2"),
        (b"PK\x03\x04\n\n{}\n", "zip"),
    ],
)
def test_another_kind_of_file_is_one_reject(audit: Path, content: bytes, words: str) -> None:
    audit.write_bytes(content)
    found = only_reject(audit)
    assert words in found.reason
    assert found.origin == str(audit)


def test_a_binary_file_is_one_reject(audit: Path) -> None:
    audit.write_bytes(random.Random(1).randbytes(300_000))
    found = only_reject(audit)
    assert "binary data, not text" in found.reason
    assert found.origin == f"{audit}:1"


def test_a_very_long_stretch_of_binary_data_is_kept_in_part(audit: Path) -> None:
    audit.write_bytes((b"\0" * 99 + b"\n") * 20_000)
    found = only_reject(audit)
    assert found.reason.endswith(f"; lines 1 to 20000 (1999999 bytes, the first {KEPT} kept)")
    assert len(found.text) == KEPT


def test_utf_16_is_one_reject(audit: Path) -> None:
    audit.write_bytes("\ufeff".encode("utf-16-le") + log("a", "b").decode().encode("utf-16-le"))
    assert "iconv" in only_reject(audit).reason


# ----------------------------------------------------------------------------------------------------------- blocks


def placed(piece: Piece) -> str:
    """Name an event, or a reject, and its line."""
    return f"{name_of(piece)}@{piece.origin.rpartition(':')[2]}"


def shown(pieces: Iterable[Piece | Block], take: Callable[[Block], bool]) -> list[str]:
    """Outline what is read: the events of a block that is taken as `(a b)`, those of one that is not as `?`."""
    found = []
    for piece in pieces:
        if not isinstance(piece, Block):
            found.append(placed(piece))
        elif take(piece):
            piece.take(piece.text.count(b"\n"))
            found.append(f"({' '.join(placed(piece.raw(index)) for index in range(piece.events))})")
        else:
            found.append("?")
    return found


def blocks(*paths: Path | str, take: bool = True, **how: object) -> list[str]:
    plain = re.compile(rb'(?:\{"kind":"Event",[^\n]*\}\n)+')
    return shown(read_blocks(paths, **how), lambda block: take and plain.fullmatch(block.text) is not None)


def test_lines_that_look_like_events_are_offered_together(audit: Path) -> None:
    audit.write_bytes(log("a", "b", "c"))
    (block,) = [piece for piece in read_blocks([audit], provider="eks", cluster="prod") if isinstance(piece, Block)][:1]
    assert block.text == log("a", "b", "c")
    assert (block.name, block.first_line, block.provider, block.cluster) == (str(audit), 1, "eks", "prod")
    assert blocks(audit) == ["(a@1 b@2 c@3)"]


def test_the_lines_of_a_block_that_nobody_takes_follow_one_by_one(audit: Path) -> None:
    audit.write_bytes(log("a", "b") + b"\n" + log("c"))
    assert blocks(audit, take=False) == ["?", "a@1", "b@2", "c@4"]


def test_lines_are_counted_behind_whatever_came_before(audit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a log that is read in pieces of two lines, more or less
    monkeypatch.setattr(stream, "_BLOCK", 2 * len(line("a")) + 8)
    audit.write_bytes(log("a", "b", "c", "d", "e", "f", "g"))
    assert blocks(audit) == ["(a@1 b@2)", "(c@3 d@4)", "(e@5 f@6)", "(g@7)"]
    # THEN lines are counted if every other block is refused
    turns = iter([False, True] * 9)
    found = shown(read_blocks([audit]), lambda _: next(turns))
    assert found == ["?", "a@1", "b@2", "(c@3 d@4)", "?", "e@5", "f@6", "(g@7)"]


def test_the_last_line_may_have_no_end(audit: Path) -> None:
    audit.write_bytes(log("a", "b") + line("c"))
    assert blocks(audit) == ["(a@1 b@2)", "c@3"]
    audit.write_bytes(line("a"))
    assert blocks(audit) == ["a@1"]


def test_what_does_not_begin_like_an_event_is_no_block(audit: Path) -> None:
    for beginning in (
        b"\n",
        b" " + log("a"),
        b"[" + line("a") + b"]\n",
        b"rubbish\n",
        b'{"apiVersion":1,"kind":"Event"}\n',
    ):
        audit.write_bytes(beginning + log("b", "c"))
        found = blocks(audit)
        assert found[-2:] == ["b@2", "c@3"]
        assert not any("(" in piece or "?" in piece for piece in found)
    audit.write_bytes(b"")
    assert blocks(audit) == []


def test_no_block_begins_within_a_document(audit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a pretty-printed list, in the middle of which whole events stand on lines of their own
    monkeypatch.setattr(stream, "_BLOCK", len(line("a")) + 9)
    audit.write_bytes(log("a") + b"[\n" + line("b") + b",\n" + line("c") + b"\n]\n" + log("d", "e"))
    assert blocks(audit) == ["?", "a@1", "b@3 item 1", "c@4 item 2", "(d@6)", "(e@7)"]


def test_blocks_of_several_and_packed_files(audit: Path, tmp_path: Path) -> None:
    packed = tmp_path / "audit.log.gz"
    packed.write_bytes(gzip.compress(log("a", "b")))
    audit.write_bytes(log("c"))
    assert blocks(packed, audit, tmp_path / "gone") == ["(a@1 b@2)", "(c@1)", "!gone@" + str(tmp_path / "gone")]


def test_a_block_is_not_larger_than_an_event_may_be(audit: Path) -> None:
    # An event in it could be larger, and then it is cut or refused.
    audit.write_bytes(log("a", "b"))
    size = len(log("a", "b"))
    assert blocks(audit, max_size=size) == ["(a@1 b@2)"]
    assert blocks(audit, max_size=size - 1) == ["a@1", "b@2"]


def test_standard_input_comes_in_blocks_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(log("a", "b"))))
    assert blocks("-") == ["(a@1 b@2)"]


def test_numbers_and_times_go_on_behind_blocks(audit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a log of blocks that the compiled engine takes, blocks that it refuses, and other lines
    monkeypatch.setattr(stream, "_BLOCK", 700)
    events = [
        b'{"kind":"Event","auditID":"a","stage":"S","verb":"%b","user":{"username":"u"},'
        b'"stageTimestamp":"2026-03-01T10:20:%02d.000000Z"}' % (verb, second)
        for second, verb in enumerate([b"get", b"create", b"get", b"g\\u0065t"] * 12, 5)
    ]
    events[7] = b"[" + events[7] + b"," + events[8] + b"]"
    events[20] = b""
    events[30] = b"  " + events[30]
    audit.write_bytes(b"\n".join(events) + b"\n")
    rules = [rule("ka.verb = create"), rule("evt.num in (9, 30)"), rule("evt.reltime.s = 40")]
    wanted = [
        (event.number, event.raw.origin, event.time - event.first_time, len(verdict.matched))
        for event, verdict in judged(read([audit]), ReferenceEngine(rules))
        if verdict.matched
    ]
    assert len(wanted) > 10
    # THEN every number, time and place is the same
    found = [
        (event.number, event.raw.origin, event.time - event.first_time, len(verdict.matched))
        for event, verdict in judged(read_blocks([audit]), CompiledEngine(rules))
        if verdict.matched
    ]
    assert found == wanted


def judged(
    pieces: Iterable[Piece | Block], engine: CompiledEngine | ReferenceEngine
) -> Iterator[tuple[Event, Verdict]]:
    intake = Intake()
    for piece in pieces:
        if isinstance(piece, Block):
            yield from engine.judge_block(piece, intake) or ()
        elif isinstance(piece, RawEvent):
            event = intake.open(piece)
            yield event, engine.judge(event)
