"""Exceptions: their shape, their expansion, and appending to them (spec/rules.md section 5)."""

from __future__ import annotations

import pytest

from lanner.ruleset.entries import Entry
from lanner.ruleset.exceptions import check_exception, expand_exceptions, read_exceptions
from lanner.ruleset.texts import Text

STRUCTURE = "LOAD_ERR_YAML_VALIDATE"
VALIDATION = "LOAD_ERR_VALIDATE"


@pytest.fixture
def expanded(node):
    """Return what the exceptions of a rule add to its condition."""

    def expand(yaml: str, *, unchecked: bool = False) -> str:
        rule = node(f"{{condition: C, exceptions: {yaml}}}")
        exceptions = read_exceptions(Entry(rule), lambda warning: None, is_append=False)
        if not unchecked:
            exceptions = tuple([check_exception(exception, lambda field: "") for exception in exceptions])
        text = expand_exceptions(Text.of(rule.get("condition")), exceptions).text
        assert text.startswith("(C)") or not exceptions
        return text.removeprefix("(C)")

    return expand


@pytest.mark.parametrize(
    ("exception", "added"),
    [
        # one field
        ("fields: ka.verb, values: [get, a b]", 'ka.verb in (get, "a b")'),
        ("fields: ka.verb, comps: pmatch, values: [/a]", "ka.verb pmatch (/a)"),
        ("fields: ka.verb, comps: startswith anyof, values: [ge, pu]", "ka.verb startswith anyof (ge, pu)"),
        ("fields: ka.verb, values: [get, ~, {a: b}]", "ka.verb in (get)"),
        ("fields: ka.verb, values: ['\"a,b\"', '''c d''', 'e\"f g']", 'ka.verb in ("a,b", \'c d\', "e"f g")'),
        # several fields
        (
            "fields: [ka.verb, ka.uri], values: [[get, /a], [put, /b]]",
            "( ka.verb = get and ka.uri = /a) or ( ka.verb = put and ka.uri = /b)",
        ),
        (
            "fields: [ka.verb, ka.uri], comps: [in, startswith], values: [[[get, put], /a], [list, /b]]",
            "( ka.verb in (get, put) and ka.uri startswith /a) or ( ka.verb in (list) and ka.uri startswith /b)",
        ),
        ("fields: [f], comps: [intersects], values: [[g3]]", "( f intersects (g3))"),
        ("fields: [f], comps: [' != '], values: [[a b]]", '( f != "a b")'),
        ("fields: [f], comps: [in], values: [[a b], ['(c, d)']]", "( f in (a b)) or ( f in (c, d))"),
        ("fields: [f], comps: [endswith  oneof], values: [[x]]", "( f endswith  oneof (x))"),
        ("fields: [f], values: [[[a b, c]]]", '( f = ("a b", c))'),
        ("fields: [f], values: [[{a: b}], [~]]", "( f = ) or ( f = )"),
        ("fields: [f], comps: [], values: [[x]]", "( f = x)"),
    ],
)
def test_expansion(expanded, exception, added):
    assert expanded(f"[{{name: e, {exception}}}]") == f" and not ({added})"


@pytest.mark.parametrize("values", ["", ", values: []", ", values: [~]"])
def test_without_values_an_exception_has_no_effect(expanded, values):
    assert expanded(f"[{{name: e, fields: f{values}}}]") == ""
    if "~" not in values:
        assert expanded(f"[{{name: e, fields: [f]{values}}}]") == ""


def test_exceptions_are_added_in_order(expanded):
    added = expanded("[{name: a, fields: f, values: [x]}, {name: b, fields: [g], values: [[y]]}]")
    assert added == " and not (f in (x)) and not (( g = y))"


@pytest.mark.parametrize("written", ["~", "[]"])
def test_no_exceptions(expanded, written):
    assert expanded(written) == "C"


def test_replaced_exceptions_are_not_defaulted(expanded):
    # GIVEN exceptions as `override: exceptions: replace` leaves them
    assert expanded("[{name: e, fields: f, values: [x]}]", unchecked=True) == " and not (f  (x))"
    assert expanded("[{name: e, fields: [f], values: [[x]]}]", unchecked=True) == " and not (( f = x))"


@pytest.mark.parametrize(
    ("exceptions", "code", "message"),
    [
        ("{name: e}", STRUCTURE, "Rule exceptions must be a sequence"),
        ("x", STRUCTURE, "Rule exceptions must be a sequence"),
        ("[x]", STRUCTURE, "Rule exception must be a mapping"),
        ("[{fields: ka.verb}]", STRUCTURE, "Item has no mapping for key 'name'"),
        ("[{name: '', fields: ka.verb}]", STRUCTURE, "Value must be non-empty"),
        ("[{name: e, values: [x]}]", STRUCTURE, "Item has no mapping for key 'fields'"),
        ("[{name: e, fields: ''}]", STRUCTURE, "Value must be non-empty"),
        ("[{name: e, fields: [ka.verb, '']}]", STRUCTURE, "Value must be non-empty"),
        ("[{name: e, fields: ka.verb, values: }]", STRUCTURE, "Rule exception values must be a sequence"),
        ("[{name: e, fields: ka.verb, values: x}]", STRUCTURE, "Rule exception values must be a sequence"),
        ("[{name: e, fields: ka.verb, values: {a: b}}]", STRUCTURE, "Rule exception values must be a sequence"),
        ("[{name: e, fields: ka.verb, values: ['']}]", STRUCTURE, "Value must be non-empty"),
        ("[{name: e, fields: ka.verb, comps: ''}]", STRUCTURE, "Value must be non-empty"),
        (
            "[{name: e, fields: []}]",
            VALIDATION,
            "Rule exception item must have fields property with a list of fields",
        ),
        (
            "[{name: e, fields: }]",
            VALIDATION,
            "Rule exception item must have fields property with a list of fields",
        ),
        ("[{name: e, fields: [ka.verb], comps: [=, =]}]", VALIDATION, "Fields and comps lists must have equal length"),
        ("[{name: e, fields: [ka.verb], comps: =}]", VALIDATION, "Fields and comps lists must have equal length"),
        ("[{name: e, fields: ka.verb, comps: [in]}]", VALIDATION, "Fields and comps must both be strings"),
        ("[{name: e, fields: [ka.verb], comps: [like]}]", VALIDATION, "'like' is not a supported comparison operator"),
        ("[{name: e, fields: [ka.verb], comps: [[=]]}]", VALIDATION, "'' is not a supported comparison operator"),
        (
            "[{name: e, fields: [ka.verb], comps: [in anyof]}]",
            VALIDATION,
            "'in anyof' is not a supported comparison operator",
        ),
        ("[{name: e, fields: ka.nope}]", VALIDATION, "'ka.nope' is not a supported filter field"),
        ("[{name: e, fields: [ka.verb, [x]]}]", VALIDATION, "'' is not a supported filter field"),
        ("[{name: e, fields: ka.uri.param}]", VALIDATION, "'ka.uri.param' is not a supported filter field"),
        (
            "[{name: e, fields: ka.verb, values: [[get]]}]",
            VALIDATION,
            "Expected values array to contain a list of strings",
        ),
        (
            "[{name: e, fields: [ka.verb], values: [[a, b]]}]",
            VALIDATION,
            "Fields and values lists must have equal length",
        ),
        ("[{name: e, fields: [ka.verb], values: [a]}]", VALIDATION, "Fields and values lists must have equal length"),
    ],
)
def test_wrong_exceptions(error, exceptions, code, message):
    found = error(
        "- rule: R\n  desc: d\n  condition: ka.verb exists\n  output: x\n  priority: INFO\n  source: k8s_audit\n"
        f"  exceptions: {exceptions}\n"
    )
    assert (found.code, found.message, found.line) == (code, message, 7)


@pytest.mark.parametrize("comps", ["=", "exists", ">=", "like", ">= anyof", "= someof", "startswith"])
def test_comparisons_for_one_field(error, a_rule, comps):
    found = error(a_rule(exceptions=[{"name": "e", "fields": "ka.verb", "comps": comps, "values": ["x"]}]))
    assert found.message == (
        "When fields is a single value, comps must be one of (in, pmatch, intersects) or a modifier operator "
        "(e.g. startswith oneof)"
    )
    assert found.hint == (
        "" if comps in ("like", ">= anyof", "= someof") else f"put the field in brackets to compare with '{comps}'"
    )


def test_transformers_are_fields(codes, a_rule):
    assert codes(a_rule(exceptions=[{"name": "e", "fields": "tolower(ka.verb)", "values": ["x"]}])) == ([], [])


def test_other_keys_are_ignored(codes, a_rule):
    assert codes(a_rule(exceptions=[{"name": "e", "fields": "ka.verb", "value": ["x"]}])) == ([], [])


def test_a_name_for_two_exceptions(load, a_rule):
    same = {"name": "e", "fields": "ka.verb", "values": ["x"]}
    (result,) = load(a_rule(exceptions=[same, same, same])).results
    # THEN the third one is reported for each of the two before it
    assert [warning.code for warning in result.warnings] == ["LOAD_EXCEPTION_NAME_NOT_UNIQUE"] * 3
    assert [str(location) for location in result.warnings[0].context] == ["rule 'R'", "exception 'e'"]


def test_a_mistake_in_the_expansion_is_shown_where_the_exception_is(error):
    text = """
        - rule: R
          desc: d
          condition: ka.verb exists
          output: x
          priority: INFO
          source: k8s_audit
          exceptions:
            - name: good
              fields: ka.verb
              values: [x]
            - name: bad
              fields: ka.verb
              values: ['(x)']
        """
    found = error(text)
    assert (found.code, found.line, found.column) == ("LOAD_ERR_COMPILE_CONDITION", 12, 7)
    assert found.caret.split("\n")[0].endswith("and not (ka.verb in (x)) and not (ka.verb in ((x)))")


class TestAppend:
    @pytest.fixture(params=["old", "new"])
    def append(self, request, a_rule):
        """Return files that append to the exceptions of a rule, in the old way and in the new one."""

        def texts(*exceptions: dict) -> tuple[str, str]:
            how = {"append": True} if request.param == "old" else {"override": {"exceptions": "append"}}
            only = dict.fromkeys(("desc", "condition", "output", "priority", "source"), ...)
            return a_rule(exceptions=[{"name": "e", "fields": "ka.verb", "values": ["a"]}]), a_rule(
                exceptions=list(exceptions), **only, **how
            )

        return texts

    @pytest.fixture
    def failure(self, load, append):
        def find(*exceptions: dict) -> str:
            (error,) = load(*append(*exceptions)).results[-1].errors
            assert error.code == VALIDATION
            return error.message

        return find

    def test_values_are_added_to_the_exception_of_that_name(self, rules, append):
        (rule,) = rules(*append({"name": "e", "values": ["b", "c d"]}))
        assert str(rule.condition) == 'ka.verb = get and not ka.verb in (a, b, "c d")'

    def test_a_new_name_is_a_new_exception(self, rules, append):
        (rule,) = rules(*append({"name": "f", "fields": ["ka.uri"], "values": [["/x"]]}))
        assert str(rule.condition) == "ka.verb = get and not ka.verb in (a) and not ka.uri = /x"

    def test_a_new_one_needs_fields_and_values(self, failure):
        assert (
            failure({"name": "f", "values": ["x"]}) == "Rule exception must have fields property with a list of fields"
        )
        for values in ({"values": []}, {}):
            message = failure({"name": "f", "fields": "ka.uri"} | values)
            assert message == "Rule exception must have values property with a list of values"

    def test_a_new_one_is_checked(self, failure):
        assert (
            failure({"name": "f", "fields": "ka.nope", "values": ["x"]}) == "'ka.nope' is not a supported filter field"
        )

    def test_fields_and_comps_of_an_existing_one_stay(self, failure):
        message = "Can not append exception {} to existing exception, only values"
        assert failure({"name": "e", "fields": "ka.verb", "values": ["x"]}) == message.format("fields")
        assert failure({"name": "e", "comps": "in", "values": ["x"]}) == message.format("comps")

    def test_values_must_fit_the_existing_fields(self, failure):
        assert failure({"name": "e", "values": [["x"]]}) == "Expected values array to contain a list of strings"

    def test_no_values_are_worth_a_warning(self, load, append):
        result = load(*append({"name": "e"})).results[-1]
        assert result.successful
        assert result.warnings[-1].code == "LOAD_APPEND_NO_VALUES"

    def test_an_empty_sequence_is_fine(self, load, append):
        result = load(*append({"name": "e", "values": []})).results[-1]
        assert result.successful
        assert "LOAD_APPEND_NO_VALUES" not in [warning.code for warning in result.warnings]


class TestReplace:
    def replace(self, a_rule, exception: dict) -> tuple[str, str]:
        only = dict.fromkeys(("desc", "condition", "output", "priority", "source"), ...)
        return (
            a_rule(exceptions=[{"name": "e", "fields": "ka.verb", "values": ["a"]}]),
            a_rule(exceptions=[exception], override={"exceptions": "replace"}, **only),
        )

    def test_all_exceptions_are_replaced(self, rules, a_rule):
        exception = {"name": "f", "fields": "ka.uri", "comps": "in", "values": ["/x"]}
        assert str(rules(*self.replace(a_rule, exception))[0].condition) == "ka.verb = get and not ka.uri in (/x)"

    def test_fields_are_needed(self, error, a_rule):
        assert error(*self.replace(a_rule, {"name": "f", "values": ["/x"]})).code == STRUCTURE

    def test_one_field_needs_a_comparison(self, error, a_rule):
        found = error(*self.replace(a_rule, {"name": "f", "fields": "ka.uri", "values": ["/x"]}))
        assert found.code == "LOAD_ERR_COMPILE_CONDITION"

    @pytest.mark.parametrize("comps", ["in", ["=", "="]])
    def test_comparisons_must_fit_the_fields(self, error, a_rule, comps):
        exception = {"name": "f", "fields": ["ka.uri"], "comps": comps, "values": [["/x"]]}
        found = error(*self.replace(a_rule, exception))
        assert (found.code, found.message) == (VALIDATION, "Fields and comps lists must have equal length")
