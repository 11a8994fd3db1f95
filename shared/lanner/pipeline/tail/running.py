"""A tail from its settings, run until a signal ends it."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

from lanner.errors import UsageError
from lanner.pipeline.tail.address import Address
from lanner.pipeline.tail.buffer import Buffer
from lanner.pipeline.tail.judging import Judging
from lanner.pipeline.tail.settings import URL
from lanner.pipeline.tail.state import StateFile
from lanner.pipeline.tail.stream import Stream
from lanner.pipeline.tail.tail import Tail
from lanner.pipeline.tail.timing import Timing

if TYPE_CHECKING:
    import ssl

    from lanner.outputs.dead_letters import DeadLetterBox
    from lanner.pipeline.pipeline import Pipeline, Source
    from lanner.pipeline.settings import Settings
    from lanner.pipeline.tail.settings import TailSettings

__all__ = ["run_until_signal", "tail_of"]

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_NOT_SAFE = 1  # exit status


def tail_of(
    pipeline: Pipeline,
    box: DeadLetterBox | None,
    source: Source,
    settings: Settings,
    tail_settings: TailSettings,
    *,
    provider: str,
    timing: Timing | None = None,
    tls: ssl.SSLContext | None = None,
) -> Tail:
    """Return a tail whose messages `source` takes apart; `box` is the one of the pipeline.

    Raises `UsageError` if there is no address, or none that can be used.
    """
    url = tail_settings.url
    if url is None:
        raise UsageError(f"{URL}: there is no address of a stream; set it, or {URL}_FILE")
    timing = timing or Timing(idle=tail_settings.idle, grace=tail_settings.grace)

    def address() -> Address:
        return Address.read(url.reveal(), url.name, allow_http=settings.allow_http)

    found = address()
    host = found.host
    # A replay is about the past: it must not be taken for what comes next, nor be remembered as that.
    state = "" if found.is_replay else tail_settings.state
    judging = Judging(
        pipeline,
        box,
        source,
        StateFile(state, host),
        timing,
        host=host,
        provider=provider,
        cluster=settings.cluster,
    )
    buffer = Buffer(tail_settings.buffer)
    return Tail(Stream(address, url.name, buffer, timing, tls), buffer, judging, timing, tail_settings.health)


def run_until_signal(tail: Tail) -> int:
    """Run a tail; return the status to exit with: 0, or 1 if something that was received is not safe.

    A signal makes it come to an end, a second one ends the process at once. Raises `UsageError`.
    """

    async def run() -> bool:
        loop = asyncio.get_running_loop()

        def first() -> None:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)
                signal.signal(number, _end)
            tail.stop()

        for number in _SIGNALS:
            loop.add_signal_handler(number, first)
        return await tail.run()

    before = [signal.getsignal(number) for number in _SIGNALS]
    try:
        return 0 if asyncio.run(run()) else _NOT_SAFE
    finally:
        for number, handler in zip(_SIGNALS, before, strict=True):
            signal.signal(number, handler)


def _end(*_: object) -> None:
    """End the process: of one that is number 1 in a container, the system ignores what signals do by default."""
    os._exit(_NOT_SAFE)
