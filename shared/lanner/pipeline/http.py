"""A request and its answer, whatever server or platform they pass through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from lanner.pipeline.outcome import Outcome

__all__ = ["Request", "Response"]


class Request(msgspec.Struct, frozen=True):
    """An HTTP request.

    `path` is as it was sent, without the query. Names of `headers` are in lower case. `read` returns the body, or as
    many bytes of it as it is told, and is called only for requests whose body is wanted.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    read: Callable[[int], bytes]

    @classmethod
    def of(cls, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Request:
        """Return a request whose body is there, and whose headers' names may be in any letter case."""
        lower = {name.lower(): value for name, value in headers.items()}
        return cls(method, path.partition("?")[0], lower, lambda size: body[:size])


class Response(msgspec.Struct, frozen=True):
    """What is answered. `outcome` is that of the run which the request caused, if it did."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    outcome: Outcome | None = None
