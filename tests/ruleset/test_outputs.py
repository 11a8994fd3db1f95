"""Outputs, and what the configuration appends to them (spec/output.md sections 1 and 4)."""

from __future__ import annotations

import pytest

from lanner.fields import Catalogue
from lanner.ruleset import AppendOutput

OUTPUT = "LOAD_ERR_COMPILE_OUTPUT"


@pytest.mark.parametrize(
    ("output", "message", "column"),
    [
        ("v=%ka.verb n=%ka.nope", "ka.nope", 25),
        ("*v=%ka.verb n=%ka.nope", "ka.nope", 26),
        ("100% sure", "", 15),
        ("x %", "cannot end with a %", 14),
        ("%5", "cannot end with a number", 12),
        ("%container.info %ka.nope", "ka.nope", 12),
    ],
)
def test_errors_have_a_place(load, output, message, column):
    text = f"- rule: R\n  output: {output!r}\n  desc: d\n  condition: ka.verb exists\n"
    (result,) = load(text + "  priority: INFO\n  source: k8s_audit\n").results
    (error,) = result.errors
    assert error.code == OUTPUT
    assert message in error.message
    assert (error.line, error.column) == (2, column)
    assert [str(location) for location in error.context] == ["rule 'R'", "output"]


def test_a_blank_output(error, a_rule):
    assert error(a_rule(output=" \t ")).message == "empty formatting token"


def test_an_output_is_judged_before_the_condition(error, a_rule):
    assert error(a_rule(output="%ka.nope", condition="ka.verb =")).code == OUTPUT


def test_container_info_is_deprecated(warning, a_rule):
    assert warning(a_rule(output="a %container.info b")).code == "LOAD_DEPRECATED_ITEM"


def test_a_dropped_rule_uses_no_macros(codes, a_rule):
    text = "- macro: m\n  condition: ka.verb exists\n"
    text += a_rule(output="%ka.nope", condition="m", skip__if__unknown__filter=True)
    assert codes(text) == ([], ["LOAD_UNKNOWN_FILTER", "LOAD_UNUSED_MACRO"])


class TestAppendOutput:
    def output(self, rules, a_rule, *entries: AppendOutput, **options) -> str:
        (rule,) = rules(a_rule(tags=["a", "b"]), append=entries, **options)
        assert rule.output_text == "x"
        return rule.output.text

    def test_texts_are_appended_in_order(self, rules, a_rule):
        entries = AppendOutput(extra_output="one"), AppendOutput(extra_output=" %ka.verb "), AppendOutput()
        assert self.output(rules, a_rule, *entries) == "x one  %ka.verb "

    @pytest.mark.parametrize(
        "entry",
        [
            AppendOutput(),
            AppendOutput(source="k8s_audit"),
            AppendOutput(source=""),
            AppendOutput(rule="R"),
            AppendOutput(tags=("a",)),
            AppendOutput(source="k8s_audit", rule="R", tags=("b", "a")),
        ],
    )
    def test_entries_that_apply(self, entry):
        assert entry.applies_to("k8s_audit", "R", frozenset("ab"))

    @pytest.mark.parametrize(
        "entry",
        [AppendOutput(source="syscall"), AppendOutput(rule="r"), AppendOutput(tags=("a", "c"))],
    )
    def test_entries_that_do_not_apply(self, rules, a_rule, entry):
        assert not entry.applies_to("k8s_audit", "R", frozenset("ab"))
        other = AppendOutput(entry.source, entry.tags, entry.rule, "more", (("k", "v"),))
        assert self.output(rules, a_rule, other) == "x"
        assert rules(a_rule(), append=(other,))[0].extra_fields == ()

    def test_suggested_fields_are_the_static_ones(self, rules, a_rule):
        entry = AppendOutput(extra_output="more", suggested_output=True)
        assert self.output(rules, a_rule, entry) == "x more"
        catalogue = Catalogue({"env": "prod", "b.c": "d"})
        appended = self.output(rules, a_rule, entry, catalogue=catalogue)
        assert appended == "x more static_env=%static.env static_b_c=%static.b.c"

    def test_an_error_in_an_appended_text_names_the_configuration(self, error, a_rule):
        found = error(a_rule(), append=(AppendOutput(extra_output="%ka.nope"),))
        assert (found.code, found.hint) == (OUTPUT, "this text comes from `append_output` of the configuration")
        assert found.caret == "x %ka.nope\n  ^"

    def test_extra_fields(self, rules, a_rule):
        fields = (("ka.verb", None), ("k", "%ka.uri!"), ("const", "text"), ("jevt.value[/a]", None))
        (rule,) = rules(a_rule(), append=(AppendOutput(extra_fields=fields),))
        raw, template, constant, with_argument = rule.extra_fields
        assert (raw.key, raw.template, raw.raw.text) == ("ka.verb", None, "ka.verb")
        assert (template.key, template.template.text, template.raw) == ("k", "%ka.uri!", None)
        assert constant.template.text == "text"
        assert with_argument.raw.text == "jevt.value[/a]"

    def test_the_last_applicable_entry_wins(self, rules, a_rule):
        entries = [AppendOutput(extra_fields=(("k", text),)) for text in ("one", "two")]
        entries.append(AppendOutput(rule="other", extra_fields=(("k", "three"),)))
        (extra,) = rules(a_rule(), append=tuple(entries))[0].extra_fields
        assert extra.template.text == "two"

    @pytest.mark.parametrize("key", ['ka.uri.param["k"]', "toupper(ka.verb)", "ka.verbs"])
    def test_raw_fields_in_another_form_are_null(self, rules, a_rule, key):
        (extra,) = rules(a_rule(), append=(AppendOutput(extra_fields=((key, None),)),))[0].extra_fields
        assert (extra.key, extra.template, extra.raw) == (key, None, None)

    @pytest.mark.parametrize("field", [("ka.nope", None), ("k", "%ka.nope"), ("k", "")])
    def test_wrong_extra_fields_cannot_be_skipped(self, error, a_rule, field):
        found = error(a_rule(skip__if__unknown__filter=True), append=(AppendOutput(extra_fields=(field,)),))
        assert found.code == OUTPUT
        assert found.hint == f"the extra field '{field[0]}' comes from `append_output` of the configuration"
