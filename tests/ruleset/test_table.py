"""Definitions that meet others of the same name (spec/rules.md section 1.4)."""

from __future__ import annotations

import pytest

from lanner.ruleset import Priority

VALIDATION = "LOAD_ERR_VALIDATE"


def update(how: str, **keys: str) -> str:
    """Return the YAML of an update of rule R that overrides all its keys by one operation."""
    lines = [f"  {key}: {value}\n" for key, value in keys.items()]
    overrides = ", ".join(f"{key}: {how}" for key in keys)
    return f"- rule: R\n{''.join(lines)}  override: {{{overrides}}}\n"


class TestRules:
    def test_a_definition_replaces_everything(self, rules, a_rule):
        first = a_rule(tags=["a"], enabled=False, exceptions=[{"name": "e", "fields": "ka.verb", "values": ["x"]}])
        second = a_rule(condition="ka.uri exists", output="y", desc="e", priority="ERROR")
        (rule,) = rules(first, second)
        assert (rule.description, rule.output_text, rule.condition_text) == ("e", "y", "ka.uri exists")
        assert (rule.tags, rule.enabled, rule.priority) == ((), True, Priority.ERROR)
        assert str(rule.condition) == "ka.uri exists"
        assert str(rule.place) == "2.yaml:1:3"

    def test_a_definition_keeps_the_position(self, rules, a_rule):
        names = [rule.name for rule in rules(a_rule("A"), a_rule("B"), a_rule("A", condition="ka.uri exists"))]
        assert names == ["A", "B"]

    def test_names_are_case_sensitive(self, rules, a_rule):
        assert len(rules(a_rule("r"), a_rule("R"))) == 2

    def test_appending(self, rules, a_rule):
        text = update("append", condition="or ka.uri exists", output="more", desc="e", tags="[b, a]")
        (rule,) = rules(a_rule(tags=["b"], output=" x "), text)
        assert rule.condition_text == "ka.verb = get or ka.uri exists"
        assert rule.output_text == "x more"
        assert rule.description == "d e"
        assert rule.tags == ("a", "b")
        assert rule.priority is Priority.INFORMATIONAL

    def test_replacing(self, rules, a_rule):
        text = update(
            "replace",
            condition="ka.uri exists",
            output="' y '",
            desc="e",
            tags="[c]",
            priority="ERROR",
            enabled="false",
            warn_evttypes="false",
            capture="true",
            capture_duration="7",
        )
        (rule,) = rules(a_rule(tags=["b"]), text)
        assert (rule.condition_text, rule.description, rule.tags) == ("ka.uri exists", "e", ("c",))
        assert (rule.priority, rule.enabled) == (Priority.ERROR, False)
        assert rule.output_text == " y "  # not trimmed: a quirk

    def test_both_at_once(self, rules, a_rule):
        text = (
            "- rule: R\n  condition: or ka.uri exists\n  output: y\n  tags: [t]\n  priority: WARNING\n"
            "  override: {output: replace, condition: append, priority: replace, tags: append}\n"
        )
        (rule,) = rules(a_rule(), text)
        assert (rule.condition_text, rule.output_text) == ("ka.verb = get or ka.uri exists", "y")
        assert (rule.tags, rule.priority) == (("t",), Priority.WARNING)

    def test_skip_if_unknown_filter_can_be_switched_on(self, warning, a_rule):
        text = update("replace", **{"condition": "ka.nope exists", "skip-if-unknown-filter": "true"})
        assert warning(a_rule(), text).code == "LOAD_UNKNOWN_FILTER"

    def test_appending_the_old_way(self, rules, codes, a_rule):
        text = "- rule: R\n  condition: or ka.uri exists\n  priority: nonsense\n  output: y\n  append: true\n"
        (rule,) = rules(a_rule(), text)
        assert (rule.condition_text, rule.output_text) == ("ka.verb = get or ka.uri exists", "x")
        assert codes(a_rule(), text) == ([], ["LOAD_DEPRECATED_ITEM"])

    @pytest.mark.parametrize("keys", ["", "  output: y\n"])
    def test_appending_nothing(self, error, a_rule, keys):
        found = error(a_rule(), f"- rule: R\n{keys}  append: true\n")
        assert (found.code, found.message) == (VALIDATION, "Appended rule must have exceptions or condition property")

    def test_null_exceptions_are_something_to_append(self, codes, a_rule):
        assert codes(a_rule(), "- rule: R\n  exceptions:\n  append: true\n") == ([], ["LOAD_DEPRECATED_ITEM"])

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (
                "- rule: R\n  condition: and x\n  append: true\n",
                "Rule uses 'append' or 'override.<key>: append' but no rule by that name already exists",
            ),
            (
                update("append", condition="and x"),
                "Rule uses 'append' or 'override.<key>: append' but no rule by that name already exists",
            ),
            (
                update("replace", condition="x"),
                "An 'override.<key>: replace' to a rule was requested but no rule by that name already exists",
            ),
            ("- rule: R\n  enabled: false\n", "Rule has 'enabled' key but no rule by that name already exists"),
        ],
    )
    def test_there_must_be_a_rule_to_update(self, error, a_rule, text, message):
        found = error(a_rule("Other"), text)
        assert (found.code, found.message) == (VALIDATION, message)

    def test_appends_come_before_replaces(self, error):
        # GIVEN an update of a missing rule whose replaced priority is wrong, too
        text = "- rule: R\n  condition: x\n  priority: x\n  override: {priority: replace, condition: append}\n"
        # THEN what is appended is judged first
        assert error(text).code == VALIDATION

    def test_the_switch(self, rules, a_rule):
        assert [rule.enabled for rule in rules(a_rule(), "- rule: R\n  enabled: false\n")] == [False]
        assert [rule.enabled for rule in rules(a_rule(enabled=False), "- rule: R\n  enabled: true\n")] == [True]


class TestSources:
    @pytest.mark.parametrize(
        "text",
        [
            "- rule: R\n  condition: or ka.uri exists\n  source: syscall\n  append: true\n",
            "- rule: R\n  exceptions: []\n  source: syscall\n  append: true\n",
            "- rule: R\n  condition: or ka.uri exists\n  source: syscall\n  override: {condition: append}\n",
            "- rule: R\n  condition: ka.uri exists\n  source: syscall\n  override: {condition: replace}\n",
            "- rule: R\n  desc: d\n  condition: evt.num exists\n  output: x\n  priority: INFO\n",
        ],
    )
    def test_a_different_source_is_an_error(self, error, a_rule, text):
        found = error(a_rule(), text)
        assert (found.code, found.message) == (VALIDATION, "Rule has been re-defined with a different source")
        assert found.hint == "the rule's source is k8s_audit in 1.yaml:1:3, here it is syscall"

    @pytest.mark.parametrize("source", ["k8s_audit", "''", ""])
    def test_the_same_or_no_source_is_fine(self, load, a_rule, source):
        text = f"- rule: R\n  condition: or ka.uri exists\n  source: {source}\n  override: {{condition: append}}\n"
        assert load(a_rule(), text).successful

    def test_without_a_condition_the_source_of_an_override_is_not_compared(self, load, a_rule):
        assert load(a_rule(), "- rule: R\n  desc: e\n  source: syscall\n  override: {desc: replace}\n").successful

    def test_an_unknown_source_is_skipped(self, load, a_rule):
        loaded = load(a_rule(source="okta", condition="this is (bad", output="%nope"), update("append", condition="x"))
        assert [[w.code for w in result.warnings] for result in loaded.results] == [["LOAD_UNKNOWN_SOURCE"], []]
        assert loaded.results[0].warnings[0].message == "Unknown source okta, skipping"
        (rule,) = loaded.ruleset.rules
        assert (rule.condition_text, rule.condition, rule.output) == ("this is (bad x", None, None)

    def test_exceptions_of_an_unknown_source_must_have_the_right_shape(self, codes, a_rule):
        fine = {"name": "e", "fields": ["no.idea"], "values": [["x", "y"]]}
        assert codes(a_rule(source="okta", exceptions=[fine])) == ([], ["LOAD_UNKNOWN_SOURCE"])
        wrong = fine | {"comps": ["=", "="]}
        assert codes(a_rule(source="okta", exceptions=[wrong])) == ([VALIDATION], ["LOAD_UNKNOWN_SOURCE"])
        more = [{"name": "f", "fields": "no.idea", "values": ["x"]}]
        append = a_rule(
            exceptions=more, override={"exceptions": "append"}, condition=..., output=..., desc=..., priority=...
        )
        assert codes(a_rule(source="okta"), append.replace("k8s_audit", "okta")) == ([], ["LOAD_UNKNOWN_SOURCE"])


class TestListsAndMacros:
    def test_a_list_is_redefined_or_appended_to(self, rules, a_rule):
        rule = a_rule(condition="ka.verb in (l)")
        lists = "- list: l\n  items: [a]\n"
        for text, constants in (
            ("- list: l\n  items: [b]\n", "(b)"),
            ("- list: l\n  items: [b]\n  override: {items: replace}\n", "(b)"),
            ("- list: l\n  items: [b]\n  override: {items: append}\n", "(a, b)"),
            ("- list: l\n  items: [b]\n  append: true\n", "(a, b)"),
            ("- list: l\n  items: [b]\n  append: false\n", "(b)"),
        ):
            assert str(rules(lists, rule, text)[0].condition) == f"ka.verb in {constants}"

    def test_a_macro_is_redefined_or_appended_to(self, rules, a_rule):
        rule = a_rule(condition="not m")
        macro = "- macro: m\n  condition: ka.verb = a\n"
        for text, condition in (
            ("- macro: m\n  condition: ka.uri = b\n", "not ka.uri = b"),
            ("- macro: m\n  condition: ka.uri = b\n  override: {condition: replace}\n", "not ka.uri = b"),
            (
                "- macro: m\n  condition: or ka.uri = b\n  override: {condition: append}\n",
                "not (ka.verb = a or ka.uri = b)",
            ),
            ("- macro: m\n  condition: or ka.uri = b\n  append: true\n", "not (ka.verb = a or ka.uri = b)"),
        ):
            assert str(rules(macro, rule, text)[0].condition) == condition

    def test_replacing_needs_no_definition_before(self, codes, a_rule):
        text = "- list: l\n  items: [b]\n  override: {items: replace}\n"
        text += "- macro: m\n  condition: ka.verb in (l)\n  override: {condition: replace}\n"
        assert codes(text + a_rule(condition="m")) == ([], [])

    @pytest.mark.parametrize("how", ["append: true", "override: {$: append}"])
    def test_appending_needs_a_definition_before(self, error, how):
        found = error(f"- list: l\n  items: [b]\n  {how}\n".replace("$", "items"))
        assert found.code == VALIDATION
        assert found.message == "List uses 'append' or 'override.items: append' but no list by that name already exists"
        found = error(f"- macro: m\n  condition: x\n  {how}\n".replace("$", "condition"))
        assert found.message == (
            "Macro uses 'append' or 'override.condition: append' but no macro by that name already exists"
        )
