"""Access tokens of IBM Cloud's IAM, had for an API key, and kept for as long as they are valid."""

from __future__ import annotations

import re
import time
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec

from lanner.errors import UsageError
from lanner.outputs.deadline import Deadline
from lanner.outputs.http import Answer, HttpClient
from lanner.outputs.ingestion import address

if TYPE_CHECKING:
    from lanner.outputs.addresses import Reach
    from lanner.outputs.http import SecretText

__all__ = ["IAM_URL", "IamTokens"]

IAM_URL = "https://iam.cloud.ibm.com"

_PATH = "/identity/token"
_GRANT = "urn:ibm:params:oauth:grant-type:apikey"
_HEADERS = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}

_EARLY = 300.0
"""Seconds before its end from which a token is renewed."""

_LONGEST = 86400.0
_TOKEN = r"[!-~]++"  # noqa: S105 - what a token looks like
_CODE = r"[A-Z0-9]{4,16}"


class _Granted(msgspec.Struct):
    """The part of IAM's answer that matters; `expires_in` are seconds."""

    access_token: str
    expires_in: float = 3600.0


class _Refused(msgspec.Struct):
    """What IAM says when it grants nothing, such as `BXNIM0415E` for a key that it does not know."""

    errorCode: str = ""


class IamTokens:
    """The access tokens for `api_key`, an API key of a user or service ID. Threads share them.

    `name` is what errors call a key that is a plain text. Raises `UsageError` if `iam_url` cannot be used.
    """

    def __init__(
        self,
        api_key: str | SecretText,
        iam_url: str = IAM_URL,
        *,
        name: str,
        allow_http: bool = False,
        reach: Reach | None = None,
        ca_file: str = "",
    ) -> None:
        self._api_key = api_key
        self._name = name if isinstance(api_key, str) else api_key.name
        self._client = HttpClient(
            address(iam_url, _PATH), "LANNER_IBM_IAM_URL", allow_http=allow_http, reach=reach, ca_file=ca_file
        )
        self._lock = Lock()
        self._token = ""
        self._renewed_at = self._renew_at = self._ends_at = 0.0
        if isinstance(api_key, str) and not api_key.strip():
            raise UsageError(f"{self._name}: the API key is empty")

    def token(self, timeout: float) -> str | Answer:
        """Return a token within `timeout` seconds; an answer that says why there is none."""
        deadline = Deadline(timeout)
        if not self._lock.acquire(timeout=timeout):  # another thread is asking
            return Answer(reason="IBM Cloud's IAM did not answer in time")
        try:
            # By the clock on the wall: the other one stands still while a function is frozen.
            now = time.time()
            if self._is_valid(now, self._renew_at):
                return self._token
            refusal = self._renew(now, deadline.left())
            if refusal is None or self._is_valid(now, self._ends_at):
                return self._token
            return refusal
        finally:
            self._lock.release()

    def forget(self, token: str) -> None:
        """Do not use `token` any more: it was refused."""
        with self._lock:
            if token == self._token:  # it may be another one's already
                self._token = ""

    def _is_valid(self, now: float, end: float) -> bool:
        return self._token != "" and self._renewed_at <= now < end  # not if the clock was put back

    def _renew(self, now: float, timeout: float) -> Answer | None:
        """Ask for a token; return why there is none."""
        try:
            key = self._api_key if isinstance(self._api_key, str) else self._api_key.reveal()
        except UsageError as error:
            return Answer(reason=str(error))
        body = urlencode({"grant_type": _GRANT, "apikey": key.strip()}).encode()
        answer = self._client.post(body, _HEADERS, timeout)
        if answer.reason:
            code = _code(answer.body)
            reason = f"no access token for {self._name} from IBM Cloud's IAM: {answer.reason}{code and f' ({code})'}"
            return Answer(reason=reason, is_final=answer.is_final, wait=answer.wait)
        try:
            granted = msgspec.json.decode(answer.body, type=_Granted)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            granted = _Granted("")
        if not re.fullmatch(_TOKEN, granted.access_token):
            return Answer(reason=f"no access token for {self._name}: what answered is not IBM Cloud's IAM")
        seconds = min(max(granted.expires_in, 0.0), _LONGEST)
        self._token = granted.access_token
        self._renewed_at, self._ends_at = now, now + seconds
        self._renew_at = now + max(seconds - _EARLY, seconds / 2)
        return None


def _code(body: bytes) -> str:
    """Return IAM's code of an error; nothing else of its answer, which may repeat what was sent."""
    try:
        code = msgspec.json.decode(body, type=_Refused).errorCode
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return code if re.fullmatch(_CODE, code) else ""
