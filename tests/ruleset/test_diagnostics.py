"""What users see of what loading found (spec/rules.md section 7)."""

from __future__ import annotations

import json
from textwrap import dedent

from lanner.ruleset import FileResult, Severity

BROKEN = """
    - list: verbs
      items: [get, list]
    - macro: reading
      condition: >
        ka.verb in (verbs)
        and ka.usr.name = x
    - rule: Reading
      desc: d
      condition: ka.uri exists and reading
      output: x
      priority: INFO
      source: k8s_audit
      outputs: y
      desc: e
    """


def test_an_error_in_a_macro_leads_from_the_rule_to_the_check(load):
    (result,) = load(BROKEN).results
    (error,) = result.errors
    assert error.severity is Severity.ERROR
    assert (error.file, error.line, error.column) == ("1.yaml", 7, 9)
    assert error.snippet == "    and ka.usr.name = x\n        ^"
    assert error.message == "unknown field ka.usr.name"
    assert error.hint == "did you mean ka.user.name?"
    assert [str(location) for location in error.context] == ["rule 'Reading'", "macro 'reading'", "condition"]
    assert error.caret.split("\n") == ["ka.verb in ( get, list ) and ka.usr.name = x", " " * 29 + "^"]
    assert error.position == 29
    assert error.description == "Error compiling condition"


def test_a_result_as_text(load):
    (result,) = load(BROKEN).results
    assert str(result) == dedent(
        """\
        1.yaml: Invalid
        1 error:
        1.yaml:7:9: rule 'Reading', macro 'reading', condition
        ------
            and ka.usr.name = x
                ^
        ------
        as it is compiled:
        ka.verb in ( get, list ) and ka.usr.name = x
                                     ^
        ------
        LOAD_ERR_COMPILE_CONDITION (Error compiling condition): unknown field ka.usr.name
        hint: did you mean ka.user.name?
        1 warning:
        1.yaml:14:3: rule 'Reading'
        ------
          outputs: y
          ^
        ------
        LOAD_UNKNOWN_KEY (Unknown key in item definition): Unknown key 'outputs'. The key will be ignored.
        hint: did you mean 'output'?
        1 note:
        1.yaml:15:3
        ------
          desc: e
          ^
        ------
        LANNER_DUPLICATE_KEY (Duplicate key, the first one counts): the key 'desc' is there twice; this value is \
ignored, the first one counts"""
    )


def test_an_unchanged_condition_is_shown_once(load):
    (result,) = load("- macro: m\n  condition: ka.verb =\n").results
    assert "as it is compiled" not in str(result)
    assert "condition: ka.verb =\n" + " " * 22 + "^\n" in str(result)


def test_a_place_without_a_snippet(load):
    (result,) = load(b"\xff").results
    assert str(result).splitlines()[2:] == [
        "1.yaml:1:1",
        "LOAD_ERR_YAML_PARSE (YAML parse error): the file is not UTF-8: invalid byte 0xff",
        "hint: save the file as UTF-8",
    ]


def test_the_summary_says_ok(load, a_rule):
    results = load(a_rule(), "- list: l\n  items: []\n- list: m\n  items: []\n").results
    assert [result.summary for result in results] == ["1.yaml: Ok", "2.yaml: Ok, with warnings"]
    assert str(results[0]) == "1.yaml: Ok"
    assert "2 warnings:" in str(results[1])


def test_a_result_as_json(load):
    (result,) = load(BROKEN).results
    found = json.loads(json.dumps(result.to_json()))
    assert sorted(found) == ["errors", "name", "notes", "schema_valid", "schema_warnings", "successful", "warnings"]
    assert (found["name"], found["successful"]) == ("1.yaml", False)
    (error,) = found["errors"]
    assert (error["code"], error["codedesc"]) == ("LOAD_ERR_COMPILE_CONDITION", "Error compiling condition")
    assert error["message"] == "unknown field ka.usr.name"
    assert error["context"]["snippet"].endswith("^")
    locations = error["context"]["locations"]
    assert [(location["item_type"], location["item_name"]) for location in locations] == [
        ("rules content", ""),
        ("rule", "Reading"),
        ("macro", "reading"),
        ("condition", ""),
        ("value", ""),
    ]
    assert locations[0]["position"] == {"name": "1.yaml", "line": 0, "column": 0, "offset": 0}
    offset = dedent(BROKEN).index("rule: Reading")
    assert locations[1]["position"] == {"name": "1.yaml", "line": 8, "column": 3, "offset": offset}
    assert locations[-1]["position"]["line"] == 7


def test_a_location_is_not_repeated_in_json(load):
    (result,) = load("- list: l\n  items: []\n").results
    (warning,) = result.to_json()["warnings"]
    assert [location["item_type"] for location in warning["context"]["locations"]] == ["rules content", "list"]


def test_a_result_is_successful_without_errors():
    assert FileResult("f").successful
    assert FileResult("f").to_json()["schema_valid"] is True
