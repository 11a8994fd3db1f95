"""Where a stream is: a WebSocket address, read strictly. The token in it is never shown."""

from __future__ import annotations

import re

from lanner.errors import UsageError
from lanner.outputs.url import HOST_NAME

__all__ = ["Address"]

_FORM = "wss://HOST/tail/?tk=TOKEN"
_URI = rf"(wss?)://({HOST_NAME}|\[[0-9a-f:.]{{2,45}}\])(:[0-9]{{1,5}})?([/?][!-~]*+)?"
_SCHEME = r"[a-z][a-z0-9+.-]*://"
_END = r"[?&]end=[^&]"
"""In a query that asks the platform for messages of the past, up to some time."""


class Address:
    """The address `uri`. `host` is what messages call it; `is_replay` tells that the stream will come to an end."""

    __slots__ = ("host", "is_replay", "uri")

    def __init__(self, uri: str, host: str, *, is_replay: bool) -> None:
        self.uri = uri
        self.host = host
        self.is_replay = is_replay

    def __repr__(self) -> str:
        return f"Address({self.host!r})"

    @property
    def is_secure(self) -> bool:
        """Whether the connection is encrypted."""
        return self.uri.startswith("wss:")

    @classmethod
    def read(cls, text: str, name: str, *, allow_http: bool = False) -> Address:
        """Return the address that `text` is; without a scheme, as Falco's plugin takes it, it is one of wss.

        Raises `UsageError`, which calls it `name` and does not show it.
        """
        uri = text if re.match(_SCHEME, text, re.IGNORECASE) else f"wss://{text}"
        parts = re.fullmatch(_URI, uri, re.IGNORECASE)
        if parts is None or ".." in parts[2] or re.search(r"[#\\]", uri):
            raise UsageError(f"{name}: that is no WebSocket address ({_FORM})")
        scheme, host, port, target = parts[1].lower(), parts[2].lower(), parts[3] or "", parts[4] or "/"
        if scheme == "ws" and not allow_http:
            raise UsageError(f"{name}: ws is not secure; use wss, or allow it (LANNER_ALLOW_HTTP=true)")
        if port and not 0 < int(port[1:]) < 65536:
            raise UsageError(f"{name}: there is no port {port[1:]}")
        if not target.startswith("/"):
            target = f"/{target}"
        is_replay = re.search(_END, target) is not None
        return cls(f"{scheme}://{host}{port}{target}", f"{host}{port}", is_replay=is_replay)
