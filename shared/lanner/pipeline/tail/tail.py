"""A tail: reads a stream, has it judged, and comes to an end without losing what it has received."""

from __future__ import annotations

import asyncio
import logging
import time
from functools import partial
from typing import TYPE_CHECKING

from lanner.pipeline.tail.health import HealthFile
from lanner.pipeline.tail.threads import in_thread
from lanner.pipeline.telemetry import LOGGER

if TYPE_CHECKING:
    from lanner.pipeline.tail.buffer import Buffer
    from lanner.pipeline.tail.judging import Judging
    from lanner.pipeline.tail.stream import Stream
    from lanner.pipeline.tail.timing import Timing

__all__ = ["Tail"]


class Tail:
    """Takes messages from `stream` through `buffer` to `judging`. `health` is the path of a file, empty for none."""

    def __init__(self, stream: Stream, buffer: Buffer, judging: Judging, timing: Timing, health: str = "") -> None:
        self._stream = stream
        self._buffer = buffer
        self._judging = judging
        self._timing = timing
        self._health = HealthFile(health)
        self._reading: asyncio.Task[None] | None = None
        self._well = time.monotonic()  # when it was so last
        self._logger = logging.getLogger(LOGGER)

    async def run(self) -> bool:
        """Run until `stop` is called, or the stream is over; tell whether all that was received is safe.

        Raises `UsageError` if the stream cannot be had, once what was received is dealt with.
        """
        self._reading = asyncio.create_task(self._stream.read())
        judging = asyncio.create_task(self._judge())
        others = [asyncio.create_task(self._beat()), asyncio.create_task(self._count())]
        try:
            await asyncio.wait([self._reading, judging, *others], return_when=asyncio.FIRST_COMPLETED)
            if not self._reading.done():  # a defect of ours: rather no tail than one that only seems to be well
                self._logger.critical("a part of the tail has ended, which is a defect of Lanner (please report it)")
                self._reading.cancel()
            await self._reading
        except asyncio.CancelledError:
            pass  # that is how it is stopped
        finally:
            is_safe = await self._drain(judging)
            for task in others:
                task.cancel()
        return is_safe

    def stop(self) -> None:
        """Read no more, and come to an end."""
        if self._reading is not None:
            self._reading.cancel()

    async def _drain(self, judging: asyncio.Task[bool]) -> bool:
        """Wait until what was received is dealt with, as long as there is time; tell whether all of it is safe."""
        self._buffer.close()
        self._judging.end(self._timing.grace)
        await asyncio.wait([judging], timeout=self._timing.grace)
        self._report()
        failure = judging.exception() if judging.done() else None
        if failure is not None:
            self._logger.critical("judging ended", exc_info=failure)
        elif judging.done() and judging.result():
            self._logger.info("drained: all that was received is safe", extra={"event": "drained"})
            return True
        self._logger.critical(
            "not drained: not all that was received is safe", extra={"event": "not_drained", "left": len(self._buffer)}
        )
        return False

    async def _judge(self) -> bool:
        """Deal with what is received until nothing more comes; tell whether all of it is safe."""
        while batch := await self._buffer.take():
            if not await in_thread(partial(self._judging.take, batch)):
                return False
        await in_thread(self._judging.finish)
        return True

    async def _beat(self) -> None:
        """Write the health file as long as all is well: connected and delivering, or not for long without it."""
        while True:
            now = time.monotonic()
            if self._stream.is_connected and not self._judging.is_troubled:
                self._well = now
            if now - self._well <= self._timing.patience:
                self._health.write()
            await asyncio.sleep(self._timing.beat)

    async def _count(self) -> None:
        """Log what happened, now and then."""
        while True:
            await asyncio.sleep(self._timing.report)
            self._report()

    def _report(self) -> None:
        outcome, counts = self._judging.totals.taken()
        if outcome.problems or outcome.statistics.failed:
            level = logging.WARNING
        else:
            # What was received before the last report may have been judged since.
            level = logging.INFO if counts or outcome.statistics.events else logging.DEBUG
        self._logger.log(
            level,
            "%s messages: %s",
            *(f"{counts.get('messages', 0):,}", outcome),
            extra={"event": "counts", **counts, **outcome.record()},
        )
