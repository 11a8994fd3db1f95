"""Rules files and companions together: what is tested, what is missing."""

from pathlib import Path

import pytest

from lanner.analysis.companions import Gap, Suite, read_suites, run
from lanner.errors import UsageError
from lanner.ruleset import load

ALL = """
- rule: Pod Made
  alerts: [{name: a, from: pod}, {name: b, from: pod}]
  quiet: [{name: c, from: pod, event: {verb: get}}, {name: d, from: pod, event: {verb: x}}]
  evasions: []
- rule: Secret Seen
  about: {priority: p}
"""


def test_what_is_missing(tested, rules_file):
    report = tested(ALL)
    assert report.rules == ("Pod Made", "Secret Seen", "Anything")
    assert report.untested == ("Secret Seen", "Anything")
    assert [(gap.rule, gap.message) for gap in report.gaps] == [
        ("Pod Made", "the rule has 2 of at least 3 cases under 'quiet'"),
        ("Pod Made", "the rule has 0 of at least 1 cases under 'evasions'"),
        ("Secret Seen", f"the rule has no tests in {rules_file.parent / 'tests' / 'r.yaml'}"),
        ("Anything", f"the rule has no tests in {rules_file.parent / 'tests' / 'r.yaml'}"),
    ]
    assert report.gaps[0].where.endswith("tests/r.yaml:4:3")
    assert report.gaps[2].where.endswith("rules/r.yaml:10:3")
    assert report.passed()
    assert not report.passed(strict=True)
    assert len(report.results) == 4


def test_nothing_is_missing(tested):
    report = tested(
        """
- rule: Pod Made
  alerts: [{name: a, from: pod}, {name: b, from: pod}]
  quiet: [1, 2, 3]
  evasions: [{name: g, from: pod}]
""".replace("[1, 2, 3]", "[" + ", ".join(f"{{name: q{n}, from: pod, event: {{verb: get}}}}" for n in range(3)) + "]"),
        "Pod *",
    )
    assert report.rules == ("Pod Made",)
    assert report.gaps == ()
    assert report.passed(strict=True)


def test_only_some_rules(tested):
    report = tested(ALL, "Secret*", "Any*")
    assert report.rules == ("Secret Seen", "Anything")
    assert report.results == ()


def test_failures(tested):
    report = tested(
        "- {rule: Anything, quiet: [{name: a, from: pod}]}\n- {rule: Pod Made, alerts: [{name: b, from: pod}]}"
    )
    assert [result.case.name for result in report.failures] == ["a"]
    assert not report.passed()


def test_a_file_without_companion(rules_file):
    suites = read_suites([rules_file])
    assert suites == [Suite(rules_file, None)]
    report = run(load([rules_file]).ruleset.rules, suites)
    assert report.untested == ("Pod Made", "Secret Seen", "Anything")
    assert report.results == ()


@pytest.mark.parametrize(
    ("name", "hint"), [("Pod Maid", "; did you mean 'Pod Made'?"), ("Quite Different", ""), ("person", "")]
)
def test_a_rule_that_is_not_there(tested, rules_file, name, hint):
    with pytest.raises(UsageError) as error:
        tested(f"- {{rule: Anything}}\n- {{rule: {name}}}")
    companion = rules_file.parent / "tests" / "r.yaml"
    assert str(error.value) == f"{companion}:4:3: {rules_file} has no rule '{name}'{hint}"


def test_a_file_that_changes_a_rule_of_another(rules_file, tmp_path):
    """
    GIVEN a rules file that appends to a rule of another file, and defines none
    WHEN its companion has tests for that rule
    THEN they are run
    """
    mine = tmp_path / "mine" / "mine.yaml"
    (mine.parent / "tests").mkdir(parents=True)
    mine.write_text(
        "- {rule: Pod Made, condition: and not ka.user.name = bob, override: {condition: append}}\n- just: this"
    )
    (mine.parent / "tests" / "mine.yaml").write_text(
        "include: [../../rules/tests/events.yaml]\n"
        "tests: [{rule: Pod Made, quiet: [{name: bob, from: pod, event: {user: {username: bob}}}]}]\n"
    )
    report = run(load([rules_file, mine]).ruleset.rules, read_suites([mine]))
    assert report.passed()
    assert (report.rules, len(report.results), report.gaps) == (("Pod Made",), 1, ())
    (mine.parent / "tests" / "mine.yaml").write_text("tests: [{rule: Anything}]")
    with pytest.raises(UsageError, match=r"mine.yaml has no rule 'Anything'"):
        run(load([rules_file, mine]).ruleset.rules, read_suites([mine]))


def test_a_rule_that_another_file_defines_anew(rules_file, tmp_path):
    again = tmp_path / "again.yaml"
    again.write_text(
        "- {rule: Anything, desc: d, output: x, priority: DEBUG, source: k8s_audit, condition: ka.verb = x}"
    )
    (rules_file.parent / "tests" / "r.yaml").write_text(
        "include: [events.yaml]\ntests: [{rule: Anything, quiet: [{name: a, from: pod}]}]"
    )
    report = run(load([rules_file, again]).ruleset.rules, read_suites([rules_file, again]))
    assert report.passed()
    assert [suite.rules for suite in report.suites] == [("Pod Made", "Secret Seen", "Anything"), ("Anything",)]


def test_a_companion_without_rules_file(tested, rules_file):
    """
    GIVEN a file of tests that belongs to no rules file, beside one that only has events
    WHEN the tests of the folder are run
    THEN the first is named
    """
    stray = rules_file.parent / "tests" / "renamed.yml"
    stray.write_text("tests: [{rule: Old}]")
    (rules_file.parent / "tests" / "notes.txt").write_text("no YAML")
    report = tested("- {rule: Anything}")
    rules = rules_file.parent / "renamed.yml"
    assert report.gaps[-1] == Gap(str(stray), "", f"its tests are not run: there is no rules file {rules}")
    assert report.suites[-1].rules_file == rules
    assert "renamed" not in str(tested("- {rule: Anything}", "Any*").gaps)


def test_errors_of_all_companions_are_told(rules_file):
    tests = rules_file.parent / "tests"
    other = rules_file.with_name("s.yaml")
    (tests / "r.yaml").write_text("a: 1")
    (tests / "s.yaml").write_text("b: 1")
    with pytest.raises(UsageError) as error:
        read_suites([rules_file, other])
    assert f"{tests}/r.yaml:1:1: " in str(error.value)
    assert f"{tests}/s.yaml:1:1: " in str(error.value)


def test_a_folder_of_tests_that_cannot_be_read(rules_file, monkeypatch):
    suites = read_suites([rules_file])

    def unreadable(folder):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", unreadable)  # root may read all folders
    with pytest.raises(UsageError, match="tests: cannot be read: Permission denied"):
        run(load([rules_file]).ruleset.rules, suites)
