"""From the pieces of a payload to alerts that are safe: judged, sent, and kept where they could not be sent."""

from __future__ import annotations

import gc
from copy import copy
from typing import TYPE_CHECKING, Protocol

from lanner.alerts import AlertFormat
from lanner.engine import CompiledEngine
from lanner.errors import NotSafe
from lanner.fields import Intake, RawEvent
from lanner.fields.block import Block
from lanner.outputs.deadline import Deadline
from lanner.outputs.message import Message
from lanner.pipeline.destinations import dead_letter_box, routes_of
from lanner.pipeline.keeping import Keeping
from lanner.pipeline.outcome import Outcome
from lanner.pipeline.rules import packed_rules
from lanner.pipeline.sending import Sending
from lanner.scan import Judge
from lanner.sources import MAX_EVENT_SIZE, Progress, Reject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lanner.alerts import Alert
    from lanner.outputs.dead_letters import DeadLetter, DeadLetterBox
    from lanner.outputs.fanout import Route
    from lanner.pipeline.sending import LeftOut
    from lanner.pipeline.settings import Settings
    from lanner.ruleset import Rule
    from lanner.scan import Part
    from lanner.scan.part import Output
    from lanner.sources import Piece

__all__ = ["Pipeline", "Source"]

_RESERVED = 0.25
"""The share of a run's time that is left for dead letters."""

_MOST_RESERVED = 20.0


class Source(Protocol):
    """What takes a payload apart, such as `lanner.sources.eks.blocks`."""

    def __call__(
        self, payload: bytes, *, origin: str, provider: str = ..., cluster: str = ..., max_size: int = ...
    ) -> Iterator[Piece | Block]:
        """Yield the pieces of a payload, or many at once."""


class Pipeline:
    """Judges by `rules`, sends by `routes`, and keeps in `box` what cannot be delivered or read.

    It is made once; runs may go on side by side. `cluster` and `provider` are the names where nothing else tells them,
    `max_event_size` is the number of bytes beyond which an event counts as cut.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        format_: AlertFormat,
        routes: Sequence[Route],
        box: DeadLetterBox | None,
        *,
        first_match: bool = False,
        cluster: str = "",
        provider: str = "",
        max_event_size: int = MAX_EVENT_SIZE,
    ) -> None:
        self.routes = tuple(routes)
        self._judge = Judge(CompiledEngine(rules, first_match=first_match), format_, _line)
        self._box = box
        self._cluster = cluster
        self._provider = provider
        self._max_event_size = max_event_size
        self._left_out: LeftOut | None = None  # by runs that share their time

    @classmethod
    def from_settings(cls, settings: Settings) -> Pipeline:
        """Return what a function needs. Raises `UsageError` or `RulesError` if it cannot be had."""
        gc.disable()  # nothing of what is made now goes away
        try:
            rules = packed_rules(settings)
            return cls(
                rules,
                AlertFormat(redact=settings.redact),
                routes_of(settings),
                dead_letter_box(settings.dead_letters),
                first_match=settings.first_match,
                cluster=settings.cluster,
                provider=settings.provider,
                max_event_size=settings.max_event_size,
            )
        finally:
            gc.freeze()
            gc.enable()

    def together(self) -> Pipeline:
        """Return a pipeline like this for runs that share their time, one after the other.

        An output that does not answer in one of them is not tried in the next ones: it would cost them their time, too.
        """
        shared = copy(self)
        shared._left_out = []
        return shared

    def take(
        self, source: Source, payload: bytes, deadline: Deadline, *, origin: str, provider: str = "", cluster: str = ""
    ) -> Outcome:
        """Run what `source` makes of a payload; `origin` says where that stood. See `run`."""
        return self.take_all(source, [(origin, payload)], deadline, provider=provider, cluster=cluster)

    def take_all(
        self,
        source: Source,
        payloads: Iterable[tuple[str, bytes]],
        deadline: Deadline,
        *,
        provider: str = "",
        cluster: str = "",
    ) -> Outcome:
        """Run what `source` makes of several payloads, each with its origin, as one. See `run`."""
        cluster, provider = cluster or self._cluster, provider or self._provider

        def pieces() -> Iterator[Piece | Block]:
            for origin, payload in payloads:
                found = source(
                    payload, origin=origin, provider=provider, cluster=cluster, max_size=self._max_event_size
                )
                yield from _guarded(found, origin, payload)

        return self.run(pieces(), deadline, provider=provider, cluster=cluster)

    def run(
        self, pieces: Iterable[Piece | Block], deadline: Deadline, *, provider: str = "", cluster: str = ""
    ) -> Outcome:
        """Judge `pieces` and return the counts once each alert and each reject is delivered or kept.

        Raises `NotSafe` if one is neither, after all others were seen to: whoever sent the payload has to send it
        again. `provider` and `cluster` are those of rejects, which do not tell.
        """
        cluster, provider = cluster or self._cluster, provider or self._provider
        outcome = Outcome()
        keeping = Keeping(self._box, outcome, deadline)
        time = deadline.left()
        left_out: LeftOut = [] if self._left_out is None else self._left_out
        sending = Sending(self.routes, Deadline(time - min(time * _RESERVED, _MOST_RESERVED)), left_out)
        last = _Last()
        parts = self._judge.parts(last.watch(pieces), Intake(), Progress())
        for part, is_last in _told_the_last(parts):
            outcome.statistics.add(part.statistics)
            messages, rejects = _sorted(part.output)
            keeping.undelivered(sending.send(messages, is_last=is_last))
            keeping.rejects(rejects, provider, last.cluster or cluster)
        keeping.finish()
        outcome.delivered = sending.delivered
        outcome.newest = last.time
        outcome.cluster = last.cluster or cluster
        if outcome.not_safe:
            raise NotSafe(_not_safe(outcome), outcome)
        return outcome

    def keep(self, letter: DeadLetter, outcome: Outcome, deadline: Deadline) -> bool:
        """Keep one more letter after a run; tell whether that was done, and add it to what the run came to."""
        own = Outcome()
        keeping = Keeping(self._box, own, deadline)
        keeping.add(letter)
        keeping.finish()
        outcome.dead_letters += own.dead_letters
        for problem in own.problems:
            outcome.add_problem(problem)
        return not own.not_safe


class _Last:
    """Remembers the last event that passes."""

    def __init__(self) -> None:
        self._event: RawEvent | None = None

    def watch(self, pieces: Iterable[Piece | Block]) -> Iterator[Piece | Block]:
        """Hand on the pieces."""
        for piece in pieces:
            yield piece
            if isinstance(piece, RawEvent):
                self._event = piece
            elif isinstance(piece, Block) and piece.events:  # it was taken
                self._event = piece.raw(piece.events - 1)

    @property
    def cluster(self) -> str:
        """The event's cluster."""
        return "" if self._event is None else self._event.cluster

    @property
    def time(self) -> int | None:
        """The event's time in nanoseconds, which is about that of the newest: API servers write in order."""
        if self._event is None:
            return None
        event = Intake().open(self._event)
        return event.time if event.time_source != "reading" else None


def _guarded(pieces: Iterator[Piece | Block], origin: str, payload: bytes) -> Iterator[Piece | Block]:
    """Yield the pieces; if reading fails, which is a defect of ours, a reject with all of the payload."""
    try:
        yield from pieces
    except Exception as error:
        reason = f"reading failed with {type(error).__name__}, which is a defect of Lanner (please report it)"
        yield Reject(origin, reason, payload)


def _sorted(output: Sequence[Output]) -> tuple[list[Message], list[Reject]]:
    """Return the alerts, ready to be sent, and the rejects of a part."""
    messages: list[Message] = []
    rejects: list[Reject] = []
    for one in output:
        if isinstance(one, Reject):
            rejects.append(one)
            continue
        try:
            messages.append(Message.read(one))
        except ValueError as error:  # a defect of ours: it is to be seen, and to cost no other alert
            rejects.append(Reject("alert", str(error), one))
    return messages, rejects


def _told_the_last(parts: Iterator[Part]) -> Iterator[tuple[Part, bool]]:
    """Yield the parts, and whether each is the last."""
    before = next(parts)  # there is one, if only an empty one
    for part in parts:
        yield before, False
        before = part
    yield before, True


def _not_safe(outcome: Outcome) -> str:
    problems = "; ".join(outcome.problems)
    return f"{outcome.not_safe:,} alerts or rejects are neither delivered nor kept: {problems}"


def _line(alert: Alert) -> bytes:
    return alert.json_line()
