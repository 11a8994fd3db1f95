"""The bytes of one input: read in bounded pieces, unpacked if they are gzip data, counted for a progress bar."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

__all__ = ["BUFFER", "Progress", "Stream"]

_BLOCK = 65536
"""Bytes read from the input at a time."""

BUFFER = 262144
"""Bytes to keep ready for splitting into lines."""

_MAGIC = b"\x1f\x8b\x08"
_GZIP = 16 + zlib.MAX_WBITS


@dataclass(slots=True)
class Progress:
    """How far reading has come, for a progress bar.

    `bytes_read` counts bytes as stored (packed, where the input is), `total_bytes` is their expected number: 0 until
    reading begins, `None` if it cannot be known (standard input, pipes).
    """

    bytes_read: int = 0
    total_bytes: int | None = 0


class Stream(io.RawIOBase):
    """Bytes of a file, unpacked if they are gzip data (told by their first bytes, whatever the name).

    Damage never raises: the stream ends before it, and `damage` says what happened.
    """

    def __init__(self, file: BinaryIO, progress: Progress) -> None:
        super().__init__()
        self.damage = ""
        # `read1` gives what is there; `read` of a pipe would wait for a full block.
        self._read: Callable[[int], bytes | None] = getattr(file, "read1", file.read)
        self._progress = progress
        self._ahead = self._load()
        self._packed = self._is_packed()
        self._inflate = zlib.decompressobj(_GZIP)
        self._within = self._packed  # inside a gzip member

    def _is_packed(self) -> bool:
        """Tell whether gzip data begins here: by trial, for a damaged line of a log may begin like that, too."""
        while 0 < len(self._ahead) < len(_MAGIC) and (more := self._load()):
            self._ahead += more  # a pipe may give its first byte alone
        if not self._ahead.startswith(_MAGIC):
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

    def readable(self) -> bool:
        """Say that bytes can be read."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Put up to `len(buffer)` bytes into `buffer`; return their number, 0 at the end."""
        data = self._unpack(len(buffer)) if self._packed else self._plain(len(buffer))
        buffer[: len(data)] = data
        return len(data)

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


def _until_damage(inflate: zlib._Decompress, data: bytes, limit: int) -> bytes:
    """Unpack `data` byte by byte until it is found to be damaged: zlib keeps nothing of the piece that fails."""
    good = bytearray()
    try:
        for position in range(len(data)):  # pragma: no branch - the error that led here comes again
            good += inflate.decompress(data[position : position + 1])
    except zlib.error:
        pass
    return bytes(good[:limit])
