"""Google Cloud's Logging query language, by the examples of its documentation."""

from __future__ import annotations

from typing import Any

import pytest

from terraform.logging_query import Undocumented, query

ENTRY: dict[str, Any] = {
    "logName": "projects/shop-prod/logs/cloudaudit.googleapis.com%2Factivity",
    "resource": {"type": "k8s_cluster", "labels": {"cluster_name": "shop", "project_id": "shop-prod"}},
    "labels": {"authorization.k8s.io/decision": "allow"},
    "severity": "NOTICE",
    "protoPayload": {
        "methodName": "io.k8s.core.v1.pods.create",
        "status": {"code": 7},
        "authorizationInfo": [{"granted": True, "permission": "one"}, {"granted": False, "permission": "two"}],
    },
    "jsonPayload": {"cat": "longhair", "animal": "A nice pet", "shoeSize": [8.5, 9, 6], "empty": None},
}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", True),
        ("-- nothing\n", True),
        ('resource.type = "k8s_cluster"', True),
        ('resource.type="K8S_Cluster"', True),
        ("resource.type=k8s_cluster", True),
        ('resource.type = "gce_instance"', False),
        ('resource.type = "gce_instance" OR resource.labels.cluster_name = "shop"', True),
        ('resource.type = ("gce_instance" OR "k8s_cluster")', True),
        ('jsonPayload.cat = ("longhair" OR "shorthair")', True),
        ('jsonPayload.animal : ("nice" AND "pet")', True),
        ('jsonPayload.animal : ("nice" AND "dog")', False),
        ('resource.type="k8s_cluster" AND severity="NOTICE" AND NOT jsonPayload.cat="shorthair"', True),
        ('resource.type="k8s_cluster"\nseverity="ERROR" -- the last', False),
        ('resource.type="k8s_cluster" -jsonPayload.cat="longhair"', False),
        ('labels."authorization.k8s.io/decision" = "allow"', True),
        ("jsonPayload.shoeSize < 7", True),
        ("jsonPayload.shoeSize > 9", False),
        ("protoPayload.status.code = 7", True),
        ('protoPayload.status.code = "7"', True),
        ("protoPayload.status.code = seven", False),
        ("protoPayload.status.code != seven", False),
        ("protoPayload.status.code > -1", True),
        ("protoPayload.authorizationInfo.permission = two", True),
        ("protoPayload.authorizationInfo.permission != two", True),
        ("NOT protoPayload.authorizationInfo.permission = two", False),
        ("protoPayload.authorizationInfo.granted = TRUE", True),
        ('protoPayload.methodName =~ "^io\\.k8s\\..*create$"', True),
        ('protoPayload.methodName =~ "pods"', True),
        ('protoPayload.methodName =~ "PODS"', False),
        ('protoPayload.methodName !~ "pods"', False),
        ('protoPayload.methodName : "PODS"', True),
        ('log_id("cloudaudit.googleapis.com/activity")', True),
        ('log_id("cloudaudit.googleapis.com/data_access")', False),
        # What is missing is neither equal nor different.
        ("protoPayload.missing = a", False),
        ("protoPayload.missing != a", False),
        ("NOT protoPayload.missing = a", True),
        ('protoPayload.missing !~ "a"', False),
        ("protoPayload.missing:*", False),
        ("protoPayload.status:*", True),
        ("NOT protoPayload.missing:*", True),
        ("labels.missing != a", False),
        # What every entry has is as if it had its default.
        ('textPayload = ""', True),
        ("trace != a", True),
    ],
)
def test_what_passes(text: str, wanted: bool) -> None:
    assert query(text).passes(ENTRY) is wanted


@pytest.mark.parametrize("a", [True, False])
@pytest.mark.parametrize("b", [True, False])
@pytest.mark.parametrize("c", [True, False])
@pytest.mark.parametrize("d", [True, False])
def test_what_binds_tighter(a: bool, b: bool, c: bool, d: bool) -> None:
    entry = {"labels": {name: "x" for name, one in zip("abcd", (a, b, c, d), strict=True) if one}}
    text = "labels.a=x OR NOT labels.b=x AND NOT labels.c=x OR labels.d=x"
    assert query(text).passes(entry) is ((a or not b) and (not c or d))


@pytest.mark.parametrize(
    "text",
    [
        '"anywhere"',
        "anywhere",
        'resource.type="a" OR',
        'resource.type="a")',
        '(resource.type="a"',
        "resource.type=",
        "resource.type=AND",
        'protoPayLoad.a="b"',
        "sample(insertId, 0.5)",
        'ip_in_net(protoPayload.a, "10.0.0.0/8")',
        'resource.type="a" and resource.type="b"',
        "resource.type",
        'resource.type="a',
        "x" * 20_001,
    ],
)
def test_what_is_no_query(text: str) -> None:
    with pytest.raises(Undocumented):
        query(text)


@pytest.mark.parametrize("text", ["operation.id = a", "jsonPayload.empty = a"])
def test_values_whose_comparison_is_not_known(text: str) -> None:
    with pytest.raises(Undocumented):
        query(text).passes(ENTRY)


def test_fields() -> None:
    assert query('log_id("a") AND NOT (labels.a=b OR protoPayload.b:*)').fields == {
        "logName",
        "labels.a",
        "protoPayload.b",
    }
