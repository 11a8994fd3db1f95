"""What is secret in an event does not show in its alerts; all else, and the alert's identity, stays."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanner.alerts import Alert, AlertFormat
from lanner.alerts.redaction import redacted
from lanner.engine import CompiledEngine, ReferenceEngine
from lanner.fields import Event, Intake, RawEvent
from lanner.fields.block import Block
from lanner.sources import Context
from lanner.sources.cut import salvaged_event
from support import an_event, opened, rules_from

EVENTS = (Path(__file__).parents[1] / "events" / "incident.jsonl").read_bytes().splitlines()
RULES = """
- rule: Everything
  desc: d
  condition: ka.verb exists
  output: "token=%ka.user.name uri=%ka.uri %jevt.value[/requestObject] %jevt.value[/responseObject] %evt.plugininfo"
  priority: WARNING
  source: k8s_audit
"""
(RULE,) = rules_from(RULES)
PLANTED = "cGxhbnRlZC1zZWNyZXQ="
ABOUT_SECRETS = {"objectRef": {"resource": "secrets", "namespace": "shop", "name": "db"}}


def shown(**changes: object) -> dict:
    """Return the event as alerts show it."""
    return json.loads(redacted(opened(an_event(**changes))).raw.text)


def a_secret(**changes: object) -> dict:
    return {
        "kind": "Secret",
        "apiVersion": "v1",
        "metadata": {
            "name": "db",
            "labels": {"app": "db"},
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": PLANTED, "note": "kept"},
        },
        "data": {"key.pem": PLANTED, "none": None, "deep": {"a": [PLANTED, 7]}},
        "stringData": {"user": PLANTED},
        "immutable": True,
        "type": "Opaque",
    } | changes


def test_values_of_secrets_are_replaced_and_their_keys_stay() -> None:
    body = shown(**ABOUT_SECRETS, requestObject=a_secret())["requestObject"]
    assert body == {
        "kind": "Secret",
        "apiVersion": "v1",
        "metadata": {
            "name": "db",
            "labels": {"app": "db"},
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": "[redacted]",
                "note": "kept",
            },
        },
        "data": {"key.pem": "[redacted]", "none": None, "deep": {"a": ["[redacted]", "[redacted]"]}},
        "stringData": {"user": "[redacted]"},
        "immutable": True,
        "type": "Opaque",
    }


@pytest.mark.parametrize(
    "body",
    [
        a_secret(),
        {"kind": "SecretList", "items": [a_secret(), a_secret()]},
        {"kind": "SecretList", "items": {"x": PLANTED}},
        [{"op": "replace", "path": "/data/key", "value": PLANTED}, PLANTED, [PLANTED]],
        {"data": {"key": PLANTED}},
        a_secret(metadata=PLANTED),
        a_secret(metadata={"annotations": PLANTED}),
    ],
)
@pytest.mark.parametrize("name", ["requestObject", "responseObject"])
def test_whatever_body_a_request_for_secrets_has(name: str, body: object) -> None:
    event = shown(**ABOUT_SECRETS, **{name: body})
    kept = json.dumps(event).count(PLANTED)
    assert kept == (1 if PLANTED in str(body) and isinstance(body, dict) and _is_kept(body) else 0)


def _is_kept(body: dict) -> bool:
    """Tell whether the body has what is no value: here, metadata that is a plain text."""
    return body.get("metadata") == PLANTED or body.get("metadata") == {"annotations": PLANTED}


def test_a_secret_is_recognised_by_its_kind() -> None:
    event = shown(objectRef={"resource": "things"}, responseObject={"kind": "Secret", "data": {"a": PLANTED}})
    assert event["responseObject"] == {"kind": "Secret", "data": {"a": "[redacted]"}}
    listed = shown(objectRef=None, responseObject={"kind": "SecretList", "items": [{"data": {"a": PLANTED}}]})
    assert PLANTED not in json.dumps(listed)


def test_a_refusal_stays_readable() -> None:
    status = {
        "kind": "Status",
        "status": "Failure",
        "message": "secrets is forbidden",
        "reason": "Forbidden",
        "code": 403,
    }
    assert shown(**ABOUT_SECRETS, responseObject=status)["responseObject"] == status


def test_tokens_of_reviews_and_requests_are_replaced() -> None:
    review = {
        "kind": "TokenReview",
        "spec": {"token": PLANTED, "audiences": ["a"]},
        "status": {"user": {"username": "u"}},
    }
    event = shown(objectRef={"resource": "tokenreviews"}, requestObject=review, responseObject=review)
    for name in ("requestObject", "responseObject"):
        assert event[name]["spec"] == {"token": "[redacted]", "audiences": ["a"]}
        assert event[name]["status"] == {"user": {"username": "u"}}
    request = {"kind": "TokenRequest", "status": {"token": PLANTED, "expirationTimestamp": "2026-01-01T00:00:00Z"}}
    assert shown(requestObject=None, responseObject=request)["responseObject"]["status"]["token"] == "[redacted]"
    odd = {"kind": "TokenReview", "spec": "odd"}
    assert shown(requestObject=odd)["requestObject"] == odd


def test_deep_values_are_replaced_as_one() -> None:
    value: object = PLANTED
    for _ in range(200):
        value = {"a": value}
    text = json.dumps(shown(**ABOUT_SECRETS, requestObject={"data": value}))
    assert PLANTED not in text
    assert text.count('{"a"') == 64


JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0_-.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("/api?token=abcd&limit=5", "/api?token=[redacted]&limit=5"),
        (
            "/exec?command=mysql&command=--password=hunter2&stdin=true",
            "/exec?command=mysql&command=--password=[redacted]&stdin=true",
        ),
        ("/x?access_token=abc", "/x?access_token=[redacted]"),
        ("/x?api-key=abc", "/x?api-key=[redacted]"),
        ("/x?clientSecret=abc", "/x?clientSecret=[redacted]"),
        ("curl -H 'Authorization: Bearer abc' x", "curl -H 'Authorization: Bearer [redacted]' x"),
        ("Authorization: Basic dTpw", "Authorization: Basic [redacted]"),
        ("with bearer abcdefghijklmnop1234==.", "with bearer [redacted]."),
        (f"a {JWT} b", "a [redacted] b"),
        ("AKIAABCDEFGHIJKLMNOP", "[redacted]"),
        ("XAKIAABCDEFGHIJKLMNOP", "XAKIAABCDEFGHIJKLMNOP"),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "[redacted]"),
        ("https://user:pass@example.com/x", "https://user:[redacted]@example.com/x"),
        ("https://example.com:8443/a@b", "https://example.com:8443/a@b"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc=\n-----END RSA PRIVATE KEY-----\n", None),
        (
            '{"auths":{"reg":{"auth":"dTpw","password":"p"}}}',
            '{"auths":{"reg":{"auth":"[redacted]","password":"[redacted]"}}}',
        ),
        # none of these is a credential
        ("/api/v1/namespaces/shop/secrets?limit=500&continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEifQ", None),
        ("/api/v1/namespaces/a/serviceaccounts/default/token", None),
        ("secret name is db", None),
        ("bearer of good news", None),
    ],
)
def test_credentials_in_texts(text: str, wanted: str | None) -> None:
    found = shown(requestURI=text)["requestURI"]
    if wanted is None and "PRIVATE KEY" in text:
        assert "MIIE" not in found
    else:
        assert found == (text if wanted is None else wanted)


def test_credentials_in_members() -> None:
    # GIVEN a pod with credentials in its environment, and a ConfigMap with some in its data
    container = {
        "name": "a",
        "env": [
            {"name": "DB_PASSWORD", "value": 'hun"ter 2'},
            {"name": "MODE", "value": "fast"},
            {"name": "X", "valueFrom": {"secretKeyRef": {"name": "db", "key": "token"}}},
        ],
        "args": ["--api-key=abc", "--verbose"],
    }
    volumes = [{"name": "v", "secret": {"secretName": "db"}}, {"serviceAccountToken": {"path": "token"}}]
    pod = {"spec": {"containers": [container], "volumes": volumes}, "data": {"password": "a b\\c", "other": "x"}}
    # WHEN they are shown
    found = shown(requestObject=pod)["requestObject"]
    # THEN those are replaced, and nothing else is
    assert found["spec"]["containers"][0]["env"] == [
        {"name": "DB_PASSWORD", "value": "[redacted]"},
        *container["env"][1:],
    ]
    assert found["spec"]["containers"][0]["args"] == ["--api-key=[redacted]", "--verbose"]
    assert found["spec"]["volumes"] == volumes
    assert found["data"] == {"password": "[redacted]", "other": "x"}


@pytest.mark.parametrize("engine", [ReferenceEngine, CompiledEngine])
def test_alerts_keep_their_identity(engine: type[ReferenceEngine | CompiledEngine]) -> None:
    # GIVEN an event with a token in the URI, which is a part of the alert's identity
    text = json.dumps(an_event(requestURI="/x?token=abc", **ABOUT_SECRETS), separators=(",", ":")).encode()
    for event in (Intake().open(RawEvent(text, "eks", "prod")), _from_block(text)):
        (rule,) = engine([RULE]).judge(event).matched
        # WHEN its alert is written with and without redaction
        open_, closed = (Alert(rule, event, AlertFormat(redact=redact)).to_dict() for redact in (False, True))
        # THEN only texts differ, and what the rule's author wrote stays
        assert open_["id"] == closed["id"]
        assert {key for key in open_ if open_[key] != closed[key]} == {"output", "output_fields"}
        assert closed["output_fields"]["ka.uri"] == "/x?token=[redacted]"
        assert "token=alice uri=/x?token=[redacted]" in closed["output"]


def _from_block(text: bytes) -> Event:
    block = Block(text + b"\n", "log", 1, "eks", "prod")
    found = CompiledEngine([RULE]).judge_block(block, Intake())
    assert found is not None
    return found[0][0]


def test_nothing_changes_where_nothing_is_secret() -> None:
    event = opened(an_event())
    assert redacted(event) is event


def test_events_that_were_cut_are_redacted_too() -> None:
    head = json.dumps(an_event(**ABOUT_SECRETS), separators=(",", ":")).encode()[:-1]
    raw = salvaged_event(head + b',"requestObject":{"kind":"Secret","data":{"a":"' + PLANTED.encode(), "", Context(), 5)
    assert isinstance(raw, RawEvent)
    event = Intake().open(raw)
    found = redacted(event)
    assert PLANTED.encode() not in found.raw.text
    assert (found.raw.cut, found.lost, found.time) == (raw.cut, event.lost, event.time)


def test_recorded_events_stay_valid_and_lose_nothing_else() -> None:
    for line in EVENTS:
        event = Intake().open(RawEvent(line))
        text = redacted(event).raw.text
        whole, found = json.loads(line), json.loads(text)
        assert whole.keys() == found.keys()
        assert redacted(Intake().open(RawEvent(text))).raw.text == text
        for key in whole.keys() - {"requestObject", "responseObject"}:
            assert whole[key] == found[key]


@given(
    st.recursive(st.text(max_size=5) | st.integers() | st.none(), lambda v: st.lists(v) | st.dictionaries(st.text(), v))
)
def test_no_value_of_a_secret_is_left(value: object) -> None:
    body = {"kind": "Secret", "data": {"a": value, "planted": PLANTED}, "stringData": [value, PLANTED]}
    event = opened(an_event(requestObject=body))
    found = redacted(event)
    assert PLANTED.encode() not in found.raw.text
    assert set(json.loads(found.raw.text)["requestObject"]["data"]) == {"a", "planted"}


@given(st.binary(max_size=40), st.sampled_from(["Secret", "TokenReview", "Pod"]))
def test_nothing_raises(noise: bytes, kind: str) -> None:
    body = b'{"kind":"%b","data":{"password":"%b"},"spec":{"token":"x"}}' % (
        kind.encode(),
        base64.b64encode(noise) + noise.replace(b'"', b"").replace(b"\\", b""),
    )
    text = (
        b'{"kind":"Event","auditID":"a","objectRef":{"resource":"secrets"},"requestObject":%b,"\xff\\ud800":1}' % body
    )
    found = redacted(Event(RawEvent(text), 1))
    assert found.top["requestObject"].startswith(b"{")


def test_long_texts_take_linear_time() -> None:
    hostile = "eyJ" * 20_000 + "token" * 20_000 + "://a:" * 10_000 + "-----BEGIN PRIVATE KEY-----" * 2_000
    assert shown(userAgent=hostile)["verb"] == "create"
