"""Errors and warnings about conditions, and where they are shown (spec/conditions.md sections 8 and 9)."""

from __future__ import annotations

import pytest

from lanner.language import condition_warnings
from lanner.ruleset import conditions as module

CONDITION = "LOAD_ERR_COMPILE_CONDITION"


def written(condition: str) -> str:
    """Return a rule whose condition is written this way, from column 14 of line 3 on."""
    return f"- rule: R\n  desc: d\n  condition: {condition}\n  output: x\n  priority: INFO\n  source: k8s_audit\n"


@pytest.mark.parametrize(
    ("condition", "line", "column"),
    [
        ("ka.verb = get and ka.nope = x", 3, 32),
        ("'ka.verb = ''get'' and ka.nope = x'", 3, 37),
        ('"ka.verb = \\"get\\" and ka.nope = x"', 3, 37),
        ("ka.verb = get\n    and ka.nope = x", 4, 9),
        (">-\n    ka.verb = get\n\n    and ka.nope = x", 6, 9),
        ("|\n    ka.verb = get  or\n      ka.nope = x", 5, 7),
        ("ka.verb in (l, y) and ka.nope = x", 3, 36),
        ("ka.verb exists) and (ka.nope = x", 3, 28),
    ],
)
def test_an_error_is_shown_in_the_file(error, condition, line, column):
    found = error("- list: l\n  items: [aaaaaaaa, bbbbbbb]\n", written(condition))
    assert found.code == CONDITION
    assert (found.line, found.column) == (line, column)


def test_an_error_in_an_appended_part_is_shown_there(error):
    append = "- rule: R\n  condition: or ka.nope = x\n  override:\n    condition: append\n"
    found = error(written("ka.verb = get"), append)
    assert (str(found.place), found.position) == ("2.yaml:2:17", 17)


def test_an_error_in_the_items_of_a_list_is_shown_at_its_name(error):
    found = error("- list: l\n  items: ['(x)']\n" + written("ka.verb in (l)"))
    assert (found.line, found.column) == (5, 26)
    assert found.caret == "ka.verb in ( (x) )\n             ^"


def test_an_unlisted_error_is_shown_at_the_beginning(error, monkeypatch):
    # GIVEN a condition that is wrong as a whole, while each of its checks is right
    real = module.compile_condition

    def compile_condition(tree, catalogue, text, done=None):
        if str(tree) == str(real(tree, catalogue, text)) and " or " in str(tree):
            raise module.ConditionError("wrong as a whole", text=text, position=3)
        return real(tree, catalogue, text)

    monkeypatch.setattr(module, "compile_condition", compile_condition)
    found = error(written("ka.verb = a or ka.verb = b"))
    assert (found.message, found.column) == ("wrong as a whole", 17)


class TestSkipIfUnknownFilter:
    def rule(self, condition: str, output: str = "x") -> str:
        return written(condition).replace("output: x", f"output: '{output}'") + "  skip-if-unknown-filter: true\n"

    @pytest.mark.parametrize(
        "condition", ["ka.nope = x", "ka.verb = get and not ka.nope exists", "ka.verb = val(ka.nope)"]
    )
    def test_unknown_fields_drop_the_rule(self, load, a_rule, condition):
        loaded = load(self.rule(condition) + a_rule("S"))
        (warning,) = loaded.results[0].warnings
        assert (warning.code, warning.message) == ("LOAD_UNKNOWN_FILTER", "unknown field ka.nope")
        assert [rule.is_evaluable for rule in loaded.ruleset.rules] == [False, True]
        assert [rule.name for rule in loaded.ruleset.select()] == ["S"]

    def test_also_in_macros_and_outputs(self, warning):
        text = "- macro: m\n  condition: ka.nope exists\n" + self.rule("m or ka.verb exists")
        assert warning(text).code == "LOAD_UNKNOWN_FILTER"
        assert warning(self.rule("ka.verb exists", "%ka.nope")).code == "LOAD_UNKNOWN_FILTER"

    @pytest.mark.parametrize("condition", ["ka.uri.param = x", "ka.user.groups = x", "ka.verb =", "len(ka.verb) = x"])
    def test_other_errors_remain(self, error, condition):
        assert error(self.rule(condition)).code == CONDITION

    def test_without_it_unknown_fields_are_errors(self, error):
        found = error(written("ka.usr.name = x"))
        assert (found.code, found.hint) == (CONDITION, "did you mean ka.user.name?")


class TestWarnings:
    def test_na_is_reported_once_for_a_rule(self, load):
        (result,) = load(written("ka.verb = <NA> or ka.uri = <NA>")).results
        assert [warning.code for warning in result.warnings] == ["LOAD_UNSAFE_NA_CHECK"]
        assert (result.warnings[0].line, result.warnings[0].column) == (3, 24)

    def test_suspicious_constants_are_shown_where_they_are(self, load):
        (result,) = load("- macro: m\n  condition: ka.verb = ka.uri\n" + written("ka.verb = ka.uri or m and m")).results
        assert {warning.code for warning in result.warnings} == {"LOAD_COMPILE_CONDITION"}
        assert [str(warning.place) for warning in result.warnings] == ["1.yaml:5:24"] * 3

        (result,) = load("- macro: m\n  condition: ka.verb = ka.uri\n" + written("m")).results
        assert [str(warning.place) for warning in result.warnings] == ["1.yaml:2:24"]
        assert [str(location) for location in result.warnings[0].context] == ["rule 'R'", "macro 'm'", "condition"]

    def test_they_come_after_those_of_the_output_and_only_if_the_condition_compiles(self, codes):
        text = written("ka.verb = <NA> or ka.verb = ka.uri").replace("output: x", "output: '%container.info'")
        assert codes(text) == ([], ["LOAD_DEPRECATED_ITEM", "LOAD_UNSAFE_NA_CHECK", "LOAD_COMPILE_CONDITION"])
        text = text.replace("or ka.verb", "or ka.nope exists or ka.verb")
        assert codes(text) == ([CONDITION], ["LOAD_DEPRECATED_ITEM", "LOAD_UNSAFE_NA_CHECK"])

    def test_a_later_file_repeats_them(self, codes, a_rule):
        assert codes(written("ka.verb = ka.uri"), a_rule("S")) == ([], ["LOAD_COMPILE_CONDITION"] * 2)

    def test_a_warning_without_a_place_is_shown_at_the_beginning(self, warning, monkeypatch):
        found = []

        def warn(tree, catalogue, done=None):
            found.append(tree)
            return condition_warnings(tree, catalogue) if len(found) == 1 else []

        monkeypatch.setattr(module, "condition_warnings", warn)
        assert warning(written("ka.verb = ka.uri")).column == 14
