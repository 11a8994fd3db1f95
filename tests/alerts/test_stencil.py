"""Alerts made from stencils are those that the specification describes, whatever the rule, the format and the event."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanner.alerts import Alert, AlertFormat, alert_id
from lanner.fields import Catalogue, Event, NoValue, RawEvent, Type, generic, timestamp
from lanner.language import Template, field_key
from lanner.ruleset import AppendOutput, load
from support import an_event, opened, rules_from, universal_time

FIELDS = [
    "ka.verb",
    "ka.auditid",
    "ka.user.name",
    "ka.user.groups",
    "ka.target.name",
    "ka.uri",
    "ka.uri.param[a]",
    "ka.impuser.name",
    "ka.req.pod.containers.image",
    "ka.req.pod.host_network",
    "ka.response.code",
    "jevt.value[/user/extra]",
    'jevt.value["/a=b"]',
    "jevt.value[/verb]",
    "jevt.obj",
    "evt.num",
    "evt.time",
    "evt.time.s",
    "evt.time.iso8601",
    "evt.datetime",
    "evt.rawtime",
    "evt.reltime",
    "evt.reltime.ns",
    "evt.is_async",
    "evt.hostname",
]
TRANSFORMS = [
    "toupper(ka.verb)",
    "tolower(ka.user.groups)",
    'concat(ka.verb, "-", ka.target.name)',
    'join(",", ka.user.groups)',
    "len(ka.user.groups)",
    "b64(ka.user.name)",
]


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    yield from universal_time(monkeypatch, "h\udcff1")


literals = st.text(alphabet="ab {}(),=é€\\\"'\n\t\x1b\x7f", min_size=1, max_size=6)
values = st.builds("%{}{}".format, st.sampled_from(["", "", "", "3", "12"]), st.sampled_from(FIELDS + TRANSFORMS))
templates = st.lists(literals | values.map(lambda value: f"{value} "), min_size=1, max_size=8).map("".join)
extra_fields = st.dictionaries(
    st.sampled_from(["who", "evt.time", "ka.verb", "é"]), templates, max_size=2
) | st.sampled_from([{}, {"ka.user.groups": None, "toupper(ka.verb)": None, "evt.reltime": None}])
formats = st.builds(
    AlertFormat,
    *[st.booleans() for _ in range(5)],
    cluster=st.sampled_from(["", "mine", 'é"']),
)

# Lone surrogates of this range stand for bytes that are not UTF-8.
texts = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('\udc80\udce2\udcff"\\\n'), max_size=8)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
users = st.fixed_dictionaries(
    {}, optional={"username": texts, "groups": st.lists(texts, max_size=3), "extra": anything}
)
changes = st.fixed_dictionaries(
    {},
    optional={
        "user": users | anything,
        "verb": texts | anything,
        "objectRef": st.fixed_dictionaries({}, optional={"name": texts}) | anything,
        "requestURI": texts | st.just("/api/v1/pods?a=%ff&b=1"),
        "requestObject": anything,
        "auditID": texts | anything,
        "a=b": anything,
        "stageTimestamp": st.sampled_from(["2026-03-01T10:20:31.9Z", "9999-12-31T23:59:59-23:00", "no time"])
        | anything,
    },
)


@st.composite
def alerting(draw) -> tuple:
    """Return a rule and an event."""
    rule = {
        "rule": draw(st.sampled_from(["r", "Pod % created"])),
        "desc": "d",
        "condition": "jevt.value[/kind] exists",
        "output": "at " + draw(templates),
        "priority": draw(st.sampled_from(["WARNING", "INFO", "DEBUG"])),
        "source": "k8s_audit",
        "tags": draw(st.sampled_from([[], ["k8s", "é"]])),
    }
    append = AppendOutput(extra_fields=tuple(draw(extra_fields).items()))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rules.yaml"
        path.write_text(json.dumps([rule]))
        ruleset = load([path], Catalogue(), [append]).ruleset
    text = json.dumps(an_event(**draw(changes)), ensure_ascii=False).encode("utf-8", "surrogateescape")
    lost = draw(st.sampled_from([frozenset(), frozenset({"requestObject"}), frozenset({"user", "stageTimestamp"})]))
    raw = RawEvent(text, draw(st.sampled_from(["", "eks"])), draw(st.sampled_from(["", "c"])), 10**18, lost=lost)
    return ruleset.select(()), Event(raw, draw(st.integers(1, 10)), draw(st.sampled_from([None, 0, 2 * 10**18])))


def described(rule, event, format_) -> tuple[dict, str]:
    """Return the alert as an object, and its line, as spec/output.md describes them."""
    time_field = "evt.time.iso8601" if format_.time_format_iso_8601 else "evt.time"
    prefix = timestamp.iso8601(event.time) if format_.time_format_iso_8601 else timestamp.clock(event.time)
    message = rule.output.render(event).decode(errors="replace")
    line = f"{prefix}: {rule.priority.label} {message}"
    fields = {time_field: event.time}
    fields |= {field_key(field): native(field, event) for field in rule.output.fields}
    for extra in rule.extra_fields:
        if extra.template is not None:
            fields[extra.key] = extra.template.render(event).decode(errors="replace")
        else:
            fields[extra.key] = native(extra.raw, event) if extra.raw is not None else None
    cluster = format_.cluster or event.raw.cluster
    alert = {
        "cluster": cluster,
        "hostname": generic.hostname().encode("utf-8", "surrogateescape").decode(errors="replace"),
        "id": alert_id(cluster, rule.name, event),
        "priority": rule.priority.label,
        "provider": event.raw.provider,
        "rule": rule.name,
        "source": "k8s_audit",
        "time": f"{timestamp.utc(event.time)}Z",
        "time_source": event.time_source,
        "truncated": event.raw.truncated,
    }
    if format_.json_include_output_property:
        alert["output"] = line
    if format_.json_include_message_property:
        alert["message"] = message
    if format_.json_include_tags_property:
        alert["tags"] = list(rule.tags)
    if format_.json_include_output_fields_property:
        alert["output_fields"] = fields
    return alert, line


def native(field, event):
    value = field.value(event)
    if isinstance(value, NoValue):
        return None
    if field.field.name.startswith(("evt.time", "evt.datetime")):
        return event.time
    if isinstance(value, list):
        return [text.decode(errors="replace") for text in value]
    if field.field.type is Type.RELTIME:
        return value - 2**64 if value >= 2**63 else value
    return value.decode(errors="replace") if isinstance(value, bytes) else value


@settings(deadline=None, max_examples=400)
@given(alerting(), formats)
def test_every_alert_is_the_one_described(case, format_):
    (rule,), event = case
    alert = Alert(rule, event, format_)
    wanted, line = described(rule, event, format_)
    assert alert.to_dict() == wanted
    dumped = json.dumps(wanted, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert alert.json_line() == dumped.encode()
    assert alert.output == line
    assert alert.text_line() == json.dumps(line, ensure_ascii=False)[1:-1]
    if "output_fields" in wanted:
        assert alert.output_fields() == wanted["output_fields"]


RULES = """
- rule: one
  desc: d
  condition: ka.verb = create
  output: one %ka.verb
  priority: INFO
  source: k8s_audit
- rule: two
  desc: d
  condition: ka.verb = create
  output: two %ka.verb
  priority: INFO
  source: k8s_audit
"""


def test_each_rule_and_format_has_its_own_stencil():
    one, two = rules_from(RULES)
    event, plain, iso = opened(an_event()), AlertFormat(), AlertFormat(time_format_iso_8601=True)
    lines = [Alert(rule, event, format_).text_line() for rule in (one, two, one) for format_ in (plain, iso)]
    assert lines[0] == lines[4] == "10:20:30.123456000: Informational one create"
    assert lines[1] == lines[5] == "2026-03-01T10:20:30.123456000+0000: Informational one create"
    assert lines[2].endswith("two create")
    assert plain.stencil(one) is plain.stencil(one) is not iso.stencil(one)


def test_a_percent_sign_is_text():
    # GIVEN an output with a percent sign, which no rules file can write today
    (rule, _) = rules_from(RULES)
    rule = msgspec.structs.replace(rule, output=Template("", (b"100% of %b", *rule.output.parts)))
    assert Alert(rule, opened(an_event()), AlertFormat()).message == "100% of %bone create"


def test_an_output_of_many_pieces():
    (rule, _) = rules_from(RULES.replace("one %ka.verb", "one " + "%ka.verb {%ka.uri} " * 3000))
    alert = Alert(rule, opened(an_event(requestURI="/é")), AlertFormat())
    assert alert.message == "one " + ("create {/é} " * 3000).strip()


def test_what_an_alert_returns_can_be_changed_without_harm():
    (rule, _) = rules_from(RULES)
    alert = Alert(rule, opened(an_event()), AlertFormat())
    before = alert.json_line()
    got = alert.to_dict()
    got["tags"].append("mine")
    got["output_fields"].clear()
    got["rule"] = "mine"
    alert.output_fields().clear()
    assert alert.json_line() == before
