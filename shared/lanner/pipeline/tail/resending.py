"""Alerts that an output has taken are not sent to it again, while a batch is tried again because of another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lanner.outputs.message import Message
    from lanner.outputs.output import Failure, Output

__all__ = ["Resending"]


class Resending:
    """The output `output`, which gets each alert once until `forget` is called."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._taken: set[str] = set()

    @property
    def name(self) -> str:
        """That of the output."""
        return self._output.name

    def batches(self, messages: Sequence[Message]) -> Iterable[Sequence[Message]]:
        """Yield the messages in the output's groups."""
        return self._output.batches(messages)

    def send(self, batch: Sequence[Message], timeout: float) -> Sequence[Failure]:
        """Send what was not taken yet."""
        left = [message for message in batch if message.id not in self._taken]
        if not left:
            return ()
        failures = self._output.send(left, timeout)
        failed = {id(failure.message) for failure in failures}
        self._taken.update([message.id for message in left if id(message) not in failed])
        return failures

    def forget(self) -> None:
        """Begin anew, with the next batch."""
        self._taken.clear()
