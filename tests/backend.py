"""The audit webhook backend of an API server, as far as it was measured (a kube-apiserver 1.36.3 in batch mode).

Several batches are on their way at a time, each on a connection that is kept; every answer but 2xx, and none at all,
lets the same bytes come again, after a pause that grows by half each time, with jitter; after a few attempts the batch
is lost. An answer that takes longer than 30 s counts as none.
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

ANSWERED_WITHIN = 30.0


class Backend:
    """Posts batches to `url` with `token`.

    The first `pause` is 10 s in life. `again` counts attempts that were not the first, `lost` batches that were given
    up after `attempts`.
    """

    def __init__(self, url: str, token: str = "", *, pause: float = 0.02, attempts: int = 5, at_once: int = 4) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._address = parts.hostname, parts.port
        self._path = parts.path
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
        self._running: list[Future[None]] = []
        self._lock = threading.Lock()
        self.again = 0
        self.lost = 0

    def __enter__(self) -> Backend:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()
        for connection in self._connections:
            connection.close()

    def send(self, bodies: Iterable[bytes]) -> None:
        """Send batches, and wait until each is taken or lost."""
        self.begin(bodies)
        self.finish()

    def begin(self, bodies: Iterable[bytes]) -> None:
        """Begin to send batches."""
        self._running += [self._pool.submit(self._send, body) for body in bodies]

    def finish(self) -> None:
        """Wait until each batch is taken or lost."""
        for one in self._running:
            one.result()
        self._running.clear()

    def post(self, body: bytes) -> int:
        """Post a batch once; return the status of the answer, 0 if there is none."""
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = http.client.HTTPConnection(*self._address, timeout=ANSWERED_WITHIN)
            self._connections.append(connection)
        try:
            connection.request("POST", self._path, body, self._headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return 0
        return answer.status

    def _send(self, body: bytes) -> None:
        pause = self._pause
        for attempt in range(self._attempts):
            if 200 <= self.post(body) < 300:
                return
            time.sleep(pause * random.uniform(1.0, 1.2))
            pause = min(pause * 1.5, 30 * self._pause)
            if attempt:
                with self._lock:
                    self.again += 1
        with self._lock:
            self.lost += 1
