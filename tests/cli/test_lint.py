"""`lanner lint` on the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

RULE = """\
- rule: Pod Changed
  desc: d
  condition: ka.verb = {verb} and ka.target.resource = pods and ka.stage = ResponseComplete{more}
  output: "%ka.user.name"
  priority: INFO
  source: k8s_audit
"""
LIST = "- list: names\n  items: [a]\n"


@pytest.fixture
def write(tmp_path):
    """Write a rules file."""

    def file(text: str, name: str = "rules.yaml"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return file


def a_rule(verb: str = "delete", more: str = "") -> str:
    return RULE.format(verb=verb, more=more)


def test_nothing_found(lanner, write):
    status, out, err = lanner("lint", write(a_rule()))
    assert (status, err) == (0, "")
    assert out == "1 rule: 0 errors, 0 warnings, 1 for information (-v shows them)\n"


def test_findings_are_grouped_by_file(lanner, write):
    one, two = write(LIST, "1.yaml"), write(a_rule() + "- macro: m\n  condition: (ka.verb = get)\n", "2.yaml")
    status, out, _ = lanner("lint", one, two)
    assert status == 0
    assert out == (
        f"{one}\n"
        f"{one}:1:3: warning LINT_UNUSED_LIST: list 'names': no rule, macro or list uses it\n"
        "    - list: names\n"
        "      ^\n"
        f"{two}\n"
        f"{two}:7:3: warning LINT_UNUSED_MACRO: macro 'm': no rule or macro uses it\n"
        "    - macro: m\n"
        "      ^\n"
        "1 rule: 0 errors, 2 warnings, 1 for information (-v shows them)\n"
    )


def test_warnings_count_if_strict(lanner, write):
    assert lanner("lint", write(LIST))[0] == 0
    assert lanner("lint", "--strict", write(LIST))[0] == 1
    assert lanner("lint", "--strict", write(a_rule()))[0] == 0


def test_errors_count(lanner, write):
    unportable = a_rule(more=" and ka.truncated = true")
    assert lanner("lint", write(unportable))[0] == 0
    status, out, _ = lanner("lint", "--portable", write(unportable))
    assert status == 1
    assert ":3:97: error LINT_NOT_PORTABLE: rule 'Pod Changed': Falco does not have the field ka.truncated\n" in out
    assert lanner("lint", write(f"# lanner: portable\n{unportable}"))[0] == 1


def test_hints_are_shown(lanner, write):
    _, out, _ = lanner("lint", write(a_rule().replace("ka.stage = ResponseComplete", "ka.verb exists")))
    assert "\n    hint: add `ka.stage = ResponseComplete`" in out


def test_verbose_shows_a_table(lanner, write):
    rules = a_rule("list") + a_rule("create", " and ka.truncated = true").replace("Pod", "Any Pod")
    status, out, _ = lanner("lint", "-v", write(rules))
    assert status == 0
    assert "info LINT_DATA_ACCESS" in out
    *_, head, first, second, counts = out.splitlines()
    assert head == "rule             level     Falco  self-managed  eks  gke          aks  iks  ovh"
    assert first == "Pod Changed      Metadata  yes    yes           yes  data access  yes  yes  yes"
    assert second == "Any Pod Changed  Metadata  no     yes           yes  yes          yes  yes  yes"
    assert counts == "2 rules: 0 errors, 0 warnings, 4 for information"


def test_verbose_without_rules(lanner, write):
    status, out, _ = lanner("lint", "-v", write("- list: l\n  items: []\n"))
    assert (status, out.count("\n")) == (0, 5)


def test_a_rule_that_never_matches_is_so_in_the_table(lanner, write):
    _, out, _ = lanner("lint", "-v", write(a_rule(more=" and ka.verb = get")))
    assert "Pod Changed  never  yes" in out
    assert "warning LINT_NEVER_MATCHES" in out


def test_providers(lanner, write):
    rules = write(a_rule().replace("pods", "events"))
    assert "warning" not in lanner("lint", rules)[1].partition("1 rule:")[0]
    _, out, _ = lanner("lint", "--provider", "gke", rules)
    assert "warning LINT_NEVER_ON_PROVIDER: rule 'Pod Changed': never matches on gke: events: not logged\n" in out
    assert lanner("lint", "--provider", "mars", rules)[0] == 2


def test_files_before_are_not_reported_on(lanner, write, tmp_path):
    write(LIST, "common.yaml")
    (tmp_path / "mine").mkdir()
    write(a_rule(more=" and ka.user.name in (names)"), "mine/rules.yaml")
    status, out, _ = lanner("lint", "-r", tmp_path, tmp_path / "mine")
    assert (status, out) == (0, "1 rule: 0 errors, 0 warnings, 1 for information (-v shows them)\n")
    assert lanner("lint", tmp_path / "mine")[1].startswith("1 rule: 0 errors, 0 warnings")


def test_json(lanner, write):
    rules = write(LIST + a_rule())
    status, out, err = lanner("lint", "--format", "json", "--strict", rules)
    shown = json.loads(out)
    assert (status, err) == (1, "")
    assert [finding["code"] for finding in shown["findings"]] == ["LINT_UNUSED_LIST", "LINT_AUDIT_LEVEL"]
    assert shown["findings"][0]["file"] == str(rules)
    assert [(rule["rule"], rule["providers"]["gke"]) for rule in shown["rules"]] == [("Pod Changed", "yes")]


def test_rules_that_do_not_load(lanner, write):
    status, out, err = lanner("lint", write(LIST, "1.yaml"), write("- rule: R\n  condition: ka.verb\n", "2.yaml"))
    assert (status, out) == (2, "")
    assert "2.yaml: Invalid" in err
    assert "1.yaml" not in err


def test_the_example_of_the_documentation(lanner, write, tmp_path, monkeypatch):
    page = (Path(__file__).parents[2] / "docs" / "linting-rules.md").read_text()
    rules, session = re.findall(r"```(?:yaml|console)\n(.*?)```", page, re.DOTALL)[:2]
    command, _, shown = session.partition("\n")
    write("- macro: workload_created\n  condition: (ka.verb = create and ka.stage = ResponseComplete)\n", "common.yaml")
    write(rules, "mine.yaml")
    monkeypatch.chdir(tmp_path)
    assert lanner(*command.split()[2:]) == (1, shown, "")


def test_usage(lanner, write, tmp_path):
    assert lanner("lint")[0] == 2
    assert "no such file" in lanner("lint", tmp_path / "none.yaml")[2]
    lanner("build", write(a_rule()), "-o", tmp_path / "rules.bin")
    status, _, err = lanner("lint", tmp_path / "rules.bin")
    assert (status, "these rules were built" in err) == (2, True)


def test_names_cannot_control_the_terminal(lanner, write):
    rules = write('- macro: "m"\n  condition: (ka.verb = get)\n- list: "a\\eb"\n  items: [x]\n')
    out = lanner("lint", rules)[1]
    assert "\x1b" not in out
    assert "LINT_UNUSED_LIST" in out
