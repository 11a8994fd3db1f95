"""Whose log has what a field reads, held against what the sources make of their envelopes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lanner.fields import BoundField, Event, NoValue, RawEvent, catalogue
from lanner.fields.availability import LACKING, LEVELS, PROVIDERS, level_of, providers_of
from lanner.sources import gke


def bound(name: str) -> BoundField:
    field = catalogue().fields[name]
    argument = {"key": "k", "network": "::/0"}.get(field.argument.value)
    return catalogue().bind(name, argument)


ENTRY: dict[str, Any] = {
    "insertId": "i-1",
    "logName": "projects/p/logs/cloudaudit.googleapis.com%2Factivity",
    "receiveTimestamp": "2026-03-01T10:20:30Z",
    "timestamp": "2026-03-01T10:20:30Z",
    "resource": {"type": "k8s_cluster", "labels": {"cluster_name": "c", "location": "l", "project_id": "p"}},
    "labels": {"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": "because"},
    "protoPayload": {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "serviceName": "k8s.io",
        "methodName": "io.k8s.core.v1.pods.create",
        "resourceName": "core/v1/namespaces/shop/pods/web?k=v&command=id",
        "authenticationInfo": {
            "principalEmail": "carol@corp.example",
            "principalSubject": "user:carol@corp.example",
            "authoritySelector": "bob",
            "groups": ["dev"],
        },
        "authorizationInfo": [{"granted": True, "permission": "p", "resource": "r"}],
        "requestMetadata": {"callerIp": "203.0.113.7", "callerSuppliedUserAgent": "kubectl"},
        "request": {
            "@type": "core.k8s.io/v1.Pod",
            "spec": {"hostPID": True, "containers": [{"name": "a", "image": "b"}]},
        },
        "response": {"@type": "core.k8s.io/v1.Pod", "metadata": {"name": "web"}},
        "status": {"code": 0},
    },
}


def from_gke() -> Event:
    (piece,) = gke.events(json.dumps(ENTRY).encode(), origin="")
    assert isinstance(piece, RawEvent), piece
    return Event(piece, 1)


@pytest.mark.parametrize("name", [name for name, reasons in LACKING.items() if "gke" in reasons])
def test_what_gke_lacks_is_missing(name: str) -> None:
    if name not in ("ka.uri.param", "ka.uri.params", "ka.uri.command"):  # those are not in names of resources
        assert bound(name).value(from_gke()) is NoValue.MISSING


@pytest.mark.parametrize(
    "name",
    [
        *(
            "ka.provider",
            "ka.level",
            "ka.verb",
            "ka.stage",
            "ka.auditid",
            "ka.cluster.name",
            "ka.auth.decision",
            "ka.uri",
        ),
        *("ka.auth.reason", "ka.user.name", "ka.user.groups", "ka.impuser.name", "ka.sourceips", "ka.sourceips.public"),
        *("ka.target.resource", "ka.target.namespace", "ka.target.apiversion", "ka.useragent", "ka.response.code"),
        *("ka.req.workload.host_pid", "ka.req.workload.containers.image", "ka.resp.name", "ka.uri.path"),
    ],
)
def test_what_gke_has_is_there(name: str) -> None:
    assert "gke" in providers_of(name)
    assert not isinstance(bound(name).value(from_gke()), NoValue)


def test_only_a_plain_log_has_no_provider() -> None:
    assert bound("ka.provider").value(Event(RawEvent(b'{"auditID":"a"}'), 1)) is NoValue.MISSING
    for provider in PROVIDERS[1:]:
        assert bound("ka.provider").value(Event(RawEvent(b'{"auditID":"a"}', provider), 1)) == provider.encode()


def test_levels() -> None:
    assert level_of(()) == level_of(("verb", "user")) == LEVELS[0] == "Metadata"
    assert level_of(("verb", "requestObject")) == LEVELS[1] == "Request"
    assert level_of(("requestObject", "responseObject")) == LEVELS[2] == "RequestResponse"


def test_who_is_not_said_to_lack_a_field_has_it() -> None:
    assert providers_of("ka.verb") == providers_of("no field") == frozenset(PROVIDERS)
    assert set(LACKING) <= set(catalogue().fields)
    for name, reasons in LACKING.items():
        assert providers_of(name) == frozenset(PROVIDERS) - reasons.keys()
        assert all(reason and not reason.endswith(".") for reason in reasons.values())
