"""`lanner build`, and what it writes in the place of rules files."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lanner.ruleset import artefact
from support import an_event

DEAD = """
- macro: never
  condition: jevt.rawtime=0
- rule: Asleep
  desc: d
  condition: ka.verb = create and never
  output: "%ka.verb"
  priority: ERROR
  source: k8s_audit
  tags: [k8s]
- rule: Off
  desc: d
  condition: ka.verb = create
  output: "%ka.verb is on"
  priority: NOTICE
  source: k8s_audit
  enabled: false
- rule: System call
  desc: d
  condition: evt.type = open
  output: x
  priority: ERROR
  source: syscall
"""


@pytest.fixture
def more_rules(tmp_path):
    path = tmp_path / "more.yaml"
    path.write_text(DEAD)
    return path


@pytest.fixture
def built(lanner, rules, more_rules, tmp_path):
    """The two rules files, built."""
    path = tmp_path / "built"
    assert lanner("build", rules, more_rules, "-o", path)[0] == 0
    return path


@pytest.fixture
def events(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text("".join(json.dumps(an_event(verb=verb)) + "\n" for verb in ("create", "get")))
    return path


def test_build_says_what_it_wrote(lanner, rules, more_rules, tmp_path):
    output = tmp_path / "rules.built"
    status, out, err = lanner("build", rules, more_rules, "-o", output)
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        "Dropped 'Asleep': its condition is never true: jevt.rawtime = 0",
        f"{output}: 3 rules, 1 dropped, 1 that Lanner does not evaluate; {output.stat().st_size:,} bytes",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["more.yaml", "rules.built", "rules.yaml"]


def test_build_takes_the_shipped_rules_by_default(lanner, tmp_path):
    status, out, err = lanner("build", "-o", tmp_path / "x")
    assert (status, err) == (0, "")
    assert " rules, " in out
    assert " of other packs left out; " in out


def test_one_rule(lanner, tmp_path, rules):
    rules.write_text(rules.read_text().split("- rule: Anything")[0])
    assert lanner("build", rules, "-o", tmp_path / "x")[1].startswith(f"{tmp_path / 'x'}: 1 rule; ")


OPTIONS = [
    [],
    ["--enable", "Off"],
    ["--disable", "*", "--enable", "Off"],
    ["--tag", "k8s"],
    ["--priority", "warning"],
    ["--rule-matching", "first"],
    ["--set", "rule_matching=first"],
    ["-o", "json_output=true"],
    ["-o", "rules[].disable.tag=noise"],
    ["--enable", "Asleep"],
    ["--enable", "Nothing"],
]


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_it_stands_in_for_the_files(lanner, rules, more_rules, built, events, options):
    files = ("-r", rules, "-r", more_rules)
    assert lanner("scan", "-r", built, *options, events) == lanner("scan", *files, *options, events)
    for as_text in ((), ("--format", "json")):
        expected = lanner("rules", "list", *files, *options, *as_text)
        assert lanner("rules", "list", "-r", built, *options, *as_text) == expected


def test_enabling_a_dropped_rule_says_why_it_cannot_match(lanner, built, events):
    note = "Note: the rule 'Asleep' cannot match: its condition is never true: jevt.rawtime = 0\n"
    assert lanner("scan", "-r", built, "--enable", "Asleep", events)[2] == note
    # by the configuration, too, and once
    configured = ["-o", "rules[].enable.rule=Asl*", "-o", "rules[].enable.rule=As*"]
    assert lanner("scan", "-r", built, *configured, "--enable", "Asleep", events)[2] == note
    assert lanner("scan", "-r", built, "--enable", "A*", events)[2] == ""  # there are others
    assert lanner("scan", "-r", built, "--disable", "Asleep", events)[2] == ""


def test_the_list_shows_rules_that_cannot_match(lanner, built):
    assert "Error          Asleep       [k8s]  (cannot match)" in lanner("rules", "list", "-r", built)[1].splitlines()
    listed = json.loads(lanner("rules", "list", "-r", built, "--format", "json")[1])
    asleep = next(rule for rule in listed if rule["rule"] == "Asleep")
    assert asleep["never"] == "its condition is never true: jevt.rawtime = 0"
    assert asleep["enabled"] is False


def test_it_stands_alone(lanner, built, rules):
    for arguments in (["-r", built, "-r", rules], ["-r", rules, "-r", built], ["-r", built, "-r", built]):
        status, _, err = lanner("rules", "list", *arguments)
        assert status == 2
        assert f"-r {built}: this file holds rules that were built, it stands alone: leave out other -r" in err


def test_it_is_not_validated_and_not_built_again(lanner, built, tmp_path):
    status, _, err = lanner("rules", "validate", built)
    assert status == 2
    assert f"{built}: these rules were valid when they were built; validate the files they come from" in err
    status, _, err = lanner("build", built, "-o", tmp_path / "x")
    assert status == 2
    assert f"{built}: these rules were built already; give the files they come from" in err


def test_in_a_directory_it_is_no_rules_file(lanner, built, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    built.rename(folder / "x.yaml")
    status, _, err = lanner("rules", "list", "-r", folder)
    assert status == 2
    assert "this file holds rules that were built: give it with -r, alone" in err


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda content: content[:-1], "the rules artefact is damaged (its checksum differs)"),
        (lambda content: content[:20], "the rules artefact is damaged (its first line)"),
        (lambda content: content.replace(b" 2 ", b" 0 ", 1), "has the format '0', not 2"),
    ],
)
def test_damage(lanner, built, events, damage, problem):
    built.write_bytes(damage(built.read_bytes()))
    status, out, err = lanner("scan", "-r", built, events)
    assert (status, out) == (2, "")
    assert problem in err
    assert f"build it again with `lanner build RULES -o {built}`" in err


@pytest.mark.parametrize("damage", [lambda content: b"", lambda content: content[5:]])
def test_a_file_that_shows_no_longer_what_it_was(lanner, built, damage):
    built.write_bytes(damage(built.read_bytes()))
    status, _, err = lanner("rules", "list", "-r", built)
    assert status == 2
    assert "if `lanner build` has written this one, it is empty or damaged" in err


def test_it_is_read_from_a_file(built):
    command = f"{sys.executable} -m lanner rules list -r <(cat {built})"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, timeout=120, check=False)
    assert ended.returncode == 2
    assert ended.stderr.endswith(b": this is a pipe or a device; rules are read from files\n")


def test_it_is_not_one_of_rules_files(lanner, built, rules, tmp_path):
    # GIVEN an artefact among the rules_files of a configuration
    config = tmp_path / "falco.yaml"
    for files in (f"[{built}]", f"[{rules}, {built}]"):
        config.write_text(f"rules_files: {files}\n")
        # THEN it is said how to give it
        status, _, err = lanner("rules", "list", "-c", config)
        assert status == 2
        assert f"{config}: rules_files: {built} holds rules that were built: give it with -r, alone" in err
        # AND that it cannot be built once more
        status, _, err = lanner("build", "-c", config, "-o", tmp_path / "x")
        assert status == 2
        assert f"{built}: these rules were built already" in err
    assert f"-o: rules_files: {built} holds" in lanner("rules", "list", "-o", f"rules_files[]={built}")[2]


def test_settings_of_the_configuration_are_settled_by_building(lanner, rules, tmp_path, events):
    # GIVEN rules that were built with a constant and an appended output
    config = tmp_path / "falco.yaml"
    config.write_text(
        f"rules_files: [{rules}]\nstatic_fields: {{team: red}}\nappend_output: [{{extra_output: '%static.team'}}]\n"
    )
    built = tmp_path / "built"
    assert lanner("build", "-c", config, "-o", built)[0] == 0
    # THEN they go with the rules, with the same configuration or without one
    for options in (["-c", config, "-o", "json_output=false", "--rule-matching", "all"], []):
        status, out, _ = lanner("scan", "-r", built, *options, events)
        assert status == 0
        assert "alice created web red" in out
    # AND others are an error
    status, _, err = lanner("scan", "-r", built, "-c", config, "--set", "static_fields.team=blue", events)
    assert status == 2
    assert f"{built}: static_fields and append_output are settled when rules are built" in err


def test_an_input_is_not_overwritten(lanner, rules, tmp_path):
    content = rules.read_text()
    config = tmp_path / "falco.yaml"
    config.write_text(f"rules_files: [{rules}]\n")
    link = tmp_path / "link"
    link.symlink_to(rules)
    for arguments in (
        [rules, "-o", rules],
        [tmp_path, "-o", rules],
        [rules, "-o", link],
        ["-c", config, "-o", config],
        ["-c", config, "-o", rules],
    ):
        status, _, err = lanner("build", *arguments)
        assert status == 2
        assert "this file is read, too" in err
    assert rules.read_text() == content


def test_what_cannot_be_written(lanner, rules, tmp_path):
    for name in ("/dev/null", "-", tmp_path):
        status, _, err = lanner("build", rules, "-o", name)
        assert status == 2
        assert f"-o {name}: this is not a file; rules are built into one" in err
    assert "-o: the name of the file is empty" in lanner("build", rules, "-o", "")[2]
    status, _, err = lanner("build", rules, "-o", tmp_path / "no" / "x")
    assert status == 2
    assert "No such file or directory" in err
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "no" / "x")
    assert f"-o {link}: No such file or directory" in lanner("build", rules, "-o", link)[2]
    status, _, err = lanner("build", rules, "-o", tmp_path / ("x" * 300))
    assert status == 2
    assert "File name too long" in err


def test_standard_output_is_not_written_to(lanner_process, rules):
    ended = lanner_process("build", rules, "-o", "/dev/stdout")
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert ended.stderr == b"Error: -o /dev/stdout: this is not a file; rules are built into one\n"


def test_rules_without_a_name(lanner, tmp_path):
    status, _, err = lanner("build", "", "-o", tmp_path / "x")
    assert (status, err) == (2, "Error: the name of the rules file is empty\n")


def test_files_without_rules(lanner, tmp_path):
    empty = tmp_path / "empty.yaml"
    empty.write_text("# to be written\n")
    status, out, err = lanner("build", empty, "-o", tmp_path / "x")
    assert status == 0
    assert out.startswith(f"{tmp_path / 'x'}: 0 rules; ")
    assert err == "Note: there are no rules in these files\n"


def test_a_file_that_is_replaced_keeps_its_mode(lanner, rules, built):
    built.chmod(0o640)
    assert lanner("build", rules, "-o", built)[0] == 0
    assert built.stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link(lanner, rules, tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to(target)
    assert lanner("build", rules, "-o", link)[0] == 0
    assert link.is_symlink()
    assert artefact.is_artefact(target.read_bytes())


def test_a_failed_build_leaves_the_old_file(lanner, rules, built, monkeypatch, tmp_path):
    before, names = built.read_bytes(), sorted(tmp_path.iterdir())

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    status, _, err = lanner("build", rules, "-o", built)
    assert status == 2
    assert "No space left on device" in err
    assert (built.read_bytes(), sorted(tmp_path.iterdir())) == (before, names)
    rules.write_text("- rule: x\n")
    assert lanner("build", rules, "-o", built)[0] == 2
    assert built.read_bytes() == before


def test_rules_that_cannot_be_read(lanner, built, events, monkeypatch):
    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refused)
    assert f"{built}: cannot be read: Permission denied" in lanner("scan", "-r", built, events)[2]
    monkeypatch.setattr(Path, "open", refused)
    assert f"{built}: cannot be read: Permission denied" in lanner("scan", "-r", built, events)[2]
