"""The WebSocket tail of OVHcloud's Logs Data Platform, as a script says: what it sends, and how it fails.

As on the platform, what is not sent while somebody listens is not sent later.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import trustme
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response

__all__ = ["TOKEN", "Act", "Ldp", "abort", "close", "half", "message", "raw", "send", "stall", "wait"]

TOKEN = "0123456789abcdef-token"

Act = Callable[[ServerConnection], Awaitable[None]]
"""What is done with a connection."""


def message(line: str, **record: object) -> str:
    """Return the message in which the platform sends a line of an audit log."""
    gelf = {"_appID": "kubernetes-audit", "host": "mks", "version": "1.1", "short_message": line} | record
    return json.dumps({"message": json.dumps(gelf, separators=(",", ":"))}, separators=(",", ":"))


def send(*messages: str | bytes, pause: float = 0.0) -> Act:
    """Send texts, or bytes as binary messages."""

    async def act(connection: ServerConnection) -> None:
        for one in messages:
            await connection.send(one)
            if pause:
                await asyncio.sleep(pause)

    return act


def raw(content: bytes) -> Act:
    """Send bytes as a text message, whether they are text or not."""

    async def act(connection: ServerConnection) -> None:
        await connection.send(content, text=True)

    return act


def half(text: str) -> Act:
    """Send the first half of a message, and break off."""

    async def act(connection: ServerConnection) -> None:
        frame = Frame(Opcode.TEXT, text.encode()).serialize(mask=False)
        connection.transport.write(frame[: len(frame) // 2])
        await asyncio.sleep(0.05)
        connection.transport.abort()

    return act


def close(code: int = 1000, reason: str = "") -> Act:
    """Close as the protocol wants it."""

    async def act(connection: ServerConnection) -> None:
        await connection.close(code, reason)

    return act


def abort() -> Act:
    """Break off; what was written is sent before."""

    async def act(connection: ServerConnection) -> None:
        await asyncio.sleep(0.05)
        connection.transport.abort()

    return act


def stall() -> Act:
    """Read nothing any more, and so answer no ping."""

    async def act(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await asyncio.sleep(3600)

    return act


def wait(seconds: float = 3600.0) -> Act:
    """Do nothing for a while."""

    async def act(connection: ServerConnection) -> None:
        await asyncio.sleep(seconds)

    return act


class Ldp:
    """Serves on 127.0.0.1, as long as a `with` block, by TLS unless `plain`.

    The connections are treated by `script`, one after the other; those behind its end are just left open. `answers` are
    the statuses of the first handshakes (0: a rightful one), perhaps with the header Retry-After.
    """

    def __init__(
        self,
        *script: Sequence[Act],
        answers: Sequence[int | tuple[int, str]] = (),
        port: int = 0,
        plain: bool = False,
        compression: str | None = None,
    ) -> None:
        self.port = port
        self.connections = 0
        self.handshakes = 0
        self.paths: list[str] = []
        self._script = list(script)
        self._answers = list(answers)
        self._compression = compression
        self._authority = trustme.CA()
        self._tls: ssl.SSLContext | None = None
        if not plain:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._authority.issue_cert("127.0.0.1", "localhost").configure_cert(self._tls)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: Server | None = None
        self._treating: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The address of the stream."""
        return f"{'ws' if self._tls is None else 'wss'}://localhost:{self.port}/tail/?tk={TOKEN}"

    def trusting(self) -> ssl.SSLContext | None:
        """Return a client's TLS settings that trust this server."""
        if self._tls is None:
            return None
        context = ssl.create_default_context()
        self._authority.configure_trust(context)
        return context

    def write_authority(self, path: Path) -> Path:
        """Write the certificate of the server's authority, for `SSL_CERT_FILE`."""
        path.write_bytes(self._authority.cert_pem.bytes())
        return path

    def __enter__(self) -> Self:
        self._thread.start()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def start(self) -> None:
        """Listen, at the same port as before."""
        self._call(self._start())

    def stop(self) -> None:
        """Break off all connections, and listen no more."""
        self._call(self._stop())

    def _call(self, work: Awaitable[None]) -> None:
        async def run() -> None:
            await work

        asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)

    async def _start(self) -> None:
        self._server = await serve(
            self._connected,
            "127.0.0.1",
            self.port,
            ssl=self._tls,
            process_request=self._asked,
            compression=self._compression,
            max_size=None,
            ping_interval=None,
            close_timeout=1,
            logger=logging.Logger("ldp", logging.CRITICAL + 1),
        )
        listening: socket.socket = next(iter(self._server.sockets))
        self.port = listening.getsockname()[1]

    async def _stop(self) -> None:
        if self._server is None:
            return
        for connection in list(self._server.connections):
            connection.transport.abort()
        self._server.close()
        for task in self._treating:
            task.cancel()
        await self._server.wait_closed()
        self._server = None

    def _asked(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer a handshake."""
        self.handshakes += 1
        self.paths.append(request.path)
        answer = self._answers.pop(0) if self._answers else 0
        status, retry_after = answer if isinstance(answer, tuple) else (answer, "")
        if not status:
            return None
        response = connection.respond(status, "no\n")
        if retry_after:
            response.headers["Retry-After"] = retry_after
        return response

    async def _connected(self, connection: ServerConnection) -> None:
        treating = asyncio.current_task()
        assert treating is not None
        self._treating.add(treating)
        treating.add_done_callback(self._treating.discard)
        number, self.connections = self.connections, self.connections + 1
        acts = self._script[number] if number < len(self._script) else []
        with contextlib.suppress(ConnectionClosed):  # whoever listened has gone
            for act in acts:
                await act(connection)
        await connection.wait_closed()
