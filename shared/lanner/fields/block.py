"""Lines of a log that are taken together: many events for the price of one call."""

from __future__ import annotations

from lanner.fields.event import RawEvent

__all__ = ["Block"]


class Block:
    """Whole lines of a log, in each of which one event is expected.

    A source offers blocks. Whoever takes one says so by `take`, before asking the source for the next piece; of a
    block that nobody takes, the source yields the lines one by one. `text` ends with the last line's end, `name` is
    that of the log, `first_line` counts from 1.
    """

    __slots__ = ("_lines", "cluster", "events", "first_line", "name", "provider", "text")

    def __init__(self, text: bytes, name: str, first_line: int, provider: str = "", cluster: str = "") -> None:
        self.text = text
        self.name = name
        self.first_line = first_line
        self.provider = provider
        self.cluster = cluster
        self.events = 0
        """Number of events, one a line, once the block is taken."""
        self._lines: list[bytes] | None = None

    def take(self, events: int) -> None:
        """Say that all lines were found to be events, and how many."""
        self.events = events

    def raw(self, index: int) -> RawEvent:
        """Return the event of line `index`, counted from 0."""
        if self._lines is None:
            self._lines = self.text.split(b"\n")
        line = self._lines[index]
        return RawEvent(line, self.provider, self.cluster, None, f"{self.name}:{self.first_line + index}")
