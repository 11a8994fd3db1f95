"""Several outputs at once, each with the least priority of what it gets. None of them costs another its time."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING, NamedTuple

from lanner.outputs.deadline import Deadline
from lanner.outputs.delivery import Delivery

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lanner.outputs.delivery import Undelivered
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

        An output that does not come back in time is not waited for: what it has not told to be delivered counts as
        undelivered, although it may still arrive. So each has a thread of its own, even if there is only one: what
        remains of the time is for the dead letters.
        """
        wanted = [(route.output, [message for message in messages if route.takes(message)]) for route in self._routes]
        deliveries = [Delivery(output, chosen) for output, chosen in wanted if chosen]
        threads = [Thread(target=delivery.run, args=(deadline,), daemon=True) for delivery in deliveries]
        for thread in threads:
            thread.start()
        end = Deadline(deadline.left() + _GRACE)
        for thread in threads:
            thread.join(end.left())
        return [failure for delivery in deliveries for failure in delivery.undelivered()]
