"""Dead letters once more: alerts to the outputs that did not take them, input through the rules."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from lanner.errors import NotSafe
from lanner.fields import json_text
from lanner.outputs.dead_letters import DeadLetter, Joiner
from lanner.outputs.deadline import Deadline
from lanner.outputs.delivery import deliver
from lanner.outputs.message import Message
from lanner.sources import MAX_EVENT_SIZE, Context, Reject, apiserver, delivered
from lanner.sources.envelopes import packed_events, value_events
from lanner.sources.stream import GZIP_MAGIC

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from lanner.outputs.dead_letters import Acknowledge
    from lanner.outputs.output import Output
    from lanner.pipeline.pipeline import Pipeline
    from lanner.pipeline.tee import Copier
    from lanner.sources import Piece

__all__ = ["Replay", "Replayed", "letter_in", "whatever"]

SECONDS = 30.0
"""Within which a group of alerts, or one piece of input, is dealt with."""

_GROUP = 100
"""Alerts that are sent together."""


class Replayed:
    """What came of a replay. `left` counts the letters that could not be dealt with, by the reason."""

    def __init__(self) -> None:
        self.alerts = 0
        self.payloads = 0
        self.found = 0
        """Alerts that were found in input."""
        self.left: Counter[str] = Counter()


class Replay:
    """Deals with dead letters.

    `outputs` are those that letters may name; `to`, if any, get all alerts instead. `pipeline` is asked for when input
    has to be judged; it must not have a box of its own, so that what fails again is known. `copier` sends batches that
    a tee did not take. `keep` takes what fails again, which then leaves the place it came from; if there is none, it
    stays there.
    """

    def __init__(
        self,
        outputs: Sequence[Output],
        to: Sequence[Output],
        pipeline: Callable[[], Pipeline],
        copier: Copier | None,
        keep: Callable[[DeadLetter], None] | None,
    ) -> None:
        self.result = Replayed()
        self._outputs = {output.name: output for output in outputs}
        self._to = tuple(to)
        self._pipeline = pipeline
        self._copier = copier
        self._keep = keep
        self._done: set[str] = set()
        self._waiting: list[tuple[DeadLetter, Message, Acknowledge]] = []

    def run(self, records: Iterable[tuple[bytes, Acknowledge]]) -> None:
        """Deal with records. Raises `DeadLetterError` if they cannot be had, or not be taken away."""
        joiner = Joiner()
        for record, acknowledge_record in self._new(records):
            whole = joiner.add(record, acknowledge_record)
            if whole is None:
                continue
            letter, acknowledge = whole
            if letter.kind == "alert":
                self._alert(letter, acknowledge)
            elif letter.output:
                self._copy(letter, acknowledge)
            else:
                self._payload(letter, acknowledge)
        self._send()
        if joiner.incomplete:
            self.result.left["parts of it are missing"] += joiner.incomplete

    def _new(self, records: Iterable[tuple[bytes, Acknowledge]]) -> Iterator[tuple[DeadLetter, Acknowledge]]:
        """Yield each letter once.

        The same may have been kept twice. And a queue gives what was not acknowledged again after a while: when more
        comes again than was new, that was all.
        """
        seen: set[tuple[str, int]] = set()
        again = 0
        for record, acknowledge in records:
            letter = letter_in(record)
            key = letter.id, letter.part
            if key not in seen:
                seen.add(key)
                yield letter, acknowledge
            elif letter.id in self._done:
                acknowledge()
            else:
                again += 1
                if again > len(seen):
                    return

    def _alert(self, letter: DeadLetter, acknowledge: Acknowledge) -> None:
        try:
            message = Message.read(letter.content)
        except ValueError as error:
            self._leave(letter, acknowledge, str(error))
            return
        if not self._to and letter.output not in self._outputs:
            self._leave(letter, acknowledge, f"there is no output {letter.output!r} here; name another one by --to")
            return
        self._waiting.append((letter, message, acknowledge))
        if len(self._waiting) == _GROUP:
            self._send()

    def _send(self) -> None:
        """Send the alerts that wait, to each output those that are for it."""
        waiting, self._waiting = self._waiting, []
        failed: dict[int, tuple[str, int]] = {}
        for output in self._to or self._outputs.values():
            own = [message for letter, message, _ in waiting if self._to or letter.output == output.name]
            for failure in deliver(output, own, Deadline(SECONDS)):
                failed[id(failure.message)] = f"{output.name}: {failure.reason}", failure.attempts
        for letter, message, acknowledge in waiting:
            if id(message) in failed:
                self._leave(letter, acknowledge, *failed[id(message)])
            else:
                self.result.alerts += 1
                self._settle(letter, acknowledge)

    def _copy(self, letter: DeadLetter, acknowledge: Acknowledge) -> None:
        if self._copier is None or self._copier.name != letter.output:
            self._leave(letter, acknowledge, f"there is no {letter.output!r} here: see LANNER_TEE_URL")
            return
        answer, attempts = self._copier.send(letter.content, Deadline(SECONDS))
        if answer.reason:
            self._leave(letter, acknowledge, f"{letter.output}: {answer.reason}", attempts)
        else:
            self.result.payloads += 1
            self._settle(letter, acknowledge)

    def _payload(self, letter: DeadLetter, acknowledge: Acknowledge) -> None:
        try:
            outcome = self._pipeline().take(
                whatever,
                letter.content,
                Deadline(SECONDS),
                origin=letter.origin,
                provider=letter.provider,
                cluster=letter.cluster,
            )
        except NotSafe as error:
            self.result.found += error.outcome.statistics.alerts
            self._leave(letter, acknowledge, "; ".join(error.outcome.problems))
        else:
            self.result.found += outcome.statistics.alerts
            self.result.payloads += 1
            self._settle(letter, acknowledge)

    def _leave(self, letter: DeadLetter, acknowledge: Acknowledge, reason: str, attempts: int = 0) -> None:
        """Keep what could not be dealt with, where that is wanted, and count it."""
        self.result.left[reason] += 1
        if self._keep is not None:
            self._keep(msgspec.structs.replace(letter, reason=reason, attempts=letter.attempts + attempts))
            self._settle(letter, acknowledge)

    def _settle(self, letter: DeadLetter, acknowledge: Acknowledge) -> None:
        """Take a letter away from where it was."""
        self._done.add(letter.id)
        acknowledge()


def whatever(
    payload: bytes, *, origin: str, provider: str = "", cluster: str = "", max_size: int = MAX_EVENT_SIZE
) -> Iterator[Piece]:
    """Yield the events of a payload of any kind, told by what it looks like (see `lanner.sources.envelopes`)."""
    if payload.startswith(GZIP_MAGIC):  # the data of a Kinesis record
        yield from delivered.events(
            payload, origin=origin, provider=provider or "eks", cluster=cluster, max_size=max_size
        )
        return
    context = Context(provider, cluster, max_size)
    packed = packed_events(payload, origin, context)
    if packed is not None:
        yield from packed
        return
    try:
        value = apiserver.whole(payload)
    except json_text.JsonError:
        yield from apiserver.payload_events(payload, origin, context)  # which says what is wrong with it
    else:
        yield from value_events(value, origin, context)


class _Invocation(msgspec.Struct):
    """What Lambda hands to a destination for failures: the event is in it."""

    payload: msgspec.Raw = msgspec.field(name="requestPayload")


_decode_invocation = msgspec.json.Decoder(_Invocation).decode


def letter_in(record: bytes) -> DeadLetter:
    """Return the dead letter, or the part of one, in a record; what is none is input that a platform put aside.

    So the destination for failures of a Lambda function, its dead-letter queue, and the dead-letter topic of a
    subscription can be replayed, too.
    """
    try:
        return DeadLetter.read(record)
    except ValueError:
        pass
    try:
        payload = bytes(_decode_invocation(record).payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        payload = record.strip()
    return DeadLetter.of_reject(Reject("put aside by the platform", "", payload))
