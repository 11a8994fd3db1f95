"""From the pieces of an input to the parts of a result: every event is judged, every alert becomes a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lanner.alerts import Alert, note
from lanner.fields.block import Block
from lanner.fields.json_text import MAX_DEPTH
from lanner.scan.part import Part
from lanner.sources import Other, Reject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from lanner.alerts import AlertFormat
    from lanner.engine import CompiledEngine, ReferenceEngine, Verdict
    from lanner.fields import Event, Intake
    from lanner.ruleset import Rule
    from lanner.sources import Piece, Progress

__all__ = ["Judge"]

_MAX_WEIGHT = 65536
_MAX_PIECES = 4096
_TOGETHER = 6  # events whose alerts are written in one go: the processor does not forget in between how that is done
_NOTE_WEIGHT = 256
_NAMES_SHOWN = 3  # of the rules that might match


class Judge:
    """Judges events by an engine and writes the alerts by `line`. Records that rightly are no events are counted.

    `notes` says whether there is to be a summary. Of each part's rejects, the first `rejects_shown` are handed on,
    without their texts; or all as they are, if that is `None`.
    """

    def __init__(
        self,
        engine: CompiledEngine | ReferenceEngine,
        format_: AlertFormat,
        line: Callable[[Alert], bytes],
        *,
        notes: bool = False,
        rejects_shown: int | None = None,
    ) -> None:
        self._engine = engine
        self._format = format_
        self._line = line
        self._notes = notes
        self._rejects_shown = rejects_shown

    def parts(
        self, pieces: Iterable[Piece | Block], intake: Intake, progress: Progress, *, prompt: bool = False
    ) -> Iterator[Part]:
        """Yield what comes of `pieces`, in parts of limited size; if `prompt`, of each piece at once.

        `progress` is that of reading the pieces.
        """
        read_before = progress.bytes_read
        part = self._new_part()
        waiting: list[tuple[Event, Verdict]] = []
        for piece in pieces:
            if isinstance(piece, Block):
                found = self._engine.judge_block(piece, intake)
                if found is None:
                    continue
                part.statistics.events += piece.events
                waiting += found
                if len(waiting) >= _TOGETHER:
                    self._add_all(waiting, part)
            else:
                self._add_all(waiting, part)
                if isinstance(piece, Other):
                    part.statistics.others += 1
                elif isinstance(piece, Reject):
                    self._reject(piece, part)
                else:
                    event = intake.open(piece)
                    part.statistics.events += 1
                    self._add(event, self._engine.judge(event), part)
            pieces_taken = part.statistics.events + part.statistics.rejected + part.statistics.others
            if prompt or part.weight >= _MAX_WEIGHT or pieces_taken >= _MAX_PIECES:
                self._add_all(waiting, part)
                part.bytes_read = progress.bytes_read - read_before
                read_before = progress.bytes_read
                yield self._ended(part)
                part = self._new_part()
        self._add_all(waiting, part)
        part.bytes_read = progress.bytes_read - read_before
        yield self._ended(part)

    def _new_part(self) -> Part:
        part = Part()
        part.statistics.put_in_order = -self._engine.put_in_order  # the engine counts on from part to part
        part.statistics.exact = -self._engine.exact
        return part

    def _ended(self, part: Part) -> Part:
        part.statistics.put_in_order += self._engine.put_in_order
        part.statistics.exact += self._engine.exact
        return part

    def _add_all(self, waiting: list[tuple[Event, Verdict]], part: Part) -> None:
        """Write the lines of the alerts on all events that wait for it."""
        for event, verdict in waiting:
            self._add(event, verdict, part)
        waiting.clear()

    def _add(self, event: Event, verdict: Verdict, part: Part) -> None:
        """Write the lines of the alerts on one event, and count what there is to count."""
        statistics = part.statistics
        matched, undecided, failed, withheld = verdict
        if event.lost and (event.raw.truncated or matched or undecided):
            # What the API server left out is noticed only of events that concern a rule.
            statistics.truncated += 1
            for rule in undecided:
                statistics.count_undecided(rule)
        for rule in failed:
            statistics.count_failed(rule)
        if withheld:
            self._reject(_too_deep(event, withheld), part)
        for rule in matched:
            try:
                alert = Alert(rule, event, self._format)
                line = self._line(alert)
            except Exception:  # a defect of ours: it is to cost no other rule its alert
                statistics.count_failed(rule)
                continue
            statistics.count_alert(rule)
            if self._notes:
                part.notes.append(note(alert))
                part.weight += _NOTE_WEIGHT
            part.output.append(line)
            part.weight += len(line)

    def _reject(self, reject: Reject, part: Part) -> None:
        count = part.statistics.rejected = part.statistics.rejected + 1
        if self._rejects_shown is not None:
            if count > self._rejects_shown:
                return
            reject = Reject(reject.origin, reject.reason)
        part.output.append(reject)
        part.weight += len(reject.text) + len(reject.reason) + len(reject.origin)


def _too_deep(event: Event, rules: Sequence[Rule]) -> Reject:
    """Return the reject for an event that nests too deep, but that rules might match."""
    names = ", ".join([rule.name for rule in rules[:_NAMES_SHOWN]])
    more = f" and {len(rules) - _NAMES_SHOWN} more" if len(rules) > _NAMES_SHOWN else ""
    reason = f"the event nests deeper than {MAX_DEPTH} levels; kept because rules might match it: {names}{more}"
    return Reject(event.raw.origin, reason, event.raw.text)
