"""Log services' ingestion APIs, and IBM Cloud's IAM, as their documentation says that they behave.

LogDNA and IBM Log Analysis: a POST to `/logs/ingest` of 10 MB at the most, for a host, with the key as a user name
without password. A line beyond 16 KB is cut, metadata beyond 32 KB is not taken. IBM Cloud Logs: a POST to
`/logs/v1/singles` of 2 MB at the most, with an access token; a log beyond 32 K, older than 24 hours or more than 4
hours ahead is dropped, silently. IAM: tokens for API keys at `/identity/token`.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from base64 import b64encode
from collections import Counter, deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qs, urlsplit

import trustme

__all__ = ["Ingestion", "Taken"]

_MAX_LOGDNA, _MAX_LINE, _MAX_META = 10_000_000, 16_384, 32_768
_MAX_SINGLES, _MAX_LOG = 2_000_000, 32_768
_OLDEST, _NEWEST = 24 * 3600, 4 * 3600
_LOST_ANSWER = "lost"


class Taken(NamedTuple):
    """A line or a log that was taken: the alert in it, and all that came with it."""

    alert: dict[str, Any]
    entry: dict[str, Any]
    host: str = ""


class Ingestion(ThreadingHTTPServer):
    """Listens on 127.0.0.1, as long as a `with` block; by TLS, with the authority in `authority`, unless `plain`.

    `faults` are what the next requests to an ingestion API get instead of an answer: a status; `"lost"`: all is taken,
    but the connection breaks before the answer; or what is called first. `refusing` is a status that all get. IAM has
    its own `iam_faults`, which are statuses.
    """

    daemon_threads = True

    def __init__(self, *, plain: bool = False) -> None:
        self.key, self.api_key = "ingestion-key-0123456789", "api-key-0123456789-9876543210"
        self.taken: list[Taken] = []
        self.dropped: list[str] = []
        self.statuses: Counter[int] = Counter()
        self.faults: deque[int | str | Callable[[], None]] = deque()
        self.iam_faults: deque[int] = deque()
        self.refusing = 0
        self.lifetime = 3600
        self.granted: list[str] = []
        self.valid: set[str] = set()
        self.lock = threading.Lock()
        self._trust = None if plain else ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.authority = b""
        super().__init__(("127.0.0.1", 0), _Request)
        if self._trust is not None:
            authority = trustme.CA()
            authority.issue_cert("127.0.0.1").configure_cert(self._trust)
            self.authority = authority.cert_pem.bytes()
        self.url = f"{'http' if plain else 'https'}://127.0.0.1:{self.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        self.shutdown()
        self.server_close()

    def get_request(self) -> Any:
        """Accept a connection; its handshake is for the thread that serves it."""
        connection, address = super().get_request()
        if self._trust is not None:
            connection = self._trust.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, *_: Any) -> None:
        """Say nothing of connections that break: that is what clients are tried with."""

    @property
    def alerts(self) -> list[dict[str, Any]]:
        """The alerts that were taken, in their order."""
        return [taken.alert for taken in list(self.taken)]

    @property
    def ids(self) -> set[str]:
        """The ids of the alerts that came, however often."""
        return {alert["id"] for alert in self.alerts}

    @property
    def logdna_settings(self) -> dict[str, str]:
        """What has a function send its alerts as log lines."""
        return {"LANNER_LOGDNA_URL": f"{self.url}/logs/ingest", "LANNER_LOGDNA_KEY": self.key} | self._reach

    @property
    def ibm_settings(self) -> dict[str, str]:
        """What has a function send its alerts as logs."""
        return {
            "LANNER_IBM_LOGS_URL": self.url,
            "LANNER_IBM_LOGS_API_KEY": self.api_key,
            "LANNER_IBM_IAM_URL": self.url,
        } | self._reach

    @property
    def _reach(self) -> dict[str, str]:
        allow_http = {} if self._trust is not None else {"LANNER_ALLOW_HTTP": "true"}
        return {"LANNER_ALLOW_PRIVATE_ADDRESSES": "127.0.0.1"} | allow_http

    def grant(self) -> str:
        """Return a new access token."""
        with self.lock:
            token = f"access-token-{len(self.granted)}"
            self.granted.append(token)
            self.valid.add(token)
        return token


class _Request(BaseHTTPRequestHandler):
    server: Ingestion
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Answer a request to one of the APIs."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        parts = urlsplit(self.path)
        if parts.path == "/identity/token":
            self._answer(*self._iam(body))
        elif parts.path == "/logs/ingest":
            self._ingest(lambda: self._lines(body, parse_qs(parts.query)))
        elif parts.path == "/logs/v1/singles":
            self._ingest(lambda: self._singles(body))
        else:
            self._answer(404)

    def _ingest(self, take: Callable[[], int]) -> None:
        server = self.server
        with server.lock:
            fault = server.faults.popleft() if server.faults else server.refusing
        if callable(fault):
            fault()
            fault = 0
        if fault == _LOST_ANSWER:
            take()
            self.close_connection = True
            self.connection.close()
            return
        status = int(fault) or take()
        server.statuses[status] += 1
        self._answer(status, {"status": "ok", "batchID": "b"} if status == 200 else {"status": "error"})

    def _lines(self, body: bytes, query: dict[str, list[str]]) -> int:
        key = f"Basic {b64encode(f'{self.server.key}:'.encode()).decode()}"
        if self.headers.get("Authorization") != key:
            return 401
        if len(body) > _MAX_LOGDNA:
            return 413
        host = query.get("hostname", [""])[0]
        try:
            lines = json.loads(body)["lines"]
        except (ValueError, KeyError):
            return 400
        if not 0 < len(host) <= 256 or not all(isinstance(line.get("line"), str) for line in lines):
            return 400
        for line in lines:
            text = line["line"].encode()[:_MAX_LINE].decode(errors="ignore")
            if len(json.dumps(line.get("meta"), ensure_ascii=False).encode()) > _MAX_META:
                self.server.dropped.append("metadata is too long")
                del line["meta"]
            self.server.taken.append(Taken(json.loads(text), line, host))  # a line that was cut is no JSON any more
        return 200

    def _singles(self, body: bytes) -> int:
        if self.headers.get("Authorization", "").removeprefix("Bearer ") not in self.server.valid:
            return 401
        if len(body) > _MAX_SINGLES:
            return 413
        try:
            logs = json.loads(body)
        except ValueError:
            return 400
        for log in logs:
            if not (log.get("applicationName") and log.get("subsystemName") and log.get("text")):
                return 400
        for log in logs:
            age = time.time() - log.get("timestamp", time.time() * 1000) / 1000
            if len(json.dumps(log, ensure_ascii=False).encode()) > _MAX_LOG:
                self.server.dropped.append("a log is too long")
            elif not -_NEWEST < age < _OLDEST:
                self.server.dropped.append("a log is too old, or too new")
            else:
                self.server.taken.append(Taken(log["text"], log))
        return 200

    def _iam(self, body: bytes) -> tuple[int, dict[str, Any]]:
        server = self.server
        if server.iam_faults:
            return server.iam_faults.popleft(), {}
        asked = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if asked.get("grant_type") != "urn:ibm:params:oauth:grant-type:apikey":
            return 400, {"errorCode": "BXNIM0101E"}
        if asked.get("apikey") != server.api_key:
            return 400, {
                "errorCode": "BXNIM0415E",
                "errorMessage": "Provided API key could not be found.",
                "context": {"requestId": "x", "apikey": asked.get("apikey")},
            }
        expires = {"expires_in": server.lifetime, "expiration": int(time.time()) + server.lifetime}
        return 200, {
            "access_token": server.grant(),
            "refresh_token": "not_supported",
            "token_type": "Bearer",
            "scope": "ibm openid",
        } | expires

    def _answer(self, status: int, said: dict[str, Any] | None = None) -> None:
        body = json.dumps(said or {}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status == 429:
            self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Write no line about each request."""
