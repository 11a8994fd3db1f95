"""The audit webhook backend of an API server, as kube-apiserver 1.36.3 was seen to behave in batch mode.

Whatever the answer to a batch, if it is not 2xx or does not come within 30 s, the same bytes come again, after 10, 15
and 23 seconds, a bit more or less, until after a few attempts the batch is lost. Other batches go on meanwhile, by
connections of their own, which are kept open.
"""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from urllib.parse import urlsplit

__all__ = ["Backend"]

_PATIENCE = 30.0
_FACTOR, _JITTER = 1.5, 0.2


class Backend:
    """Posts batches to `url`, several at a time, with `token` if there is one.

    The first `pause` is 10 s in life. `again` counts batches that were sent more than once, `lost` those that were
    given up after `attempts`.
    """

    def __init__(self, url: str, token: str = "", *, pause: float = 0.02, attempts: int = 5, at_once: int = 4) -> None:
        parts = urlsplit(url)
        self._address, self._path = parts.netloc, parts.path or "/"
        self._headers = {
            "User-Agent": "Go-http-client/1.1",
            "Accept": "application/json, */*",
            "Content-Type": "application/json",
            "Accept-Encoding": "gzip",
        }
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._pause = pause
        self._attempts = attempts
        self._pool = ThreadPoolExecutor(at_once)
        self._own = threading.local()
        self._connections: list[http.client.HTTPConnection] = []
        self._running: list[Future[int]] = []
        self.again = 0
        self.lost = 0

    def send(self, bodies: Iterable[bytes]) -> None:
        """Send batches, and wait until each is taken or lost."""
        self.begin(bodies)
        self.finish()

    def begin(self, bodies: Iterable[bytes]) -> None:
        """Begin to send batches."""
        self._running += [self._pool.submit(self._send, body) for body in bodies]

    def finish(self) -> None:
        """Wait until each batch is taken or lost, and close all connections."""
        for running in self._running:
            attempts = running.result()
            self.again += attempts > 1
            self.lost += attempts > self._attempts
        self._running.clear()
        for connection in self._connections:
            connection.close()  # the next request opens it again

    def post(self, body: bytes) -> int:
        """Post a batch once, by a connection that is closed then; return the status of the answer, 0 if none came."""
        try:
            return self._post(body)
        finally:
            self._connection().close()

    def _send(self, body: bytes) -> int:
        """Post a batch until it is taken; return the number of attempts, one too many if it is lost."""
        pause = self._pause
        for attempt in range(1, self._attempts + 1):
            if self._post(body) // 100 == 2:
                return attempt
            time.sleep(pause * (1 + random.random() * _JITTER))
            pause *= _FACTOR
        return self._attempts + 1

    def _post(self, body: bytes) -> int:
        connection = self._connection()
        try:
            connection.request("POST", self._path, body, self._headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return 0
        return answer.status

    def _connection(self) -> http.client.HTTPConnection:
        """Return the connection of this thread."""
        if not hasattr(self._own, "connection"):
            self._own.connection = http.client.HTTPConnection(self._address, timeout=_PATIENCE)
            self._connections.append(self._own.connection)
        connection: http.client.HTTPConnection = self._own.connection
        return connection
