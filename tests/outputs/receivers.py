"""Servers that alerts are posted to: they remember what they got, and answer, or misbehave, as they are told."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple

import pytest

__all__ = ["Receiver", "Request", "answer", "finds", "receiving"]

Script = bytes | Callable[[socket.socket], None]


class Request(NamedTuple):
    """A request as it came; the names of headers are in lower case."""

    line: str
    headers: dict[str, str]
    body: bytes


def answer(status: int = 200, body: bytes = b"", **headers: str) -> bytes:
    """Return an answer as it goes over the wire; underscores in the names of headers stand for hyphens."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Receiver:
    """Answers requests at 127.0.0.1, each with the next of `answers`; the last one serves for all that follow.

    An answer that can be called is given the connection, which is closed after that.
    """

    def __init__(self, trust: ssl.SSLContext | None = None) -> None:
        self.answers: list[Script] = [answer()]
        self.requests: list[Request] = []
        self.connections = 0
        self.names: list[str | None] = []
        self.done = threading.Event()
        self._trust = trust
        self._open: list[socket.socket] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        if trust is not None:
            trust.sni_callback = lambda _socket, name, _context: self.names.append(name)
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def url(self, path: str = "/hook", host: str = "127.0.0.1") -> str:
        return f"{'http' if self._trust is None else 'https'}://{host}:{self.port}{path}"

    def hang_up(self) -> None:
        """Close the connections that are open."""
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.done.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self.hang_up()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self._open.append(connection)
                self.connections += 1
                self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
                self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):
            try:
                if self._trust is not None:
                    connection = self._trust.wrap_socket(connection, server_side=True)
                    self._open.append(connection)
                with connection.makefile("rb") as file:
                    while line := file.readline():
                        self._answer(connection, line.decode("latin-1").strip(), file)
            finally:
                connection.close()

    def _answer(self, connection: socket.socket, line: str, file: object) -> None:
        headers: dict[str, str] = {}
        while text := file.readline().decode("latin-1").strip():  # type: ignore[attr-defined]
            name, _, value = text.partition(":")
            headers[name.lower()] = value.strip()
        body = file.read(int(headers.get("content-length", "0")))  # type: ignore[attr-defined]
        self.requests.append(Request(line, headers, body))
        script = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(script, bytes):
            connection.sendall(script)
        else:
            script(connection)
            connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def receiving(trust: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver, for as long as it is needed."""
    receiver = Receiver(trust)
    try:
        yield receiver
    finally:
        receiver.close()


def finds(monkeypatch: pytest.MonkeyPatch, *answers: Sequence[str] | Exception) -> list[str]:
    """GIVEN a DNS that gives these addresses, one answer after the other; the names that were asked for."""
    asked: list[str] = []
    left = list(answers)

    def getaddrinfo(host: str, port: int, *_: object, **__: object) -> list[tuple]:
        asked.append(host)
        found = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(found, Exception):
            raise found
        return [
            (socket.AF_INET6 if ":" in text else socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, port))
            for text in found
        ]

    real = socket.getaddrinfo

    def either(host: str, port: int, *arguments: object, **options: object) -> list:
        is_address = host.replace(".", "").isdigit() or ":" in host
        return real(host, port, *arguments, **options) if is_address else getaddrinfo(host, port)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", either)
    return asked
