"""The identity of an alert, by which the same alert is known when it comes again."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import hashlib
    from collections.abc import Callable, Sequence

    from lanner.fields import Event

__all__ = ["IDENTITY", "alert_id"]

IDENTITY = (
    ("auditID",),
    ("stage",),
    ("user", "username"),
    ("verb",),
    ("requestURI",),
    ("requestReceivedTimestamp",),
    ("stageTimestamp",),
)
"""Where the texts of an event stand that make its alerts what they are."""


def alert_id(cluster: str, rule: str, event: Event, texts: Sequence[str | None] | None = None) -> str:
    """Return the SHA-256, in hexadecimal digits, of what makes an alert this one.

    It covers the cluster, the rule and the event's auditID, stage, user name, verb, request URI and both timestamps as
    they stand in the event (empty where missing), each prefixed with its length. The audit id alone would not do: any
    client may choose it (`Audit-ID` header), and an attacker would repeat one to hide behind "duplicates".

    `texts` are those at `IDENTITY`, if they were read already.
    """
    if texts is not None:
        a, b, c, d, e, f, g = [text or "" for text in texts] if None in texts else cast("Sequence[str]", texts)
        text = (
            f"{len(cluster)}:{cluster}{len(rule)}:{rule}{len(a)}:{a}{len(b)}:{b}{len(c)}:{c}"
            f"{len(d)}:{d}{len(e)}:{e}{len(f)}:{f}{len(g)}:{g}"
        )
        if text.isascii():  # then it has as many bytes as characters
            return _sha256()(text.encode()).hexdigest()
    parts = [text.encode("utf-8", "surrogateescape") for text in (cluster, rule)]
    parts += [event.text(path) or b"" for path in IDENTITY]
    return _sha256()(b"".join([b"%d:%b" % (len(part), part) for part in parts])).hexdigest()


@cache
def _sha256() -> Callable[[bytes], hashlib._Hash]:
    """Return the hash function; a cold start without an alert does without it."""
    import hashlib

    return hashlib.sha256
