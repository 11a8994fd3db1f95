"""The fields that only Lanner has, apart from those of pods."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fields.test_certificate import MASTERS, NODE, UTF8
from lanner.fields import Event, NoValue, RawEvent, catalogue

Read = Callable[..., object]


def body(value: Any, verb: str = "create", uri: str = "/api") -> dict[str, Any]:
    return {"verb": verb, "requestURI": uri, "requestObject": value}


def test_without_an_audit_id_there_is_nothing(read: Read) -> None:
    event = body({"spec": {"replicas": 1}}, "patch") | {"sourceIPs": ["8.8.8.8"], "level": "Request"}
    for name, field in catalogue().fields.items():
        if not field.is_portable:
            argument = {"key": "[/spec/replicas]", "network": "[::/0]"}.get(field.argument.value, "")
            assert read(json.dumps(event).encode(), name + argument, provider="eks") is None


# --------------------------------------------------------------------------------------------------------- requests


def test_level(read: Read) -> None:
    assert read({"level": "Metadata"}, "ka.level") == "Metadata"
    assert read({}, "ka.level") is None


@pytest.mark.parametrize(("provider", "value"), [("eks", "eks"), ("iks", "iks"), ("", None)])
def test_provider(read: Read, provider: str, value: str | None) -> None:
    assert read({}, "ka.provider", provider=provider) == value


USER = {"uid": "u-1", "groups": ["g"], "extra": {"scopes.example.com/a": ["x", "y"], "one": "z", "none": []}}


@pytest.mark.parametrize(("key", "prefix"), [("user", "ka.user"), ("impersonatedUser", "ka.impuser")])
def test_users(read: Read, key: str, prefix: str) -> None:
    event = {key: USER}
    assert read(event, f"{prefix}.uid") == "u-1"
    assert read(event, f"{prefix}.groups") == ["g"]
    assert read(event, f"{prefix}.extra[scopes.example.com/a]") == ["x", "y"]
    for other in ("one", "none", "a", ""):
        assert read(event, f"{prefix}.extra[{other}]") is None
    assert read({key: {"extra": ["x"]}}, f"{prefix}.extra[x]") is None
    assert read({}, f"{prefix}.uid") is read({}, f"{prefix}.groups") is None


@pytest.mark.parametrize(
    ("reference", "group", "version"),
    [
        ({"apiGroup": "apps", "apiVersion": "v1"}, "apps", "v1"),
        ({"apiVersion": "v1"}, None, "v1"),
        ({"apiGroup": ""}, None, None),
        ({"apiGroup": "core"}, None, None),  # as GKE writes it
        (None, None, None),
    ],
)
def test_api_group(read: Read, reference: Any, group: str | None, version: str | None) -> None:
    assert read({"objectRef": reference}, "ka.target.apigroup") == group
    assert read({"objectRef": reference}, "ka.target.apiversion") == version


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("/api/v1/pods", "/api/v1/pods"),
        ("/api/v1/pods?a=/b/../c", "/api/v1/pods"),
        ("//api///v1/./pods", "/api/v1/pods"),
        ("/api/v1/../v2", "/api/v2"),
        ("/../../etc", "/etc"),
        ("/%2e%2E/%65tc", "/etc"),
        ("/a%2Fb", "/a/b"),
        ("/a%252e", "/a%2e"),  # decoded once
        ("/a+b%20c", "/a+b c"),
        ("/a%zz%4", "/a%zz%4"),
        ("/a/", "/a/"),
        ("/a//?b", "/a/"),
        ("/", "/"),
        ("", "/"),
        ("/a#b", "/a#b"),
        ("/%ff", "/\udcff"),
        (5, "/5"),
    ],
)
def test_path(read: Read, uri: object, path: str) -> None:
    assert read({"requestURI": uri}, "ka.uri.path") == path


def test_no_path(read: Read) -> None:
    for field in ("ka.uri.path", "ka.uri.params[a]", "ka.uri.command"):
        assert read({}, field) is None


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("a=1", ["1"]),
        ("a=1&b=2&a=3", ["1", "3"]),
        ("a", [""]),
        ("a=x+y%20z%26", ["x y z&"]),
        ("%61=1", ["1"]),
        ("A=1", None),
        ("b=a", None),
        ("", None),
        # what is malformed hides nothing else
        ("x=;&a=1", ["1"]),
        ("x=%zz&a=1", ["1"]),
        ("a=%zz&a=2", ["2"]),
        ("x=#&a=1", ["1"]),
        ("?a=1&a=2", ["2"]),
        ("a=1=2", ["1=2"]),
        ("&&a=%ff", ["\udcff"]),
    ],
)
def test_parameters(read: Read, query: str, values: list[str] | None) -> None:
    assert read({"requestURI": f"/x?{query}"}, "ka.uri.params[a]") == values
    assert read({"requestURI": f"//x/%zz?{query}"}, "ka.uri.params[a]") == values


@pytest.mark.parametrize(
    ("query", "command"),
    [
        ("command=sh&command=-c&command=curl+-s+x&stdin=true", "sh -c curl -s x"),
        ("cmd=id%20-u", "id -u"),
        ("command=&x=1", None),
        ("x=#&command=id", "id"),
        ("stdin=true", None),
    ],
)
def test_command(read: Read, query: str, command: str | None) -> None:
    assert read({"requestURI": f"/x?{query}"}, "ka.uri.command") == command


@pytest.mark.parametrize(
    ("addresses", "is_public", "is_inside"),
    [
        (["203.0.113.7"], "true", "false"),
        (["10.1.2.3"], "false", "true"),
        (["10.1.2.3", "203.0.113.7"], "true", "true"),
        (["private", 1, None, {}], "false", "false"),
        ([], "false", "false"),
        ("203.0.113.7", "false", "false"),
        (None, "false", "false"),
    ],
)
def test_addresses(read: Read, addresses: Any, is_public: str, is_inside: str) -> None:
    assert read({"sourceIPs": addresses}, "ka.sourceips.public") == is_public
    assert read({"sourceIPs": addresses}, "ka.sourceips.in[10.0.0.0/8]") == is_inside
    assert read({}, "ka.sourceips.public") == read({}, "ka.sourceips.in[::/0]") == "false"


# ---------------------------------------------------------------------------------------------- the written object

BINDING = {
    "roleRef": {"kind": "ClusterRole", "name": "admin"},
    "subjects": [{"kind": "User", "name": "carol"}, {"kind": "Group", "name": "dev"}],
    "metadata": {"annotations": {"a/b": "x", "c": None}, "labels": {}},
    "spec": {"replicas": 0, "none": None, "list": [[1, 2], None, {"a": [3]}], "é": "ü"},
}


@pytest.mark.parametrize(
    ("pointer", "values"),
    [
        ("/subjects/name", ["carol", "dev"]),
        ("/subjects", [json.dumps(one, separators=(",", ":")) for one in BINDING["subjects"]]),  # type: ignore[union-attr]
        ("/roleRef/kind", ["ClusterRole"]),
        ("roleRef/kind", ["ClusterRole"]),
        ("/metadata/annotations/a~1b", ["x"]),
        ("/metadata/annotations/c", None),
        ("/metadata/labels", ["{}"]),
        ("/metadata/name", None),
        ("/metadata/name/x", None),
        ("/spec/replicas", ["0"]),
        ("/spec/none", None),
        ("/spec/list", ["[1,2]", '{"a":[3]}']),
        ("/spec/list/a", ["3"]),
        ("/spec/list/0", None),
        ("/spec/é", ["ü"]),
        ("/subjects/0/name", None),
    ],
)
def test_values(read: Read, pointer: str, values: list[str] | None) -> None:
    for verb in ("create", "patch"):
        assert read(body(BINDING, verb), f"ka.req.values[{pointer}]") == values


def test_the_value_of_the_empty_pointer_is_the_object(read: Read) -> None:
    assert read(body({"a": 1}), "ka.req.values[]") == ['{"a":1}']
    assert read(body([{"op": "add", "path": "/a", "value": 1}], "patch"), "ka.req.values[]") == ['{"a":1}']
    assert read(body("x"), "ka.req.values[]") == ["x"]
    assert read(body("x"), "ka.req.values[/a]") is None
    assert read(body(None), "ka.req.values[]") is None
    assert read({}, "ka.req.values[]") is None


@pytest.mark.parametrize(
    ("pointer", "keys"),
    [
        ("/metadata/annotations", ["a/b", "c"]),
        ("/metadata", ["annotations", "labels"]),
        ("/metadata/labels", None),
        ("/subjects", ["kind", "name", "kind", "name"]),
        ("/roleRef/name", None),
        ("/x", None),
        ("", ["roleRef", "subjects", "metadata", "spec"]),
    ],
)
def test_keys(read: Read, pointer: str, keys: list[str] | None) -> None:
    assert read(body(BINDING), f"ka.req.keys[{pointer}]") == keys


def test_bindings(read: Read) -> None:
    assert read(body(BINDING), "ka.req.binding.role.kind") == "ClusterRole"
    assert read(body(BINDING), "ka.req.binding.subjects.kinds") == ["User", "Group"]
    assert read(body({}), "ka.req.binding.role.kind") is None
    assert read(body(BINDING), "ka.req.replicas") == "0"
    assert read(body({"spec": {"replicas": None}}), "ka.req.replicas") is None
    assert read(body([{"op": "replace", "path": "/spec/replicas", "value": 0}], "patch"), "ka.req.replicas") == "0"


def test_a_request_that_is_no_patch_is_read_as_it_is_logged(read: Read) -> None:
    """API servers log what they have read; of duplicate keys Falco's fields take the first."""
    twice = b'{"auditID":"a","verb":"%b","requestObject":{"spec":{"a":1.50,"a":2}}}'
    assert read(twice % b"create", "ka.req.values[/spec/a]") == ["1.50"]


def test_of_duplicate_keys_in_a_patch_the_last_counts(read: Read) -> None:
    """Patches are logged as they were sent, and API servers take the last."""
    twice = b'{"auditID":"a","verb":"patch","requestObject":{"spec":{"a":1},"spec":{"a":2,"\\u0061":3}}}'
    assert read(twice, "ka.req.values[/spec/a]") == ["3"]
    assert read(twice, "ka.req.patch.ops") == ["set /spec/a"]
    operation = b'[{"op":"test","op":"add","path":"/x","path":"/spec/a","value":1,"value":"evil"}]'
    assert read(twice.replace(b'{"spec":{"a":1},"spec":{"a":2,"\\u0061":3}}', operation), "ka.req.values[/spec/a]") == [
        "evil"
    ]


PATCHED = {"spec": {"replicas": 0, "paused": None}, "metadata": {"labels": {"a": "b"}}}


def test_patches(read: Read) -> None:
    merge = body(PATCHED, "patch")
    assert read(merge, "ka.req.patch.type") == "merge"
    assert read(merge, "ka.req.patch.ops") == ["set /spec/replicas", "remove /spec/paused", "set /metadata/labels/a"]
    assert read(merge, "ka.req.patch.paths") == [
        *("/spec", "/spec/replicas", "/spec/paused", "/metadata", "/metadata/labels", "/metadata/labels/a")
    ]
    as_json = body([{"op": "remove", "path": "/spec/a~1b"}], "patch")
    assert read(as_json, "ka.req.patch.type") == "json"
    assert read(as_json, "ka.req.patch.ops") == ["remove /spec/a~1b"]
    assert read(as_json, "ka.req.patch.paths") == ["/spec", "/spec/a~1b"]


@pytest.mark.parametrize(
    ("value", "uri", "kind"),
    [
        ({"apiVersion": "v1", "kind": "Pod"}, "/x?fieldManager=kubectl&force=true", "apply"),
        ({"apiVersion": "v1", "kind": "Pod"}, "/x?fieldManager", "apply"),
        ({"apiVersion": "v1", "kind": "Pod"}, "/x", "merge"),
        ({"kind": "Pod"}, "/x?fieldManager=kubectl", "merge"),
        ({}, "/x", "merge"),
        ([], "/x?fieldManager=kubectl", "json"),
        (None, "/x", "merge"),
    ],
)
def test_kind_of_patch(read: Read, value: Any, uri: str, kind: str) -> None:
    assert read(body(value, "patch", uri), "ka.req.patch.type") == kind
    assert read(json.dumps({"auditID": "a"} | body(value, "patch", uri)).encode(), "ka.req.patch.type") == kind


@pytest.mark.parametrize("verb", ["create", "update", "PATCH", ""])
def test_what_is_no_patch(read: Read, verb: str) -> None:
    for field in ("ka.req.patch.type", "ka.req.patch.ops", "ka.req.patch.paths"):
        assert read(body(PATCHED, verb), field) is None
        assert read({"verb": "patch"}, field) is None
    for field in ("ka.req.patch.ops", "ka.req.patch.paths"):
        assert read(body([], "patch"), field) is None
        assert read(body({}, "patch"), field) is None


def role(*rules: Any) -> dict[str, Any]:
    return body({"rules": [*rules]})


def rule(resources: Any, verbs: Any, groups: Any = ("",)) -> dict[str, Any]:
    return {"resources": [*resources], "verbs": [*verbs], "apiGroups": [*groups]}


@pytest.mark.parametrize(
    ("one", "given"),
    [
        (rule(["secrets"], ["get"]), {"secrets": ["get"], "pods": None}),
        (rule(["*"], ["get", "*"]), {"secrets": ["get", "*"], "pods/exec": ["get", "*"]}),
        (rule(["pods"], ["get"]), {"pods/exec": None}),
        (rule(["pods/*"], ["get"]), {"pods/exec": None}),  # RBAC does not know that
        (rule(["*/exec"], ["create"]), {"pods/exec": ["create"], "pods": None, "exec": None}),
        (rule(["pods/exec"], ["create"]), {"pods/exec": ["create"], "pods": None}),
        (rule(["deployments"], ["get"], ["apps"]), {"deployments.apps": ["get"], "deployments": None}),
        (
            rule(["deployments/scale"], ["get"], ["apps"]),
            {"deployments/scale.apps": ["get"], "deployments.apps/scale": ["get"]},
        ),
        (rule(["*"], ["get"], ["*"]), {"deployments.apps": ["get"], "secrets": ["get"]}),
        (rule(["*"], ["get"], ["apps"]), {"deployments.apps": ["get"], "secrets": None}),
        (rule(["secrets"], ["get"], ["other.example"]), {"secrets": None, "secrets.other.example": ["get"]}),
        (rule(["secrets"], [], [""]), {"secrets": None}),
        ({"nonResourceURLs": ["*"], "verbs": ["*"]}, {"secrets": None}),
        ({"verbs": "get", "resources": "secrets", "apiGroups": ""}, {"secrets": ["get"]}),
        ("x", {"secrets": None}),
        (None, {"secrets": None, "": None}),
    ],
)
def test_verbs_of_a_role(read: Read, one: Any, given: dict[str, list[str] | None]) -> None:
    for resource, verbs in given.items():
        assert read(role(one), f"ka.req.role.verbs_for[{resource}]") == verbs, resource


def test_verbs_of_several_rules(read: Read) -> None:
    event = role(rule(["secrets"], ["get", "list"]), rule(["pods", "secrets"], ["list", "watch"]), rule(["x"], ["*"]))
    assert read(event, "ka.req.role.verbs_for[secrets]") == ["get", "list", "watch"]
    for value in ({"rules": None}, {"rules": {"a": 1}}, {}, [], "x"):
        assert read(body(value), "ka.req.role.verbs_for[secrets]") is None
    assert read({}, "ka.req.role.verbs_for[secrets]") is None


def test_rules_in_a_json_patch(read: Read) -> None:
    """WHEN a patch does not show what a rule is about THEN it gives nothing: it may be about anything."""

    def patched(path: str, value: Any) -> dict[str, Any]:
        return body([{"op": "add", "path": path, "value": value}], "patch")

    assert read(patched("/rules/-", rule(["pods"], ["get"])), "ka.req.role.verbs_for[pods]") == ["get"]
    assert read(patched("/rules/-", rule(["pods"], ["get"])), "ka.req.role.verbs_for[secrets]") is None
    assert read(patched("/rules/0/verbs/-", "*"), "ka.req.role.verbs_for[pods]") is None
    assert read(patched("/rules/0/verbs/-", "*"), "ka.req.values[/rules/verbs]") == ["*"]


def signing(pem: bytes | None) -> dict[str, Any]:
    return body({"spec": {"request": None if pem is None else b64encode(pem).decode()}})


def test_certificates(read: Read) -> None:
    assert read(signing(MASTERS), "ka.req.csr.common_name") == "carol"
    assert read(signing(MASTERS), "ka.req.csr.organizations") == ["system:masters"]
    assert read(signing(NODE), "ka.req.csr.common_name") == "system:node:worker-1"  # the last, as API servers take it
    assert read(signing(NODE), "ka.req.csr.organizations") == ["system:nodes", "ops"]
    assert read(signing(UTF8), "ka.req.csr.common_name") == "jörg"
    for nothing in (signing(b"x"), signing(None), body({}), body([]), {}):
        assert read(nothing, "ka.req.csr.common_name") is None
        assert read(nothing, "ka.req.csr.organizations") is None


@given(st.binary(max_size=60))
def test_any_text_may_be_a_request(text: bytes) -> None:
    event = Event(RawEvent(json.dumps({"auditID": "a"} | signing(text)).encode()), 1)
    assert isinstance(catalogue().bind("ka.req.csr.common_name").value(event), bytes | NoValue)
    assert isinstance(catalogue().bind("ka.req.csr.organizations").value(event), list | NoValue)
