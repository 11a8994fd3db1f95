"""What outputs on AWS share: clients that leave trying again to us, and what errors mean."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from lanner.outputs.once import once

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Refusal", "acceptable", "client", "reason_of", "seconds_within", "send_entries"]

_SECONDS = (10, 5, 2, 1)
"""Times that calls of a client may take: boto3 cannot be told for a single call."""

_CONNECTING = 0.3  # the share of that time in which there has to be a connection

_NOT_TAKEN = r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]"
"""Characters for which SNS and SQS refuse a message (Amazon SQS API reference, SendMessage)."""

_LATER = ("throttl", "toomanyrequests", "limitexceeded", "slowdown", "requesttimeout", "internal", "unavailable")
"""What codes of errors contain that pass, whatever their HTTP status is."""

_ABOUT_CONTENT = ("InvalidParameter", "InvalidMessage", "InvalidAttribute", "BatchRequestTooLong", "Validation")
"""How codes of errors begin for which a single message of several may be to blame."""

_FINAL = frozenset(
    ("ModuleNotFoundError", "NoCredentialsError", "PartialCredentialsError", "NoRegionError", "ParamValidationError")
)
"""Errors of boto3 itself that trying again does not mend."""

_MAX_REASON = 500


class Refusal(NamedTuple):
    """Why a call, or a part of it, failed, and whether trying again within seconds cannot help.

    `is_content` tells that something in the messages may be to blame.
    """

    reason: str
    is_final: bool
    is_content: bool = False


def acceptable(text: str) -> str:
    """Return `text` without the characters for which SNS and SQS refuse a message.

    Whoever can write one into an event, such as its user agent, could else keep an alert from being sent.
    """
    return re.sub(_NOT_TAKEN, "\ufffd", text)


@once
def client(service: str, region: str | None, seconds: int = _SECONDS[0]) -> Any:
    """Return the client of a service whose calls take at most about so many `seconds`.

    It is the same for all that ask; boto3 is imported when the first one does. What `region` does not say, such as
    other endpoints and the credentials, is boto3's own business: environment variables, roles.
    """
    from botocore.config import Config

    config = Config(
        connect_timeout=seconds * _CONNECTING,
        read_timeout=seconds * (1 - _CONNECTING),
        retries={"mode": "standard", "total_max_attempts": 1},
    )
    return _session().client(service, region_name=region or None, config=config)


def seconds_within(timeout: float) -> int:
    """Return the seconds for `client` that keep a call within `timeout` seconds, 1 if that is less."""
    return next((one for one in _SECONDS if one <= timeout), _SECONDS[-1])


@once
def _session() -> Any:
    import boto3.session

    return boto3.session.Session()  # the default one is not for several threads


def send_entries(
    call: Callable[[Sequence[dict[str, Any]]], Mapping[str, Any]], entries: Sequence[dict[str, Any]]
) -> dict[int, Refusal]:
    """Send entries of a batch, which have an `Id` each, by `call`; return by number why some were not taken.

    If the whole batch is refused for what may be in one of them, they are sent one by one.
    """
    try:
        answer = call(entries)
    except Exception as error:  # boto3's errors have no common base
        found = reason_of(error)
        if not found.is_content or len(entries) == 1:
            return dict.fromkeys(range(len(entries)), found)
        return {number: one for number, entry in enumerate(entries) for one in send_entries(call, [entry]).values()}
    taken = {one.get("Id") for one in answer.get("Successful", ())}  # what the service does not name is not safe
    told = {one.get("Id"): one for one in answer.get("Failed", ())}
    return {
        number: _entry_refusal(told.get(entry["Id"], {}))
        for number, entry in enumerate(entries)
        if entry["Id"] not in taken
    }


def reason_of(error: Exception) -> Refusal:
    """Return why a call failed, by what boto3 raised."""
    response = getattr(error, "response", None)
    name = type(error).__name__
    if not isinstance(response, dict):
        hint = " (pip install 'lanner[aws]')" if isinstance(error, ModuleNotFoundError) else ""
        reason = f"{name}: {error}"[:_MAX_REASON] + hint
        return Refusal(reason, name in _FINAL, name == "ParamValidationError")
    found = response.get("Error", {})
    code = str(found.get("Code", "Unknown"))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    reason = _text(code, found.get("Message"))
    return Refusal(reason, 400 <= status < 500 and not _passes(code), code.startswith(_ABOUT_CONTENT))


def _entry_refusal(entry: Mapping[str, Any]) -> Refusal:
    code = str(entry.get("Code", "Unknown"))
    return Refusal(_text(code, entry.get("Message")), bool(entry.get("SenderFault")) and not _passes(code))


def _passes(code: str) -> bool:
    """Tell whether an error's code says that it is one of the moment."""
    text = code.lower()
    return any(part in text for part in _LATER)


def _text(code: str, message: object) -> str:
    return f"{code}: {message or 'no reason was given'}"[:_MAX_REASON]
