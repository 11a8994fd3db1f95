"""What a scan shows: alerts as they are found, rejects, how far it is, and the counts at its end."""

from __future__ import annotations

import base64
import sys
from typing import TYPE_CHECKING

import msgspec

from lanner.alerts import Statistics, Summary
from lanner.cli.terminal import Progress, Style, printable
from lanner.sources import Reject

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from lanner.ruleset import Rule
    from lanner.scan import Part

__all__ = ["REJECTS_SHOWN", "Results"]

REJECTS_SHOWN = 10


class Results:
    """Shows the parts of a scan's result.

    `rejects` is the file that keeps what could not be read. If `prompt`, whoever reads the alerts waits for them.
    `total_bytes` is the size of the input, if it is known.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        *,
        as_json: bool,
        summary: bool,
        rejects: BinaryIO | None,
        prompt: bool,
        total_bytes: int | None,
    ) -> None:
        self.statistics = Statistics(rules)
        self._as_json = as_json
        self._summary = Summary() if summary else None
        self._rejects = rejects
        self._prompt = prompt
        self._bytes_read = 0
        self._total_bytes = total_bytes
        self._rejects_shown = 0
        self._progress = Progress(sys.stderr)

    def show(self, part: Part) -> None:
        """Show the next part."""
        self.statistics.add(part.statistics)
        self._bytes_read += part.bytes_read
        if self._summary is not None:
            for note in part.notes:
                self._summary.take(note)
        if part.output:
            self._progress.clear()
            output = sys.stdout.buffer
            for piece in part.output:
                if isinstance(piece, Reject):
                    self._reject(piece)
                else:
                    output.write(piece)
            if self._prompt:
                output.flush()
        share = self._bytes_read / self._total_bytes if self._total_bytes else None
        self._progress.show(share, self.statistics.events, self.statistics.alerts)

    def finish(self, paths: Sequence[str], failure: str = "", *, interrupted: bool = False) -> None:
        """Show the counts of what was read, and the summary; before them, if that is not all, why.

        `paths` are what the user asked to read; if `interrupted`, not all of it was.
        """
        self._progress.clear()
        sys.stdout.flush()
        more = self.statistics.rejected - REJECTS_SHOWN
        if more > 0:
            kept = "" if self._rejects is not None else "; --rejects FILE keeps them all"
            print(f"... and {more:,} more rejected{kept}", file=sys.stderr)
        if failure:
            print(Style.for_stream(sys.stderr).error("Error:"), failure, file=sys.stderr)
        elif not (interrupted or self.statistics.events or self.statistics.rejected):
            print(Style.for_stream(sys.stderr).warning("Note:"), "the input holds no events", file=sys.stderr)
        stream = sys.stderr if self._as_json else sys.stdout
        print(self.statistics.text(printable), file=stream)
        if self._summary is not None:
            print(self._summary.text(paths, Style.for_stream(stream).heading, printable), file=stream)

    def _reject(self, reject: Reject) -> None:
        if self._rejects_shown < REJECTS_SHOWN:
            self._rejects_shown += 1
            style = Style.for_stream(sys.stderr)
            print(style.warning("Rejected"), printable(f"{reject.origin}: {reject.reason}"), file=sys.stderr)
        if self._rejects is not None:
            kept = {"origin": reject.origin, "reason": reject.reason}
            try:
                kept["text"] = reject.text.decode()
            except UnicodeDecodeError:
                kept["base64"] = base64.b64encode(reject.text).decode()
            self._rejects.write(msgspec.json.encode(kept) + b"\n")
