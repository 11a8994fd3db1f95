"""Several outputs at once, each with the least priority of what it gets. None of them costs another its time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lanner.outputs.delivery import Undelivered, deliver

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lanner.outputs.deadline import Deadline
    from lanner.outputs.message import Message
    from lanner.outputs.output import Output
    from lanner.ruleset import Priority

__all__ = ["Fanout", "Route"]

_GRACE = 1.0
"""Seconds beyond the deadline that an output may take to notice it."""


class Route(NamedTuple):
    """An output, and the least priority of the alerts that it gets."""

    output: Output
    minimum: Priority

    def takes(self, message: Message) -> bool:
        """Tell whether a message goes this way."""
        return message.priority <= self.minimum


class Fanout:
    """Sends alerts by all of `routes`."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = tuple(routes)

    def send(self, messages: Sequence[Message], deadline: Deadline) -> list[Undelivered]:
        """Send each message to every output that is to get it; return what was not delivered, output by output.

        An output that does not come back in time is not waited for: what it was given counts as undelivered, although
        it may still arrive.
        """
        wanted = [(route.output, [message for message in messages if route.takes(message)]) for route in self._routes]
        wanted = [(output, chosen) for output, chosen in wanted if chosen]
        if len(wanted) < 2:
            return [failure for output, chosen in wanted for failure in deliver(output, chosen, deadline)]
        return _side_by_side(wanted, deadline)


def _side_by_side(wanted: Sequence[tuple[Output, list[Message]]], deadline: Deadline) -> list[Undelivered]:
    import threading  # only here: one output needs no thread

    found: dict[int, list[Undelivered]] = {}

    def run(number: int, output: Output, chosen: list[Message]) -> None:
        found[number] = deliver(output, chosen, deadline)

    threads = [
        threading.Thread(target=run, args=(number, output, chosen), daemon=True)
        for number, (output, chosen) in enumerate(wanted)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(deadline.left() + _GRACE)
    undelivered = []
    for number, (output, chosen) in enumerate(wanted):
        done = found.get(number)
        if done is None:
            done = [Undelivered(message, output.name, "it did not answer in time", 1) for message in chosen]
        undelivered += done
    return undelivered
