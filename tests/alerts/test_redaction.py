"""What is secret in an event does not show in its alerts; all else, and the alert's identity, stays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanner.alerts import Alert, AlertFormat
from lanner.alerts.redaction import without_credentials_in, without_secrets
from lanner.engine import CompiledEngine, ReferenceEngine
from lanner.fields import Catalogue, Event, Intake, RawEvent
from lanner.fields.block import Block
from lanner.ruleset import AppendOutput, load
from lanner.sources import Context
from lanner.sources.cut import salvaged_event
from support import an_event, opened, rules_from

EVENTS = (Path(__file__).parents[1] / "events" / "incident.jsonl").read_bytes().splitlines()
RULES = """
- rule: Everything
  desc: d
  condition: jevt.value[/kind] exists
  output: "secret=%ka.user.name uri=%ka.uri %ka.target.resource %ka.response.reason %jevt.value[/requestObject]
    %jevt.value[/responseObject] %jevt.value[/annotations] %jevt.value[/responseStatus/message] %ka.req.configmap.obj
    %ka.req.pod.containers.command %40ka.uri %toupper(ka.uri) %b64(jevt.value[/requestObject]) %jevt.obj %evt.num"
  priority: WARNING
  source: k8s_audit
"""
(RULE,) = rules_from(RULES)
REDACTED = AlertFormat(redact=True, json_include_message_property=True)
OPEN = AlertFormat(json_include_message_property=True)
PLANTED = "cGxhbnRlZC1zZWNyZXQ="
ABOUT_SECRETS: dict[str, Any] = {"objectRef": {"resource": "secrets", "namespace": "shop", "name": "db"}}
A_SECRET = {"kind": "Secret", "metadata": {"name": "db"}, "data": {"a": PLANTED}}
NOT_TEXT = b'"userAgent":"\xff token=hunter2"'


def rule(output: str) -> Any:
    (found,) = rules_from(
        json.dumps(
            [
                {
                    "rule": "r",
                    "desc": "d",
                    "condition": "jevt.value[/kind] exists",
                    "output": output,
                    "priority": "INFO",
                    "source": "k8s_audit",
                }
            ]
        )
    )
    return found


def fields(output: str, event: Event) -> dict[str, Any]:
    """Return the fields of an alert with this output, but for its time."""
    found = Alert(rule(output), event, REDACTED).output_fields()
    return {key: value for key, value in found.items() if key != "evt.time"}


def test_values_of_secrets_do_not_show() -> None:
    # GIVEN a Secret that is created
    event = opened(an_event(**ABOUT_SECRETS, requestObject=A_SECRET, responseObject=A_SECRET))
    # WHEN the alert is written with and without redaction
    alert, whole = (Alert(RULE, event, format_).to_dict() for format_ in (REDACTED, OPEN))
    # THEN the values are replaced in it, transformed ones, too
    assert whole["message"].count(PLANTED) == 5
    text = json.dumps(alert)
    assert PLANTED not in text
    assert json.loads(alert["output_fields"]["jevt.value[/requestObject]"])["data"] == {"a": "[redacted]"}
    assert alert["output_fields"]["ka.req.configmap.obj"] == '{"a":"[redacted]"}'
    # AND nothing else changes
    assert {key for key in alert if alert[key] != whole[key]} == {"message", "output", "output_fields"}
    assert "secret=alice uri=/api/v1/" in alert["message"]


@pytest.mark.parametrize("name", ["requestObject", "responseObject"])
def test_each_body_counts(name: str) -> None:
    shown = without_secrets(opened(an_event(**ABOUT_SECRETS, **{name: A_SECRET})))
    assert json.loads(shown.raw.text)[name]["data"] == {"a": "[redacted]"}
    assert list(json.loads(shown.raw.text)) == list(an_event(**ABOUT_SECRETS, **{name: A_SECRET}))


def test_what_stands_beside_the_bodies_counts_too() -> None:
    # GIVEN an event about Secrets with a webhook's patch, and a refusal that quotes the body
    annotations = {
        "authorization.k8s.io/decision": "allow",
        "patch.webhook.admission.k8s.io/round_0_index_0": f'{{"patch":[{{"value":"{PLANTED}"}}]}}',
    }
    status = {"code": 400, "message": f'no Secret: error found in #10 byte of ...|"a":"{PLANTED}"|...'}
    shown = json.loads(
        without_secrets(opened(an_event(**ABOUT_SECRETS, annotations=annotations, responseStatus=status))).raw.text
    )
    assert shown["annotations"] == annotations | {"patch.webhook.admission.k8s.io/round_0_index_0": "[redacted]"}
    assert shown["responseStatus"] == {"code": 400, "message": "no Secret: error found in #[redacted]"}
    # AND others keep theirs
    event = opened(an_event(annotations=annotations, responseStatus=status))
    assert without_secrets(event) is event


@pytest.mark.parametrize("odd", [None, 7, "x", [], {"message": 7}])
def test_odd_parts_do_no_harm(odd: object) -> None:
    event = opened(an_event(**ABOUT_SECRETS, annotations=odd, responseStatus=odd, requestObject=odd))
    assert json.loads(without_secrets(event).raw.text)["auditID"]


def test_a_body_that_cannot_be_taken_apart_does_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> bytes:
        raise RecursionError

    monkeypatch.setattr("lanner.alerts.redaction.without_values", broken)
    shown = without_secrets(opened(an_event(**ABOUT_SECRETS, requestObject=A_SECRET)))
    assert json.loads(shown.raw.text)["requestObject"] == "[redacted]"


def test_credentials_do_not_show() -> None:
    # GIVEN a pod with credentials in its command, and some in the URI
    container = {"name": "a", "command": ["mysql", "--password", "hunter2", "-h", "db"]}
    uri = "/api/v1/pods?command=--token%3Dhunter2&access_token=hunter2&limit=5"
    event = opened(an_event(requestURI=uri, requestObject={"spec": {"containers": [container]}}))
    alert = Alert(RULE, event, REDACTED).to_dict()
    # THEN they are replaced wherever they would stand
    assert "hunter2" not in json.dumps(alert).lower()
    shown = "/api/v1/pods?command=--token%3D[redacted]&access_token=[redacted]&limit=5"
    assert alert["output_fields"]["ka.uri"] == shown
    assert f"secret=alice uri={shown} pods" in alert["message"]
    assert alert["output_fields"]["ka.req.pod.containers.command"] == ["mysql --password [redacted] -h db"]
    assert shown.upper() in alert["message"]
    assert shown[:40] in alert["message"]


def test_what_a_field_is_called_tells_too() -> None:
    spec = {"password": "hunter2", "token": {"name": "x"}, "apiKey": True, "secret": ""}
    uri = "/x?token=hunter2&command=ls&name=db"
    extra = {"accessKeyId": ["ASIAABCDEFGHIJKLMNOP"]}
    user = {"username": "alice", "extra": extra}
    event = opened(an_event(requestURI=uri, requestObject={"spec": spec}, user=user))
    pointers = " ".join(f"%jevt.value[/requestObject/spec/{name}]" for name in spec)
    output = (
        f"{pointers} %ka.uri.param[token] %ka.uri.param[command] %ka.uri.param[name] %jevt.value[/requestObject/none] "
        "%jevt.value[/user/extra/accessKeyId/0] %jevt.value[/user/extra]"
    )
    assert fields(output, event) == {
        "jevt.value[/requestObject/spec/password]": "[redacted]",
        "jevt.value[/requestObject/spec/token]": '{"name":"x"}',
        "jevt.value[/requestObject/spec/apiKey]": "true",
        "jevt.value[/requestObject/spec/secret]": "",
        "ka.uri.param[token]": "[redacted]",
        "ka.uri.param[command]": "ls",
        "ka.uri.param[name]": "db",
        "jevt.value[/requestObject/none]": None,
        "jevt.value[/user/extra/accessKeyId/0]": "ASIAABCDEFGHIJKLMNOP",
        "jevt.value[/user/extra]": '{"accessKeyId":["ASIAABCDEFGHIJKLMNOP"]}',
    }


def test_fields_that_the_configuration_adds_count_too(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    append = AppendOutput(
        extra_fields=(
            ("ka.uri", None),
            ("who", "%ka.user.name at %ka.uri %jevt.value[/requestObject]"),
            ("toupper(ka.uri)", None),
        )
    )
    loaded = load([path], Catalogue(), [append])
    assert loaded.ruleset is not None
    (one,) = loaded.ruleset.select(())
    event = opened(an_event(**ABOUT_SECRETS, requestURI="/x?token=hunter2", requestObject=A_SECRET))
    broken = Event(RawEvent(event.raw.text.replace(b'"userAgent":"kubectl/v1.36.3"', NOT_TEXT)), 1)
    for opened_event in (event, broken):
        found = Alert(one, opened_event, REDACTED).output_fields()
        assert found["ka.uri"] == "/x?token=[redacted]"
        assert (
            found["who"]
            == 'alice at /x?token=[redacted] {"kind":"Secret","metadata":{"name":"db"},"data":{"a":"[redacted]"}}'
        )
        assert found["toupper(ka.uri)"] is None


def test_what_is_no_text_is_redacted_too() -> None:
    # GIVEN an event with bytes that are no UTF-8 in what is shown
    text = json.dumps(an_event(), separators=(",", ":")).encode().replace(b'"userAgent":"kubectl/v1.36.3"', NOT_TEXT)
    got = Alert(rule("%ka.useragent %ka.user.name"), Event(RawEvent(text), 1), REDACTED)
    assert got.message == "\ufffd token=[redacted] alice"
    assert json.loads(got.json_line())["output_fields"]["ka.useragent"] == "\ufffd token=[redacted]"


def test_times_and_numbers_stay() -> None:
    # GIVEN an event without a time of its own, whose alert has something to redact
    (one,) = rules_from(RULES.replace("secret=", "%evt.rawtime %evt.time %evt.reltime %evt.num secret="))
    raw = json.dumps(
        an_event(**ABOUT_SECRETS, requestObject=A_SECRET, stageTimestamp=None, requestReceivedTimestamp=None)
    )
    event = Event(RawEvent(raw.encode()), 7, 5)
    alert, whole = (Alert(one, event, format_).to_dict() for format_ in (REDACTED, OPEN))
    for key in ("evt.time", "evt.rawtime", "evt.reltime", "evt.num"):
        assert alert["output_fields"][key] == whole["output_fields"][key]
    assert (alert["time"], alert["time_source"]) == (whole["time"], "reading")


@pytest.mark.parametrize("engine", [ReferenceEngine, CompiledEngine])
@pytest.mark.parametrize("changes", [{}, ABOUT_SECRETS | {"requestObject": A_SECRET}])
def test_alerts_keep_their_identity(engine: type[ReferenceEngine | CompiledEngine], changes: dict[str, Any]) -> None:
    # GIVEN an event with a token in the URI, which is a part of the alert's identity
    text = json.dumps(an_event(requestURI="/x?token=abc", **changes), separators=(",", ":")).encode()
    for event in (Intake().open(RawEvent(text, "eks", "prod")), _from_block(text)):
        (found,) = engine([RULE]).judge(event).matched
        before = dict(event.values)
        # WHEN its alert is written with and without redaction
        closed, open_ = (Alert(found, event, format_).to_dict() for format_ in (REDACTED, OPEN))
        # THEN only texts differ
        assert open_["id"] == closed["id"] == Alert(found, event, REDACTED).id
        assert {key for key in open_ if open_[key] != closed[key]} == {"message", "output", "output_fields"}
        assert closed["output_fields"]["ka.uri"] == "/x?token=[redacted]"
        # AND the event itself, which other rules' alerts are written from, is what it was
        assert event.raw.text == text
        assert before.items() <= event.values.items()
        assert Alert(found, event, OPEN).to_dict() == open_


def _from_block(text: bytes) -> Event:
    block = Block(text + b"\n", "log", 1, "eks", "prod")
    found = CompiledEngine([RULE]).judge_block(block, Intake())
    assert found is not None
    return found[0][0]


def test_nothing_changes_where_nothing_is_secret() -> None:
    event = opened(an_event(requestObject={"kind": "Pod"}))
    assert without_secrets(event) is event
    texts = ["a", None, ""]
    found, same = without_credentials_in(event, texts, [])
    assert found is texts
    assert same is event
    # AND an alert is, to the byte, the same
    lines = [Alert(RULE, event, format_).json_line() for format_ in (REDACTED, OPEN)]
    assert lines[0] == lines[1]


def test_events_that_were_cut_are_redacted_too() -> None:
    # GIVEN a Secret's event that was cut inside of a value
    head = json.dumps(an_event(**ABOUT_SECRETS, requestURI="/x?token=hunter2"), separators=(",", ":")).encode()[:-1]
    body = b',"requestObject":{"kind":"Secret","data":{"b":"%b","a":"%b' % (PLANTED.encode(), PLANTED.encode())
    raw = salvaged_event(head + body, "", Context(), 5)
    assert isinstance(raw, RawEvent)
    event = Intake().open(raw)
    shown = without_secrets(event)
    # THEN the part that was kept is redacted, and what is known of the rest stays known
    assert PLANTED.encode() not in shown.raw.text
    assert (shown.raw.cut, shown.lost, shown.time) == (raw.cut, event.lost, event.time)
    alert = Alert(
        rule("%ka.uri %jevt.value[/requestObject/data/b] %jevt.value[/requestObject/data/a]"), event, REDACTED
    )
    assert alert.output_fields() == {
        "evt.time": event.time,
        "ka.uri": "/x?token=[redacted]",
        "jevt.value[/requestObject/data/b]": "[redacted]",
        "jevt.value[/requestObject/data/a]": None,
    }
    assert alert.to_dict()["truncated"] is True


def test_recorded_alerts_lose_nothing_that_is_no_secret() -> None:
    # GIVEN recorded events, and rules that show all of each
    intake = Intake()
    for line in EVENTS:
        event = intake.open(RawEvent(line))
        alert, whole = (Alert(RULE, event, format_).to_dict() for format_ in (REDACTED, OPEN))
        # THEN what is shown is the same, apart from what is replaced
        assert alert["id"] == whole["id"]
        differing = {key for key, value in whole["output_fields"].items() if alert["output_fields"][key] != value}
        assert all("[redacted]" in str(alert["output_fields"][key]) for key in differing)
        assert len(differing) <= 4


JSON = st.recursive(
    st.none() | st.integers() | st.just(PLANTED) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


@given(JSON, JSON)
def test_no_value_of_a_secret_is_left_in_an_alert(data: object, more: object) -> None:
    secret = {"kind": "Secret", "data": {"a": data, "planted": PLANTED}, "stringData": more}
    for changes in (ABOUT_SECRETS, {"objectRef": {"resource": "things"}}):
        event = opened(an_event(**changes, requestObject=secret, responseObject={"kind": "List", "items": [secret]}))
        line = Alert(RULE, event, REDACTED).json_line()
        assert PLANTED.encode() not in line
        assert json.loads(line)["id"] == Alert(RULE, event, OPEN).id


@given(st.binary(max_size=40), st.sampled_from(["Secret", "TokenReview", "Pod"]))
def test_nothing_raises(noise: bytes, kind: str) -> None:
    noise = noise.replace(b'"', b"").replace(b"\\", b"")
    body = b'{"kind":"%b","data":{"password":"%b","%b":1},"spec":{"token":"%b"}}' % (kind.encode(), noise, noise, noise)
    text = (
        b'{"kind":"Event","auditID":"a","objectRef":{"resource":"secrets"},"requestObject":%b,"\xff\\ud800":1}' % body
    )
    event = Event(RawEvent(text), 1)
    assert without_secrets(event).top["requestObject"].startswith(b"{")
    json.loads(Alert(RULE, event, REDACTED).json_line())
