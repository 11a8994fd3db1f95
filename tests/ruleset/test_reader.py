"""The structure of items: what is accepted, what is an error and where (spec/rules.md sections 1 and 2)."""

from __future__ import annotations

import pytest

from lanner.ruleset import Priority

STRUCTURE = "LOAD_ERR_YAML_VALIDATE"


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n---\n", "null\n", "- \n- null\n- ~\n", "[]\n", "- &a\n"])
def test_files_without_items(codes, text):
    assert codes(text) == ([], [])


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("hello\n", "Rules content is not yaml", "1.yaml:1:1"),
        ("---\n[]\n---\nfoo\n", "Rules content is not yaml", "1.yaml:4:1"),
        ("rule: x\n", "Rules content is not yaml array of objects", "1.yaml:1:1"),
        ("- a\n", "Unexpected element type. Each element should be a yaml associative array.", "1.yaml:1:3"),
        ("- [a]\n", "Unexpected element type. Each element should be a yaml associative array.", "1.yaml:1:3"),
        ("- ''\n", "Unexpected element type. Each element should be a yaml associative array.", "1.yaml:1:3"),
        ("- list: l\n", "Item has no mapping for key 'items'", "1.yaml:1:3"),
        ("- list: l\n  items:\n", "Value is not a sequence", "1.yaml:2:9"),
        ("- list: l\n  items: x\n", "Value is not a sequence", "1.yaml:2:10"),
        ("- list: l\n  items: [a, ~]\n", "sequence value is not scalar", "1.yaml:2:14"),
        ("- list: l\n  items: [[a]]\n", "sequence value is not scalar", "1.yaml:2:11"),
        ("- list: ''\n  items: []\n", "Value must be non-empty", "1.yaml:1:9"),
        ("- list:\n  items: []\n", "Mapping for key 'list' is empty", "1.yaml:1:3"),
        ("- list: [l]\n  items: []\n", "Value is not a scalar value", "1.yaml:1:9"),
        ("- macro: m\n", "Item has no mapping for key 'condition'", "1.yaml:1:3"),
        ("- macro: m\n  condition: ''\n", "Value must be non-empty", "1.yaml:2:14"),
        ("- macro: m\n  condition: {a: b}\n", "Value is not a scalar value", "1.yaml:2:14"),
        ("- macro: m\n  condition: x\n  append: 1\n", "Can't decode YAML scalar value", "1.yaml:3:11"),
    ],
)
def test_errors_of_structure_have_a_place(error, text, message, place):
    found = error(text)
    assert (found.code, found.message, str(found.place)) == (STRUCTURE, message, place)


def test_a_mapping_is_what_its_first_known_key_says(error):
    # GIVEN a mapping that has the keys of a rule and of a list
    # THEN it is a list, as `list` comes first
    assert error("- rule: R\n  list: l\n").message == "Item has no mapping for key 'items'"
    assert error("- macro: m\n  list: l\n  required_engine_version: x\n").message.startswith("Unable to parse engine")


def test_the_first_error_stops_the_file(codes):
    assert codes("- list: l\n- list: m\n") == ([STRUCTURE], [])


def test_warnings_before_the_error_are_kept(codes):
    assert codes("- thing: x\n- list: l\n- other: y\n") == ([STRUCTURE], ["LOAD_UNKNOWN_ITEM"])


@pytest.mark.parametrize(
    ("text", "hint"), [("- rules: x\n", "'rule'"), ("- thing: x\n", "begins with one of"), ("- {}\n", "begins with")]
)
def test_unknown_items(warning, text, hint):
    found = warning(text)
    assert found.code == "LOAD_UNKNOWN_ITEM"
    assert hint in found.hint


@pytest.mark.parametrize("missing", ["condition", "output", "desc", "priority"])
def test_keys_that_a_rule_must_have(error, a_rule, missing):
    found = error(a_rule(**{missing: ...}))
    assert (found.code, found.message) == (STRUCTURE, f"Item has no mapping for key '{missing}'")


def test_a_misspelt_key_is_named(error, a_rule):
    assert error(a_rule(output=..., outputs="x")).hint == "is 'outputs' meant to be 'output'?"


@pytest.mark.parametrize("key", ["rule", "condition", "output", "desc", "priority", "source", "enabled"])
def test_null_is_an_error(error, a_rule, key):
    text = a_rule(**{key: None}) if key != "rule" else a_rule(rule=None)
    assert error(text).message == f"Mapping for key '{key}' is empty"


@pytest.mark.parametrize("key", ["rule", "condition", "output", "desc", "priority", "source"])
def test_empty_texts_are_an_error(error, a_rule, key):
    text = a_rule(**{key: ""}) if key != "rule" else a_rule(rule="")
    assert error(text).message == "Value must be non-empty"


def test_scalars_are_texts(rules, a_rule):
    (rule,) = rules(a_rule(desc=5, tags=[1, True, 2.5, "b", "b"]))
    assert rule.description == "5"
    assert rule.tags == ("1", "2.5", "b", "true")


@pytest.mark.parametrize(
    ("tags", "message"),
    [(None, "Value is not a sequence"), ("k8s", "Value is not a sequence"), ([["a"]], "sequence value is not scalar")],
)
def test_tags_are_a_sequence_of_texts(error, a_rule, tags, message):
    assert error(a_rule(tags=tags)).message == message


@pytest.mark.parametrize(
    ("written", "enabled"),
    [
        *[(word, True) for word in ("true", "True", "TRUE", "yes", "Yes", "on", "ON", "y", "Y", "'true'")],
        *[(word, False) for word in ("false", "False", "FALSE", "no", "NO", "off", "Off", "n", "N", '"off"')],
    ],
)
def test_spellings_of_booleans(rules, a_rule, written, enabled):
    (rule,) = rules(a_rule(), f"- rule: R\n  enabled: {written}\n  override: {{enabled: replace}}\n")
    assert rule.enabled is enabled


@pytest.mark.parametrize("key", ["enabled", "warn_evttypes", "skip__if__unknown__filter", "capture", "append"])
@pytest.mark.parametrize("written", ["tRue", "1", "0", "t", "maybe"])
def test_everything_else_is_no_boolean(error, a_rule, key, written):
    assert error(a_rule(**{key: written})).message == "Can't decode YAML scalar value"


def test_capture_keys_are_checked_and_have_no_meaning(codes, error, a_rule):
    assert codes(a_rule(capture=True, capture_duration=500)) == ([], [])
    assert error(a_rule(capture_duration=-1)).message == "Can't decode YAML scalar value"
    assert error(a_rule(capture_duration="long")).hint == "'capture_duration' is a number, not less than 0"


def test_priorities(rules, error, a_rule):
    assert [rule.priority for rule in rules(a_rule(priority="nOtIce"))] == [Priority.NOTICE]
    found = error(a_rule(priority="warn"))
    assert (found.code, found.message) == (STRUCTURE, "Invalid priority")
    assert "Warning" in found.hint


def test_the_output_of_a_definition_is_trimmed(rules, a_rule):
    assert rules(a_rule(output=" \t x y\n\n"))[0].output_text == "x y"


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("- required_engine_version: 1\n  comment: x\n", ["comment"]),
        ("- required_plugin_versions: []\n  comment: x\n", ["comment"]),
        ("- list: l\n  items: []\n  priority: x\n  condition: y\n", ["priority", "condition"]),
        ("- macro: m\n  condition: ka.verb exists\n  items: x\n", ["items"]),
        ("- macro: m\n  condition: ka.verb exists\n  [a]: x\n", ["?"]),
    ],
)
def test_unknown_keys(load, text, unknown):
    (result,) = load(text).results
    found = [warning for warning in result.warnings if warning.code == "LOAD_UNKNOWN_KEY"]
    assert [warning.message for warning in found] == [
        f"Unknown key '{key}'. The key will be ignored." for key in unknown
    ]


def test_keys_of_all_kinds_of_rules_are_known(codes, a_rule):
    update = a_rule(source="k8s_audit", tags=["a"], exceptions=None, append=False, override={})
    assert codes(update) == ([], [])
    assert codes(a_rule(), a_rule(append=True, condition="or ka.verb = x", items=1))[1] == [
        "LOAD_DEPRECATED_ITEM",
        "LOAD_UNKNOWN_KEY",
    ]


@pytest.mark.parametrize("name", ["a b", "a(b", "x=y", "'", 'a"', "a,b"])
def test_odd_names_of_lists(codes, a_rule, name):
    text = f"- list: {name!r}\n  items: []\n" if "'" not in name else '- list: "\'"\n  items: []\n'
    assert codes(text) == ([], ["LOAD_INVALID_LIST_NAME", "LOAD_UNUSED_LIST"])


@pytest.mark.parametrize("name", ["a-b", "1a", "a.b", "_a", "ä"])
def test_odd_names_of_macros(codes, name):
    text = f"- macro: {name}\n  condition: ka.verb exists\n"
    assert codes(text) == ([], ["LOAD_INVALID_MACRO_NAME", "LOAD_UNUSED_MACRO"])


class TestOverride:
    @pytest.mark.parametrize(
        ("override", "message"),
        [
            ("{condition: prepend}", "Invalid override operation for key 'condition': 'prepend'. "),
            ("{condition: Append}", "Invalid override operation for key 'condition': 'Append'. "),
            ("{condition: }", "Invalid override operation for key 'condition': 'null'. "),
            ("{priority: append}", "Key 'priority' cannot be appended to, use 'replace' instead"),
            ("{source: replace}", "Key 'source' cannot be replaced"),
            ("{conditions: append}", "Key 'conditions' cannot be appended to, use 'replace' instead"),
            ("{output: append}", "An append override for 'output' was specified but 'output' is not defined"),
            ("{tags: replace}", "An replace override for 'tags' was specified but 'tags' is not defined"),
            ("{desc: append}", "An append override for 'desc' was specified but 'desc' is not defined"),
        ],
    )
    def test_wrong_operations(self, error, a_rule, override, message):
        found = error(a_rule(), f"- rule: R\n  condition: or ka.verb = x\n  override: {override}\n")
        assert found.code == STRUCTURE
        assert found.message.startswith(message)

    def test_the_allowed_operations_are_named(self, error, a_rule):
        text = "- rule: R\n  condition: x\n  priority: INFO\n  override: {condition: x}\n"
        assert error(a_rule(), text).message.endswith("Allowed values are: append replace ")
        text = "- rule: R\n  priority: INFO\n  override: {priority: x}\n"
        assert error(a_rule(), text).message.endswith("Allowed values are: replace ")

    def test_every_key_must_be_named(self, error, a_rule):
        text = "- rule: R\n  condition: or ka.verb = x\n  tags: [a]\n  output: y\n  override: {condition: append}\n"
        found = error(a_rule(), text)
        assert found.message == "Unexpected key 'output': no corresponding entry under 'override' is defined."
        assert (str(found.place), found.hint) == ("2.yaml:4:3", "add `output: replace` under 'override'")

    @pytest.mark.parametrize("override", ["[a]", "{[a]: append}", "{condition: [append]}"])
    def test_it_is_a_mapping_of_texts(self, error, a_rule, override):
        found = error(a_rule(), f"- rule: R\n  condition: x\n  override: {override}\n")
        assert found.code == "LOAD_ERR_VALIDATE"
        assert "override" in found.hint

    @pytest.mark.parametrize("override", ["{}", "x", "[]", ""])
    def test_without_entries_it_counts_as_none(self, rules, a_rule, override):
        text = a_rule(condition="ka.verb = new").replace("{", f'{{"override": {override or "null"}, ', 1)
        assert rules(a_rule(), text)[0].condition_text == "ka.verb = new"

    def test_it_excludes_append(self, codes, a_rule):
        text = "- rule: R\n  condition: or ka.verb = x\n  append: true\n  override: {condition: append}\n"
        assert codes(a_rule(), text) == ([STRUCTURE], ["LOAD_DEPRECATED_ITEM"])
        text = "- list: l\n  items: []\n  append: true\n  override: {items: append}\n"
        assert codes(text) == ([STRUCTURE], ["LOAD_DEPRECATED_ITEM"])

    @pytest.mark.parametrize(
        "text",
        [
            "- list: l\n  items: [a]\n  override: {condition: append}\n",
            "- macro: m\n  condition: x\n  override: {items: replace}\n",
        ],
    )
    def test_lists_and_macros_have_one_key_to_override(self, error, text):
        assert error(text).code == STRUCTURE


class TestSwitch:
    def test_it_needs_enabled(self, error, a_rule):
        found = error(a_rule(), "- rule: R\n  tags: [a]\n")
        assert (found.code, found.message) == (STRUCTURE, "Item has no mapping for key 'enabled'")
        assert "to change a rule" in found.hint

    def test_it_is_deprecated(self, warning, a_rule):
        found = warning(a_rule(), "- rule: R\n  enabled: false\n")
        assert (found.code, str(found.place)) == ("LOAD_DEPRECATED_ITEM", "2.yaml:2:3")


class TestRequirements:
    @pytest.mark.parametrize("version", ["15", "'10'", "0.31.0", "0.63.0", "0.5.0-rc1"])
    def test_engine_versions_that_are_there(self, codes, version):
        assert codes(f"- required_engine_version: {version}\n") == ([], [])

    @pytest.mark.parametrize(("version", "shown"), [("64", "0.64.0"), ("0.63.1", "0.63.1"), ("1.0.0", "1.0.0")])
    def test_engine_versions_to_come(self, error, version, shown):
        found = error(f"- required_engine_version: 1\n- required_engine_version: {version}\n")
        assert found.code == "LOAD_ERR_VALIDATE"
        assert found.message == f"Rules require engine version {shown}, but engine version is 0.63.0"
        assert found.line == 2

    @pytest.mark.parametrize("version", ["0.1", "v0.5.0", "-1", "latest"])
    def test_no_engine_versions(self, error, version):
        found = error(f"- required_engine_version: {version}\n")
        assert found.code == STRUCTURE
        assert found.message == (
            f"Unable to parse engine version '{version}' as a semver string. Expected \"x.y.z\" semver format."
        )

    def test_an_engine_version_is_one_text(self, error):
        assert error("- required_engine_version:\n").message.endswith("is empty")
        assert error("- required_engine_version: [1]\n").message == "Value is not a scalar value"

    @pytest.mark.parametrize(
        ("value", "code", "message"),
        [
            ("x", STRUCTURE, "Value of required_plugin_versions must be a sequence"),
            ("", STRUCTURE, "Value of required_plugin_versions must be a sequence"),
            ("[x]", STRUCTURE, "Plugin version must be a mapping"),
            ("[{version: 1.0.0}]", STRUCTURE, "Item has no mapping for key 'name'"),
            ("[{name: json}]", STRUCTURE, "Item has no mapping for key 'version'"),
            (
                "[{name: json, version: 0.1.0, alternatives: x}]",
                STRUCTURE,
                "Value of plugin version alternatives must be a sequence",
            ),
            (
                "[{name: json, version: 0.1.0, alternatives: [x]}]",
                STRUCTURE,
                "Plugin version alternative must be a mapping",
            ),
            (
                "[{name: json, version: 0.1.0, alternatives: [{name: x}]}]",
                STRUCTURE,
                "Item has no mapping for key 'version'",
            ),
            ("[{name: json, version: abc}]", "LOAD_ERR_VALIDATE", "Invalid required version 'abc' for plugin 'json'"),
            (
                "[{name: json, version: 0.1.0, alternatives: [{name: json, version: 0.2.0}]}]",
                "LOAD_ERR_VALIDATE",
                "Defined multiple alternative version requirements for plugin 'json'",
            ),
        ],
    )
    def test_wrong_plugin_requirements(self, error, value, code, message):
        found = error(f"- required_plugin_versions: {value}\n")
        assert (found.code, found.message) == (code, message)

    def test_plugin_requirements_that_hold(self, codes):
        text = """
            - required_plugin_versions:
              - {name: k8saudit-eks, version: 0.4.0}
              - {name: json, version: 0.7.0}
              - {name: okta, version: 0.1.0, alternatives: [{name: k8saudit-gke, version: 0.9.0}]}
            - required_plugin_versions: []
            """
        assert codes(text) == ([], [])
