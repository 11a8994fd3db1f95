from pathlib import Path

import pytest

from lanner.errors import UsageError
from lanner.ruleset import AppendOutput, Config, Priority, Selection, read_config


@pytest.fixture
def config(tmp_path):
    """Read a configuration given as text."""

    def read(text, *overrides, **environment):
        path = tmp_path / "falco.yaml"
        path.write_text(text)
        return read_config(path, overrides, environment=environment)

    return read


def test_without_a_file_lanners_defaults_hold():
    assert read_config(None) == Config()
    assert read_config(None).first_match is False


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "rule_matching:\n"])
def test_with_a_file_falcos_defaults_hold(config, text):
    assert config(text) == Config(first_match=True)


def test_every_key_that_applies(config):
    got = config(
        """
rules_files: [/etc/a.yaml, b]
rules:
  - disable: {rule: "*"}
  - enable: {tag: k8s, rule: "Pod*"}
priority: Warning
rule_matching: ALL
json_output: yes
json_include_output_property: off
json_include_message_property: "true"
json_include_tags_property: False
json_include_output_fields_property: true
time_format_iso_8601: on
append_output:
  - match: {source: k8s_audit, tags: [a, b], rule: R}
    extra_output: more
    extra_fields: [ka.verb, {key: "%ka.uri"}]
    suggested_output: true
  - {}
static_fields: {env: prod, n: 5, empty: ""}
plugins:
  - name: json
    init_config: {maxEventSize: 1}
  - name: k8saudit-eks
    init_config: {max_event_size: 1000}
load_plugins: [k8saudit-eks]
"""
    )
    assert got == Config(
        rules_files=(Path("/etc/a.yaml"), Path("b")),
        selections=(Selection(False, "*", None), Selection(True, "Pod*", "k8s")),
        priority=Priority.WARNING,
        first_match=False,
        json_output=True,
        json_include_output_property=False,
        json_include_message_property=True,
        json_include_tags_property=False,
        json_include_output_fields_property=True,
        time_format_iso_8601=True,
        append_output=(
            AppendOutput("k8s_audit", ("a", "b"), "R", "more", (("ka.verb", None), ("key", "%ka.uri")), True),
            AppendOutput(),
        ),
        static_fields={"env": "prod", "n": "5", "empty": ""},
        max_event_size=1000,
    )


def test_keys_that_mean_nothing_here_are_named(config):
    assert config("webserver: {enabled: true}\nlog_level: info\npriority: info\n").not_applying == (
        "webserver",
        "log_level",
    )


@pytest.mark.parametrize("key", ["rules_file", "rules_files"])
def test_rules_files_may_be_one_text(config, key):
    assert config(f"{key}: /etc/a.yaml").rules_files == (Path("/etc/a.yaml"),)


@pytest.mark.parametrize(
    ("init_config", "expected"),
    [
        ("{maxEventSize: 7}", 7),
        ("'{\"maxEventSize\": 7}'", 7),
        ("", None),
        ("''", None),
        ("{}", None),
        ("{maxEventSize: }", None),
        ("'[1]'", None),
    ],
)
def test_event_size_of_an_audit_plugin(config, init_config, expected):
    assert config(f"plugins:\n  - name: k8saudit\n    init_config: {init_config}\n").max_event_size == expected


def test_environment_variables_are_expanded(config):
    got = config(
        'rules_files: ["${DIR}/a.yaml"]\nstatic_fields: {a: "${NONE}x", b: "$${DIR}", c: "$DIR ${not-a-name}"}\n',
        DIR="/d",
    )
    assert got.rules_files == (Path("/d/a.yaml"),)
    assert got.static_fields == {"a": "x", "b": "${DIR}", "c": "$DIR ${not-a-name}"}


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (["priority=error"], Config(priority=Priority.ERROR)),
        (["rule_matching=first", "rule_matching=all"], Config()),
        (["static_fields.env=prod"], Config(static_fields={"env": "prod"})),
        (["static_fields={env: prod, x: y}"], Config(static_fields={"env": "prod", "x": "y"})),
        (["static_fields=x", "static_fields.env=a=b"], Config(static_fields={"env": "a=b"})),
        (["rules[].disable.rule=*"], Config(selections=(Selection(False, "*", None),))),
        (
            ["rules[0].disable.rule=*", "rules[1].enable.tag=a", "rules[1].enable.tag=b"],
            Config(selections=(Selection(False, "*", None), Selection(True, None, "b"))),
        ),
        (["rules[]=x", "rules[0]={disable: {tag: t}}"], Config(selections=(Selection(False, None, "t"),))),
        (["rules[]=x", "rules[0].disable.tag=t"], Config(selections=(Selection(False, None, "t"),))),
        (["rules_files[]=a.yaml", "rules_files[]=b.yaml"], Config(rules_files=(Path("a.yaml"), Path("b.yaml")))),
        (["json_output="], Config()),
    ],
    ids=str,
)
def test_overrides(overrides, expected):
    assert read_config(None, overrides) == expected


def test_overrides_go_before_the_file(config):
    got = config("priority: error\nstatic_fields: {a: '1', b: '2'}\n", "priority=info", "static_fields.b=3")
    assert got.priority is Priority.INFORMATIONAL
    assert got.static_fields == {"a": "1", "b": "3"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n", "a configuration is a YAML mapping"),
        ("x\n", "a configuration is a YAML mapping"),
        ("a: [", "LOAD_ERR_YAML_PARSE"),
        ("priority: warn\n", "priority: 'warn' is no priority"),
        ("priority: [info]\n", "priority: one value is expected here"),
        ("rule_matching: some\n", "rule_matching: 'some' is neither first nor all"),
        ("json_output: perhaps\n", "json_output: 'perhaps' is neither true nor false"),
        ("rules_file: a\nrules_files: [b]\n", "rules_file: give rules_files only"),
        ("rules: x\n", "rules: a list is expected here"),
        ("rules: [x]\n", "rules[0]: a mapping is expected here"),
        ("rules: [{enable: {rule: a}, disable: {rule: a}}]\n", "rules[0]: an entry is either enable: or disable:"),
        ("rules: [{only: {rule: a}}]\n", "rules[0]: an entry is either enable: or disable:"),
        ("rules: [{enable: {}}]\n", "rules[0].enable: give rule: or tag:"),
        ("append_output: [{extra_fields: [a, a]}]\n", "append_output.extra_fields: 'a' is given twice"),
        ("static_fields: [a]\n", "static_fields: a mapping is expected here"),
        ("static_fields: {a: [b]}\n", "static_fields.a: one value is expected here"),
        (
            "plugins: [{name: k8saudit, init_config: {maxEventSize: big}}]\n",
            "plugins.init_config.maxEventSize: a number of bytes is expected here",
        ),
        ("plugins: [{name: k8saudit, init_config: '{'}]\n", "plugins.init_config"),
    ],
)
def test_mistakes_are_named_with_their_key(config, text, message):
    with pytest.raises(UsageError) as raised:
        config(text)
    assert message in str(raised.value)
    assert "falco.yaml" in str(raised.value)


def test_a_missing_file():
    with pytest.raises(UsageError, match=r"/nowhere/falco\.yaml: No such file"):
        read_config(Path("/nowhere/falco.yaml"))


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("priority", "write key=value"),
        ("=x", "write key=value"),
        ("a..b=x", "write key=value"),
        ("a[x]=1", "write key=value"),
        ("a b]=1", "write key=value"),
        ("rules[1].enable.tag=x", "there is no element 1, the list has 0"),
        ("a=[", "LOAD_ERR_YAML_PARSE"),
    ],
)
def test_overrides_that_cannot_be_read(override, message):
    with pytest.raises(UsageError) as raised:
        read_config(None, [override])
    assert message in str(raised.value)
    assert "-o" in str(raised.value)
