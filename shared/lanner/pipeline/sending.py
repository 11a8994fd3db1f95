"""The way of one run's alerts to the outputs, part by part, within the time that there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lanner.outputs.deadline import Deadline
from lanner.outputs.delivery import Undelivered
from lanner.outputs.fanout import Fanout

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from lanner.outputs.fanout import Route
    from lanner.outputs.message import Message

    LeftOut: TypeAlias = list[tuple[Route, str]]

__all__ = ["LeftOut", "Sending"]

_TELLING = 0.25
"""The share of a part's time after which an output that took nothing counts as one that does not answer."""

_FAIR = 0.25
"""The share of the run's time for sending without which it is not to blame: what went before left it less."""


class Sending:
    """Sends the alerts of one run by `routes` until `deadline`. `delivered` counts what outputs took.

    A part that is not the last may take half of the time that is left. An output that took nothing of it for long is
    not tried again in this run: it would cost the others their time. Runs that share their time share the list
    `left_out`: it names such outputs with the reason, unless they had hardly any time to answer.
    """

    def __init__(self, routes: Sequence[Route], deadline: Deadline, left_out: LeftOut) -> None:
        self.delivered = 0
        self._routes = [route for route in routes if all(route is not one for one, _ in left_out)]
        self._deadline = deadline
        self._fair = deadline.left() * _FAIR
        self._shared = left_out
        self._left_out = list(left_out)

    def send(self, messages: Sequence[Message], *, is_last: bool) -> list[Undelivered]:
        """Send the alerts of one part; return what was not delivered, once for each output that did not take it."""
        if not messages:
            return []
        undelivered = [
            Undelivered(message, route.output.name, f"not tried, after {reason}", 0)
            for route, reason in self._left_out
            for message in messages
            if route.takes(message)
        ]
        seconds = self._deadline.left() / (1 if is_last else 2)
        deadline = Deadline(seconds)
        failed = Fanout(self._routes).send(messages, deadline)
        wanted = [sum([route.takes(message) for message in messages]) for route in self._routes]
        self.delivered += sum(wanted) - len(failed)
        if failed and seconds - deadline.left() >= seconds * _TELLING:
            self._leave_out(wanted, failed, is_fair=seconds >= self._fair)
        return undelivered + failed

    def _leave_out(self, wanted: Sequence[int], failed: Sequence[Undelivered], *, is_fair: bool) -> None:
        """Take the outputs that took nothing of what they were to get out of this run; tell others if that is fair."""
        for route, count in zip(list(self._routes), wanted, strict=True):
            own = [failure for failure in failed if failure.output_name == route.output.name]
            if count and len(own) == count:
                self._routes.remove(route)
                self._left_out.append((route, own[0].reason))
                if is_fair and any(failure.attempts for failure in own):
                    self._shared.append((route, own[0].reason))
