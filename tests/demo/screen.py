"""What a demonstration shows: what it does, and alerts as they arrive."""

from __future__ import annotations

import shutil
import sys
import textwrap
import time
from collections import Counter
from typing import Any

from lanner.cli.terminal import Style, printable
from lanner.ruleset import Priority

__all__ = ["Screen"]

_WIDEST = 120
_LINES = 2
"""Lines that an alert's text may take."""

_INDENT = " " * 10


class Screen:
    """Writes to standard output."""

    def __init__(self) -> None:
        self._style = Style.for_stream(sys.stdout)
        self._width = min(shutil.get_terminal_size().columns, _WIDEST)
        self._began = time.perf_counter()
        self._counts: Counter[Priority] = Counter()

    def step(self, text: str) -> None:
        """Say what is done next."""
        print(self._style.heading(text), flush=True)

    def note(self, text: str) -> None:
        """Say something about it."""
        print(textwrap.fill(text, self._width, initial_indent="  ", subsequent_indent="  "), flush=True)

    def begin(self) -> None:
        """Count time from now on."""
        self._began = time.perf_counter()

    def alert(self, alert: dict[str, Any]) -> None:
        """Show an alert that has arrived just now."""
        priority = Priority.parse(alert["priority"])
        self._counts[priority] += 1
        seconds = time.perf_counter() - self._began
        label = self._style.priority(f"{priority.label:<9}", priority)
        print(f"{seconds:6.2f} s  {label}  {self._style.heading(printable(alert['rule']))}")
        text = printable(alert["output"].partition(f"{priority.label} ")[2] or alert["output"])
        lines = textwrap.wrap(text, self._width - len(_INDENT), max_lines=_LINES, placeholder=" ...")
        print(textwrap.indent("\n".join(lines), _INDENT), flush=True)

    def end(self, sent: int, what: str, kept: int) -> None:
        """Say what came of it all."""
        counts = ", ".join(f"{count} {priority.label}" for priority, count in sorted(self._counts.items()))
        print()
        self.step(f"{sent:,} {what}, {self._counts.total():,} alerts ({counts}), {kept:,} dead letters")
