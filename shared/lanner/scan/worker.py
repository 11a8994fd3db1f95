"""A process that judges portions: what it does, and how the one that started it talks with it."""

from __future__ import annotations

import os
import signal
from multiprocessing import reduction
from typing import TYPE_CHECKING, Any

import msgspec

from lanner.errors import WorkerError
from lanner.fields import Intake
from lanner.sources import Context, Progress
from lanner.sources.files import read_places
from lanner.sources.segments import SegmentReader

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkContext

    from lanner.scan.judge import Judge
    from lanner.scan.part import Part
    from lanner.scan.portions import Portion

__all__ = ["Done", "Task", "Worker"]


class Task(msgspec.Struct, frozen=True):
    """A portion to judge, and what is assumed to have come before it: so many events, the first at that time."""

    portion: Portion
    events_before: int
    first_time: int | None


class Done(msgspec.Struct, frozen=True):
    """The end of a task: where in the file its segment ended, and after how many lines of it.

    `end` is `None` if nothing is left of the file, or the portion was of whole files.
    """

    end: int | None
    lines: int


class Worker:
    """A process with a copy of this one's rules, and the connection to it.

    `others` are the workers that were started before.
    """

    def __init__(self, context: ForkContext, judge: Judge, settings: Context, others: Sequence[Worker]) -> None:
        self.connection, theirs = context.Pipe()
        ours = [worker.connection for worker in (*others, self)]
        self._process = context.Process(target=_work, args=(theirs, ours, judge, settings), daemon=True)
        try:
            self._process.start()
        except OSError:
            self.connection.close()
            raise
        finally:
            theirs.close()  # the process has it now; so its death ends the connection

    def give(self, task: Task, descriptor: int | None) -> None:
        """Send a task to the process, which waits for one, and the file that the task's segment is in."""
        try:
            self.connection.send(task)
            if descriptor is not None:
                assert self._process.pid is not None  # it was started
                reduction.send_handle(self.connection, descriptor, self._process.pid)
        except OSError:
            raise self._death() from None

    def receive(self) -> Part | Done:
        """Return the next part of the task's result, or its end. Raises `WorkerError` if the process died."""
        try:
            message: Part | Done = self.connection.recv()
        except (EOFError, OSError):
            raise self._death() from None
        return message

    def stop(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.join()
        self._process.close()
        self.connection.close()

    def _death(self) -> WorkerError:
        self._process.join()
        status = self._process.exitcode or 0
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        hint = "; if memory was short, fewer --jobs need less" if status == -signal.SIGKILL else ""
        return WorkerError(f"one of the processes of --jobs {how}, so the rest of the input was not read{hint}")


def _work(connection: Connection, theirs: list[Connection], judge: Judge, settings: Context) -> None:
    """Do tasks until the other end of `connection` is closed. `theirs` are connections of the process that forked."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a keyboard sends it to all: who started this process will end it
    for other in theirs:
        other.close()  # else the other workers would not see that who started them is gone
    try:
        while True:
            task: Task = connection.recv()
            descriptor = reduction.recv_handle(connection) if task.portion.segment is not None else None
            try:
                for message in _results(task, descriptor, judge, settings):
                    connection.send(message)
            finally:
                if descriptor is not None:
                    os.close(descriptor)
    except (EOFError, OSError):  # nobody wants to know any more
        pass


def _results(task: Task, descriptor: int | None, judge: Judge, settings: Context) -> Iterator[Part | Done]:
    """Yield what comes of a task."""
    intake = Intake()
    intake.count, intake.first_time = task.events_before, task.first_time
    progress = Progress()
    segment = task.portion.segment
    if segment is None or descriptor is None:
        pieces: Any = read_places(task.portion.places, settings, progress, blocks=True)
        yield from judge.parts(pieces, intake, progress)
        yield Done(None, 0)
    else:
        reader = SegmentReader(descriptor, segment, settings, progress)
        yield from judge.parts(reader, intake, progress)
        yield Done(reader.end, reader.lines)
