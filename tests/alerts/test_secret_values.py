"""Values of Secrets and tokens in the bodies of requests and answers: they are replaced, and nothing else is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanner.alerts.secret_values import MASKED, holds_secrets, without_quotations, without_values, written
from lanner.fields import json_text

PLANTED = "cGxhbnRlZC1zZWNyZXQ="
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def shown(body: object, resource: str = "secrets", subresource: str = "") -> object:
    """Return a body as it is shown."""
    text = json.dumps(body).encode()
    return json.loads(without_values(text, resource.encode(), subresource.encode()))


def a_secret(**changes: object) -> dict:
    return {
        "kind": "Secret",
        "apiVersion": "v1",
        "metadata": {
            "name": "db",
            "labels": {"app": "db"},
            "annotations": {
                APPLIED: PLANTED,
                "note": "kept",
                "copy": f'{{"a":"{PLANTED}"}}',
                "long": "x" * 300,
                "no": None,
            },
            "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:data": {"f:key.pem": {}}}}],
        },
        "data": {"key.pem": PLANTED, "none": None, "deep": {"a": [PLANTED, 7, True]}},
        "stringData": {"user": PLANTED},
        "immutable": True,
        "type": "Opaque",
    } | changes


A_SHOWN_SECRET = a_secret(
    metadata={
        "name": "db",
        "labels": {"app": "db"},
        "annotations": {APPLIED: "[redacted]", "note": "kept", "copy": "[redacted]", "long": "[redacted]", "no": None},
        "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:data": {"f:key.pem": {}}}}],
    },
    data={"key.pem": "[redacted]", "none": None, "deep": {"a": ["[redacted]", "[redacted]", "[redacted]"]}},
    stringData={"user": "[redacted]"},
)


def test_values_are_replaced_and_keys_stay() -> None:
    assert shown(a_secret()) == A_SHOWN_SECRET


def test_a_secret_is_known_by_its_kind_wherever_it_is_sent() -> None:
    assert shown(a_secret(), "things") == A_SHOWN_SECRET
    listed = {"kind": "SecretList", "metadata": {"resourceVersion": "1"}, "items": [{"data": {"a": PLANTED}}]}
    assert shown(listed, "") == listed | {"items": [{"data": {"a": "[redacted]"}}]}


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (
            [{"op": "replace", "path": "/data/key", "value": PLANTED}, {"op": "move", "from": "/a", "path": "/b"}],
            [{"op": "replace", "path": "/data/key", "value": "[redacted]"}, {"op": "move", "from": "/a", "path": "/b"}],
        ),
        ([PLANTED, [PLANTED], None], ["[redacted]", ["[redacted]"], None]),
        ({"data": {"key": PLANTED, "gone": None}}, {"data": {"key": "[redacted]", "gone": None}}),
        ({"metadata": PLANTED}, {"metadata": "[redacted]"}),
        ({"metadata": {"annotations": {"n": 1}}}, {"metadata": {"annotations": {"n": 1}}}),
        ({"metadata": {"annotations": None}}, {"metadata": {"annotations": None}}),
        ({"kind": "SecretList", "items": {"x": PLANTED}}, {"kind": "SecretList", "items": {"x": "[redacted]"}}),
        ({"kind": "SecretList", "items": None}, {"kind": "SecretList", "items": None}),
        ({"kind": 7, "Data": {"a": 1.5}}, {"kind": 7, "Data": {"a": "[redacted]"}}),
        ({"kind": "Table", "rows": [{"cells": ["db"]}]}, {"kind": "Table", "rows": [{"cells": ["[redacted]"]}]}),
        ({"kind": "DeleteOptions", "propagationPolicy": "Background"},) * 2,
        ({"propagationPolicy": PLANTED}, {"propagationPolicy": "[redacted]"}),
        (PLANTED, "[redacted]"),
        (None, None),
        ({}, {}),
        ([], []),
    ],
)
def test_whatever_a_body_of_a_request_for_secrets_is(body: object, wanted: object) -> None:
    assert shown(body) == wanted


def test_a_refusal_stays_readable() -> None:
    status = {
        "kind": "Status",
        "metadata": {},
        "status": "Failure",
        "message": 'secrets "db" is forbidden',
        "reason": "Forbidden",
        "details": {"name": "db", "kind": "secrets"},
        "code": 403,
    }
    assert shown(status) == status
    # AND it does not quote what could not be read
    quoting = f'cannot be handled: error found in #10 byte of ...|"a":"{PLANTED}"|..., bigger context ...|{{}}|...'
    assert shown(status | {"message": quoting}) == status | {"message": "cannot be handled: error found in #[redacted]"}
    assert without_quotations(b'"no such thing"') == b'"no such thing"'


@pytest.mark.parametrize(("resource", "subresource"), [("tokenreviews", ""), ("serviceaccounts", "token"), ("", "")])
def test_tokens_of_reviews_and_requests_are_replaced(resource: str, subresource: str) -> None:
    review = {
        "kind": "TokenReview",
        "metadata": {"managedFields": [{"fieldsV1": {"f:spec": {"f:token": {}}}}]},
        "spec": {"token": PLANTED, "audiences": ["a"]},
        "status": {"user": {"username": "u", "extra": {"x": ["y"]}}, "refreshToken": PLANTED},
    }
    assert shown(review, resource, subresource) == review | {
        "spec": {"token": "[redacted]", "audiences": ["a"]},
        "status": review["status"] | {"refreshToken": "[redacted]"},
    }
    request = {"kind": "TokenRequest", "status": {"token": "", "expirationTimestamp": None}}
    assert shown(request, resource, subresource) == request
    odd = {"kind": "TokenReview", "spec": "odd", "token": [1]}
    assert shown(odd, resource, subresource) == odd


def test_secrets_inside_of_other_objects_are_found() -> None:
    # GIVEN objects that contain Secrets, or refer to them
    pod = {"kind": "Pod", "spec": {"volumes": [{"secret": {"secretName": "db"}}]}, "data": {"a": PLANTED}}
    reference = {"kind": "Secret", "namespace": "shop", "name": "db"}
    body = {"kind": "List", "items": [pod, a_secret(), {"kind": "Event", "involvedObject": reference}]}
    # THEN the values of those are replaced
    assert shown(body, "things") == body | {"items": [pod, A_SHOWN_SECRET, body["items"][2]]}
    template = {"kind": "Template", "objects": [{"kind": "Secret", "stringData": {"a": PLANTED}}]}
    assert shown(template, "templates") == {
        "kind": "Template",
        "objects": [{"kind": "Secret", "stringData": {"a": "[redacted]"}}],
    }
    # AND what holds none stays as it was written
    plain = b'{ "kind":"ConfigMap", "data":{"password":"x"} }'
    assert without_values(plain, b"configmaps", b"") == plain
    assert not holds_secrets(plain)


def test_what_is_too_deep_is_replaced_as_one() -> None:
    def nested(value: object, levels: int = 100) -> object:
        for _ in range(levels):
            value = {"a": value}
        return value

    for body in (
        {"data": nested(PLANTED)},
        {"data": [nested(PLANTED)]},
        {"items": [{"items": [nested(PLANTED)]}]},
        {"kind": "TokenReview", "spec": nested({"token": PLANTED})},
        {"kind": "Thing", "spec": nested({"kind": "Secret", "data": PLANTED})},
        {"kind": "Thing", "spec": [[[[[[[[[[[[[[{"kind": "Secret", "data": PLANTED}]]]]]]]]]]]]]]},
    ):
        resource = "things" if "kind" in body else "secrets"
        text = json.dumps(shown(body, resource))
        assert PLANTED not in text
        assert "[redacted]" in text


def test_the_first_of_duplicate_keys_counts_and_others_are_not_shown() -> None:
    text = b'{"kind":"Secret","data":{"a":"x","a":"%b"},"data":"%b"}' % (PLANTED.encode(), PLANTED.encode())
    assert without_values(text, b"secrets", b"") == b'{"kind":"Secret","data":{"a":"[redacted]"}}'


@pytest.mark.parametrize("key", ['a"b', "a\\b", "a\nb", "é", "\\q", ""])
def test_keys_are_written_as_they_were(key: str) -> None:
    text = without_values(json.dumps({"data": {key: "x"}}).encode(), b"secrets", b"")
    assert json.loads(text) == {"data": {key: "[redacted]"}}


def test_keys_that_are_no_text_stay() -> None:
    value = b'{"data":{"\xff\\ud800\x01":"x"}}'
    shown = without_values(value, b"secrets", b"")
    (key,) = json_text.members(json_text.members(shown)["data"])
    assert key == next(iter(json_text.members(json_text.members(value)["data"])))
    assert written({}) == b"{}"
    assert MASKED == b'"[redacted]"'


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(PLANTED) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["data", "kind", "items", "a", "metadata", "token", "spec", "é"]), inner, max_size=4
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_no_value_of_a_secret_is_left(value: object) -> None:
    for body in (
        a_secret(data=value, stringData=[value, PLANTED]),
        {"kind": "SecretList", "items": [a_secret(data=value), {"data": value}]},
        {"kind": "List", "items": [a_secret(data=value), {"x": [{"kind": "Secret", "stringData": value}]}]},
    ):
        for resource in ("secrets", "things"):
            text = json.dumps(shown(body, resource))
            assert PLANTED not in text
            # AND a second time changes nothing
            assert shown(json.loads(text), resource) == json.loads(text)


@given(JSON, st.sampled_from(["secrets", "tokenreviews", "pods"]))
def test_any_body_has_the_same_shape_as_before(value: object, resource: str) -> None:
    once = shown(value, resource)
    assert type(once) is type(value) or once == "[redacted]"
    assert shown(once, resource) == once
