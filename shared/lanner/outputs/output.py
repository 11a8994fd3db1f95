"""What a destination of alerts has to be able to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from lanner.outputs.message import Message

__all__ = ["Failure", "Output"]


class Failure(NamedTuple):
    """A message that a destination did not take.

    `reason` says why, without secrets. `is_final` tells that trying again cannot help (the destination refuses the
    message itself, or us); `wait` is how many seconds the destination asks to be left alone.
    """

    message: Message
    reason: str
    is_final: bool = False
    wait: float = 0.0


class Output(Protocol):
    """A destination. Its client is made when it is first used, so that quiet batches never pay for it."""

    @property
    def name(self) -> str:
        """The destination as logs and dead letters name it: its kind and where it is, no secrets ("sns:alerts")."""

    def batches(self, messages: Sequence[Message]) -> Iterable[Sequence[Message]]:
        """Yield the messages in groups that one call of `send` can take, in their order."""

    def send(self, batch: Sequence[Message], timeout: float) -> Sequence[Failure]:
        """Try once to send `batch`, within `timeout` seconds; return what was not taken.

        Never raises for what the destination or the network does. A message that is too long for the destination is
        cut visibly by the output itself.
        """
