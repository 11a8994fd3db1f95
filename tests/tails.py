"""Tails that run in a thread of their own, while a test plays the platform."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from functools import partial
from types import TracebackType
from typing import Any, Self

from doubles import Recorder
from emulators.ldp import Ldp
from emulators.processes import wait_until
from lanner.alerts import AlertFormat
from lanner.outputs.deadline import Deadline
from lanner.outputs.fanout import Route
from lanner.outputs.message import Message
from lanner.pipeline import Pipeline, Settings
from lanner.pipeline.secret import Secret
from lanner.pipeline.tail.gap import RULE
from lanner.pipeline.tail.running import tail_of
from lanner.pipeline.tail.settings import TailSettings
from lanner.pipeline.tail.timing import Timing
from lanner.ruleset import Priority
from lanner.sources import ovh
from support import shipped

__all__ = ["FAST", "Listening", "alerts_of", "gaps"]

FAST = Timing(
    opening=5.0,
    ping=0.1,
    pong=1.0,
    idle=30.0,
    first_pause=0.05,
    longest_pause=0.1,
    run=5.0,
    grace=5.0,
    closing=0.3,
    beat=0.02,
    patience=0.3,
    replay_idle=0.3,
)


def alerts_of(messages: Iterable[str], cluster: str = "") -> list[Message]:
    """Return the alerts that messages of the platform have to give, where nothing fails."""
    recorder = Recorder()
    pipeline = Pipeline(shipped().select(), AlertFormat(), [Route(recorder, Priority.DEBUG)], None)
    for message in messages:
        pipeline.take(ovh.events, message.encode(), Deadline(60), origin="x", provider="ovh", cluster=cluster)
    return recorder.taken


def gaps(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """Return the fields of the alerts that are about gaps."""
    return [message.alert()["output_fields"] for message in messages if message.rule == RULE]


class Listening:
    """A tail of what `ldp` sends, which delivers to `output`, as long as a `with` block. `result` is what it came to.

    `settings` are those of the tail; the address is `url`, if that is given.
    """

    def __init__(
        self,
        ldp: Ldp,
        output: Any,
        box: Any = None,
        *,
        url: str = "",
        timing: Timing = FAST,
        source: Any = ovh.events,
        pipeline: Pipeline | None = None,
        trusting: bool = True,
        **settings: Any,
    ) -> None:
        self.result: bool | None = None
        self.error: BaseException | None = None
        made = pipeline or Pipeline(shipped().select(), AlertFormat(), [Route(output, Priority.DEBUG)], box)
        self.tail = tail_of(
            made,
            box,
            source,
            Settings(outputs=(), allow_http=True),
            TailSettings(url=Secret.given("LANNER_LDP_URL", url or ldp.url), **settings),
            provider="ovh",
            timing=timing,
            tls=ldp.trusting() if trusting else None,
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        async def run() -> bool:
            self._loop = asyncio.get_running_loop()
            return await self.tail.run()

        try:
            self.result = asyncio.run(run())
        except BaseException as raised:
            self.error = raised

    def until(self, ready: Callable[[], bool], seconds: float = 20) -> None:
        """Return when `ready` says so. Raises the error of a tail that has ended by one."""

        def told() -> bool:
            if self.error is not None:
                raise self.error
            return ready()

        wait_until(told, seconds)

    def ended(self, seconds: float = 20) -> BaseException | None:
        """Return when the tail has ended by itself; return its error."""
        self._thread.join(seconds)
        assert not self._thread.is_alive()
        return self.error

    def stop(self, seconds: float = 20) -> bool | None:
        """Stop the tail as a signal does; return what it came to."""
        if self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(partial(self.tail.stop))
        self._thread.join(seconds)
        assert not self._thread.is_alive()
        return self.result
