"""Which provider's log has what a field reads, and at which level of an audit policy it is logged."""

from __future__ import annotations

from collections.abc import Collection

__all__ = ["LACKING", "LEVELS", "OTHERWISE", "PROVIDERS", "level_of", "providers_of"]

PROVIDERS = ("self-managed", "eks", "gke", "aks", "iks", "ovh")
"""Who runs the API server."""

LEVELS = ("Metadata", "Request", "RequestResponse")
"""Levels of an audit policy, each with what the ones before it log (Kubernetes documentation, Auditing)."""

_NO_QUERY = "entries of Cloud Audit Logs have the name of a resource, not the URI of the request"
_NO_IDENTITY = "entries of Cloud Audit Logs name the user who was impersonated, and no more of him"
_NOT_LOGGED = "not in entries of Cloud Audit Logs"

LACKING: dict[str, dict[str, str]] = {
    "ka.uri.param": {"gke": _NO_QUERY},
    "ka.uri.params": {"gke": _NO_QUERY},
    "ka.uri.command": {"gke": _NO_QUERY},
    "ka.user.uid": {"gke": _NOT_LOGGED},
    "ka.impuser.groups": {"gke": _NO_IDENTITY},
    "ka.impuser.uid": {"gke": _NO_IDENTITY},
    "ka.impuser.extra": {"gke": _NO_IDENTITY},
    "ka.cluster.name": dict.fromkeys(
        [provider for provider in PROVIDERS if provider != "gke"], "only Falco's converter of GKE entries annotates it"
    ),
    "ka.provider": {"self-managed": "an API server's own log comes without an envelope"},
    **dict.fromkeys(
        ("ka.auth.openshift.decision", "ka.auth.openshift.username"),
        dict.fromkeys([provider for provider in PROVIDERS if provider != "self-managed"], "OpenShift writes it"),
    ),
}
"""Fields that a provider's log does not have, with the reason. (Sources: the audit policies and log formats that the
providers document, as of 2026-11, and `lanner.sources`, which reads them.)"""

OTHERWISE: dict[str, dict[str, str]] = {
    "ka.level": {"gke": "made up, as entries do not tell: RequestResponse, but Request for exec and attach"},
    "ka.stage": {"gke": "made up, as entries do not tell: ResponseComplete, but ResponseStarted for exec and attach"},
    "ka.uri": {"gke": "a slash and the name of the resource, such as /core/v1/namespaces/shop/pods/web"},
    "ka.uri.path": {"gke": "a slash and the name of the resource, such as /core/v1/namespaces/shop/pods/web"},
    "ka.response.code": {"gke": "101, 201 or 200 by the verb, where an entry tells neither a status nor a failure"},
    "ka.user.extra": {"gke": "principalSubject, serviceAccountKeyName and serviceAccountDelegationInfo"},
    "ka.sourceips": {"gke": "one address, or a word such as private"},
}
"""Fields that a provider's log has in another way than an API server's, with what they are there."""


def providers_of(field: str) -> frozenset[str]:
    """Return the providers whose log has a field."""
    return frozenset(PROVIDERS).difference(LACKING.get(field, ()))


def level_of(reads: Collection[str]) -> str:
    """Return the least level at which these top-level keys of an event are logged."""
    if "responseObject" in reads:
        return LEVELS[2]
    return LEVELS[1] if "requestObject" in reads else LEVELS[0]
