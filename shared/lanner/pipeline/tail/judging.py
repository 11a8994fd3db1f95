"""Batches of messages, judged and delivered, again and again until they are safe: nobody would send them again."""

from __future__ import annotations

import logging
import time
from functools import partial
from threading import Event
from typing import TYPE_CHECKING

from lanner.errors import NotSafe
from lanner.outputs.deadline import Deadline
from lanner.pipeline.keeping import Keeping
from lanner.pipeline.outcome import Outcome
from lanner.pipeline.sending import Sending
from lanner.pipeline.tail.gap import Continuity, First
from lanner.pipeline.tail.memory import Memory, New
from lanner.pipeline.tail.resending import Resending
from lanner.pipeline.tail.state import DIGESTS, State
from lanner.pipeline.tail.totals import Totals
from lanner.pipeline.telemetry import LOGGER
from lanner.sources import Reject

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lanner.outputs.dead_letters import DeadLetterBox
    from lanner.pipeline.pipeline import Pipeline, Source
    from lanner.pipeline.tail.buffer import Received
    from lanner.pipeline.tail.gap import Gap
    from lanner.pipeline.tail.state import StateFile
    from lanner.pipeline.tail.timing import Timing

__all__ = ["Judging"]

_RESERVED = 0.25
"""The share of an attempt's time that is left for dead letters."""

_LEFT_OUT = 60.0
"""Seconds for which an output that took nothing of a batch for long is not tried again."""

_LAST_PAUSE, _LAST_ATTEMPT = 1.0, 0.5
"""Seconds between attempts, and those that one needs at the least, when the tail is to end."""

_NAMED = 16
"""Digits of a digest by which a message is called."""


class Judging:
    """Judges what `source` finds in messages by `pipeline`; alerts about gaps may be kept in `box`.

    `provider` is that of the events, `cluster` names the cluster of a gap where no event did. `state` is kept up to
    date. Calls of `take` do not overlap.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        box: DeadLetterBox | None,
        source: Source,
        state: StateFile,
        timing: Timing,
        *,
        host: str,
        provider: str,
        cluster: str = "",
    ) -> None:
        before = state.read()
        self.totals = Totals()
        self.is_troubled = False
        """Whether something is neither delivered nor kept at the moment."""
        self._outputs = [Resending(route.output) for route in pipeline.routes]
        pipeline.routes = tuple(
            [route._replace(output=output) for route, output in zip(pipeline.routes, self._outputs, strict=True)]
        )
        self._pipeline = pipeline
        self._together, self._shared = pipeline.together(), time.monotonic()
        self._box = box
        self._source = source
        self._state = state
        self._timing = timing
        self._host = host
        self._provider = provider
        self._memory = Memory(before.digests)
        self._continuity = Continuity(provider, before.newest, before.cluster or cluster)
        self._end: Deadline | None = None
        self._ending = Event()
        self._logger = logging.getLogger(LOGGER)

    def take(self, batch: Sequence[Received]) -> bool:
        """Deal with messages that came by the same connection; return when they are safe.

        Return `False` if the tail has to end before that.
        """
        origin = batch[0].origin
        new, repeated, overlaps = self._memory.sort(batch)
        self.totals.add_messages(len(batch), repeated)
        first = First()
        outcome = self._until_safe(partial(self._judge, new, first))
        if outcome is None:
            return False
        gap = self._continuity.gap(origin, first, overlaps=overlaps)
        if gap is not None:
            self._log(gap)
            if self._until_safe(partial(self._report, gap)) is None:
                return False
            self._continuity.settle(origin)
            self.totals.add_gap(gap.seconds)
        self._memory.add(new, origin.number)
        self._continuity.saw(outcome.newest, outcome.cluster)
        self._state.write(self._known)
        return True

    def end(self, seconds: float) -> None:
        """Say that there are some seconds left, for all that is still to be done."""
        self._end = Deadline(seconds)
        self._ending.set()

    def finish(self) -> None:
        """Write down what the next process has to know."""
        self._state.write(self._known, at_once=True)

    def _judge(self, messages: Sequence[New], first: First, deadline: Deadline) -> Outcome:
        """Judge messages; if that fails, which is a defect of ours, each by itself, so that one costs no other."""
        try:
            return self._sharing().take_all(
                first.watched(self._source),
                [(_name(message), message.content) for message in messages],
                deadline,
                provider=self._provider,
            )
        except NotSafe:
            raise
        except Exception as error:
            self._logger.exception("judging failed, which is a defect of Lanner (please report it)")
            if len(messages) == 1:
                return self._pipeline.run([_defect(messages[0], error)], deadline, provider=self._provider)
        whole = Outcome()
        for message in messages:
            whole.add(self._judge([message], first, deadline))
        return whole

    def _sharing(self) -> Pipeline:
        """Return the pipeline for a batch: an output that hangs is left out for a while, so that others get on.

        When the tail is to end, there is no time to try such an output again.
        """
        if self._end is None and time.monotonic() - self._shared >= _LEFT_OUT:
            self._together, self._shared = self._pipeline.together(), time.monotonic()
        return self._together

    def _log(self, gap: Gap) -> None:
        fields = gap.message().alert()["output_fields"]
        self._logger.warning(
            "gap: events of %.3f s may be missing (%s)",
            *(gap.seconds, gap.reason),
            extra={"event": "gap", **{name.replace(".", "_"): value for name, value in fields.items()}},
        )

    def _report(self, gap: Gap, deadline: Deadline) -> Outcome:
        """Send the alert about a gap, or keep it. Raises `NotSafe` if neither can be done."""
        outcome = Outcome(gap.cluster)
        keeping = Keeping(self._box, outcome, deadline)
        sending = Sending(self._pipeline.routes, Deadline(deadline.left() * (1 - _RESERVED)), [])
        keeping.undelivered(sending.send([gap.message()], is_last=True))
        keeping.finish()
        outcome.delivered = sending.delivered
        if outcome.not_safe:
            raise NotSafe("the alert about a gap is neither delivered nor kept", outcome)
        return outcome

    def _until_safe(self, work: Callable[[Deadline], Outcome]) -> Outcome | None:
        """Return what `work` comes to, which is tried until it is safe; `None` if the tail has to end before."""
        for output in self._outputs:
            output.forget()
        attempt = 0
        while True:
            try:
                outcome = work(Deadline(self._time()))
            except NotSafe as error:
                self.is_troubled = True
                self._logger.error("not safe, trying again: %s", error, extra=error.outcome.record())
            except Exception:  # a defect of ours: it is to be seen, and to lose nothing
                self.is_troubled = True
                self._logger.exception("failed, which is a defect of Lanner (please report it); trying again")
            else:
                self.is_troubled = False
                self.totals.add(outcome)
                return outcome
            if not self._wait(self._timing.pause(attempt)):
                return None
            attempt += 1

    def _time(self) -> float:
        """Return the seconds that an attempt may take."""
        return self._timing.run if self._end is None else min(self._timing.run, self._end.left())

    def _wait(self, seconds: float) -> bool:
        """Pause, but not for long if the tail is to end; tell whether there is time for another attempt."""
        if self._end is None:
            self._ending.wait(seconds)
        else:
            time.sleep(min(_LAST_PAUSE, seconds, self._end.left()))
        return self._end is None or self._end.left() > _LAST_ATTEMPT

    def _known(self) -> State:
        continuity = self._continuity
        return State(self._host, continuity.newest, continuity.cluster, tuple(self._memory.last(DIGESTS)))


def _name(message: New) -> str:
    """Return what a message is called: the same whenever it comes."""
    return f"message {message.digest.hex()[:_NAMED]}"


def _defect(message: New, error: Exception) -> Reject:
    reason = f"judging failed with {type(error).__name__}, which is a defect of Lanner (please report it)"
    return Reject(_name(message), reason, message.content)
