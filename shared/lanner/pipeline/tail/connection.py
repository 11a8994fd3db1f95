"""A WebSocket connection: opened, kept alive, and read until it breaks."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from lanner.pipeline.tail.buffer import Received

if TYPE_CHECKING:
    import logging
    import ssl

    from websockets.asyncio.client import ClientConnection, connect
    from websockets.exceptions import ConnectionClosed

    from lanner.pipeline.tail.address import Address
    from lanner.pipeline.tail.buffer import Buffer, Origin
    from lanner.pipeline.tail.timing import Timing

__all__ = ["MAX_SIZE", "Connection", "Ending", "Refusal", "opened"]

MAX_SIZE = 16 << 20
"""Bytes of the largest message that is read. A larger one ends the connection."""

_QUEUE = 4
"""Messages that may lie between the network and the buffer."""

_HINTS = {
    400: "the address is wrong",
    401: "the token is wrong, or no longer valid",
    403: "the token does not give access to the stream",
    404: "there is no such stream: is the address right, and WebSocket switched on for the stream?",
}
"""What answers mean that will be the same the next time."""

_ORDERLY, _TOO_BIG = (1000, 1001, 1005), 1009  # codes of RFC 6455
_LATER = (408, 425, 429)
_REASON_SHOWN = 200


class Refusal(NamedTuple):
    """Why there is no connection. `is_final` tells that trying again cannot help, `wait` what the server asks for."""

    reason: str
    is_final: bool = False
    wait: float = 0.0


class Ending(NamedTuple):
    """Why a connection ended. `is_orderly` tells that the server meant it to, or had nothing more to say."""

    reason: str
    is_orderly: bool = False


async def opened(
    address: Address, origin: Origin, buffer: Buffer, timing: Timing, tls: ssl.SSLContext | None = None
) -> Connection | Refusal:
    """Return a new connection to `address`, or why there is none. `tls` is for servers of an authority of their own."""
    try:
        from websockets.exceptions import InvalidProxy, InvalidStatus, WebSocketException
    except ImportError:
        return Refusal("this needs websockets (pip install 'lanner[ovh]')", is_final=True)

    try:
        opens, counting = _ours()
        connection = await opens(
            address.uri,
            create_connection=counting,
            open_timeout=timing.opening,
            ping_interval=None,
            close_timeout=timing.closing,
            max_size=MAX_SIZE,
            max_queue=_QUEUE,
            user_agent_header="lanner",
            logger=_silent(),
            ssl=(tls or True) if address.is_secure else None,
        )
    except InvalidStatus as error:
        return _answered(error.response.status_code, error.response.headers.get("Retry-After", ""))
    except InvalidProxy:
        return Refusal("the proxy that the environment names is none", is_final=True)
    except ImportError:
        return Refusal("connecting through a SOCKS proxy needs the package python-socks", is_final=True)
    except TimeoutError:
        return Refusal(f"no answer within {timing.opening:.0f} s")
    except OSError as error:
        return Refusal(_told(error))
    except UnicodeError:
        return Refusal("that is no host name", is_final=True)
    except WebSocketException as error:
        return Refusal(f"no WebSocket server's answer ({type(error).__name__})")
    return Connection(connection, origin, buffer, timing)


class Connection:
    """A connection that is open; what comes by it goes into `buffer`, as being of `origin`."""

    def __init__(self, connection: ClientConnection, origin: Origin, buffer: Buffer, timing: Timing) -> None:
        self.received = 0
        self._connection = connection
        self._origin = origin
        self._buffer = buffer
        self._timing = timing
        self._own: Ending | None = None
        self._last_message = time.monotonic()
        self._pong: asyncio.Future[float] | None = None

    async def read(self, idle: float) -> Ending:
        """Read messages until the connection breaks, or none came for `idle` seconds; return how it ended.

        If this is cancelled, what was received by then is in the buffer.
        """
        from websockets.exceptions import ConnectionClosed

        keeper = asyncio.create_task(self._keep_alive(idle))
        try:
            while True:
                self._take(await self._connection.recv(decode=False))
                if self._buffer.is_full:
                    await self._buffer.room()
                    self._last_message = time.monotonic()  # the server was not listened to
        except ConnectionClosed as error:
            return self._own or _ending(error)
        except asyncio.CancelledError:
            await self._drain()
            raise
        finally:
            keeper.cancel()
            self._connection.transport.abort()

    @property
    def _heard(self) -> int:
        heard: int = getattr(self._connection, "heard", 0)
        return heard

    def _take(self, content: bytes) -> None:
        self.received += 1
        self._last_message = time.monotonic()
        self._buffer.add(Received(content, self._origin))

    async def _drain(self) -> None:
        """Say good-bye, and take what is still on its way here, as far as there is room."""
        from websockets.exceptions import ConnectionClosed

        closing = asyncio.create_task(self._connection.close())
        with suppress(ConnectionClosed, TimeoutError):
            async with asyncio.timeout(self._timing.closing):
                while not self._buffer.is_full:
                    self._take(await self._connection.recv(decode=False))
        closing.cancel()

    async def _keep_alive(self, idle: float) -> None:
        """Ask for signs of life, and end the connection if there are none.

        Not by the library's own pings: it takes a server for dead whose answer stands behind messages that nobody
        reads, because alerts cannot be delivered at the moment.
        """
        from websockets.exceptions import ConnectionClosed

        with suppress(ConnectionClosed):
            while True:
                await asyncio.sleep(min(self._timing.ping, idle))
                if self._buffer.is_full:
                    continue
                if time.monotonic() - self._last_message >= idle:
                    await self._end(Ending(f"no message for {idle:.0f} s", is_orderly=True))
                elif not await self._is_alive():
                    await self._end(Ending("no sign of life, not even an answer to a ping"))

    async def _is_alive(self) -> bool:
        """Tell whether anything comes, be it the answer to a ping or a part of a message."""
        before = self._heard
        if self._pong is None or self._pong.done():
            self._pong = asyncio.ensure_future(await self._connection.ping())
        else:  # some servers never answer; what is sent keeps the connection open on its way
            await self._connection.pong()
        await asyncio.wait([self._pong], timeout=self._timing.pong)
        return self._pong.done() or self._heard > before or self._buffer.is_full

    async def _end(self, ending: Ending) -> None:
        self._own = ending
        await self._connection.close(1001)


@cache
def _ours() -> tuple[type[connect], type[ClientConnection]]:
    """Return what opens connections, and what they are: made here because the library is imported when it is needed."""
    from websockets.asyncio import client

    class Direct(client.connect):
        """Follows no redirects: the token is for nobody else."""

        def process_redirect(self, exc: Exception) -> Exception | str:
            return exc

    class Counting(client.ClientConnection):
        """Counts the bytes that come: a large message on a slow line is a sign of life, too."""

        heard = 0

        def data_received(self, data: bytes) -> None:
            self.heard += len(data)
            super().data_received(data)

    return Direct, Counting


@cache
def _silent() -> logging.Logger:
    """Return a logger that belongs to no other, and logs nothing: the address would be in it."""
    import logging

    return logging.Logger("websockets", logging.CRITICAL + 1)


def _answered(status: int, retry_after: str) -> Refusal:
    reason = f"it answered {status}"
    if status in _HINTS:
        return Refusal(f"{reason}: {_HINTS[status]}", is_final=True)
    if 300 <= status < 500 and status not in _LATER:
        return Refusal(f"{reason}, which is no answer of a WebSocket server: is the address right?", is_final=True)
    return Refusal(reason, wait=_seconds(retry_after))


def _seconds(retry_after: str) -> float:
    """Return the seconds that a header `Retry-After` asks for, in either of its forms; 0 if it is neither."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit() and len(text) < 9:
        return float(text)
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return 0.0


def _told(error: OSError) -> str:
    """Return what went wrong on the network, without the address."""
    import socket
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed ({error.strerror})"
    if isinstance(error, socket.gaierror):
        return f"the host's name cannot be resolved ({error.strerror})"
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there"
    return (error.strerror or str(error))[:_REASON_SHOWN]


def _ending(error: ConnectionClosed) -> Ending:
    """Return how a connection ended that we did not end."""
    if error.rcvd is not None and error.rcvd_then_sent is not False:
        shown = f"{error.rcvd.code} {error.rcvd.reason[:_REASON_SHOWN]}".strip()
        return Ending(f"the server closed it ({shown})", is_orderly=error.rcvd.code in _ORDERLY)
    if error.sent is not None:
        what = f"one of more than {MAX_SIZE >> 20} MiB" if error.sent.code == _TOO_BIG else "no WebSocket frame"
        return Ending(
            f"a WebSocket message was expected, and what came was {what} ({error.sent.reason[:_REASON_SHOWN]})"
        )
    return Ending("it broke off")
