"""The default filter of gcp-gke on recorded and on made-up log entries: what it drops can be no alert."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.terraform import Terraform
from lanner.sources import gke
from terraform.filtering import EVENTS, RULES, alerts, corpus, default_filter, documents, engine
from terraform.logging_query import Query, query
from terraform.places import EXAMPLES, copied, each
from terraform.planning import plan, prepare

Drops = Callable[[str, str, int, int, int, int], None]

AGENT = "protoPayload.requestMetadata.callerSuppliedUserAgent"
WRITTEN_BY_THE_SERVER = {
    *("logName", "resource.type", "resource.labels.cluster_name", "resource.labels.location"),
    *("resource.labels.project_id", "protoPayload.serviceName", "protoPayload.methodName", "protoPayload.status.code"),
    *("protoPayload.authenticationInfo.principalEmail", "protoPayload.authenticationInfo.authoritySelector"),
    *("protoPayload.authorizationInfo.granted", "protoPayload.authorizationInfo.permission"),
}
"""Fields whose values nobody chooses who merely sends a request. `resourceName` ends with a name of the client's."""


@pytest.fixture(scope="module")
def default() -> Query:
    """The filter that the module has by default."""
    return query(default_filter("gcp-gke"))


def entry(
    method: str = "io.k8s.coordination.v1.leases.update",
    user: str = "system:serviceaccount:cert-manager:cert-manager",
    resource: str = "coordination.k8s.io/v1/namespaces/kube-system/leases/cert-manager-controller",
    agent: str = "cert-manager-controller/v1.18.2 (linux/amd64) cert-manager/4a2b1c",
    address: str = "10.20.3.7",
    granted: bool = True,
    code: int = 0,
    **more: Any,
) -> dict[str, Any]:
    """Return the entry of a controller that renews its lease, with changes; `more` goes into the payload."""
    payload = {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "authenticationInfo": {"principalEmail": user},
        "authorizationInfo": [{"granted": granted, "permission": method, "resource": resource}],
        "methodName": method,
        "requestMetadata": {"callerIp": address, "callerSuppliedUserAgent": agent},
        "resourceName": resource,
        "serviceName": "k8s.io",
    }
    if code:
        payload["status"] = {"code": code}
    return {
        "insertId": "b0e19203-da59-48dc-8abb-5ce20c6bb49d",
        "labels": {"authorization.k8s.io/decision": "allow" if granted else "forbid"},
        "logName": "projects/shop-prod/logs/cloudaudit.googleapis.com%2Factivity",
        "operation": {"first": True, "id": "b0e19203", "last": True, "producer": "k8s.io"},
        "protoPayload": payload | more,
        "receiveTimestamp": "2026-11-21T14:19:23.525171789Z",
        "resource": {
            "labels": {"cluster_name": "shop", "location": "europe-west1", "project_id": "shop-prod"},
            "type": "k8s_cluster",
        },
        "timestamp": "2026-11-21T14:19:23.516998Z",
    }


def told(document: dict[str, Any]) -> dict[str, Any]:
    """Return an entry, or the one in a message."""
    if "message" in document:
        document = document["message"]
    if "data" in document:
        document = json.loads(base64.b64decode(document["data"]))
    return document


def lost(filter_: Query, lines: list[str]) -> list[str]:
    """Return the entries that a filter drops."""
    return [line for line in lines if not filter_.passes(json.loads(line))]


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("file", ["gke-logentries", "gke-pubsub-messages"])
def test_no_alert_is_lost(default: Query, dropped: Drops, file: str, rules: str) -> None:
    # GIVEN recorded entries
    judge, lines = engine(rules), documents(corpus(f"envelopes/{file}"))
    entries = [told(json.loads(line)) for line in lines]
    # WHEN they are filtered, THEN what is dropped would not have been an alert
    away = [line for line, one in zip(lines, entries, strict=True) if not default.passes(one)]
    assert list(alerts((piece for line in away for piece in gke.events(line.encode(), origin="lost")), judge)) == []
    dropped("Logging", file, len(away), len(lines), sum(map(len, away)), sum(map(len, lines)))


def test_entries_of_this_repository(default: Query) -> None:
    # GIVEN the messages that come with every clone
    entries = [told(json.loads(path.read_text())) for path in sorted(EVENTS.glob("gcp_pubsub*.json"))]
    # WHEN they are filtered, THEN all pass: none is of a lease
    assert entries
    assert all(map(default.passes, entries))


@pytest.mark.parametrize("rules", RULES)
def test_whatever_is_dropped_is_no_alert(default: Query, rules: str) -> None:
    # GIVEN made-up requests of all sorts for leases
    lines = [
        json.dumps(
            entry(
                f"io.k8s.coordination.v1.leases.{verb}",
                user,
                f"coordination.k8s.io/v1/namespaces/{namespace}/leases/one",
                agent,
                address,
                granted,
                0 if granted else 7,
                **{"authenticationInfo": {"principalEmail": user} | more},
            )
        )
        for verb, user, namespace, agent, address, granted, more in product(
            ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"],
            [
                "system:serviceaccount:cert-manager:cert-manager",
                "system:serviceaccount:kube-system:lease-keeper",
                "system:node:worker-1",
                "system:kube-scheduler",
                "system:anonymous",
                "system:admin",
                "carol@example.com",
                "lanner@shop-prod.iam.gserviceaccount.com",
            ],
            ["kube-system", "kube-node-lease", "shop"],
            [
                "kube-scheduler/v1.36.3",
                "kubectl/v1.36.3 (linux/amd64)",
                "curl/8.5",
                "python-requests/2.32",
                "kube-hunter/0.6.8",
            ],
            ["10.20.3.7", "203.0.113.9", "private"],
            [True, False],
            [{}, {"authoritySelector": "system:kube-scheduler"}],
        )
    ]
    # WHEN they are filtered, THEN some are dropped, and none of these is an alert by any rule
    judge, away = engine(rules), lost(default, lines)
    found = alerts((piece for line in away for piece in gke.events(line.encode(), origin="lost")), judge)
    assert {rule for rule, _ in found} == set()
    assert 0 < len(away) < len(lines)


POD = {
    "@type": "core.v1.pods",
    "metadata": {
        "name": "leases",
        "labels": {"resource": "leases", "methodName": "io.k8s.coordination.v1.leases.update"},
    },
    "spec": {"containers": [{"name": "a", "securityContext": {"privileged": True}}]},
}
PASSING = {
    "a privileged pod labelled as a lease": entry(
        "io.k8s.core.v1.pods.create", resource="core/v1/namespaces/shop/pods/leases", request=POD
    ),
    "a pod called like a lease": entry(
        "io.k8s.core.v1.pods.create", resource="core/v1/namespaces/shop/pods/io.k8s.coordination.v1.leases.update"
    ),
    "leases of another API group": entry("io.k8s.shop.v1.leases.update"),
    "something else of the group": entry("io.k8s.coordination.v1.leasecandidates.update"),
    "a person": entry(user="carol@example.com"),
    "somebody called like the system": entry(user="carol-system:node:x@example.com"),
    "a stranger": entry(user="system:anonymous"),
    "nobody": entry(authenticationInfo={}),
    "refused": entry(granted=False, code=7),
    "failed": entry(code=13),
    "impersonated": entry(authenticationInfo={"principalEmail": "system:node:a", "authoritySelector": "system:admin"}),
    "no method": entry(methodName=None),
}


@pytest.mark.parametrize("what", PASSING)
def test_what_passes(default: Query, what: str) -> None:
    one = PASSING[what]
    payload = {key: value for key, value in one["protoPayload"].items() if value is not None}
    assert default.passes(one | {"protoPayload": payload})


DROPPED = [entry(), entry(user="system:node:worker-1", agent="kubelet/v1.36.3 (linux/amd64)")]


@pytest.mark.parametrize("one", DROPPED)
def test_what_is_dropped(default: Query, one: dict[str, Any]) -> None:
    assert not default.passes(one)


def test_what_is_looked_at(default: Query) -> None:
    assert "protoPayload.methodName" in default.fields
    assert default.fields - {AGENT} <= WRITTEN_BY_THE_SERVER


_WORDS = st.sampled_from(
    [
        "leases",
        "io.k8s.coordination.v1.leases.update",
        "system:node:worker-1",
        "kubectl/v1.36",
        "protoPayload",
        '"',
        "(",
    ]
)
_TEXT = st.one_of(_WORDS, st.text(max_size=20), st.lists(_WORDS, max_size=4).map("".join))
_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), _TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_TEXT, inner, max_size=3)),
    max_leaves=8,
)


@given(
    one=st.one_of(st.sampled_from(DROPPED), st.sampled_from(list(PASSING.values()))),
    body=_JSON,
    labels=st.dictionaries(_TEXT, _TEXT, max_size=3),
    name=_TEXT,
    agent=_TEXT,
    address=_TEXT,
)
def test_nothing_that_a_client_writes_makes_it_drop(
    default: Query, one: dict[str, Any], body: Any, labels: dict[str, str], name: str, agent: str, address: str
) -> None:
    # GIVEN an entry as far as the server wrote it, and the same with what its client may write
    kept = ("authenticationInfo", "methodName", "serviceName", "status")
    payload = {key: value for key, value in one["protoPayload"].items() if key in kept and value is not None}
    permissions = [
        {key: value for key, value in each.items() if key != "resource"}
        for each in one["protoPayload"]["authorizationInfo"]
    ]
    written = one | {"protoPayload": payload | {"authorizationInfo": permissions}, "labels": {}}
    request = {"metadata": {"labels": labels, "annotations": labels, "name": name}, "spec": body}
    changed = one | {
        "labels": one["labels"] | labels,
        "protoPayload": payload
        | {
            "authorizationInfo": [each | {"resource": name} for each in permissions],
            "requestMetadata": {"callerIp": address, "callerSuppliedUserAgent": agent},
            "resourceName": f"core/v1/namespaces/{name}",
            "request": request,
            "response": body,
            "metadata": labels,
        },
    }
    # WHEN the first is exported, THEN the other is, too
    assert default.passes(changed) >= default.passes(written)


_LABEL = re.compile(r'resource\.labels\.(\w+)="([^"]*)"')


@pytest.mark.parametrize("name", each([folder for folder in EXAMPLES if folder.name.startswith("gcp-gke-")]))
def test_what_is_deployed(provided: Callable[[str], Terraform], tmp_path: Path, default: Query, name: Path) -> None:
    # GIVEN an example, and what it plans as filters of sinks
    terraform, folder = provided("newer"), copied(tmp_path) / name
    prepare(terraform, folder)
    filters = [one["change"]["after"]["filter"] for one in plan(terraform, folder) if "sink" in one["type"]]
    filters = [text for text in filters if text]
    assert filters
    for text in filters:
        sink, labels = query(text), entry()["resource"]["labels"] | dict(_LABEL.findall(text))
        # WHEN they are given entries of their cluster, THEN it is the default filter that decides
        for one in (*PASSING.values(), entry()):
            payload = {key: value for key, value in one["protoPayload"].items() if value is not None}
            ours = one | {"resource": {"type": "k8s_cluster", "labels": labels}, "protoPayload": payload}
            assert sink.passes(ours) is default.passes(ours)
            # AND other services, other logs and other kinds of resource are not taken
            assert not sink.passes(ours | {"protoPayload": payload | {"serviceName": "container.googleapis.com"}})
            assert not sink.passes(ours | {"logName": "projects/shop-prod/logs/events"})
            assert not sink.passes(ours | {"resource": {"type": "gce_instance", "labels": labels}})
