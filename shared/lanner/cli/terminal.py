"""What a terminal shows: colours, a progress line, and no control characters from the input."""

from __future__ import annotations

import os
import re
import time
from typing import TextIO

import msgspec

from lanner.ruleset import Priority

__all__ = ["Progress", "Style", "printable"]

_RED, _YELLOW, _CYAN, _BOLD, _DIM = "31", "33", "36", "1", "2"
_PRIORITY_COLOURS = {
    Priority.EMERGENCY: "1;35",
    Priority.ALERT: "1;35",
    Priority.CRITICAL: "1;31",
    Priority.ERROR: _RED,
    Priority.WARNING: _YELLOW,
    Priority.NOTICE: _CYAN,
    Priority.INFORMATIONAL: "",
    Priority.DEBUG: _DIM,
}
# Control characters, and what turns the direction of text, breaks lines or takes no room: an attacker chooses what
# events contain.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_BEFORE_PROGRESS = 0.5
_BETWEEN_PROGRESS = 0.1


def printable(text: str) -> str:
    """Return `text` with the characters that could control a terminal written as escapes."""
    return _UNPRINTABLE.sub(lambda char: f"\\u{ord(char[0]):04x}", text)


class Style(msgspec.Struct, frozen=True):
    """Colours, or none."""

    colour: bool

    @classmethod
    def for_stream(cls, stream: TextIO, *, allowed: bool = True) -> Style:
        """Use colours on a terminal, unless `NO_COLOR` is set or they are not allowed."""
        return cls(allowed and not os.environ.get("NO_COLOR") and stream.isatty())

    def paint(self, text: str, code: str) -> str:
        """Return `text` in the colour of an ANSI code."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and code else text

    def error(self, text: str) -> str:
        """Return `text` as an error stands out."""
        return self.paint(text, "1;31")

    def warning(self, text: str) -> str:
        """Return `text` as a warning stands out."""
        return self.paint(text, _YELLOW)

    def heading(self, text: str) -> str:
        """Return `text` as a heading stands out."""
        return self.paint(text, _BOLD)

    def priority(self, text: str, priority: Priority) -> str:
        """Return `text` in the colour of a priority."""
        return self.paint(text, _PRIORITY_COLOURS[priority])


class Progress:
    """A line that tells how far a long run is. Silent where `stream` is no terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._active = stream.isatty()
        self._next = time.monotonic() + _BEFORE_PROGRESS
        self._shown = False

    def show(self, share: float | None, events: int, alerts: int) -> None:
        """Show the share of the input that was read (0 to 1, `None` if unknown), if it is time for it."""
        if not self._active or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _BETWEEN_PROGRESS
        self._shown = True
        bar = ""
        if share is not None:
            filled = int(min(share, 1.0) * 20)
            bar = f"[{'#' * filled}{'.' * (20 - filled)}] {min(share, 1.0):4.0%}  "
        self._stream.write(f"\r\x1b[K{bar}{events:,} events, {alerts:,} alerts")
        self._stream.flush()

    def clear(self) -> None:
        """Remove the line, so that something else can be printed."""
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._shown = False
