"""What the audit logs of the providers hold: which requests are logged, at which level, and in which log.

Only what a provider documents, or what its log cannot express, stands here; everything else is taken to be logged with
bodies. So "never" is never said too early. The facts are those of November 2026:

* EKS: Amazon EKS Best Practices Guide, "Auditing and Logging", which prints the policy. It is that of the script which
  Kubernetes has for Google's machines (cluster/gce/gci/configure-helper.sh), and changes of aws-auth with bodies.
* GKE: Google Kubernetes Engine documentation, "Audit policy": that script's policy, and the rule by which entries are
  divided between the Admin Activity log and the Data Access log, which is off by default. Log entries have neither the
  query of a request nor its stage (docs/compatibility.md); events and leases are not exported.
* AKS, IKS and OVHcloud publish no policy; of a cluster of your own, you choose it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from lanner.analysis.lint.possible import MISSING, Values
from lanner.fields.availability import LEVELS

__all__ = ["EXPORTED_STAGES", "LEVELS", "PROVIDERS", "Requests", "values_of_policies"]

_METADATA, _REQUEST, _ALL = LEVELS

_RESOURCE, _SUBRESOURCE, _VERB = "ka.target.resource", "ka.target.subresource", "ka.verb"
_GROUP, _NAME, _NAMESPACE, _STAGE = "ka.target.apigroup", "ka.target.name", "ka.target.namespace", "ka.stage"
_TARGET = (_RESOURCE, _SUBRESOURCE, _GROUP, _NAME, _NAMESPACE)


@dataclass(frozen=True, slots=True)
class Requests:
    """Some kind of requests: those with `only` these values and `never` those. `what` names them in messages.

    `level` is how they are logged, `None` if not at all; `is_data_access` says that a log has to be switched on first.
    """

    what: str
    level: str | None
    only: Mapping[str, Values] = field(default_factory=dict)
    never: Mapping[str, Values] = field(default_factory=dict)
    is_data_access: bool = False


def _values(*values: str) -> Values:
    return frozenset([value.encode() for value in values])


_READS = _values("get", "list", "watch")
_READING = "requests that read"
# The groups whose requests the script's policy logs with bodies. GKE's entries write "core" for the first one.
_CORE: Values = frozenset((MISSING, b"core"))
_KNOWN_GROUPS = _CORE | _values(
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "extensions",
    "metrics.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "scheduling.k8s.io",
    "settings.k8s.io",
    "storage.k8s.io",
)
# Resources of Kubernetes that only groups besides those have.
_ELSEWHERE = _values(
    "deviceclasses",
    "endpointslices",
    "flowschemas",
    "leases",
    "leasecandidates",
    "prioritylevelconfigurations",
    "resourceclaims",
    "resourceclaimtemplates",
    "resourceslices",
)
_METADATA_ONLY = _values("secrets", "configmaps", "tokenreviews")
_EVENTS = _values("events")
_TOKEN = {_RESOURCE: _values("serviceaccounts"), _SUBRESOURCE: _values("token")}
_AWS_AUTH = {
    _RESOURCE: _values("configmaps"),
    _NAMESPACE: _values("kube-system"),
    _NAME: _values("aws-auth"),
    _VERB: _values("update", "patch", "delete"),
}
_NO_TARGET: dict[str, Values] = dict.fromkeys(_TARGET, frozenset((MISSING,)))
_ORDINARY = _METADATA_ONLY | _ELSEWHERE | _EVENTS | frozenset((MISSING,))
_SERVICE_ACCOUNTS = _values("serviceaccounts")


def _default(what: str, level: str, only: Mapping[str, Values], never: Mapping[str, Values]) -> tuple[Requests, ...]:
    """Return what the last rules of the policy are about, without tokens of service accounts, which stand before."""
    others = {**never, _RESOURCE: _ORDINARY | _SERVICE_ACCOUNTS}
    accounts = {**never, _SUBRESOURCE: never.get(_SUBRESOURCE, frozenset()) | _values("token")}
    groups = {_GROUP: _KNOWN_GROUPS, **only}
    return (
        Requests(what, level, groups, others),
        Requests(what, level, {**groups, _RESOURCE: _SERVICE_ACCOUNTS}, accounts),
    )


_EKS = (
    Requests("requests that are not for a resource", _METADATA, _NO_TARGET),
    Requests("events of the core group", None, {_RESOURCE: _EVENTS, _GROUP: _CORE}),
    Requests("events of other groups", _METADATA, {_RESOURCE: _EVENTS}, {_GROUP: _CORE}),
    Requests("changes of the ConfigMap aws-auth", _ALL, _AWS_AUTH),
    Requests("Secrets, ConfigMaps and TokenReviews", _METADATA, {_RESOURCE: _METADATA_ONLY}),
    Requests("tokens of service accounts", _REQUEST, _TOKEN),
    *_default(_READING, _REQUEST, {_VERB: _READS}, {}),
    *_default("requests that write", _ALL, {}, {_VERB: _READS}),
    Requests("resources of other API groups", _METADATA, {_RESOURCE: _ELSEWHERE}),
    Requests("resources of other API groups", _METADATA, {}, {_GROUP: _KNOWN_GROUPS, _RESOURCE: _ORDINARY}),
)

_STATUS = {_SUBRESOURCE: _values("status")}
# Reading through these is no `get` of an object; Google does not say which log has it.
_CONNECTIONS = _values("exec", "attach", "portforward", "proxy")
_CONNECTED = _values("pods", "services", "nodes")
_NO_CONNECTION = {_SUBRESOURCE: _CONNECTIONS}
_LEASES = _values("leases")


def _joined(one: Mapping[str, Values], other: Mapping[str, Values]) -> dict[str, Values]:
    return {name: one.get(name, frozenset()) | other.get(name, frozenset()) for name in (*one, *other)}


def _gke() -> tuple[Requests, ...]:
    """Return the kinds of requests; what reads, and what changes a status, is in the Data Access log."""
    kinds = [
        Requests("requests that are not for a resource", _METADATA, _NO_TARGET),
        Requests("events", None, {_RESOURCE: _EVENTS}),
        Requests("leases", None, {_RESOURCE: _LEASES}),
        Requests("connections", _ALL, {_RESOURCE: _CONNECTED, _SUBRESOURCE: _CONNECTIONS, _VERB: _values("get")}),
    ]
    others = Requests("resources of other API groups", _METADATA, {}, {_GROUP: _KNOWN_GROUPS, _RESOURCE: _ORDINARY})
    for kind in (
        Requests("Secrets, ConfigMaps and TokenReviews", _METADATA, {_RESOURCE: _METADATA_ONLY}),
        Requests("tokens of service accounts", _METADATA, _TOKEN),
        Requests("resources of other API groups", _METADATA, {_RESOURCE: _ELSEWHERE - _LEASES}),
        others,
        *_default("requests that write", _ALL, {}, {}),
    ):
        reads = {**kind.only, _VERB: _READS}
        level = _METADATA if kind.level == _METADATA else _REQUEST
        if _RESOURCE in kind.only or kind is others:
            kinds.append(Requests(_READING, level, reads, kind.never, is_data_access=True))
        else:
            apart = {**kind.never, _RESOURCE: kind.never[_RESOURCE] | _CONNECTED}
            kinds.append(Requests(_READING, level, reads, apart, is_data_access=True))
            kinds.append(
                Requests(_READING, level, {**reads, _RESOURCE: _CONNECTED}, _NO_CONNECTION, is_data_access=True)
            )
        kinds.append(Requests(kind.what, kind.level, kind.only, _joined(kind.never, {_VERB: _READS, **_STATUS})))
        if _SUBRESOURCE not in kind.only:
            status = {**kind.only, **_STATUS}
            never = _joined(kind.never, {_VERB: _READS})
            kinds.append(Requests("changes of a status", kind.level, status, never, is_data_access=True))
    return tuple(kinds)


_ANYTHING = (Requests("all requests", _ALL),)

PROVIDERS: Mapping[str, tuple[Requests, ...]] = MappingProxyType(
    {
        "self-managed": _ANYTHING,
        "eks": _EKS,
        "gke": _gke(),
        "aks": _ANYTHING,
        "iks": _ANYTHING,
        "ovh": _ANYTHING,
    }
)
"""The requests that each provider knows, by its name. Every request is of one of these kinds at least."""

EXPORTED_STAGES: Mapping[str, Mapping[str, Values]] = MappingProxyType(
    {"gke": {_STAGE: _values("ResponseStarted", "ResponseComplete")}}
)
"""Values that all events of a provider have: those that its source gives them (`lanner.sources`)."""


def values_of_policies() -> dict[str, frozenset[bytes]]:
    """Return the values that the policies tell apart, by field."""
    found: dict[str, frozenset[bytes]] = {}
    kinds = [kind for requests in PROVIDERS.values() for kind in requests]
    tables = [table for kind in kinds for table in (kind.only, kind.never)]
    for table in (*tables, *EXPORTED_STAGES.values()):
        for name, values in table.items():
            constants = frozenset([value for value in values if isinstance(value, bytes)])
            found[name] = found.get(name, frozenset()) | constants
    return found
