"""Alerts to standard output, one JSON object a line."""

from __future__ import annotations

import sys
from threading import Lock
from typing import TYPE_CHECKING

from lanner.outputs.output import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lanner.outputs.message import Message

__all__ = ["Stdout"]

_LOCK = Lock()  # whole lines also if several threads write


class Stdout:
    """Writes alerts to standard output, a line in one go: platforms put something there that makes entries of that."""

    name = "stdout"

    def batches(self, messages: Sequence[Message]) -> Iterable[Sequence[Message]]:
        """Yield all messages as one group."""
        return [messages]

    def send(self, batch: Sequence[Message], timeout: float) -> Sequence[Failure]:
        """Write a group, and do not keep it in a buffer. If that fails, some lines of it may be there already."""
        try:
            with _LOCK:
                for message in batch:
                    _write(message)
                sys.stdout.flush()
        except (OSError, ValueError) as error:  # its reader went away, or it is closed
            return [Failure(message, f"standard output: {error}", is_final=True) for message in batch]
        return ()


def _write(message: Message) -> None:
    try:
        sys.stdout.write(message.text.decode() + "\n")
    except UnicodeEncodeError:  # it has not all characters; JSON can do without
        import json

        sys.stdout.write(json.dumps(message.alert(), separators=(",", ":")) + "\n")
