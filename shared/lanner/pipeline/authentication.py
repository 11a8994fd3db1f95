"""Who may call the webhook: bearer tokens, unguessable paths, subjects of client certificates.

Whatever is presented is compared with everything that is configured, in constant time.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from lanner.errors import UsageError
from lanner.pipeline.environment import split

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lanner.pipeline.secret import Secret
    from lanner.pipeline.settings import WebhookSettings

__all__ = ["Authentication", "Caller", "is_cluster"]

_CLUSTER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750, section 2.1
_SEGMENT = re.compile(r"[A-Za-z0-9._~-]+")  # what no URL has to escape
_HEADER = re.compile(r"[A-Za-z0-9-]+")
_LEAST = 16
"""Characters that a token has to have: 16 of base64 are 96 bits."""

_MOST = 4096
"""Characters of a credential that are looked at."""

_REQUIRED = (
    "no authentication: anybody could send events; set LANNER_AUTH_TOKENS, or LANNER_AUTH_PATHS for API servers that "
    "cannot send a token"
)


def is_cluster(name: str) -> bool:
    """Tell whether `name` may be a cluster's: letters, digits, `.`, `_` and `-`, 128 at the most."""
    return _CLUSTER.fullmatch(name) is not None


class Caller(NamedTuple):
    """Somebody who may send events, and the name of the cluster, empty if it is not known."""

    cluster: str


class _Credentials:
    """The entries of a list of tokens, read again when the list changes."""

    def __init__(self, secret: Secret, form: re.Pattern[str]) -> None:
        self._secret = secret
        self._form = form
        self._text = ""
        self._digests: list[tuple[bytes, str]] = []  # with the cluster
        self._current()

    def cluster_of(self, presented: str) -> str | None:
        """Return the cluster of the entry that `presented` is (empty if that has none), `None` if it is no entry."""
        from hmac import compare_digest

        digest = _digest(presented[:_MOST])
        found = None
        for known, cluster in self._current():
            if compare_digest(known, digest):
                found = cluster
        return found

    def _current(self) -> list[tuple[bytes, str]]:
        """Return digests and clusters of what is valid now. Raises `UsageError` if the list is wrong."""
        text = self._secret.reveal()
        if text != self._text:
            entries = split(text)
            if not entries:
                raise UsageError(f"{self._secret.name}: the list has no entry")
            self._digests = [self._entry(number, entry) for number, entry in enumerate(entries, 1)]
            self._text = text
        return self._digests

    def _entry(self, number: int, entry: str) -> tuple[bytes, str]:
        cluster, _, token = entry.partition("=")
        if not token.strip("="):  # nothing follows, so that was padding
            cluster, token = "", entry
        elif not is_cluster(cluster):
            raise UsageError(
                f"{self._secret.name}: entry {number} should be a token, or CLUSTER=TOKEN with a name of letters, "
                "digits, '.', '_' and '-'"
            )
        if self._form.fullmatch(token) is None or len(token) > _MOST:
            raise UsageError(
                f"{self._secret.name}: entry {number} holds characters that cannot stand there; letters and digits "
                "always can (openssl rand -hex 32)"
            )
        if len(token) < _LEAST:
            raise UsageError(
                f"{self._secret.name}: entry {number} has {len(token)} characters; use at least {_LEAST} random ones "
                "(openssl rand -hex 32)"
            )
        return _digest(token), cluster


class Authentication:
    """Decides about callers by settings. Raises `UsageError` if those let nobody in, or everybody unasked."""

    def __init__(self, settings: WebhookSettings) -> None:
        self._open = settings.open
        self._tokens = None if settings.tokens is None else _Credentials(settings.tokens, _TOKEN)
        self._paths = None if settings.paths is None else _Credentials(settings.paths, _SEGMENT)
        self._header = settings.client_header.lower()
        self._subjects = [_digest(subject) for subject in settings.client_subjects]
        if self._header and _HEADER.fullmatch(self._header) is None:
            raise UsageError(f"LANNER_AUTH_CLIENT_HEADER: {settings.client_header!r} is no name of a header")
        if bool(self._header) != bool(self._subjects):
            raise UsageError("LANNER_AUTH_CLIENT_HEADER and LANNER_AUTH_CLIENT_SUBJECTS: set both or none of them")
        if not (self._open or self._tokens or self._paths or self._header):
            raise UsageError(_REQUIRED)

    def admit(self, segments: Sequence[str], headers: Mapping[str, str]) -> Caller | int:
        """Return who calls, or the status of the refusal: 401, or 404 where the path is the credential.

        `segments` are those of the path behind `/audit`: a cluster, a secret, or a secret and a cluster. Names of
        `headers` are in lower case. The cluster that goes with a credential counts before that of the path.
        """
        own: str | None = None
        named = list(segments)
        if self._paths is not None and segments:
            own = self._paths.cluster_of(segments[0])
            if own is not None:
                del named[0]
        if len(named) > 1 or not all(map(is_cluster, named)):
            return 404
        if own is None:
            own = self._by_header(headers)
        if own is None:
            return 404 if self._paths is not None and "authorization" not in headers else 401
        return Caller(own or "".join(named))

    def _by_header(self, headers: Mapping[str, str]) -> str | None:
        """Return the cluster of the credential in the headers (perhaps empty), `None` if there is none that counts."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if self._tokens is not None and scheme.lower() == "bearer":
            cluster = self._tokens.cluster_of(token.strip())
            if cluster is not None:
                return cluster
        if self._header and self._is_subject(headers.get(self._header, "")):
            return ""
        return "" if self._open else None

    def _is_subject(self, presented: str) -> bool:
        from hmac import compare_digest

        digest = _digest(presented[:_MOST])
        return sum([compare_digest(known, digest) for known in self._subjects]) > 0


def _digest(text: str) -> bytes:
    """Return what is compared instead of a credential: of the same length, whatever that has."""
    import hashlib

    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
