"""A client that posts to one URL, and is strict about where that leads and how long it takes."""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, Protocol

from lanner.errors import UsageError
from lanner.outputs.addresses import Reach, is_numeric, resolve
from lanner.outputs.deadline import Deadline
from lanner.outputs.once import once
from lanner.outputs.output import Failure
from lanner.outputs.url import Url

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Mapping, Sequence

    from urllib3.connection import HTTPConnection

    from lanner.outputs.message import Message

__all__ = ["MAX_ANSWER", "Answer", "HttpClient", "SecretText", "header_value"]

MAX_ANSWER = 65536
"""Bytes of an answer's body that are read."""

_MAX_WAIT = 60.0
"""Seconds that a destination may ask to be left alone."""

_CONNECT_SECONDS = 3.0
_FRESH_SECONDS = 25.0
"""How long a connection may be idle. Beyond, something on the way (NAT) may have forgotten it, silently."""

_MAX_IDLE = 8
_MAX_ADDRESSES = 4
_MAX_HEADER = 256

_HEADER_NAME = r"[A-Za-z0-9-]++"
_HEADER_VALUE = r"[!-~](?:[ -~]*[!-~])?"
_NOT_VISIBLE = r"[^!-~]"
_TOKEN = r"[!-~]++"  # noqa: S105 - what a token looks like
_LATER = frozenset((408, 425, 429))


class SecretText(Protocol):
    """A text that is read when it is needed, and may be another one later."""

    @property
    def name(self) -> str:
        """What errors call it: the setting that it comes from."""

    def reveal(self) -> str:
        """Return the text. Raises `UsageError` if it cannot be had."""


class Answer(NamedTuple):
    """What came of a request: the `status` (0 if there was no answer) and the beginning of the `body`.

    `reason` says why it failed, without secrets, and is empty if it did not; the rest is that of `Failure`.
    """

    status: int = 0
    body: bytes = b""
    reason: str = ""
    is_final: bool = False
    wait: float = 0.0

    def failures(self, batch: Sequence[Message]) -> Sequence[Failure]:
        """Return the failures of the messages that were in the request."""
        return [Failure(message, self.reason, self.is_final, self.wait) for message in batch] if self.reason else ()


class HttpClient:
    """Posts to `url`, and sends `token` as bearer token if there is one.

    Both may be secrets that change. `name` is what errors call the URL; a secret has a name of its own. `reach` says
    which addresses may be reached. `ca_file` holds the certificate authorities to be trusted instead of the system's
    (which OpenSSL's environment variable SSL_CERT_FILE can replace, too). Proxies are not used.

    The host's addresses are looked up and checked, and just those are connected to, so that another answer of the DNS
    a moment later leads nowhere else. Redirects are not followed. Connections are kept for the next request.

    Raises `UsageError` if the URL, as far as it is known yet, cannot be used.
    """

    def __init__(
        self,
        url: str | SecretText,
        name: str,
        *,
        token: str | SecretText | None = None,
        allow_http: bool = False,
        reach: Reach | None = None,
        ca_file: str = "",
    ) -> None:
        self._idle: list[tuple[Url, float, HTTPConnection]] = []
        self._text = url
        self._name = name if isinstance(url, str) else url.name
        self._token = token
        self._allow_http = allow_http
        self._reach = reach or Reach()
        self._ca_file = ca_file
        self._trust: ssl.SSLContext | None = None
        if isinstance(url, str):
            self._read(url)
        if isinstance(token, str):
            self._authorization(token)
        if ca_file and not os.path.isfile(ca_file):
            raise UsageError(f"{self._name}: there is no file {ca_file} with certificate authorities")

    @property
    def host(self) -> str:
        """Where it posts to, without a port; empty if that cannot be told."""
        try:
            return self._url().host
        except UsageError:
            return ""

    def post(self, body: bytes, headers: Mapping[str, str], timeout: float) -> Answer:
        """Post `body`; return what came of it within `timeout` seconds. Never raises for what the network does.

        Raises `ValueError` for headers that are none: make values of what comes from events by `header_value`.
        """
        deadline = Deadline(timeout)
        try:
            _load_urllib3()
            from urllib3.exceptions import HTTPError

            url = self._url()
            sent = {"Host": url.authority, "User-Agent": "lanner", "Accept-Encoding": "identity", **_checked(headers)}
            if self._token is not None:
                sent["Authorization"] = self._authorization(self._token)
        except UsageError as error:
            return Answer(reason=str(error))
        except ImportError:
            return Answer(reason=f"{self._name}: this needs urllib3 (pip install 'lanner[http]')")
        from http.client import HTTPException

        try:
            connection = self._connection(url, deadline)
            if isinstance(connection, Answer):
                return connection
            return self._exchange(connection, url, body, sent, deadline)
        except (OSError, HTTPException, HTTPError) as error:
            return _unanswered(error, url.host, deadline)

    def close(self) -> None:
        """Close the connections that are kept; the next request opens another one."""
        with suppress(IndexError):
            while True:
                self._idle.pop()[2].close()

    def __del__(self) -> None:
        self.close()

    def _url(self) -> Url:
        return self._read(self._text if isinstance(self._text, str) else self._text.reveal())

    def _read(self, text: str) -> Url:
        url = Url.read(text, self._name, allow_http=self._allow_http)
        refusal = self._reach.refusal(url.host, [url.host]) if is_numeric(url.host) else ""
        if refusal:
            raise UsageError(f"{self._name}: {refusal}")
        return url

    def _authorization(self, token: str | SecretText) -> str:
        name, text = (f"{self._name}: its token", token) if isinstance(token, str) else (token.name, token.reveal())
        if not re.fullmatch(_TOKEN, text):
            raise UsageError(f"{name}: a token has no blanks, no line ends and no characters beyond ASCII")
        return f"Bearer {text}"

    def _connection(self, url: Url, deadline: Deadline) -> HTTPConnection | Answer:
        """Return a connection that is open; an answer if the host must not be reached."""
        connection = self._kept(url)
        if connection is not None:
            return connection
        addresses = resolve(url.host, url.port, deadline.left())
        refusal = self._reach.refusal(url.host, addresses)
        if refusal:
            return Answer(reason=refusal, is_final=True)
        return self._connected(url, addresses[:_MAX_ADDRESSES], deadline)

    def _kept(self, url: Url) -> HTTPConnection | None:
        """Return a connection of an earlier request that is still of use."""
        with suppress(IndexError):  # there is none (any longer: other threads take some, too)
            while True:
                known, since, connection = self._idle.pop()
                # By the clock on the wall: the other one stands still while a function is frozen.
                if known == url and 0 <= time.time() - since < _FRESH_SECONDS and connection.is_connected:
                    return connection
                connection.close()
        return None

    def _connected(self, url: Url, addresses: Sequence[str], deadline: Deadline) -> HTTPConnection:
        """Return a connection to the first of `addresses` that can be connected to."""
        from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

        *others, last = addresses
        for number, address in enumerate(others):
            with suppress(NewConnectionError, ConnectTimeoutError):
                return self._opened(url, address, deadline.left() / (len(addresses) - number))
        return self._opened(url, last, deadline.left())

    def _opened(self, url: Url, address: str, seconds: float) -> HTTPConnection:
        """Return a connection to an address, for which there are so many seconds."""
        # The handshake may take as long as the connection before it.
        connection = self._unconnected(url, address, max(0.01, min(seconds / 2, _CONNECT_SECONDS)))
        try:
            connection.connect()
        except BaseException:
            connection.close()
            raise
        return connection

    def _unconnected(self, url: Url, address: str, timeout: float) -> HTTPConnection:
        from urllib3.connection import HTTPConnection, HTTPSConnection

        if url.scheme == "http":
            return HTTPConnection(address, url.port, timeout=timeout)
        if self._trust is None:
            import ssl

            self._trust = ssl.create_default_context(cafile=self._ca_file or None)
        # The name, not the address, is what is asked for and what the certificate has to be for.
        return HTTPSConnection(address, url.port, timeout=timeout, server_hostname=url.host, ssl_context=self._trust)

    def _exchange(
        self, connection: HTTPConnection, url: Url, body: bytes, headers: Mapping[str, str], deadline: Deadline
    ) -> Answer:
        """Send a request and read the answer."""
        import threading

        left = max(0.01, deadline.left())
        # A socket's time-out bounds each wait for more bytes, not all of them together.
        watch = threading.Timer(left, _shut, [connection.sock])
        watch.daemon = True
        watch.start()
        is_whole = False
        try:
            connection.timeout = left
            connection.request("POST", url.target, body, headers, preload_content=False, decode_content=False)
            response = connection.getresponse()
            answer = _judged(response.status, response.headers)
            with suppress(Exception):  # what counts is the status
                answer = answer._replace(body=response.read(MAX_ANSWER + 1)[:MAX_ANSWER])
                is_whole = response.closed
            return answer
        finally:
            watch.cancel()
            if is_whole and connection.sock is not None and len(self._idle) < _MAX_IDLE:
                self._idle.append((url, time.time(), connection))
            else:
                connection.close()


def header_value(text: str) -> str:
    """Return `text` as a header can carry it: visible ASCII, `?` for anything else, not too long and not empty."""
    return re.sub(_NOT_VISIBLE, "?", text[:_MAX_HEADER]) or "?"


def _checked(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Return headers if that is what they are: nobody is to add one of his own by what he names a thing."""
    for name, value in headers.items():
        if not re.fullmatch(_HEADER_NAME, name) or not re.fullmatch(_HEADER_VALUE, value):
            raise ValueError(f"the header {name!r} or its value cannot be sent")
    return headers


def _judged(status: int, headers: Mapping[str, str]) -> Answer:
    """Return what a status means (RFC 9110, section 15)."""
    if 200 <= status < 300:
        return Answer(status)
    from http import HTTPStatus

    phrase = f" {HTTPStatus(status).phrase}" if status in list(HTTPStatus) else ""
    reason = f"it answered {status}{phrase}"
    if status >= 500 or status in _LATER:
        return Answer(status, reason=reason, wait=_wait(headers.get("Retry-After", "")))
    if 300 <= status < 400:
        reason += ", and redirects are not followed"
    return Answer(status, reason=reason, is_final=True)


def _wait(text: str) -> float:
    """Return how many seconds a `Retry-After` header asks for, a number or a date; not more than a limit."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), _MAX_WAIT)
    if not text:
        return 0.0
    from email.utils import parsedate_to_datetime

    try:
        return min(max(0.0, parsedate_to_datetime(text).timestamp() - time.time()), _MAX_WAIT)
    except (ValueError, OverflowError):
        return 0.0


def _unanswered(error: Exception, host: str, deadline: Deadline) -> Answer:
    """Return what an error of the network means. Its own text is not shown if it may name the URL."""
    import socket
    import ssl

    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Answer(reason=f"{host}: its certificate is not valid: {cause.verify_message}", is_final=True)
    if isinstance(cause, TimeoutError) or not deadline.left():
        return Answer(reason=f"{host} did not answer in time")
    if isinstance(cause, socket.gaierror):
        return Answer(reason=f"{host} cannot be found ({cause.strerror})")
    said = cause.strerror if isinstance(cause, OSError) else ""
    return Answer(reason=f"{host}: {said or type(cause).__name__}")


def _shut(connected: socket.socket) -> None:
    """End an exchange that takes too long, from another thread.

    `connected` is the socket, which a connection no longer knows once its answer has told that it ends with it.
    """
    import socket

    with suppress(OSError):  # it is closed
        # Not the method of a TLS socket: that one would take its state away while the other thread reads by it.
        socket.socket.shutdown(connected, socket.SHUT_RDWR)


@once
def _load_urllib3() -> None:
    """Import urllib3, by one thread before the others: threads that import it side by side find half of it.

    URLs are kept out of its logs: it shows the one whose answer has odd headers.
    """
    import logging

    import urllib3.connection  # noqa: F401 - imported for those who ask later

    logging.getLogger("urllib3.connection").addFilter(lambda record: "url=" not in str(record.msg))
