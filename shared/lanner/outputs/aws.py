"""What outputs on AWS share: clients that leave trying again to us, and what errors mean."""

from __future__ import annotations

from functools import cache
from typing import Any

__all__ = ["acceptable", "client", "error_text", "is_final_code", "reason_of"]

_CONNECT_SECONDS, _READ_SECONDS = 3.0, 8.0

_FINAL = frozenset(
    (
        *("AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException"),
        *("InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "ExpiredToken"),
        *("NotFound", "NotFoundException", "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"),
        *(
            "InvalidParameter",
            "InvalidParameterValue",
            "InvalidAddress",
            "InvalidAttributeName",
            "InvalidMessageContents",
        ),
        *("KMSAccessDenied", "KmsAccessDenied", "KMSDisabled", "KmsDisabled", "KMSNotFound", "KmsNotFound"),
        "EndpointDisabled",
    )
)
"""Codes of errors that trying again within seconds does not mend."""


_UNACCEPTABLE = str.maketrans({0xFFFE: "\ufffd", 0xFFFF: "\ufffd"})


def acceptable(text: str) -> str:
    """Return `text` without the characters that make SNS and SQS refuse a message (Amazon SQS API, SendMessage).

    Whoever can write one into an event, such as its user agent, could else keep an alert from being sent. JSON has no
    control characters; what is left are two that XML does not allow.
    """
    return text.translate(_UNACCEPTABLE)


@cache
def client(service: str, region: str | None) -> Any:
    """Return the client of a service, the same for all that ask; boto3 is imported when the first one does."""
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"mode": "standard", "max_attempts": 1},
        max_pool_connections=4,
    )
    return boto3.client(service, region_name=region or None, config=config)


def is_final_code(code: str) -> bool:
    """Tell whether an error's code says that trying again cannot help."""
    return code in _FINAL or code.removesuffix("Exception").removesuffix("Error") in _FINAL


def error_text(code: str, message: str) -> str:
    """Return an error for people."""
    return f"{code}: {message}"[:500]


def reason_of(error: Exception) -> tuple[str, bool]:
    """Return why a call failed, and whether trying again cannot help."""
    response = getattr(error, "response", None)
    if not isinstance(response, dict):
        return f"{type(error).__name__}: {error}"[:500], False
    found = response.get("Error", {})
    code = str(found.get("Code", "Unknown"))
    return error_text(code, str(found.get("Message", ""))), is_final_code(code)
