"""The endpoint in an Azure function's machine that gives out tokens of its managed identity."""

from __future__ import annotations

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

__all__ = ["ManagedIdentity"]

_HEADER = "a-header-that-only-the-function-knows"
_POLL = 0.05


class ManagedIdentity:
    """Gives out tokens for whatever is asked for, which emulators take; `asked` are the requests' parameters.

    With another `status` than 200 it refuses.
    """

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.status = 200
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _answering(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_POLL,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which Azure tells a function where to ask."""
        return {
            "IDENTITY_ENDPOINT": f"http://127.0.0.1:{self._server.server_address[1]}/msi/token",
            "IDENTITY_HEADER": _HEADER,
        }

    def answer(self, path: str, header: str) -> tuple[int, dict[str, Any]]:
        """Return the answer to a request for a token."""
        if header != _HEADER:
            return 401, {"error": "unauthorized"}
        asked = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        self.asked.append(asked)
        if self.status != 200:
            return self.status, {"error": "server_error", "error_description": "not now"}
        now = int(time.time())
        claims = {"aud": asked["resource"], "iss": "https://sts.windows.net/t/", "nbf": now - 60, "exp": now + 86400}
        parts = [json.dumps({"typ": "JWT", "alg": "RS256"}), json.dumps({**claims, "iat": now - 60}), "signature"]
        token = ".".join([base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts])
        told = {"resource": asked["resource"], "token_type": "Bearer", "expires_on": str(claims["exp"])}
        return 200, {"access_token": token, **told}


def _answering(identity: ManagedIdentity) -> type[BaseHTTPRequestHandler]:
    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, told = identity.answer(self.path, self.headers.get("X-IDENTITY-HEADER", ""))
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Write no line about each request."""

    return Api
