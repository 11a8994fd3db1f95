"""Tables → rules: which are there, in which order, and what was not used (spec/rules.md section 6)."""

from __future__ import annotations


def test_unused_macros_and_lists_come_last_and_in_this_order(load, a_rule):
    text = "- list: l\n  items: []\n- macro: m\n  condition: ka.verb exists\n" + a_rule(condition="ka.verb = ka.uri")
    (result,) = load(text).results
    assert [warning.code for warning in result.warnings] == [
        "LOAD_COMPILE_CONDITION",
        "LOAD_UNUSED_MACRO",
        "LOAD_UNUSED_LIST",
    ]
    assert result.warnings[2].message == "List not referred to by any other rule/macro"


def test_they_are_reported_until_they_are_used(load, a_rule):
    lists = "- list: l\n  items: [a]\n"
    results = load(lists, "- macro: m\n  condition: ka.verb in (l)\n", a_rule(condition="m")).results
    assert [[warning.code for warning in result.warnings] for result in results] == [
        ["LOAD_UNUSED_LIST"],
        ["LOAD_UNUSED_MACRO"],
        [],
    ]


def test_after_an_error_nothing_is_called_unused(codes, a_rule):
    assert codes("- list: l\n  items: []\n" + a_rule(condition="ka.verb =")) == (["LOAD_ERR_COMPILE_CONDITION"], [])


def test_a_rule_has_all_that_was_written(rules):
    text = """
        - rule: A name
          desc: A description
          condition: >
            ka.verb in (verbs)
          output: verb=%ka.verb
          priority: notice
          tags: [z, a]
          enabled: false
          source: k8s_audit
          exceptions:
            - {name: e, fields: ka.uri, values: [/x]}
        - list: verbs
          items: [get, put]
        """
    (rule,) = rules(text)
    assert (rule.name, rule.source, rule.description) == ("A name", "k8s_audit", "A description")
    assert (rule.priority.label, rule.tags, rule.enabled) == ("Notice", ("a", "z"), False)
    assert rule.condition_text == "ka.verb in (verbs)\n"
    assert str(rule.condition) == "ka.verb in (get, put) and not ka.uri in (/x)"
    assert (rule.output_text, rule.output.text) == ("verb=%ka.verb", "verb=%ka.verb")
    assert [field.text for field in rule.output.fields] == ["ka.verb"]
    assert (rule.extra_fields, str(rule.place)) == ((), "1.yaml:2:3")
    assert rule.is_evaluable


def test_a_list_may_stand_behind_the_rule_that_uses_it(rules, a_rule):
    rule = a_rule(condition="ka.verb in (l)")
    assert str(rules(rule)[0].condition) == "ka.verb in (l)"
    assert str(rules(rule, "- list: l\n  items: [a]\n")[0].condition) == "ka.verb in (a)"
