"""The webhook behind a small HTTP server of its own, for one machine and for tests."""

from __future__ import annotations

import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Condition
from typing import TYPE_CHECKING, Any

from lanner.pipeline.http import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Server"]

_IDLE = 90.0
"""Seconds after which a connection is closed that sends nothing; API servers keep theirs open that long."""

_MAX_LINE = 1024
"""Bytes of the line before a chunk of a body."""


class Server(ThreadingHTTPServer):
    """Serves what `answer` answers at `host` and `port` (0: any that is free). Each connection has a thread."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, answer: Callable[[Request], Response]) -> None:
        self.answer = answer
        self._busy = 0
        self._idle = Condition()
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, port), _Connection)

    def server_bind(self) -> None:
        """Bind, without asking the DNS for our own name, which may take long."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    def handle_error(self, *_: Any) -> None:
        """Say nothing of connections that break: whoever had it sends the batch again."""

    def answered(self, request: Request) -> Response:
        """Return the answer to a request, which counts as being at work until then."""
        with self._idle:
            self._busy += 1
        try:
            return self.answer(request)
        finally:
            with self._idle:
                self._busy -= 1
                self._idle.notify_all()

    def stop(self, seconds: float) -> None:
        """Take no more connections, and wait until no request is at work, for some seconds at the most."""
        self.server_close()
        with self._idle:
            self._idle.wait_for(lambda: not self._busy, seconds)


class _Connection(BaseHTTPRequestHandler):
    """One connection, with any number of requests."""

    server: Server
    protocol_version = "HTTP/1.1"
    timeout = _IDLE
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Answer a request."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = _Body(self, headers)
        response = self.server.answered(Request(self.command, self.path.partition("?")[0], headers, body.read))
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(response.body)))
        if not body.is_read:
            self.close_connection = True
            self.send_header("connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    do_GET = do_HEAD = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_POST

    def version_string(self) -> str:
        """Return what the server is called in its answers."""
        return "lanner"

    def log_message(self, *_: Any) -> None:
        """Write no line about each request: its path may be a secret."""


class _Body:
    """The body of a request, read when it is wanted."""

    def __init__(self, connection: BaseHTTPRequestHandler, headers: dict[str, str]) -> None:
        self._file = connection.rfile
        self._is_chunked = headers.get("transfer-encoding", "").strip().lower() == "chunked"
        length = headers.get("content-length", "0").strip()
        self._length = int(length) if length.isascii() and length.isdigit() else 0
        self.is_read = not (self._is_chunked or self._length)
        """Whether nothing of the body is left on the connection."""

    def read(self, limit: int) -> bytes:
        """Return the body, or its first `limit` bytes. Raises `OSError` or `ValueError` if it is broken."""
        if self._is_chunked:
            return self._chunks(limit)
        body = self._exactly(min(self._length, limit))
        self.is_read = len(body) == self._length
        return body

    def _exactly(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) < size:
            raise ConnectionError("the body ends too early")
        return data

    def _chunks(self, limit: int) -> bytes:
        body = bytearray()
        while len(body) < limit:
            size = _hexadecimal(self._file.readline(_MAX_LINE).partition(b";")[0].strip())
            if not size:
                while self._file.readline(_MAX_LINE).strip():
                    pass  # trailers
                self.is_read = True
                break
            body += self._exactly(min(size, limit - len(body)))
            if len(body) < limit:
                self._file.readline(_MAX_LINE)
        return bytes(body)


def _hexadecimal(text: bytes) -> int:
    """Return the number; `int` alone would take signs and prefixes, too."""
    if not text.isalnum() or b"x" in text.lower():
        raise ValueError("a chunk of a body without size")
    return int(text, 16)
