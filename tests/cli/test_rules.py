import json

import pytest


def test_validate_says_ok(lanner, rules):
    assert lanner("rules", "validate", rules) == (0, f"{rules}: Ok\n", "")


def test_validate_explains_an_error(lanner, tmp_path):
    # GIVEN a misspelt field
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(
        "- rule: R\n  desc: d\n  condition: ka.verb = get and ka.target.resouce = pods\n"
        "  output: x\n  priority: INFO\n  source: k8s_audit\n"
    )
    # THEN the message has its place, a caret and a suggestion
    status, out, _ = lanner("rules", "validate", wrong)
    assert status == 2
    assert f"{wrong}: Invalid" in out
    assert f"{wrong}:3:" in out
    assert "^" in out
    assert "did you mean ka.target.resource?" in out


def test_validate_prints_falcos_json(lanner, rules, tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("- macro: m\n  condition: ka.verb\n")
    status, out, _ = lanner("-V", rules, wrong, "--format", "json")
    first, second = json.loads(out)["falco_load_results"]
    assert status == 2
    assert (first["successful"], second["successful"]) == (True, False)
    assert [error["code"] for error in second["errors"]] == ["LOAD_ERR_COMPILE_CONDITION"]
    assert second["errors"][0]["context"]["locations"]


def test_validate_stands_on_the_files_before(lanner, tmp_path):
    first, second = tmp_path / "1.yaml", tmp_path / "2.yaml"
    first.write_text("- list: l\n  items: [get]\n")
    second.write_text("- list: l\n  items: [list]\n  override: {items: append}\n")
    assert lanner("rules", "validate", second)[0] == 2
    assert lanner("rules", "validate", first, second)[0] == 0


def test_validate_needs_a_file(lanner):
    assert lanner("rules", "validate")[0] == 2


def test_list(lanner, rules):
    status, out, _ = lanner("rules", "list", "-r", rules, "--disable", "Any*")
    assert status == 0
    assert out.splitlines() == [
        "Warning        Pod Created  [k8s]",
        "Debug          Anything     [noise]  (disabled)",
    ]


def test_list_as_json(lanner, rules):
    _, out, _ = lanner("-L", "-r", rules, "--format", "json", "--priority", "warning")
    first, second = json.loads(out)
    assert first == {
        "rule": "Pod Created",
        "desc": "d",
        "condition": "ka.verb = create and ka.target.resource = pods",
        "output": "%ka.user.name created %ka.target.name",
        "priority": "Warning",
        "source": "k8s_audit",
        "tags": ["k8s"],
        "enabled": True,
        "file": str(rules),
        "line": 2,
    }
    assert second["enabled"] is False


@pytest.fixture
def not_evaluated(tmp_path):
    """A file with rules that Lanner does not evaluate, each for its own reason."""
    path = tmp_path / "others.yaml"
    common = "  desc: d\n  output: x\n  priority: INFO\n"
    path.write_text(
        f"- rule: System call\n  condition: evt.type = open\n{common}"
        f"- rule: Cloud\n  condition: ct.name = x\n  source: aws_cloudtrail\n{common}"
        "- rule: New field\n  condition: ka.new = x\n  source: k8s_audit\n  skip-if-unknown-filter: true\n" + common
    )
    return path


def test_the_list_shows_rules_that_are_not_evaluated(lanner, rules, not_evaluated):
    _, out, _ = lanner("rules", "list", "-r", rules, "-r", not_evaluated, "--disable", "Any*")
    assert out.splitlines() == [
        "Warning        Pod Created  [k8s]",
        "Debug          Anything     [noise]  (disabled)",
        "Informational  System call  (not evaluated)",
        "Informational  Cloud        (not evaluated)",
        "Informational  New field    (not evaluated)",
    ]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("System call", "it is for the source 'syscall'"),
        ("Cloud", "it is for the source 'aws_cloudtrail'"),
        ("New field", "it names a field that does not exist, and has skip-if-unknown-filter"),
    ],
)
def test_enabling_a_rule_that_is_not_evaluated_says_why(lanner, rules, not_evaluated, name, reason):
    files = ("-r", rules, "-r", not_evaluated)
    for enable in (("--enable", name), ("-o", f"rules[].enable.rule={name}")):
        notes = [line for line in lanner("rules", "list", *files, *enable)[2].splitlines() if "Note:" in line]
        assert notes == [f"Note: the rule {name!r} is not evaluated: {reason}"]


def test_of_many_rules_that_are_not_evaluated_some_are_named(lanner, rules, tmp_path):
    many = tmp_path / "many.yaml"
    rule = "- {{rule: Call {}, condition: evt.type = open, desc: d, output: x, priority: INFO}}\n"
    many.write_text("".join(rule.format(number) for number in range(23)))
    notes = lanner("rules", "list", "-r", rules, "-r", many, "--enable", "Call*")[2].splitlines()
    assert len(notes) == 21
    assert notes[-1] == "Note: 3 more, see `lanner rules list`"


def test_shipped_rules_load_without_a_word(lanner):
    status, out, err = lanner("rules", "list")
    assert (status, err) == (0, "")
    assert len(out.splitlines()) >= 12


@pytest.mark.parametrize("verb", [("rules", "list"), ("scan", "x")])
def test_warnings_go_to_standard_error(lanner, verb, tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text("- macro: unused\n  condition: ka.verb exists\n  condition: ka.uri exists\n")
    _, _, err = lanner(*verb, "-r", path)
    assert f"{path}:1:" in err
    assert "warning LOAD_UNUSED_MACRO" in err
    assert "note LANNER_DUPLICATE_KEY" in err


def test_many_warnings_are_shown_in_part_before_a_scan(lanner, tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text("".join(f"- macro: unused_{number}\n  condition: ka.verb exists\n" for number in range(30)))
    _, _, err = lanner("scan", "-r", path, tmp_path / "x.log")
    assert err.count("LOAD_UNUSED_MACRO") == 20
    assert "10 more, see `lanner rules validate`" in err


def test_an_unmet_plugin_requirement_is_fatal(lanner, tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text("- required_plugin_versions: [{name: okta, version: 0.1.0}]\n")
    status, _, err = lanner("rules", "validate", path)
    assert status == 2
    assert "must load one of: okta (>= 0.1.0)" in err
