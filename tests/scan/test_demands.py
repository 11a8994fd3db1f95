"""What rules ask of the events before: found wherever a field may stand."""

import pytest

from lanner.fields import Catalogue, Event, NoValue, RawEvent
from lanner.fields.definitions import builtin_fields
from lanner.fields.types import Argument
from lanner.ruleset import AppendOutput, load
from lanner.scan.demands import ask_first_time, ask_number
from support import rules_from

RULE = """
- rule: r
  desc: d
  condition: {condition}
  output: "{output}"
  priority: WARNING
  source: k8s_audit
"""


@pytest.mark.parametrize(
    ("condition", "output", "number", "first_time"),
    [
        ("ka.verb = get", "%ka.verb %evt.time", False, False),
        ("evt.num = 3", "x", True, False),
        ("not (ka.verb = get or evt.num > 3)", "x", True, False),
        ("ka.verb exists", "%evt.num", True, False),
        ("ka.verb exists", "%tolower(ka.verb) %evt.reltime", False, True),
        ("evt.reltime.s > 3", "%evt.num", True, True),
        ("ka.verb exists", "%evt.reltime.ns", False, True),
        ("evt.reltime.s = val(evt.reltime.ns)", "x", False, True),
    ],
)
def test_where_fields_may_stand(condition, output, number, first_time):
    rules = rules_from(RULE.format(condition=condition, output=output))
    assert (ask_number(rules), ask_first_time(rules)) == (number, first_time)


@pytest.mark.parametrize(("key", "template"), [("n", "%evt.num"), ("evt.num", None)])
def test_what_is_appended_to_alerts_asks_too(tmp_path, key, template):
    path = tmp_path / "rules.yaml"
    path.write_text(RULE.format(condition="ka.verb exists", output="x"))
    ruleset = load([path], append_output=[AppendOutput(extra_fields=((key, template),))]).ruleset
    assert ask_number(ruleset.rules)
    assert not ask_first_time(ruleset.rules)


def test_no_field_depends_on_other_events_unnoticed():
    # GIVEN every field that takes no argument
    texts = [name for name, field in builtin_fields().items() if field.argument is Argument.NONE]
    raw = RawEvent(b'{"kind":"Event","auditID":"a","stageTimestamp":"2026-11-21T10:00:00.000001Z"}')
    catalogue = Catalogue(())
    for text in texts:
        field = catalogue.bind(text, None)
        # WHEN it is read of an event that comes at different times of a run
        values = {
            name: field.value(Event(raw, number, first_time))
            for name, number, first_time in (("first", 1, None), ("numbered", 7, None), ("late", 1, 10**9 + 1))
        }
        # THEN it is one of those that are looked for, if that makes a difference
        plain = rules_from(RULE.format(condition="ka.verb exists", output=f"%{text}"))
        assert (values["first"] != values["numbered"]) == ask_number(plain), text
        if values["first"] is not NoValue.MISSING:
            assert (values["first"] != values["late"]) == ask_first_time(plain), text
