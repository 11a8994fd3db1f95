"""Alerts to standard output, one JSON object a line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from lanner.outputs.output import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lanner.outputs.message import Message

__all__ = ["Stdout"]


class Stdout:
    """Writes alerts to standard output, whole lines at a time."""

    name = "stdout"

    def batches(self, messages: Sequence[Message]) -> Iterable[Sequence[Message]]:
        """Yield all messages as one group."""
        return [messages]

    def send(self, batch: Sequence[Message], timeout: float) -> Sequence[Failure]:
        """Write a group, and do not keep it in a buffer. If that fails, some lines of it may be there already."""
        text = b"".join([message.text + b"\n" for message in batch])
        try:
            sys.stdout.buffer.write(text)
            sys.stdout.buffer.flush()
        except (OSError, ValueError) as error:  # closed, or its reader went away
            return [Failure(message, f"standard output: {error}", is_final=True) for message in batch]
        return ()
