"""Addresses of webhooks, read strictly: what is odd about one is refused, and never shown."""

from __future__ import annotations

import re
from typing import NamedTuple

from lanner.errors import UsageError

__all__ = ["HOST_NAME", "Url"]

HOST_NAME = r"[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?"
"""Matches a name in lower case; names beyond ASCII are written as `xn--…`."""

_PARTS = r"([a-z][a-z0-9+.-]*)://([^/?]*+)([/?].*+)?"
_HOST = rf"({HOST_NAME}|\[[0-9a-f:.]{{2,45}}\])(?::([0-9]{{1,5}}))?"
_PLAIN = r"[!-~]*+"
_PORTS = {"https": 443, "http": 80}


class Url(NamedTuple):
    """A URL that can be posted to. `host` is in lower case, an IPv6 address without brackets; `target` is the rest."""

    scheme: str
    host: str
    port: int
    target: str

    @classmethod
    def read(cls, text: str, name: str, *, allow_http: bool = False) -> Url:
        """Return the URL that `text` is. Raises `UsageError`, which calls it `name` and does not show it."""
        if not re.fullmatch(_PLAIN, text) or "\\" in text:
            raise UsageError(f"{name}: a URL has no blanks, backslashes and characters beyond ASCII (use %XX)")
        parts = re.fullmatch(_PARTS, text, re.IGNORECASE)
        if parts is None:
            raise UsageError(f"{name}: that is no URL (https://HOST/PATH)")
        scheme, authority, target = parts[1].lower(), parts[2].lower(), parts[3] or "/"
        if scheme == "http" and not allow_http:
            raise UsageError(f"{name}: http is not secure; use https, or allow http (LANNER_ALLOW_HTTP=true)")
        if scheme not in _PORTS:
            raise UsageError(f"{name}: the URL has to begin with https://")
        if "@" in authority:
            raise UsageError(f"{name}: a URL must not contain a user name or password")
        if "#" in text:
            raise UsageError(f"{name}: a URL must not contain a fragment (#)")
        place = re.fullmatch(_HOST, authority)
        if place is None or ".." in place[1]:
            raise UsageError(f"{name}: behind https:// the URL has to name a host, and perhaps a port")
        port = int(place[2] or _PORTS[scheme])
        if not 0 < port < 65536:
            raise UsageError(f"{name}: there is no port {port}")
        return cls(scheme, place[1].strip("[]"), port, target if target.startswith("/") else f"/{target}")

    @property
    def authority(self) -> str:
        """Host and port, as the `Host` header has them; the port only if it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"
