"""Query parameters of a request URI, by the rules of Go's `net/url` (spec/fields.md section 3.2, `ka.uri.param`)."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from lanner.fields import paths

__all__ = ["parameter", "parameters", "path", "sent_parameters"]

_BAD_ESCAPE = rb"%(?![0-9a-fA-F]{2})"
_CONTROL = rb"[\x00-\x1f\x7f]"
_SCHEME = rb"([a-zA-Z][a-zA-Z0-9+.\-]*):"
_USER = rb"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*"
_HOST_CHARACTER = rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=\[\]<>\"\x80-\xff]|%25|%[89a-fA-F][0-9a-fA-F])"  # without the colon
_HOST = rb"\[(?:H|:)*\](?::\d*)?|(?!\[)(?:H*|(?:H|:)*:\d*)".replace(b"H", _HOST_CHARACTER)


@cache
def _pattern(text: bytes) -> re.Pattern[bytes]:
    """Compile a regex when it is first used: few rules look into URIs."""
    return re.compile(text)


def parameter(uri: bytes, name: bytes) -> bytes | None:
    """Return the first value of the query parameter `name`, `None` if it does not occur or the URI is malformed."""
    for key, value in parameters(uri):
        if key == name:
            return value
    return None


def path(uri: bytes) -> bytes:
    """Return the path of `uri` as a server sees it: decoded once, without dots and empty steps.

    Escapes that are none stay as they are. A trailing slash stays, too: it tells a folder from a file.
    """
    from urllib.parse import unquote_to_bytes

    decoded = unquote_to_bytes(uri.partition(b"?")[0])
    resolved = paths.resolved(decoded)
    return resolved + b"/" if decoded.endswith(b"/") and resolved != b"/" else resolved


@lru_cache(maxsize=1)  # for several fields of one event
def sent_parameters(uri: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """Return the (name, value) pairs of the query of `uri` that reach an API server.

    Unlike `parameters`, which is Falco's way: a pair that is malformed does not hide the others, and in a request there
    is no fragment (Go, `URL.Query` and `ParseRequestURI`).
    """
    pairs = []
    for part in uri.partition(b"?")[2].split(b"&"):
        if part and b";" not in part and not _has_bad_escape(part):
            key, _, value = part.partition(b"=")
            pairs.append((_decode(key), _decode(value)))
    return tuple(pairs)


@lru_cache(maxsize=1)  # for several parameters of one event; the URIs of others are not kept
def parameters(uri: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """Return the decoded (name, value) pairs of the query of `uri`, in order; none at all if it is malformed."""
    before_fragment, _, fragment = uri.partition(b"#")
    path, question, query = before_fragment.partition(b"?")
    if not question or not _is_url(path) or _pattern(_CONTROL).search(before_fragment):
        return ()
    if b";" in query or _has_bad_escape(query) or _has_bad_escape(fragment):
        return ()
    pairs = []
    for part in query.split(b"&"):
        if part:
            key, _, value = part.partition(b"=")
            pairs.append((_decode(key), _decode(value)))
    return tuple(pairs)


def _has_bad_escape(text: bytes) -> bool:
    return _pattern(_BAD_ESCAPE).search(text) is not None


def _decode(text: bytes) -> bytes:
    from urllib.parse import unquote_to_bytes

    return unquote_to_bytes(text.replace(b"+", b" "))


def _is_url(path: bytes) -> bool:
    """Tell whether Go's parser takes `path` (a URL up to its query) as scheme, host and path."""
    scheme = _pattern(_SCHEME).match(path)
    if scheme is None:
        if path.startswith(b":"):
            return False
        if not path.startswith(b"/") and b":" in path.partition(b"/")[0]:
            return False  # "first path segment in URL cannot contain colon"
    rest = path[scheme.end() :] if scheme else path
    if scheme and not rest.startswith(b"/"):
        return True  # opaque: taken as it is
    if rest.startswith(b"//") and (scheme or not rest.startswith(b"///")):
        authority, _, tail = rest[2:].partition(b"/")
        return _is_authority(authority) and not _has_bad_escape(tail)
    return not _has_bad_escape(rest)


def _is_authority(authority: bytes) -> bool:
    """Tell whether Go's parser takes `authority` as `[user@]host[:port]`."""
    user, at, host = authority.rpartition(b"@")
    if at and (_has_bad_escape(user) or not _pattern(_USER).fullmatch(user)):
        return False
    return _pattern(_HOST).fullmatch(host) is not None
