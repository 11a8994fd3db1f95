"""What outputs on Azure share: the identity, calls that leave trying again to us, and what errors mean."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from lanner.outputs.once import once

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Refusal", "credential", "refusal", "within"]

_CONNECTING = 0.3  # the share of a call's time in which there has to be a connection
_TOKEN_SECONDS = 10.0
"""Within which there has to be a token, which is asked for once in hours."""

_LATER = (408, 409, 425, 429)
"""Statuses that pass although they are 4xx; 409 is that of a queue that is being deleted."""

_ABOUT_CONTENT = (400, 413)
"""Statuses for which a single message of several may be to blame."""

_NO_IDENTITY = "CredentialUnavailableError"
_SAME_ANSWER = 5.0
"""Seconds for which Azure's library remembers that there was no token, and does not ask."""

_MAX_WAIT = 60.0
_MAX_REASON = 500


class Refusal(NamedTuple):
    """Why a call failed, and whether trying again within seconds cannot help.

    `wait` is how many seconds the service asks to be left alone. `is_content` tells that something in the messages may
    be to blame.
    """

    reason: str
    is_final: bool = False
    wait: float = 0.0
    is_content: bool = False


@once
def credential() -> Any:
    """Return the identity by which all services are called; the library is imported when the first one is.

    In Azure that is the managed identity, which is the user-assigned one with the client id `AZURE_CLIENT_ID` if that
    is set. Elsewhere it is what `DefaultAzureCredential` finds, such as the login of the Azure CLI.
    """
    from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

    options: dict[str, Any] = {"retry_total": 0, **within(_TOKEN_SECONDS)}
    if os.environ.get("IDENTITY_ENDPOINT"):
        return ManagedIdentityCredential(client_id=os.environ.get("AZURE_CLIENT_ID") or None, **options)
    return DefaultAzureCredential(**options)


def within(timeout: float) -> dict[str, float]:
    """Return the arguments that keep a call of an SDK within `timeout` seconds."""
    return {"connection_timeout": timeout * _CONNECTING, "read_timeout": timeout * (1 - _CONNECTING)}


def refusal(error: Exception) -> Refusal:
    """Return what an error of Azure's libraries means.

    One that comes without an answer of the service passes: neither does the identity tell whether it is not there, or
    not there yet.
    """
    name = type(error).__name__
    if isinstance(error, ModuleNotFoundError):
        return Refusal(f"{name}: {error} (pip install 'lanner[azure]')", is_final=True)
    response = getattr(error, "response", None)
    status = getattr(error, "status_code", None)
    if response is None or status is None:
        return Refusal(f"{name}: {_first_line(str(error))}", wait=_SAME_ANSWER if name == _NO_IDENTITY else 0.0)
    return Refusal(
        f"{_code(error, response.headers) or name} ({status}): {_first_line(getattr(error, 'message', ''))}",
        300 <= status < 500 and status not in _LATER,
        _wait(response.headers),
        status in _ABOUT_CONTENT,
    )


def _code(error: Exception, headers: Mapping[str, str]) -> str:
    """Return the service's name of an error, such as `QueueNotFound`."""
    told = getattr(error, "error", None)
    return str(getattr(told, "code", None) or headers.get("x-ms-error-code", ""))


def _first_line(text: str) -> str:
    """Return what an error says; the lines behind it are ids, times and the answer as it came."""
    return (text.strip() or "no reason was given").splitlines()[0][:_MAX_REASON]


def _wait(headers: Mapping[str, str]) -> float:
    text = headers.get("Retry-After", "").strip()
    return min(float(text[:9]), _MAX_WAIT) if text.isascii() and text.isdigit() else 0.0
