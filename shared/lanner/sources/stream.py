"""The bytes of one input: read in bounded pieces, unpacked if they are gzip data, counted for a progress bar."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO, Protocol

    class Readable(Protocol):
        """Something to read bytes from."""

        def read(self, size: int, /) -> bytes | None:
            """Return the next bytes, at most `size`."""


__all__ = ["BUFFER", "GZIP_MAGIC", "Lines", "Progress", "Stream", "unpacked"]

_BLOCK = 57344
"""Bytes read from the input at a time: what is made of so many stays near the processor until it is done with."""

BUFFER = 262144
"""Bytes that the beginning of an input may take until it is clear that it can be unpacked."""

GZIP_MAGIC = b"\x1f\x8b\x08"

# How the second of two JSON objects begins that stand behind each other without anything in between, as Firehose
# delivers them: batches of CloudWatch Logs, or anything. The place is nowhere inside of a value: there, the quote would
# end a string, which no letter can follow.
_BATCH = rb'(?=\{"(?:messageType|owner|logGroup|logStream|logEvents|awslogs)":)'
_ANY = rb'(?=\{"[A-Za-z])'
_JOINTS = {joint: (re.compile(rb"\}" + joint), re.compile(rb"(?<=\})" + joint)) for joint in (_BATCH, _ANY)}
_HALF = re.compile(rb'\}(?:\{(?:"[A-Za-z]{0,20}"?)?)?\Z')
_LONGEST_HALF = 24

_GZIP = 16 + zlib.MAX_WBITS


class Progress(msgspec.Struct):
    """How far reading has come, for a progress bar.

    `bytes_read` counts bytes as stored (packed, where the input is), `total_bytes` is their expected number: 0 until
    reading begins, `None` if it cannot be known (standard input, pipes).
    """

    bytes_read: int = 0
    total_bytes: int | None = 0


class Stream:
    """Bytes of a file, unpacked if they are gzip data (told by their first bytes, whatever the name).

    Damage never raises: the stream ends before it, and `damage` says what happened; that of a `file` that is a stream,
    too. Where it `may_be_packed` not, the bytes come as they are.
    """

    def __init__(self, file: BinaryIO | Readable | Stream, progress: Progress, *, may_be_packed: bool = True) -> None:
        self.damage = ""
        self._file = file
        # `read1` gives what is there; `read` of a pipe would wait for a full block.
        self._read: Callable[[int], bytes | None] = getattr(file, "read1", file.read)
        self._progress = progress
        self._ahead = self._load()
        self._packed = may_be_packed and self._is_packed()
        self._inflate = zlib.decompressobj(_GZIP)
        self._within = self._packed  # inside a gzip member

    @property
    def is_packed(self) -> bool:
        """Whether the bytes are those of gzip data."""
        return self._packed

    def _is_packed(self) -> bool:
        """Tell whether gzip data begins here: by trial, for a damaged line of a log may begin like that, too."""
        while 0 < len(self._ahead) < len(GZIP_MAGIC) and (more := self._load()):
            self._ahead += more  # a pipe may give its first byte alone
        if not self._ahead.startswith(GZIP_MAGIC):
            return False
        trial = zlib.decompressobj(_GZIP)
        try:
            unpacked = trial.decompress(self._ahead, 1)
            while not (unpacked or trial.eof) and len(self._ahead) < BUFFER and (more := self._load()):
                self._ahead += more
                unpacked = trial.decompress(more, 1)
        except zlib.error:
            return False
        return bool(unpacked) or trial.eof

    def read(self, limit: int = _BLOCK) -> bytes:
        """Return the next bytes, at most `limit` and as few as there are; nothing at the end."""
        return self._unpack(limit) if self._packed else self._plain(limit)

    def _plain(self, limit: int) -> bytes:
        data = self._ahead or self._load()
        self._ahead = data[limit:]
        return data[:limit]

    def _load(self) -> bytes:
        try:
            data = self._read(_BLOCK) or b""
        except OSError as error:
            self.damage = f"reading failed: {error.strerror or error}"
            return b""
        if not data and isinstance(self._file, Stream):
            self.damage = self._file.damage
        self._progress.bytes_read += len(data)
        return data

    def _unpack(self, limit: int) -> bytes:
        """Return up to `limit` unpacked bytes, nothing at the end or where the damage begins."""
        while not self.damage:
            data = self._ahead or self._load()
            self._ahead = b""
            if not data:
                if not self._within:
                    break
                self.damage = self.damage or "the gzip data ends too early: the file was cut"
                return self._inflate.flush()[:limit]
            if not self._within:
                data = data.lstrip(b"\0")  # tapes and object stores pad with zeros
                if not data:
                    continue
                self._inflate = zlib.decompressobj(_GZIP)  # another member
                self._within = True
            unpacked = self._inflate_some(data, limit)
            if unpacked:
                return unpacked
        return b""

    def _inflate_some(self, data: bytes, limit: int) -> bytes:
        before = self._inflate.copy()
        try:
            unpacked = self._inflate.decompress(data, limit)
        except zlib.error as error:
            self.damage = f"the gzip data is damaged ({error}); what came before the damage was read"
            return _until_damage(before, data, limit)
        self._within = not self._inflate.eof
        self._ahead = self._inflate.unconsumed_tail if self._within else self._inflate.unused_data
        return unpacked


def unpacked(file: BinaryIO | Readable, progress: Progress) -> Stream:
    """Return the bytes of a file, unpacked twice if they are packed twice: by CloudWatch Logs, and once more."""
    stream = Stream(file, progress)
    return Stream(stream, Progress()) if stream.is_packed else stream


class Lines:
    """The lines of a stream: one, or as many as are there.

    Where batches of CloudWatch Logs stand behind each other without anything in between, or any JSON objects if they
    may be `joined`, a single line is one of them; of lines that come together, each may hold several (`objects`).
    """

    def __init__(self, stream: Stream, *, joined: bool = False) -> None:
        self._first_end, self._ends = _JOINTS[_ANY if joined else _BATCH]
        self._read = stream.read
        self._given = 0
        self._data = b""
        self._position = 0

    @property
    def consumed(self) -> int:
        """Number of bytes of the lines that were returned so far."""
        return self._given - len(self._data) + self._position

    def beginning(self) -> bytes:
        """Return what is there so far, without going on."""
        if self._position == len(self._data):
            self._load()
        return self._data[self._position :]

    def block(self) -> bytes:
        """Return the whole lines that are there; nothing if the next line is not complete or the stream has ended."""
        end = self._data.rfind(b"\n", self._position) + 1
        if end:
            lines = self._data[self._position : end]
            self._position = end
            return lines
        if self._first_end.search(self._data, self._position) is not None:
            return b""  # objects wait to be taken one by one
        begun = self._data[self._position :]
        more = self._read()
        self._given += len(more)
        end = more.rfind(b"\n") + 1
        if end:
            self._data, self._position = more, end
            return b"".join((begun, memoryview(more)[:end]))  # copied once: this is how logs are read
        self._data, self._position = begun + more, 0
        return b""

    def line(self, limit: int) -> bytes:
        """Return the next line with its end, or its first `limit` bytes; nothing if the stream has ended."""
        pieces: list[bytes] = []
        while limit and (self._position < len(self._data) or self._load()):
            stop = self._position + limit
            end = self._data.find(b"\n", self._position, stop) + 1
            first = self._first_end.search(self._data, self._position, end or stop)
            if first is not None:
                end = first.end()
            piece = self._data[self._position : end or stop]
            half = None
            if not end and stop >= len(self._data):
                half = _HALF.search(piece, max(0, len(piece) - _LONGEST_HALF))
            if half is not None:
                piece = piece[: half.start()]  # what follows tells whether the line ends here
                self._position += len(piece)
                limit -= len(piece)
                pieces.append(piece)
                if self._load():
                    continue
                piece = self._data[self._position : self._position + limit]
            self._position += len(piece)
            limit -= len(piece)
            pieces.append(piece)
            if end:
                break
        return b"".join(pieces)

    def objects(self, line: bytes) -> list[bytes]:
        """Return the parts of a line in which objects may stand behind each other."""
        return [line] if self._first_end.search(line) is None else self._ends.split(line)

    def _load(self) -> bool:
        """Add what the stream gives next; tell whether it gave anything."""
        more = self._read()
        self._given += len(more)
        self._data = self._data[self._position :] + more
        self._position = 0
        return bool(more)


def _until_damage(inflate: zlib._Decompress, data: bytes, limit: int) -> bytes:
    """Unpack `data` byte by byte until it is found to be damaged: zlib keeps nothing of the piece that fails."""
    good = bytearray()
    try:
        for position in range(len(data)):  # pragma: no branch - the error that led here comes again
            good += inflate.decompress(data[position : position + 1])
    except zlib.error:
        pass
    return bytes(good[:limit])
