"""Files in order, each judged with those before it (spec/rules.md sections 6 and 7)."""

from __future__ import annotations

from pathlib import Path

import pytest

from lanner.errors import UsageError
from lanner.ruleset import load, load_texts

CONDITION = "LOAD_ERR_COMPILE_CONDITION"
VALIDATION = "LOAD_ERR_VALIDATE"


@pytest.fixture
def verdicts(load):
    """Return the codes of the errors, file by file."""
    return lambda *texts: [[error.code for error in result.errors] for result in load(*texts).results]


def test_no_files():
    loaded = load([])
    assert loaded.successful
    assert (loaded.ruleset.rules, loaded.results, loaded.fatal) == ((), (), "")


def test_files_are_read_from_paths(tmp_path, a_rule):
    path = tmp_path / "r.yaml"
    path.write_text(a_rule())
    loaded = load([path])
    assert [rule.name for rule in loaded.ruleset.rules] == ["R"]
    assert loaded.results[0].name == str(path)


@pytest.mark.parametrize("name", ["nothing.yaml", "."])
def test_a_file_that_cannot_be_read(tmp_path, name):
    with pytest.raises(UsageError, match="cannot be read: "):
        load([Path(tmp_path / name)])


def test_one_file_twice(a_rule):
    content = a_rule().encode()
    loaded = load_texts([("r.yaml", content), ("r.yaml", content)])
    assert loaded.successful
    assert [result.name for result in loaded.results] == ["r.yaml", "r.yaml"]


def test_a_file_needs_what_it_uses_in_the_files_before_it(verdicts, a_rule):
    rule, macro = a_rule(condition="m"), "- macro: m\n  condition: ka.verb exists\n"
    assert verdicts(macro, rule) == [[], []]
    assert verdicts(rule, macro) == [[VALIDATION], []]


def test_an_error_is_repeated_until_it_is_mended(load, verdicts, a_rule):
    broken, fine = a_rule(condition="ka.verb ="), a_rule("S")
    assert verdicts(broken, fine, a_rule(), fine) == [[CONDITION], [CONDITION], [], []]
    assert not load(broken, a_rule()).successful
    assert load(broken, a_rule()).ruleset is None


def test_what_stands_before_an_error_of_structure_counts(verdicts, a_rule):
    assert verdicts("- macro: m\n  condition: ka.verb exists\n- list: l\n", a_rule(condition="m")) == [
        ["LOAD_ERR_YAML_VALIDATE"],
        [],
    ]
    assert verdicts("- rule: [\n", a_rule()) == [["LOAD_ERR_YAML_PARSE"], []]


def test_an_update_that_failed_has_no_effect(load, a_rule):
    wrong = a_rule(
        exceptions=[{"name": "e"}], override={"exceptions": "append"}, condition=..., output=..., desc=..., priority=...
    )
    results = load(a_rule(), wrong, a_rule("S")).results
    assert [result.successful for result in results] == [True, False, True]


def test_a_plugin_requirement_that_fails_is_fatal(load, a_rule):
    text = "- required_plugin_versions:\n  - {name: json, version: 0.7.0}\n  - {name: okta, version: 1.0.0}\n"
    loaded = load(text + a_rule(), a_rule("S"))
    assert loaded.fatal == "Plugin requirement not satisfied, must load one of: okta (>= 1.0.0)"
    assert loaded.ruleset is None
    (error,) = loaded.results[0].errors
    assert (error.code, error.message, str(error.place)) == (VALIDATION, loaded.fatal, "1.yaml:3:5")
    assert [str(location) for location in error.context] == ["required_plugin_versions", "required plugin 'okta'"]
    assert loaded.results[1].successful


def test_the_first_failing_requirement_is_named(load):
    text = "- required_plugin_versions: [{name: k8saudit, version: 0.99.0}, {name: okta, version: 1.0.0}]\n"
    loaded = load(text)
    assert loaded.fatal == "Plugin 'k8saudit' version '0.18.0' is not compatible with required plugin version '0.99.0'"
    assert len(loaded.results[0].errors) == 2


def test_requirements_of_a_broken_file_count(load):
    loaded = load("- required_plugin_versions: [{name: okta, version: 1.0.0}]\n- list: l\n")
    assert loaded.fatal
    assert [error.code for error in loaded.results[0].errors] == ["LOAD_ERR_YAML_VALIDATE", VALIDATION]


def test_a_transformer_with_too_many_arguments_is_fatal(load, a_rule):
    loaded = load(a_rule(condition="tolower(ka.verb, ka.uri) = x"))
    assert loaded.fatal == "unknown multivalue transformer"
    assert [error.code for error in loaded.results[0].errors] == [CONDITION]


def test_one_in_an_output_is_an_ordinary_error(load, a_rule):
    loaded = load(a_rule(output="%tolower(ka.verb, ka.uri)"))
    assert loaded.fatal == ""
    assert [error.code for error in loaded.results[0].errors] == ["LOAD_ERR_COMPILE_OUTPUT"]


def test_hints_for_files_that_are_no_rules(error):
    found = error('{"kind": "EventList", "items": [{"auditID": "x"}]}')
    assert found.message == "Rules content is not yaml array of objects"
    assert "give it to `lanner scan`" in found.hint
    assert "- rule: name" in error("- a\n").hint


def test_a_file_that_is_not_yaml_leaves_the_others_alone(load, a_rule):
    loaded = load(b"\xff", a_rule())
    assert [result.successful for result in loaded.results] == [False, True]
    assert loaded.ruleset is None
