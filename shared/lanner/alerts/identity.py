"""The identity of an alert, by which the same alert is known when it comes again."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

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

_FOUR, _FIVE = b"%d:%b" * 4, b"%d:%b" * 5


def alert_id(cluster: str, rule: str, event: Event, texts: Sequence[bytes | None] | None = None) -> str:
    """Return the SHA-256, in hexadecimal digits, of what makes an alert this one.

    It covers the cluster, the rule and the event's auditID, stage, user name, verb, request URI and both timestamps as
    they stand in the event (empty where missing), each prefixed with its length. The audit id alone would not do: any
    client may choose it (`Audit-ID` header), and an attacker would repeat one to hide behind "duplicates".

    `texts` are those at `IDENTITY`, if they were read already.
    """
    where, what = cluster.encode("utf-8", "surrogateescape"), rule.encode("utf-8", "surrogateescape")
    found = event.texts(IDENTITY) if texts is None else texts
    audit_id, stage, user, verb, uri, begun, ended = [text or b"" for text in found]
    first = _FOUR % (len(where), where, len(what), what, len(audit_id), audit_id, len(stage), stage)
    others = _FIVE % (len(user), user, len(verb), verb, len(uri), uri, len(begun), begun, len(ended), ended)
    return _sha256()(first + others).hexdigest()


@cache
def _sha256() -> Callable[[bytes], hashlib._Hash]:
    """Return the hash function; a cold start without an alert does without it."""
    import hashlib

    return hashlib.sha256
