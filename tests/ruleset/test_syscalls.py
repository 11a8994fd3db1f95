"""Rules about system calls are checked as far as Lanner can, and never evaluated."""

from __future__ import annotations

import pytest

from lanner.language import parse
from lanner.ruleset.syscalls import field_problem, is_bound_to_event_types


def syscall_rule(condition: str, **keys: str) -> str:
    more = "".join(f"  {key.replace('__', '-')}: {value}\n" for key, value in keys.items())
    return f"- rule: R\n  desc: d\n  condition: {condition}\n  output: '%proc.name'\n  priority: INFO\n{more}"


@pytest.mark.parametrize("source", ["", "  source: syscall\n"])
def test_it_is_loaded_and_not_evaluated(rules, codes, source):
    text = syscall_rule("evt.type = open and proc.name in (cat) and m") + source
    macros = "- macro: m\n  condition: tolower(fd.name) = concat(user.name, 'x') or join('', (group.gid, 'x')) = 'y'\n"
    assert codes(macros + text) == ([], [])
    (rule,) = rules(macros + text)
    assert (rule.source, rule.condition, rule.output, rule.is_evaluable) == ("syscall", None, None, False)


@pytest.mark.parametrize(
    "condition",
    [
        "evt.type = open and ka.verb = get",
        "evt.type = open and proc.name = val(ka.verb)",
        "evt.type = open and tolower(jevt.obj) = x",
        "evt.type = open and join('', (ka.verb)) = x",
    ],
)
def test_fields_of_other_sources_do_not_exist(error, condition):
    found = error(syscall_rule(f'"{condition}"'))
    assert found.code == "LOAD_ERR_COMPILE_CONDITION"
    assert found.message.startswith("unknown field ")


def test_an_unknown_field_in_a_macro_is_found_there(error):
    found = error("- macro: m\n  condition: ka.verb = get\n" + syscall_rule("evt.type = open and m"))
    assert (found.line, found.column) == (2, 14)


def test_unknown_fields_may_be_skipped(warning):
    assert warning(syscall_rule("ka.verb = get", skip__if__unknown__filter="true")).code == "LOAD_UNKNOWN_FILTER"


@pytest.mark.parametrize(
    "condition",
    [
        "evt.type = open",
        "evt.type in (open, close)",
        "evt.type = open and proc.name = x",
        "proc.name = x and (evt.type = open or evt.type = close)",
        "not evt.type != open",
        "not (evt.type != open or proc.name = x)",
        "not (evt.type != open and evt.type != close)",
    ],
)
def test_conditions_that_are_bound_to_event_types(codes, condition):
    assert codes(syscall_rule(condition)) == ([], [])


@pytest.mark.parametrize(
    "condition",
    [
        "evt.num exists",
        "evt.type exists",
        "evt.type != open",
        "not evt.type = open",
        "evt.type = open or proc.name = x",
        "not (evt.type != open and proc.name = x)",
        "not proc.name = x",
    ],
)
def test_conditions_for_any_event_type(warning, codes, condition):
    found = warning(syscall_rule(condition))
    assert found.code == "LOAD_NO_EVTTYPE"
    assert found.message == "Rule matches too many evt.type values. This has a significant performance penalty."
    assert codes(syscall_rule(condition, warn_evttypes="false")) == ([], [])


def test_a_reference_names_no_event_type():
    assert not is_bound_to_event_types(parse("m"))


def test_deprecated_fields_are_named_once(load):
    text = syscall_rule("evt.type = open and evt.dir = < and evt.dir = < and evt.latency.s > 3").replace("= <", '= "<"')
    (result,) = load(text).results
    assert [warning.message for warning in result.warnings] == [
        f"usage of deprecated field '{name}' has been detected in the rule condition"
        for name in ("evt.dir", "evt.latency.s")
    ]
    assert {warning.code for warning in result.warnings} == {"LOAD_DEPRECATED_ITEM"}


def test_a_blank_output_is_an_error(error):
    found = error(syscall_rule("evt.type = open").replace("'%proc.name'", "' '"))
    assert (found.code, found.message) == ("LOAD_ERR_COMPILE_OUTPUT", "empty formatting token")


def test_fields_of_exceptions(codes, error):
    exceptions = "\n  - {name: e, fields: tolower(proc.name), values: [x]}"
    assert codes(syscall_rule("evt.type = open", exceptions=exceptions)) == ([], [])
    found = error(syscall_rule("evt.type = open", exceptions=exceptions.replace("proc.name", "ka.verb")))
    assert found.message == "'tolower(ka.verb)' is not a supported filter field"
    assert field_problem("proc.name x") == "'proc.name x' is not a field"
