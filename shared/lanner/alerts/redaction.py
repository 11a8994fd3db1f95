"""What must not leave in an alert: the values of Secrets, and what obviously is a credential.

Alerts are rendered from an event whose text was redacted first, so that every field, and every output made of fields,
is covered by one rule; what stands in an output beside its fields stays as its author wrote it. Verdicts and the
alert's identity come from the event as it was.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from lanner.fields import BODIES, json_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from lanner.fields import Event

__all__ = ["REDACTED", "redacted"]

REDACTED = b"[redacted]"

_HIDDEN = b'"' + REDACTED + b'"'
_SECRETS = (b'"Secret"', b'"SecretList"')
_TOKENS = (b'"TokenReview"', b'"TokenRequest"')
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_MAX_LEVELS = 64

# Of a Secret, of a list of them, of a patch of one, and of a refusal (`Status`): what tells nothing of its values.
_PLAIN = frozenset(
    (
        *("kind", "apiVersion", "type", "immutable", "op", "path", "from"),
        *("status", "message", "reason", "details", "code"),
    )
)

_NAME = (
    r"[a-z0-9_.-]{0,64}(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|credentials?|auth)"
)
_STRING = r'(?:[^"\\]|\\.)+'

# What precedes a credential stays (the first group), and so does what follows it (the second).
_CREDENTIALS = (
    # members of an object, the same in JSON that stands inside of a string, and environment variables of containers
    rf'(?i)("{_NAME}"\s*:\s*"){_STRING}()',
    rf'(?i)(\\"{_NAME}\\"\s*:\s*\\")[^"\\]+()',
    rf'(?i)("name"\s*:\s*"{_NAME}"\s*,\s*"value"\s*:\s*"){_STRING}()',
    # parameters of URIs, arguments of commands, headers
    rf"""(?i)({_NAME}\s?=\s?)[^\s"'\\&,;)\]}}]+()""",
    r"""(?i)(authorization\s*[:=]\s*(?:[a-z]+\s+)?)[^\s"'\\,;]+()""",
    r"(?i)(\bbearer\s+)[a-z0-9._~+/-]{16,}=*()",
    r'(://[^/\s:@"\\]{1,128}:)[^/\s@"\\]{1,256}(@)',
    # what a credential looks like, wherever it stands
    r"(\b)eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+()",
    r"(\b)(?:AKIA|ASIA)[A-Z0-9]{16}(\b)",
    r'(-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----)(?:[^"\\-]|\\[nrt/]|-[^-"\\])*()',
    r"(\b)(?:gh[oprsu]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}|xox[a-z]-[A-Za-z0-9-]{10,}"
    r"|AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{20,}|sk_live_[A-Za-z0-9]{16,}|npm_[A-Za-z0-9]{30,}"
    r"|hvs\.[A-Za-z0-9_-]{20,})()",
)


def redacted(event: Event) -> Event:
    """Return `event` with what is secret in it replaced; the event itself if there is nothing. Never raises."""
    text = event.raw.text
    shown = _without_credentials(_without_values(text, event) or text)
    return event if shown == text else event.with_text(shown)


def _without_values(text: bytes, event: Event) -> bytes | None:
    """Return the event's text without the values of Secrets and without tokens, `None` if it holds none."""
    is_secret = event.text_of("objectRef", "resource") == b"secrets"
    changed: dict[str, bytes] = {}
    for name in BODIES:
        body = event.top.get(name)
        if body is None or body[0] not in b"{[":
            continue
        kind = json_text.members(body).get("kind")
        if is_secret or kind in _SECRETS:
            changed[name] = _secret(body)
        elif kind in _TOKENS:
            changed[name] = _object(body, {"spec": _token, "status": _token}.get)
    if not changed:
        return None
    return _object(text, lambda key: (lambda value: changed[key]) if key in changed else None)


def _object(value: bytes, change_of: Callable[[str], Callable[[bytes], bytes] | None]) -> bytes:
    """Return a JSON object with each member's value as `change_of` its key changes it; other values as they are."""
    if not json_text.is_object(value):
        return value
    written = []
    for key, item in json_text.members(value).items():
        change = change_of(key)
        written.append(b"%b:%b" % (_quoted(key), item if change is None else change(item)))
    return b"{%b}" % b",".join(written)


def _quoted(key: str) -> bytes:
    return msgspec.json.encode(key.encode("utf-8", "replace").decode())


def _token(value: bytes) -> bytes:
    return _object(value, lambda key: _blank if key == "token" else None)


def _secret(value: bytes) -> bytes:
    """Return a Secret, a list or a patch of Secrets, or a `Status`, with its values blanked out."""
    if json_text.is_array(value):
        return b"[%b]" % b",".join([_secret(item) for item in json_text.elements(value)])
    return _object(value, _change_in_secret) if json_text.is_object(value) else _HIDDEN


def _change_in_secret(key: str) -> Callable[[bytes], bytes] | None:
    if key in _PLAIN:
        return None
    if key == "metadata":
        return lambda value: _object(value, {"annotations": _annotations}.get)
    return _items if key == "items" else _blank


def _items(value: bytes) -> bytes:
    return _secret(value) if json_text.is_array(value) else _blank(value)


def _annotations(value: bytes) -> bytes:
    return _object(value, {_APPLIED: _blank}.get)


def _blank(value: bytes, levels: int = _MAX_LEVELS) -> bytes:
    """Return a value of the same shape, and with the same keys, that tells nothing else."""
    if levels and json_text.is_object(value):
        return _object(value, lambda key: lambda item: _blank(item, levels - 1))
    if levels and json_text.is_array(value):
        return b"[%b]" % b",".join([_blank(item, levels - 1) for item in json_text.elements(value)])
    return value if value == b"null" else _HIDDEN


def _without_credentials(text: bytes) -> bytes:
    """Return a JSON text without the credentials in its strings; what is replaced never ends a string."""
    any_of_them, each = _patterns()
    if any_of_them.search(text) is None:
        return text
    for pattern in each:
        text = pattern.sub(rb"\1" + REDACTED + rb"\2", text)
    return text


@cache
def _patterns() -> tuple[Any, list[Any]]:
    """Compile the patterns when the first alert is made. RE2 takes linear time, whatever an attacker wrote."""
    import re2

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1  # bytes, whatever they are
    options.dot_nl = True
    each = [re2.compile(pattern.encode(), options) for pattern in _CREDENTIALS]
    return re2.compile("|".join(f"(?:{pattern})" for pattern in _CREDENTIALS).encode(), options), each
