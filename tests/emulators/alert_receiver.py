"""Somebody's webhook for alerts: it remembers what it took, and refuses for as long as it is told to."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

__all__ = ["AlertReceiver"]


class AlertReceiver(ThreadingHTTPServer):
    """Takes alerts at `url`, as long as a `with` block. With `refusing`, it answers 503 and counts that."""

    daemon_threads = True

    def __init__(self) -> None:
        self.alerts: list[dict[str, Any]] = []
        self.refusing = False
        self.refused = 0
        super().__init__(("127.0.0.1", 0), _Request)
        self.url = f"http://127.0.0.1:{self.server_port}/alerts"
        self.settings = {
            "LANNER_WEBHOOK_URL": self.url,
            "LANNER_ALLOW_HTTP": "true",
            "LANNER_ALLOW_PRIVATE_ADDRESSES": "127.0.0.1",
        }

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, *_: Any) -> None:
        """Say nothing of connections that break: functions get killed here."""

    @property
    def ids(self) -> set[str]:
        """The ids of the alerts that came, however often."""
        return {alert["id"] for alert in list(self.alerts)}


class _Request(BaseHTTPRequestHandler):
    server: AlertReceiver
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Take an alert."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.refusing:
            self.server.refused += 1
        else:
            self.server.alerts.append(json.loads(body))
        self.send_response(503 if self.server.refusing else 204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Write no line about each request."""
