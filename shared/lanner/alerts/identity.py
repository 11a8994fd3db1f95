"""The identity of an alert, by which the same alert is known when it comes again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lanner.fields import Event

__all__ = ["alert_id"]

_PATHS = (
    ("auditID",),
    ("stage",),
    ("user", "username"),
    ("verb",),
    ("requestURI",),
    ("requestReceivedTimestamp",),
    ("stageTimestamp",),
)
_FOUR, _FIVE = b"%d:%b" * 4, b"%d:%b" * 5


def alert_id(cluster: str, rule: str, event: Event) -> str:
    """Return the SHA-256, in hexadecimal digits, of what makes an alert this one.

    It covers the cluster, the rule and the event's auditID, stage, user name, verb, request URI and both timestamps as
    they stand in the event (empty where missing), each prefixed with its length. The audit id alone would not do: any
    client may choose it (`Audit-ID` header), and an attacker would repeat one to hide behind "duplicates".
    """
    import hashlib  # only here: a cold start without an alert does without it

    where, what = cluster.encode("utf-8", "surrogateescape"), rule.encode("utf-8", "surrogateescape")
    audit_id, stage, user, verb, uri, begun, ended = [text or b"" for text in event.texts(_PATHS)]
    first = _FOUR % (len(where), where, len(what), what, len(audit_id), audit_id, len(stage), stage)
    others = _FIVE % (len(user), user, len(verb), verb, len(uri), uri, len(begun), begun, len(ended), ended)
    return hashlib.sha256(first + others).hexdigest()
