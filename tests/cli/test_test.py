"""`lanner test`: which files it takes, what it prints, its exit status, its JUnit file."""

import json
import os
from xml.etree import ElementTree

import pytest

from support import an_event, shipped

COMMON = """
- macro: person
  condition: not ka.user.name startswith "system:"
- macro: unused_here
  condition: ka.verb = x
- rule: Everything
  desc: d
  condition: ka.verb exists and person
  output: x
  priority: DEBUG
  source: k8s_audit
"""
RULE = """
- rule: Pod Made
  desc: d
  condition: ka.verb = create and ka.target.resource = pods and person
  output: "%ka.user.name"
  priority: WARNING
  source: k8s_audit
  enabled: false
"""
GOOD = """
tests:
  - rule: Pod Made
    alerts:
      - {name: made, file: pod.json, output: {ka.user.name: alice}}
      - {name: again, file: pod.json}
    quiet:
      - {name: read, file: pod.json, event: {verb: get}}
      - {name: watched, file: pod.json, event: {verb: watch}}
      - {name: by a controller, file: pod.json, event: {user: {username: "system:x"}}}
    evasions:
      - {name: evaded, file: pod.json, event: {userAgent: null}}
"""


@pytest.fixture
def folder(tmp_path):
    """A folder of rules whose second file needs the first, and is tested."""
    rules = tmp_path / "rules"
    (rules / "tests").mkdir(parents=True)
    (rules / "00-common.yaml").write_text(COMMON)
    (rules / "pods.yaml").write_text(RULE)
    (rules / "tests" / "pods.yaml").write_text(GOOD)
    (rules / "tests" / "pod.json").write_text(json.dumps(an_event()))
    return rules


@pytest.fixture
def failing(folder):
    """The folder, with a case that fails and shows what could control a terminal."""
    path = folder / "tests" / "pods.yaml"
    path.write_text(GOOD + '      - {name: "bad\\e[31m", file: pod.json, event: {verb: "x\\e[2J\\u202e"}}\n')
    return folder


def test_a_folder(lanner, folder):
    assert lanner("test", folder) == (
        0,
        "Without tests: Everything\n6 tests of 2 rules: all passed, 1 rule without tests\n",
        "",
    )


def test_a_file_that_needs_another(lanner, folder):
    status, out, err = lanner("test", folder / "pods.yaml", "-r", folder / "00-common.yaml")
    assert (status, out, err) == (0, "6 tests of 1 rule: all passed\n", "")
    status, out, err = lanner("test", folder / "pods.yaml")
    assert status == 2
    assert "Undefined macro 'person'" in err


def test_tests_of_other_files_are_not_run(lanner, folder):
    """
    GIVEN a file for -r whose companion is wrong
    WHEN another file is tested
    THEN nobody reads that companion
    """
    (folder / "tests" / "00-common.yaml").write_text("wrong")
    assert lanner("test", folder / "pods.yaml", "-r", folder / "00-common.yaml")[0] == 0
    assert lanner("test", folder)[0] == 2


def test_a_file_that_is_given_twice_is_loaded_once(lanner, folder):
    again = folder / ".." / "rules" / "pods.yaml"
    status, out, _ = lanner("test", folder, again, "-r", folder / "00-common.yaml")
    assert (status, out.splitlines()[-1]) == (0, "6 tests of 2 rules: all passed, 1 rule without tests")


def test_failures(lanner, failing):
    status, out, err = lanner("test", failing, "--rule", "Pod*")
    assert (status, err) == (1, "")
    assert out.splitlines() == [
        "FAILED Pod Made",
        "  evasions: bad\\u001b[31m",
        f"  {failing}/tests/pods.yaml:13:9",
        "  the rule did not alert",
        "    expected: Pod Made",
        "    alerted:  Everything",
        "    parts of its condition, and whether they hold:",
        '      no   ka.verb = create   (it is "x\\u001b[2J\\u202e")',
        '      yes  ka.target.resource = pods   (it is "pods")',
        '      yes  not ka.user.name startswith system:   (it is "alice")',
        "",
        "7 tests of 1 rule: 1 failed",
    ]


def test_strict(lanner, folder):
    status, out, _ = lanner("test", folder, "--strict")
    assert status == 1
    assert out.splitlines() == [
        f"MISSING {folder}/00-common.yaml:6:3: Everything: the rule has no tests in {folder}/tests/00-common.yaml",
        "6 tests of 2 rules: all passed, 1 rule without tests, 1 missing",
    ]
    assert lanner("test", folder, "--strict", "--rule", "Pod Made") == (0, "6 tests of 1 rule: all passed\n", "")


def test_a_companion_without_rules_file(lanner, folder):
    (folder / "tests" / "old.yaml").write_text("tests: [{rule: Old}]")
    status, out, _ = lanner("test", folder)
    assert status == 0
    assert f"Note: {folder}/tests/old.yaml: its tests are not run: there is no rules file {folder}/old.yaml" in out
    status, out, _ = lanner("test", folder, "--strict")
    assert status == 1
    assert f"MISSING {folder}/tests/old.yaml: its tests are not run" in out


def test_many_rules_without_tests(lanner, tmp_path):
    item = "- {{rule: R{}, desc: d, output: x, priority: DEBUG, source: k8s_audit, condition: ka.verb exists}}\n"
    (tmp_path / "r.yaml").write_text("".join(map(item.format, range(12))))
    status, out, _ = lanner("test", tmp_path / "r.yaml")
    assert status == 0
    assert out.splitlines()[0].endswith("R8, R9 and 2 more")
    assert out.splitlines()[1] == "0 tests of 12 rules: nothing was tested, 12 rules without tests"


def test_json(lanner, failing):
    status, out, err = lanner("test", failing, "--format", "json", "--strict")
    assert (status, err) == (1, "")
    found = json.loads(out)
    assert found["passed"] is False
    assert (found["tests"], found["failed"]) == (7, 1)
    assert found["rules"] == ["Everything", "Pod Made"]
    assert found["untested"] == ["Everything"]
    assert [gap["rule"] for gap in found["gaps"]] == ["Everything"]
    first, last = found["results"][0], found["results"][-1]
    assert first == {
        "rule": "Pod Made",
        "kind": "alerts",
        "name": "made",
        "file": f"{failing}/tests/pods.yaml",
        "line": 5,
        "passed": True,
        "alerted": ["Everything", "Pod Made"],
        "problems": [],
    }
    assert last["passed"] is False
    assert last["problems"][0]["message"] == "the rule did not alert"
    assert json.loads(last["event"])["verb"] == "x\x1b[2J\u202e"


def test_junit(lanner, failing, tmp_path):
    path = tmp_path / "out" / "junit.xml"
    path.parent.mkdir()
    status, out, _ = lanner("test", failing, "--junit", path)
    assert (status, out.splitlines()[-1]) == (1, "7 tests of 2 rules: 1 failed, 1 rule without tests")
    root = ElementTree.parse(path).getroot()  # noqa: S314 - our own
    assert (root.get("tests"), root.get("failures")) == ("7", "1")
    assert os.listdir(path.parent) == ["junit.xml"]
    path.chmod(0o640)
    assert lanner("test", failing, "--junit", path, "--strict")[0] == 1
    assert ElementTree.parse(path).getroot().get("failures") == "2"  # noqa: S314
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "the name of the file is empty"),
        ("{0}", "this is not a file"),
        ("{0}/pods.yaml", "this file is read, too"),
        ("{0}/tests/pods.yaml", "this file is read, too"),
        ("{0}/none/junit.xml", "No such file or directory"),
        ("{0}/pods.yaml/junit.xml", "No such file or directory"),
        ("x" * 300, "File name too long"),
    ],
)
def test_junit_in_places_where_it_cannot_be(lanner, folder, name, problem):
    status, out, err = lanner("test", folder, "--junit", name.format(folder))
    assert (status, out) == (2, "")
    assert err.startswith("Error: --junit")
    assert problem in err
    assert (folder / "pods.yaml").read_text() == RULE


def test_junit_that_cannot_be_written(lanner, folder, tmp_path, monkeypatch):
    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(tmp_path), "write_bytes", full)
    status, _, err = lanner("test", folder, "--junit", tmp_path / "junit.xml")
    assert (status, err) == (2, f"Error: --junit {tmp_path}/junit.xml: No space left on device\n")


def test_wrong_companions(lanner, folder):
    (folder / "tests" / "pods.yaml").write_text('tests: [{rule: Pod Made, "alert\\e": []}]')
    (folder / "tests" / "00-common.yaml").write_text("tests: [{rule: Everythin}]")
    status, out, err = lanner("test", folder)
    assert (status, out) == (2, "")
    assert err.startswith(f"Error: {folder}/tests/pods.yaml:1:26: an item of 'tests' has no key 'alert\\u001b'")
    assert "did you mean 'alerts'?" in err
    (folder / "tests" / "pods.yaml").write_text(GOOD)
    status, _, err = lanner("test", folder)
    assert status == 2
    assert err == (
        f"Error: {folder}/tests/00-common.yaml:1:9: {folder}/00-common.yaml has no rule 'Everythin'; "
        "did you mean 'Everything'?\n"
    )


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["{0}/none.yaml"], "no such file or directory"),
        (["{0}/tests/pod.json"], "rules files must be named"),
        (["{0}/tests/pods.yaml"], "these are tests; give the rules file that they belong to, {0}/pods.yaml"),
        ([""], "PATH: the name of a rules file is empty"),
        (["{0}", "-r", ""], "-r: the name of a rules file is empty"),
        (["{0}", "-r", "{0}/none.yaml"], "no such file or directory"),
        (["{0}", "--rule", "Pood*"], "--rule: no rule of these files has the name 'Pood*'"),
        (["{0}", "--rule", "Pod*", "--rule", "x"], "has the name 'x'"),
        (["-o", "rules_files=none.yaml"], "none of the rules_files exists"),
    ],
)
def test_wrong_usage(lanner, folder, arguments, problem):
    status, out, err = lanner("test", *[argument.format(folder) for argument in arguments])
    assert (status, out) == (2, "")
    assert problem.format(folder) in err


def test_built_rules_have_no_tests(lanner, folder, tmp_path):
    built = tmp_path / "built.yaml"
    assert lanner("build", folder, "-o", built)[0] == 0
    for arguments in ((built,), (folder, "-r", built)):
        status, _, err = lanner("test", *arguments)
        assert status == 2
        assert "these rules were built" in err


def test_a_configuration(lanner, folder, tmp_path):
    """
    GIVEN a configuration that names the rules files and a static field
    WHEN no path is given
    THEN these files are tested, with that field
    """
    (folder / "pods.yaml").write_text(RULE.replace("%ka.user.name", "%ka.user.name %static.team"))
    (folder / "tests" / "pods.yaml").write_text(GOOD.replace("{ka.user.name: alice}", "{static.team: blue}"))
    config = tmp_path / "falco.yaml"
    config.write_text(f"rules_files: [{folder}]\nstatic_fields: {{team: blue}}\n")
    status, out, err = lanner("test", "-c", config)
    assert (status, err) == (0, "")
    assert out.endswith("6 tests of 2 rules: all passed, 1 rule without tests\n")


def test_warnings_are_counted(lanner, folder):
    (folder / "pods.yaml").write_text(f"{RULE}  colour: blue\n")
    status, _, err = lanner("test", folder)
    assert (status, err) == (0, f"Note: {folder}/pods.yaml: 1 warning, see `lanner rules validate`\n")


def test_the_shipped_rules_are_tested(lanner):
    """
    GIVEN no path
    WHEN rules are tested
    THEN it is those shipped with Lanner, the disabled ones, too
    """
    status, out, err = lanner("test", "--format", "json")
    assert status in (0, 1), err
    assert set(json.loads(out)["rules"]) == {rule.name for rule in shipped().rules}


def test_colours(lanner_process, failing):
    done = lanner_process("test", failing, "--no-color")
    assert done.returncode == 1
    assert b"\x1b" not in done.stdout
