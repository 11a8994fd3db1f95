"""GKE's log entries: what becomes of them beyond what the conformance data covers, and what is said about the rest."""

from __future__ import annotations

import base64
import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanner.fields import BODIES, RawEvent, json_text
from lanner.sources import Piece, Reject, gke
from lanner.sources.apiserver import MAX_BAD_PARTS
from lanner.sources.other import Other

EVENTS = Path(__file__).parents[1] / "events"
ENTRY: dict[str, Any] = {
    "insertId": "ab1",
    "logName": "projects/p/logs/cloudaudit.googleapis.com%2Factivity",
    "labels": {"authorization.k8s.io/decision": "allow"},
    "receiveTimestamp": "2024-05-01T08:00:00.123456789Z",
    "timestamp": "2024-05-01T07:00:00Z",
    "resource": {"type": "k8s_cluster", "labels": {"cluster_name": "c", "location": "eu", "project_id": "p"}},
    "protoPayload": {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "serviceName": "k8s.io",
        "methodName": "io.k8s.core.v1.configmaps.delete",
        "resourceName": "core/v1/namespaces/n/configmaps/x",
        "authenticationInfo": {"principalEmail": "a@b.c"},
        "requestMetadata": {"callerIp": "10.0.0.9", "callerSuppliedUserAgent": "kubectl"},
    },
}
CONVERTED: dict[str, Any] = {
    "kind": "Event",
    "apiVersion": "audit.k8s.io/v1",
    "level": "RequestResponse",
    "auditID": "ab1",
    "stage": "ResponseComplete",
    "requestURI": "/core/v1/namespaces/n/configmaps/x",
    "verb": "delete",
    "user": {"username": "a@b.c"},
    "sourceIPs": ["10.0.0.9"],
    "userAgent": "kubectl",
    "objectRef": {
        "resource": "configmaps",
        "namespace": "n",
        "name": "x",
        "apiGroup": "core",
        "apiVersion": "v1",
    },
    "responseStatus": {"metadata": {}, "status": "OK (inferred)", "message": "OK (inferred)", "code": 200},
    "requestReceivedTimestamp": "2024-05-01T08:00:00.123456Z",
    "stageTimestamp": "2024-05-01T08:00:00.123456Z",
    "annotations": {
        "authorization.k8s.io/decision": "allow",
        "cluster_name": "c",
        "location": "eu",
        "project_id": "p",
    },
}
GONE = object()


def changed(path: str, value: object = GONE) -> dict[str, Any]:
    """Return the entry with the value at a dotted path changed or gone."""
    entry = copy.deepcopy(ENTRY)
    *parents, last = path.split(".")
    place = entry
    for key in parents:
        place = place[key]
    if value is GONE:
        del place[last]
    else:
        place[last] = value
    return entry


def payload(**changes: object) -> dict[str, Any]:
    return changed("protoPayload", ENTRY["protoPayload"] | changes)


def take(entry: object, **options: Any) -> list[Piece]:
    text = entry if isinstance(entry, bytes) else json.dumps(entry).encode()
    return list(gke.events(text, origin="entry", **options))


def raw(entry: object, **options: Any) -> RawEvent:
    (piece,) = take(entry, **options)
    assert isinstance(piece, RawEvent), piece
    return piece


def event(entry: object, **options: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(raw(entry, **options).text)
    return found


def reason(entry: object, kind: type[Reject] = Reject, **options: Any) -> str:
    (piece,) = take(entry, **options)
    assert type(piece) is kind, piece
    return piece.reason


def test_the_worked_example() -> None:
    # GIVEN the entry of the specification WHEN it is read
    found = raw(ENTRY)
    # THEN it is the event of the specification, key by key, with its context
    assert json.loads(found.text) == CONVERTED
    assert list(json.loads(found.text)) == list(CONVERTED)
    assert (found.provider, found.cluster, found.origin) == ("gke", "c", "entry")
    assert found.received == 1714550400123456789
    assert found.lost == frozenset()


def test_a_recorded_message_of_an_exec() -> None:
    (found,) = take((EVENTS / "gcp_pubsub.json").read_bytes())
    assert isinstance(found, RawEvent)
    exec_event = json.loads(found.text)
    assert (exec_event["stage"], exec_event["responseStatus"]["code"]) == ("ResponseStarted", 101)
    assert exec_event["objectRef"]["subresource"] == "exec"


def test_a_recorded_message_of_a_refused_request() -> None:
    refused = event((EVENTS / "gcp_pubsub_refused.json").read_bytes())
    status = refused["responseStatus"]
    assert (status["status"], status["reason"], status["code"]) == ("Failure", "Forbidden", 403)
    assert status["message"].startswith('pods is forbidden: User "system:anonymous" cannot create')
    assert refused["annotations"]["authorization.k8s.io/decision"] == "forbid"


@pytest.mark.parametrize("name", ["container", "text"])
def test_messages_of_other_kinds_are_no_rejects_of_ours(name: str) -> None:
    (piece,) = take((EVENTS / f"gcp_pubsub_{name}.json").read_bytes())
    assert isinstance(piece, Other)


def test_every_wrapping_is_taken_off() -> None:
    text = json.dumps(ENTRY).encode()
    message = {"data": base64.b64encode(text).decode(), "messageId": "1"}
    wanted = raw(ENTRY)
    for body in ({"message": message, "subscription": "s"}, {"subscription": "s", "message": message}):
        assert raw(body) == wanted
    assert raw(b" \n" + text + b"\r\n") == wanted
    listed = take([ENTRY, {"message": message}, 7, ENTRY])
    assert [piece.origin for piece in listed] == [f"entry item {number}" for number in (1, 2, 3, 4)]
    assert [type(piece) for piece in listed] == [RawEvent, RawEvent, Reject, RawEvent]


def test_an_audit_event_is_taken_as_it_is() -> None:
    # what Falco's plugin reads from a file
    text = b'{"kind":"Event","auditID":"a", "verb":"get"}'
    assert raw(text, cluster="c") == RawEvent(text, "gke", "c", None, "entry")
    assert len(take({"kind": "EventList", "items": [{}, {}]})) == 2


def test_the_cluster_may_be_named_for_entries_that_do_not() -> None:
    assert raw(ENTRY, cluster="other").cluster == "c"
    assert raw(changed("resource.labels"), cluster="other").cluster == "other"
    assert raw(changed("resource"), cluster="other").cluster == "other"


@pytest.mark.parametrize(
    ("status", "response", "wanted"),
    [
        ({"code": 7, "message": "no"}, None, {"status": "Failure", "message": "no", "code": 403}),
        ({"code": 5}, None, {"status": "Failure", "code": 404}),
        ({"code": "5"}, None, {"status": "Failure", "code": 404}),
        ({"code": 16.0}, None, {"status": "Failure", "code": 401}),
        ({"code": "ABORTED"}, None, {"status": "Failure", "code": 409}),
        ({"code": "OK"}, None, CONVERTED["responseStatus"]),
        ({"code": 0}, None, CONVERTED["responseStatus"]),
        ({"code": None}, None, CONVERTED["responseStatus"]),
        ({}, None, CONVERTED["responseStatus"]),
        ("x", None, CONVERTED["responseStatus"]),
        ({"code": 403, "message": 7}, None, {"status": "Failure", "code": 403}),
        ({"code": 99}, None, {"status": "Failure", "code": 500}),
        ({"code": -1}, None, {"status": "Failure", "code": 500}),
        ({"code": 7.5}, None, {"status": "Failure", "code": 500}),
        ({"code": []}, None, {"status": "Failure", "code": 500}),
        ({"code": 10**300}, None, {"status": "Failure", "code": 500}),
        (None, {"kind": "Status", "status": "Success", "code": 201}, {"status": "Success", "code": 201}),
        (None, {"kind": "Status", "status": "Success"}, CONVERTED["responseStatus"]),
        (None, {"kind": "Status", "code": "201"}, CONVERTED["responseStatus"]),
        (None, {"kind": "Pod", "code": 409}, CONVERTED["responseStatus"]),
        (None, [1], CONVERTED["responseStatus"]),
        (
            {"code": 6},
            {"kind": "Status", "status": "Failure", "code": 422, "message": "m", "reason": "Invalid"},
            {"status": "Failure", "message": "m", "reason": "Invalid", "code": 422},
        ),
        (
            {"code": 7, "message": "no"},
            {"kind": "Status", "code": 200, "message": "yes"},
            {"status": "Failure", "message": "no", "code": 403},
        ),
    ],
)
def test_the_response_is_the_real_one(status: object, response: object, wanted: dict[str, Any]) -> None:
    found = event(payload(status=status, response=response))
    assert found["responseStatus"] == {"metadata": {}} | wanted


@pytest.mark.parametrize(
    ("checks", "wanted"),
    [
        ([{"granted": True}], "allow"),
        ([{"granted": True}, {"granted": True, "permissionType": "ADMIN_WRITE"}], "allow"),
        ([{"granted": True}, {"granted": False}], "forbid"),
        ([{"permission": "p"}], "forbid"),
        ([{"granted": "true"}], "forbid"),
        ([], None),
        ([None, 7], None),
        ({"granted": True}, None),
        (None, None),
    ],
)
def test_the_decision_is_told_by_the_checks_where_no_label_tells_it(checks: object, wanted: str | None) -> None:
    entry = payload(authorizationInfo=checks)
    assert event(entry)["annotations"]["authorization.k8s.io/decision"] == "allow"  # the label
    del entry["labels"]
    assert event(entry)["annotations"].get("authorization.k8s.io/decision") == wanted


@pytest.mark.parametrize(
    ("caller", "user", "impersonated"),
    [
        ({"principalEmail": "a", "authoritySelector": "b"}, {"username": "a"}, {"username": "b"}),
        ({"principalSubject": "s"}, {"username": "s"}, None),
        (
            {"principalEmail": "a", "principalSubject": "s"},
            {"username": "a", "extra": {"principalSubject": ["s"]}},
            None,
        ),
        ({"principalEmail": "a", "groups": ["g", 7, "h"]}, {"username": "a", "groups": ["g", "h"]}, None),
        ({"principalEmail": "a", "thirdPartyPrincipal": {"groups": ["g"]}}, {"username": "a", "groups": ["g"]}, None),
        (
            {"principalEmail": "a", "thirdPartyPrincipal": {"thirdPartyClaims": {"groups": ["g"]}}},
            {"username": "a", "groups": ["g"]},
            None,
        ),
        ({"principalEmail": "a", "thirdPartyPrincipal": {"thirdPartyClaims": 7}}, {"username": "a"}, None),
        ({"principalEmail": "a", "thirdPartyPrincipal": {"x": 1}, "groups": "g"}, {"username": "a"}, None),
        ({"principalEmail": "a", "oauthInfo": {"x": 1}}, {"username": "a"}, None),
        (
            {
                "principalEmail": "a",
                "serviceAccountKeyName": "k",
                "serviceAccountDelegationInfo": [
                    {"firstPartyPrincipal": {"principalEmail": "x@y"}},
                    {"principalSubject": "s", "firstPartyPrincipal": {"principalEmail": "x@y"}},
                    {"thirdPartyPrincipal": {"n": 1.0}},
                    7,
                ],
            },
            {
                "username": "a",
                "extra": {
                    "serviceAccountKeyName": ["k"],
                    "serviceAccountDelegationInfo": ["x@y", "s", '{"thirdPartyPrincipal":{"n":1}}', "7"],
                },
            },
            None,
        ),
        ({}, {}, None),
    ],
)
def test_who_it_was(caller: object, user: object, impersonated: object) -> None:
    found = event(payload(authenticationInfo=caller))
    assert found["user"] == user
    assert found.get("impersonatedUser") == impersonated


@pytest.mark.parametrize(
    ("entry", "changes"),
    [
        (changed("protoPayload.authenticationInfo"), {"user": {}}),
        (changed("protoPayload.authenticationInfo", "x"), {"user": {}}),
        (changed("protoPayload.authenticationInfo.principalEmail", 7), {"user": {"username": "7"}}),
        (changed("protoPayload.requestMetadata"), {"sourceIPs": [""], "userAgent": None}),
        (changed("protoPayload.requestMetadata.callerIp", ["::1"]), {"sourceIPs": ['["::1"]']}),
        (changed("protoPayload.methodName", 1.50), {"verb": "5"}),
        (changed("protoPayload.resourceName", None), {"requestURI": "/", "objectRef": None}),
        (changed("protoPayload.request", [1, {"b": 1, "a": 2.0}]), {"requestObject": [1, {"a": 2, "b": 1}]}),
        (changed("protoPayload.request", "x"), {"requestObject": "x"}),
        (changed("protoPayload.response", 1e400), {}),
        (changed("protoPayload.@type"), {}),
        (changed("protoPayload.somethingNew", {}), {}),
        (changed("apphub", {}), {}),
        (changed("insertId", 12), {"auditID": "12"}),
        (changed("resource.type"), {}),
        (changed("resource"), {"annotations": {"authorization.k8s.io/decision": "allow"}}),
        (changed("resource.labels", []), {"annotations": {"authorization.k8s.io/decision": "allow"}}),
        (changed("labels", "x"), {"annotations": ENTRY["resource"]["labels"]}),
        (changed("labels", {"a": 1, "b": None}), {"annotations": {"a": "1", **ENTRY["resource"]["labels"]}}),
    ],
)
def test_an_odd_entry_is_converted_as_far_as_it_goes(entry: dict[str, Any], changes: dict[str, Any]) -> None:
    text = json.dumps(entry).replace("Infinity", "1e400").encode()
    wanted = CONVERTED | changes
    found = event(text)
    found.pop("responseObject", None)
    assert found == {key: value for key, value in wanted.items() if value is not None}


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("core/v1/secrets", {"resource": "secrets", "apiGroup": "core", "apiVersion": "v1"}),
        ("shop.example/v1beta1/x", {"resource": "x", "apiGroup": "shop.example", "apiVersion": "v1beta1"}),
        ("apis/apps/v1", None),
        ("core/v1/", None),
        ("/v1/nodes", None),
        ("v1/nodes", None),
        ("core/v1/nodes\n", {"resource": "nodes\n", "apiGroup": "core", "apiVersion": "v1"}),
    ],
)
def test_a_request_for_all_objects_of_a_kind_has_a_target(name: str, reference: dict[str, str] | None) -> None:
    assert event(payload(resourceName=name)).get("objectRef") == reference


def test_labels_of_the_cluster_are_added() -> None:
    # GIVEN labels of the cluster, among them some that an entry has, too
    asked = []

    def labels(*cluster: str) -> dict[str, str]:
        asked.append(cluster)
        return {"env": "prod", "authorization.k8s.io/decision": "x", "cluster_name": "evil", "project_id": "evil"}

    # WHEN an entry is converted
    found = raw(ENTRY, cluster_labels=labels)
    # THEN they override the entry's, but for those that say which cluster it is
    wanted = CONVERTED["annotations"] | {"env": "prod", "authorization.k8s.io/decision": "x"}
    assert json.loads(found.text)["annotations"] == wanted
    assert found.cluster == "c"
    assert asked == [("p", "eu", "c")]
    # AND entries of other kinds, or without a resource, are no reason to ask
    take([changed("logName", "x"), changed("resource"), 7], cluster_labels=labels)
    assert len(asked) == 1
    raw(changed("resource.labels"), cluster_labels=labels)
    assert asked[1:] == [("", "", "")]


def test_snake_case_is_understood() -> None:
    text = json.dumps(ENTRY)
    for camel, snake in [
        ("insertId", "insert_id"),
        ("logName", "log_name"),
        ("receiveTimestamp", "receive_timestamp"),
        ("protoPayload", "proto_payload"),
        ("serviceName", "service_name"),
        ("methodName", "method_name"),
        ("resourceName", "resource_name"),
        ("authenticationInfo", "authentication_info"),
        ("principalEmail", "principal_email"),
        ("requestMetadata", "request_metadata"),
        ("callerIp", "caller_ip"),
        ("callerSuppliedUserAgent", "caller_supplied_user_agent"),
    ]:
        text = text.replace(f'"{camel}"', f'"{snake}"')
    assert event(text.encode()) == CONVERTED


@pytest.mark.parametrize(
    ("receipt", "moment", "nanoseconds"),
    [
        (GONE, "1970-01-01T00:00:00.000000Z", 0),
        (None, "1970-01-01T00:00:00.000000Z", 0),
        ("2024-05-01T10:00:00.9999999+02:00", "2024-05-01T08:00:00.999999Z", 1714550400999999900),
        ("1969-12-31T23:59:59.9999999Z", "1969-12-31T23:59:59.999999Z", -100),
        ("soon", "2024-05-01T07:00:00.000000Z", 1714546800 * 10**9),
        (7, "2024-05-01T07:00:00.000000Z", 1714546800 * 10**9),
        ("9999-12-31T23:59:59-24:00", None, 253402387199 * 10**9),
    ],
)
def test_times(receipt: object, moment: str | None, nanoseconds: int) -> None:
    entry = changed("receiveTimestamp", receipt)
    assert event(entry)["stageTimestamp"] == event(entry)["requestReceivedTimestamp"] == moment
    assert raw(entry).received == nanoseconds


def test_an_entry_without_readable_time_is_an_event() -> None:
    for entry in (changed("receiveTimestamp", "0001-01-01T00:00:00Z"), changed("receiveTimestamp", "")):
        del entry["timestamp"]
        assert event(entry)["stageTimestamp"] is None
        assert raw(entry).received is None


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (changed("protoPayload"), "without protoPayload"),
        (changed("protoPayload", []), "without protoPayload"),
        (changed("logName"), "another log"),
        (
            changed("logName", "projects/p/logs/stdout"),
            "another log than those of Cloud Audit: 'projects/p/logs/stdout'",
        ),
        (changed("resource.type", "gke_cluster"), "another resource than a cluster: 'gke_cluster'"),
        (changed("protoPayload.@type", "x/Y"), "no AuditLog: 'x/Y'"),
        (changed("protoPayload.serviceName", "compute.googleapis.com"), "another service than Kubernetes: 'compute"),
        (changed("protoPayload.serviceName"), "another service"),
        ({"protoPayload": None}, "without protoPayload"),
        ({"log_name": "x"}, "without protoPayload"),
    ],
)
def test_entries_of_other_kinds_are_named(entry: object, words: str) -> None:
    assert words in reason(entry, Other)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "no log entry: not JSON"),
        (b"nope", "no log entry: not JSON"),
        (b"null", "no log entry: not a JSON object"),
        (b"7", "not a JSON object"),
        (b'"x"', "not a JSON object"),
        (b"[]", "the array is empty"),
        (b"[1", "no log entries: not JSON"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b'{"insertId":"\xff"}', "not JSON"),
        (b'{"insertId":"\\ud800"}', "not JSON"),
        (b'{"insertId":1}{}', "not JSON"),
        (b'{"logName":NaN}', "not JSON"),
        (b'{"a":"' + b'\\"' * 50_000 + b"1" * 20, "not JSON"),
        (b'{"a":' * 5000, "no log entry: not JSON"),
        (b"[" * 5000, "inside each other"),
        (b" [[" + b"[" * 500 + b"]" * 502, "not a JSON object"),
        (b'{"a":' + b"[" * 2**20, "too large"),
        (b"{}", "neither logName nor protoPayload"),
        (b'{"kind":"Pod"}', "neither logName nor protoPayload"),
        (b'{"message":{"data":"e30="}}', "neither logName nor protoPayload"),
        (b'{"message":{"messageId":"1"},"subscription":"s"}', "a Pub/Sub message without data"),
        (b'{"subscription":"s","message":{"data":""}}', "a Pub/Sub message without data"),
        (b'{"message":{"data":"?"}}', "neither logName nor protoPayload"),
        (b'{"message":"x"}', "neither logName nor protoPayload"),
    ],
)
def test_what_is_no_entry_is_a_reject(text: bytes, words: str) -> None:
    assert words in reason(text)


def test_many_bad_elements_end_an_array() -> None:
    found = take(b"[" + b"0," * (2 * MAX_BAD_PARTS) + b"0]")
    assert len(found) == MAX_BAD_PARTS + 1
    assert isinstance(found[-1], Reject)
    assert "the rest is not read" in found[-1].reason


def nested(levels: int, opening: bytes = b'{"a":', closing: bytes = b"}") -> bytes:
    return opening * levels + b"1" + closing * levels


@pytest.mark.parametrize("levels", [300, 900, 4000, 40_000])
@pytest.mark.parametrize(("opening", "closing"), [(b'{"a":', b"}"), (b"[", b"]")])
def test_a_body_that_is_too_deep_is_lost_alone(levels: int, opening: bytes, closing: bytes) -> None:
    # GIVEN an entry whose request nests deeper than can be looked into
    entry = changed("protoPayload.request", "DEEP")
    entry["protoPayload"]["response"] = {"metadata": {"name": "x"}}
    text = json.dumps(entry).encode().replace(b'"DEEP"', nested(levels, opening, closing))
    # WHEN it is read
    found = raw(text)
    # THEN the request is unknown, and all else is there
    assert found.lost == {"requestObject"}
    assert json.loads(found.text) == CONVERTED | {"responseObject": {"metadata": {"name": "x"}}}
    assert json_text.within_depth(found.text)


def test_a_body_at_the_limit_is_there() -> None:
    entry = json.dumps(changed("protoPayload.request", "DEEP")).encode()
    assert raw(entry.replace(b'"DEEP"', nested(299))).lost == frozenset()


def test_other_parts_that_are_too_deep_are_left_out() -> None:
    entry = changed("protoPayload.authenticationInfo.thirdPartyPrincipal", "DEEP")
    entry["protoPayload"]["metadata"] = entry["labels"] = "DEEP"
    found = raw(json.dumps(entry).encode().replace(b'"DEEP"', nested(2000)))
    assert found.lost == {"user"}
    assert json.loads(found.text) == CONVERTED | {"user": {}, "annotations": ENTRY["resource"]["labels"]}


def test_bodies_of_larger_events_are_lost() -> None:
    # GIVEN the size that the event has as Falco's plugin makes it
    entry = payload(request={"a": "x" * 100}, response={}, authorizationInfo=[{"granted": True}])
    del entry["labels"]
    size = len(raw(entry).text) - len('"authorization.k8s.io/decision":"allow",')
    # WHEN the limit is that, or less THEN what we add does not count
    assert raw(entry, max_size=size).lost == frozenset()
    assert raw(entry, max_size=size - 1).lost == BODIES
    assert raw(changed("insertId", "x" * 1000), max_size=1000).lost == frozenset()
    assert f"the event has {size} bytes" in reason(entry, max_size=size - 1, drop_larger=True)


@given(st.data())
def test_damage_never_raises(data: st.DataObject) -> None:
    text = json.dumps([ENTRY, payload(status={"code": 7}, request={"n": -0.0})][data.draw(st.integers(0, 1))]).encode()
    position = data.draw(st.integers(0, len(text)))
    new = data.draw(st.binary(max_size=5) | st.sampled_from([b'"', b"{", b"]", b"null", b"7", b'\\"', b"-0"]))
    text = text[:position] + new + text[position + data.draw(st.integers(0, 9)) :]
    for piece in take(text):
        assert isinstance(piece, RawEvent | Reject)
        if isinstance(piece, RawEvent):
            json.loads(piece.text)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
PATHS = [
    "insertId",
    "labels",
    "receiveTimestamp",
    "timestamp",
    "resource",
    "resource.labels",
    *(f"protoPayload.{key}" for key in ("methodName", "resourceName", "authenticationInfo", "requestMetadata")),
    *(f"protoPayload.{key}" for key in ("status", "request", "response", "authorizationInfo", "metadata")),
    *(f"protoPayload.authenticationInfo.{key}" for key in ("groups", "serviceAccountDelegationInfo", "principalEmail")),
]


@given(st.sampled_from(PATHS), VALUES)
def test_any_value_anywhere_gives_an_event(path: str, value: object) -> None:
    entry = changed(path, value)
    if path == "resource" and isinstance(value, dict):
        value.pop("type", None)
    found = raw(entry)
    assert json_text.check(found.text) == found.text
    json.loads(found.text)
