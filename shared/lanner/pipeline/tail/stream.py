"""The stream of messages: one connection after the other, for as long as it takes."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from lanner.errors import UsageError
from lanner.pipeline.tail.buffer import Origin
from lanner.pipeline.tail.connection import Connection, Ending, Refusal, opened
from lanner.pipeline.tail.threads import in_thread
from lanner.pipeline.telemetry import LOGGER

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from lanner.pipeline.tail.address import Address
    from lanner.pipeline.tail.buffer import Buffer
    from lanner.pipeline.tail.timing import Timing

__all__ = ["Stream"]

_REPLAYS = 5
"""So often a replay is begun again that breaks off, or it never ends: it begins from its beginning each time."""


class Stream:
    """Reads the stream at the address that `address` returns into `buffer`.

    The address is asked for before each connection: its token may be a new one. Messages call it `name`.
    """

    def __init__(
        self,
        address: Callable[[], Address],
        name: str,
        buffer: Buffer,
        timing: Timing,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.connections = 0
        self.is_connected = False
        self._address = address
        self._name = name
        self._buffer = buffer
        self._timing = timing
        self._tls = tls
        self._logger = logging.getLogger(LOGGER)

    async def read(self) -> None:
        """Read until this is cancelled, or a replay is over; what was received by then is in the buffer.

        Raises `UsageError` if the server's answer will be the same for ever.
        """
        attempt, after = 0, ""
        while True:
            address = await in_thread(self._address)
            origin = Origin(self.connections + 1, after)
            connection = await opened(address, origin, self._buffer, self._timing, self._tls)
            if isinstance(connection, Refusal):
                if connection.is_final:
                    raise UsageError(f"{self._name}: {address.host}: {connection.reason}")
                seconds = self._timing.pause(attempt, connection.wait)
                self._logger.warning(
                    "%s: not connected: %s; trying again in %.1f s",
                    *(address.host, connection.reason, seconds),
                    extra={"event": "not_connected", "attempt": attempt + 1},
                )
            else:
                began = time.monotonic()
                ending = await self._listen(connection, address)
                if address.is_replay and ending.is_orderly:
                    return
                if address.is_replay and self.connections >= _REPLAYS:
                    raise UsageError(f"{self._name}: the replay broke off {_REPLAYS} times: {ending.reason}")
                if time.monotonic() - began >= self._timing.proven:
                    attempt = 0
                after = ending.reason
                seconds = self._timing.pause(attempt)
            attempt += 1
            await asyncio.sleep(seconds)

    async def _listen(self, connection: Connection, address: Address) -> Ending:
        """Read all that comes by a connection; return how it ended."""
        self.connections += 1
        self.is_connected = True
        self._logger.info("%s: connected", address.host, extra={"event": "connected", "connection": self.connections})
        try:
            ending = await connection.read(self._timing.replay_idle if address.is_replay else self._timing.idle)
        finally:
            self.is_connected = False
        self._logger.log(
            logging.INFO if address.is_replay and ending.is_orderly else logging.WARNING,
            "%s: disconnected: %s",
            *(address.host, ending.reason),
            extra={"event": "disconnected", "connection": self.connections, "messages": connection.received},
        )
        return ending
