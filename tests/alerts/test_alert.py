import json
import time

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanner.alerts import Alert, AlertFormat, alert_id
from lanner.fields import Intake, RawEvent
from lanner.language import Template
from support import an_event, opened, rules_from, universal_time

RULES = """
- rule: Pod created
  desc: d
  condition: ka.verb = create
  output: 'user=%ka.user.name groups=%ka.user.groups name=%ka.target.name imp=%ka.impuser.name up=%toupper(ka.verb)'
  priority: WARNING
  source: k8s_audit
  tags: [k8s, audit]
"""


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    yield from universal_time(monkeypatch, "h1")


def alert(event=None, format_=None, rules=RULES, **context):
    (rule,) = rules_from(rules)
    return Alert(rule, opened(event or an_event(), **context), format_ or AlertFormat())


def test_json_alert_has_falcos_keys_and_ours():
    # GIVEN an alert on an ordinary event
    got = json.loads(alert(provider="eks", cluster="prod").json_line())
    # THEN it is Falco's object, and has an identity and a provenance
    assert got.pop("id") == alert(provider="eks", cluster="prod").id
    message = "user=alice groups=(dev,system:authenticated) name=web imp=<NA> up=CREATE"
    assert got == {
        "cluster": "prod",
        "hostname": "h1",
        "output": f"10:20:30.123456000: Warning {message}",
        "output_fields": {
            "evt.time": 1772360430123456000,
            "ka.impuser.name": None,
            "ka.target.name": "web",
            "ka.user.groups": ["dev", "system:authenticated"],
            "ka.user.name": "alice",
            "ka.verb": "create",
        },
        "priority": "Warning",
        "provider": "eks",
        "rule": "Pod created",
        "source": "k8s_audit",
        "tags": ["audit", "k8s"],
        "time": "2026-03-01T10:20:30.123456000Z",
        "time_source": "stageTimestamp",
        "truncated": False,
    }


def test_json_keys_are_sorted_and_compact():
    line = alert().json_line()
    assert line == json.dumps(json.loads(line), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def test_format_chooses_the_properties():
    chosen = AlertFormat(
        time_format_iso_8601=True,
        json_include_output_property=False,
        json_include_message_property=True,
        json_include_tags_property=False,
        json_include_output_fields_property=False,
        cluster="mine",
    )
    got = alert(format_=chosen, cluster="theirs").to_dict()
    assert got["cluster"] == "mine"
    assert got["message"].startswith("user=alice ")
    assert not got.keys() & {"output", "tags", "output_fields"}


def test_iso_time_goes_into_the_line_and_the_fields():
    chosen = AlertFormat(time_format_iso_8601=True)
    assert alert(format_=chosen).text_line().startswith("2026-03-01T10:20:30.123456000+0000: Warning user=")
    assert "evt.time.iso8601" in alert(format_=chosen).output_fields()


def test_text_line_is_escaped_like_a_json_string():
    # GIVEN a user name that tries to forge a second line and to control the terminal
    got = alert(an_event(user={"username": 'a"\\\n\x1b[2Jb\t\x7fé'})).text_line()
    # THEN the line stays one line
    assert 'user=a\\"\\\\\\n\\u001b[2Jb\\t\x7fé groups' in got
    assert "\n" not in got


def test_invalid_utf8_becomes_a_replacement_character():
    text = json.dumps(an_event()).encode().replace(b'"create"', b'"cre\xff\xfeate"')
    (rule,) = rules_from(RULES)
    got = Alert(rule, Intake().open(RawEvent(text)), AlertFormat())
    assert got.output_fields()["ka.verb"] == "cre\ufffd\ufffdate"
    assert json.loads(got.json_line())["output"].endswith("CRE\ufffd\ufffdATE")


def test_a_relative_time_before_the_first_event_is_shown_signed():
    event = opened(an_event())
    event.first_time = event.time + 5
    (rule,) = rules_from(RULES.replace("%ka.user.name", "%evt.reltime %evt.num %evt.is_async"))
    got = Alert(rule, event, AlertFormat())
    fields = got.output_fields()
    assert (fields["evt.reltime"], fields["evt.num"], fields["evt.is_async"]) == (-5, 1, False)


def test_texts_are_made_once():
    got = alert()
    assert got.message is got.message


def test_truncated_events_are_marked():
    assert alert(an_event(requestObject={}), lost=frozenset({"requestObject"})).to_dict()["truncated"] is True


class TestTime:
    def test_stage_time_missing(self):
        got = alert(an_event(stageTimestamp=None)).to_dict()
        assert (got["time"], got["time_source"]) == ("2026-03-01T10:20:30.100000000Z", "requestReceivedTimestamp")

    def test_no_time_in_the_event(self):
        event = an_event(stageTimestamp="yesterday", requestReceivedTimestamp=None)
        got = alert(event, received=1_700_000_000 * 10**9).to_dict()
        assert (got["time"], got["time_source"]) == ("2023-11-14T22:13:20.000000000Z", "envelope")

    def test_no_time_at_all(self):
        before = time.time_ns()
        got = alert(an_event(stageTimestamp=None, requestReceivedTimestamp=None))
        assert got.to_dict()["time_source"] == "reading"
        assert before <= got.event.time <= time.time_ns()


class TestIdentity:
    """The id covers what makes an event this event, as it stands in the event."""

    def test_it_is_the_documented_hash(self):
        # SHA-256 over "<length>:<text>" of cluster, rule, auditID, stage, user, verb, URI, received and stage time
        import hashlib

        event = an_event()
        texts = [
            "c",
            "Pod created",
            event["auditID"],
            "ResponseComplete",
            "alice",
            "create",
            event["requestURI"],
            event["requestReceivedTimestamp"],
            event["stageTimestamp"],
        ]
        joined = "".join(f"{len(text.encode())}:{text}" for text in texts)
        assert alert(cluster="c").id == hashlib.sha256(joined.encode()).hexdigest()

    def test_the_same_event_is_the_same_alert(self):
        assert alert().id == alert().id

    @pytest.mark.parametrize(
        "change",
        [
            {"stage": "ResponseStarted"},
            {"user": {"username": "mallory"}},
            {"verb": "patch"},
            {"requestURI": "/api/v1/namespaces/shop/pods/other"},
            {"requestReceivedTimestamp": "2026-03-01T10:20:31Z"},
            {"stageTimestamp": "2026-03-01T10:20:31Z"},
            {"auditID": "other"},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_a_repeated_audit_id_hides_nothing(self, change):
        # GIVEN an attacker who sends the Audit-ID of an earlier request with another one
        # THEN the alerts are two
        (rule,) = rules_from(RULES)
        assert alert_id("", rule.name, opened(an_event(**change))) != alert_id("", rule.name, opened(an_event()))

    def test_cluster_and_rule_belong_to_it(self):
        event = opened(an_event())
        ids = {alert_id(cluster, rule, event) for cluster in ("", "a") for rule in ("r", "s")}
        assert len(ids) == 4

    def test_parts_cannot_be_shifted_into_each_other(self):
        event = opened(an_event())
        assert alert_id("ab", "c", event) != alert_id("a", "bc", event)

    def test_a_substituted_time_does_not_change_it(self):
        # GIVEN an event without any time, read at different times
        (rule,) = rules_from(RULES)
        event = an_event(stageTimestamp=None, requestReceivedTimestamp=None)
        assert alert_id("", rule.name, opened(event)) == alert_id("", rule.name, opened(event, received=7))

    def test_missing_parts_are_empty(self):
        assert len(alert_id("", "r", opened({"auditID": None}))) == 64


def test_extra_fields_are_native_values_or_texts(tmp_path):
    from lanner.fields import Catalogue
    from lanner.ruleset import load, read_config

    # GIVEN a configuration that adds fields to every alert
    config_file, rules_file = tmp_path / "falco.yaml", tmp_path / "rules.yaml"
    config_file.write_text(
        """
append_output:
  - extra_output: "by %ka.user.name"
    extra_fields: [ka.user.groups, who: "%ka.user.name/%ka.verb", nothing: constant]
  - match: {rule: another}
    extra_output: never
"""
    )
    rules_file.write_text(RULES)
    config = read_config(config_file)
    (rule,) = load([rules_file], Catalogue(), config.append_output).ruleset.select(())
    # THEN they are in the alert
    got = Alert(rule, opened(an_event()), AlertFormat())
    assert got.message.endswith("up=CREATE by alice")
    fields = got.output_fields()
    assert fields["ka.user.groups"] == ["dev", "system:authenticated"]
    assert (fields["who"], fields["nothing"]) == ("alice/create", "constant")


@settings(deadline=None, max_examples=60)
@given(
    st.dictionaries(
        st.sampled_from(["verb", "user", "objectRef", "stageTimestamp"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        ),
    )
)
def test_any_event_makes_a_valid_alert(changes):
    event = opened(json.loads(json.dumps(an_event() | changes)))
    (rule,) = ANY_RULE
    got = Alert(rule, event, AlertFormat())
    msgspec.json.decode(got.json_line())
    assert "\n" not in got.text_line()
    assert isinstance(rule.output, Template)


ANY_RULE = rules_from(RULES)
