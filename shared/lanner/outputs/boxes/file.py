"""Dead letters in a file, one a line."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lanner.errors import DeadLetterError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lanner.outputs.dead_letters import Acknowledge
    from lanner.outputs.deadline import Deadline

__all__ = ["FileBox"]

_LIMIT = 64 << 20


class FileBox:
    """Appends dead letters to the file `path`, readable by its owner only. They stay there when they are taken."""

    limit = _LIMIT

    def __init__(self, path: str) -> None:
        if not path:
            raise UsageError("the file for dead letters has no name (file:PATH)")
        self.path = path
        self.name = f"file:{path}"

    def keep(self, records: Sequence[bytes], deadline: Deadline) -> None:
        """Write records and wait until they are on the disk."""
        text = b"".join([record + b"\n" for record in records])
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                view = memoryview(text)
                while view:
                    view = view[os.write(descriptor, view) :]
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
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


def _nothing() -> None:
    """Acknowledge: a file keeps its lines."""
