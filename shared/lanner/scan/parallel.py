"""A run in several processes, with the result of a single one.

Portions of the input are judged side by side, and what they come to is handed on in the order of the input. A portion
is given to a process on assumptions about what comes before it: that the portion before ends where this one begins,
and, if rules ask for the number of an event, that every line before holds one event. When its turn comes, what came
before is known. Where an assumption was wrong, the portion and all behind it are judged again.
"""

from __future__ import annotations

import signal
from collections import deque
from multiprocessing import connection, get_context
from typing import TYPE_CHECKING

from lanner.scan.part import Part
from lanner.scan.portions import Portion, Portions, Position
from lanner.scan.worker import Done, Task, Worker

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lanner.scan.judge import Judge
    from lanner.sources import Context
    from lanner.sources.places import Place

__all__ = ["Parallel"]

_AHEAD = 4
"""Portions for each process that are judged, or are done, before their turn has come."""

_MAX_HELD = 32 << 20
"""Bytes of results whose turn has not come, after which only the process whose turn it is goes on."""


class _Issued:
    """A portion that was given to a worker, and what is there of its result."""

    def __init__(self, portion: Portion, events_before: int) -> None:
        self.portion = portion
        self.events_before = events_before
        self.parts: deque[Part] = deque()
        self.done: Done | None = None


class Parallel:
    """Judges what `places` hold by up to `jobs` processes.

    `first_time` is that of the first event, if rules ask for it; `numbered` says whether they ask for events' numbers.
    """

    def __init__(
        self,
        places: Sequence[Place],
        judge: Judge,
        settings: Context,
        *,
        jobs: int,
        first_time: int | None,
        numbered: bool,
    ) -> None:
        self._portions = Portions(places)
        self._judge = judge
        self._settings = settings
        self._jobs = jobs
        self._first_time = first_time
        self._numbered = numbered
        self._workers: list[Worker] = []
        self._idle: list[Worker] = []
        self._busy: dict[Worker, _Issued | None] = {}  # `None` if what the worker does is not wanted any more
        self._pending: deque[_Issued] = deque()
        self._held = 0
        self._position = Position(0)
        self._line = 1
        self._events = 0
        self._guessed: int | None = 0  # events before the portion that is taken next, `None` if there is no telling

    def start(self) -> bool:
        """Start the processes; say no if there is nothing for a second one to do, or no second one can be had."""
        count = self._useful()
        if count < 2:
            return False
        # Forked processes have the rules already, compiled and all. That is safe here: there are no threads, and no
        # library that minds. (The default would be another way of starting them from Python 3.14 on.)
        context = get_context("fork")
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # until a worker is ready to ignore it
        try:
            while len(self._workers) < count:
                self._workers.append(Worker(context, self._judge, self._settings, self._workers))
        except OSError:  # too many processes, or open files: those that are there have to do
            pass
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if len(self._workers) < 2:
            self.close()
            return False
        self._idle = list(reversed(self._workers))
        return True

    def close(self) -> None:
        """End the processes, whether they are done or not."""
        for worker in self._workers:
            worker.stop()
        self._workers.clear()
        self._portions.close()

    def parts(self) -> Iterator[Part]:
        """Yield the parts of the result in order. Raises `WorkerError` if a process dies."""
        while True:
            self._issue()
            if self._pending:
                first = self._pending[0]
                while first.parts:
                    part = first.parts.popleft()
                    self._held -= part.weight
                    self._events += part.statistics.events
                    yield part
                if first.done is not None:
                    self._pending.popleft()
                    self._go_on(first.portion, first.done)
                    continue
            elif self._portions.exhausted:
                return
            self._receive()

    def _useful(self) -> int:
        """Return how many processes would have something to do."""
        count = 0
        while count < self._jobs and not self._portions.exhausted:
            self._portions.take()
            count += 1
        self._portions.go_back(Position(0))
        return count

    def _issue(self) -> None:
        """Give portions to workers that have nothing to do."""
        while (
            self._idle
            and not self._portions.exhausted
            and len(self._pending) < _AHEAD * len(self._workers)
            and (self._guessed is not None or not self._pending)
        ):
            before = self._events if self._guessed is None else self._guessed
            portion = self._portions.take()
            worker = self._idle.pop()
            worker.give(Task(portion, before, self._first_time), self._portions.descriptor(portion))
            issued = self._busy[worker] = _Issued(portion, before)
            self._pending.append(issued)
            if self._numbered:
                lines = self._portions.lines(portion)
                self._guessed = None if lines is None else before + lines

    def _receive(self) -> None:
        """Wait for results of any worker whose results can be taken now."""
        is_full = self._held >= _MAX_HELD
        first = self._pending[0] if self._pending else None
        wanted = {
            worker.connection: worker
            for worker, issued in self._busy.items()
            if not is_full or issued is first or issued is None
        }
        for ready in connection.wait(list(wanted)):
            worker = wanted[ready]  # type: ignore[index]
            issued = self._busy[worker]
            message = worker.receive()
            if isinstance(message, Done):
                del self._busy[worker]
                self._idle.append(worker)
                if issued is not None:
                    issued.done = message
            elif issued is not None:
                issued.parts.append(message)
                self._held += message.weight

    def _go_on(self, portion: Portion, done: Done) -> None:
        """Note what is known now that a portion is done, and see whether those behind it were judged rightly."""
        place, _ = portion.position
        if done.end is None:
            self._position, self._line = Position(place + len(portion.places)), 1
        else:
            self._position, self._line = Position(place, done.end), self._line + done.lines
        self._portions.settle(self._position, self._line)
        position, events = self._portions.position, self._guessed
        if self._pending:
            position, events = self._pending[0].portion.position, self._pending[0].events_before
        is_right = position == self._position and (not self._numbered or events in (self._events, None))
        if not is_right:
            self._start_anew()

    def _start_anew(self) -> None:
        """Drop all that was given to workers, and go on from where it is known what came before."""
        for issued in self._pending:
            self._held -= sum(part.weight for part in issued.parts)
        self._pending.clear()
        for worker in self._busy:
            self._busy[worker] = None
        self._portions.go_back(self._position)
        self._guessed = self._events if self._numbered else 0
