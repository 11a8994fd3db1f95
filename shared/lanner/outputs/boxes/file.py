"""Dead letters in a file, one a line."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from lanner.errors import DeadLetterError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lanner.outputs.dead_letters import Acknowledge
    from lanner.outputs.deadline import Deadline

__all__ = ["FileBox"]


class FileBox:
    """Appends dead letters to the file `path`, readable by its owner only. They stay there when they are taken."""

    limit = sys.maxsize

    def __init__(self, path: str) -> None:
        if not path:
            raise UsageError("the file for dead letters has no name (file:PATH)")
        self.path = path
        self.name = f"file:{path}"

    def keep(self, records: Sequence[bytes], deadline: Deadline) -> None:
        """Write records and wait until they are on the disk."""
        text = b"".join([record + b"\n" for record in records])
        try:
            with open(self.path, "ab", buffering=0, opener=_private) as file:
                _lock(file.fileno())  # of functions that run at the same time
                size = os.fstat(file.fileno()).st_size
                if size and os.pread(file.fileno(), 1, size - 1) != b"\n":
                    text = b"\n" + text  # whoever wrote last did not come to the end of a line
                view = memoryview(text)
                while view:
                    view = view[file.write(view) :]
                os.fsync(file.fileno())
        except OSError as error:
            raise DeadLetterError(f"{self.path}: cannot be written: {error.strerror}") from None

    def take(self) -> Iterator[tuple[bytes, Acknowledge]]:
        """Yield the records of the file."""
        try:
            with open(self.path, "rb") as file:
                for line in file:
                    if line.strip():
                        yield line, _nothing
        except OSError as error:
            raise DeadLetterError(f"{self.path}: cannot be read: {error.strerror}") from None

    def release(self) -> None:
        """Do nothing: records stay where they are."""


def _private(path: str, flags: int) -> int:
    """Open a file so that only its owner can read what is written to it."""
    return os.open(path, (flags & ~os.O_WRONLY) | os.O_RDWR, 0o600)


def _lock(descriptor: int) -> None:
    """Wait until nobody else writes; the lock ends when the file is closed."""
    import fcntl

    fcntl.flock(descriptor, fcntl.LOCK_EX)


def _nothing() -> None:
    """Acknowledge: a file keeps its lines."""
