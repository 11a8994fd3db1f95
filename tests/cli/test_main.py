import json
import subprocess
import sys

import pytest

import lanner as package
from lanner.errors import LannerError
from support import an_event


def test_no_word_prints_help(lanner):
    status, out, _ = lanner()
    assert status == 2
    assert "scan" in out
    assert "rules" in out


def test_version(lanner):
    assert lanner("--version")[:2] == (0, f"lanner {package.__version__}\n")


def test_python_dash_m():
    ended = subprocess.run([sys.executable, "-m", "lanner", "--version"], capture_output=True, check=True)
    assert ended.stdout.startswith(b"lanner ")


def test_interrupted(lanner, monkeypatch, rules):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("lanner.cli.scan.parts_of", interrupted)
    status, out, err = lanner("scan", "-r", rules, "x.log")
    assert (status, err) == (130, "")
    assert "Events read: 0" in out


def test_every_error_is_a_lanner_error():
    from lanner import errors

    for name in errors.__all__:
        assert issubclass(getattr(errors, name), LannerError), name
        assert name in errors.__doc__, f"{name} is missing from the tree in the docstring"


@pytest.mark.parametrize(
    ("flag", "expected"), [("-V", "rules validate"), ("--validate", "rules validate"), ("-L", "rules list")]
)
def test_falcos_flags_stand_for_verbs(lanner, flag, expected):
    status, out, _ = lanner(flag, "--help")
    assert status == 0
    assert f"lanner {expected}" in out


def test_falcos_list_flag(lanner):
    assert lanner("--list") == lanner("fields") == lanner("--list", "k8s_audit")


def test_falcos_flags_may_stand_anywhere_and_repeat(lanner, rules, tmp_path):
    config = tmp_path / "falco.yaml"
    config.write_text(f"rules_files: [{rules}]\njson_output: true\n")
    assert lanner("-c", config, "-L") == lanner("rules", "list", "-c", config)
    assert lanner("-V", rules, "-V", rules) == lanner("rules", "validate", rules, rules)
    assert lanner("--list=k8s_audit") == lanner("fields")
    assert lanner(f"-V{rules}") == lanner("rules", "validate", rules)
    assert lanner(f"--validate={rules}") == lanner("rules", "validate", rules)
    assert lanner("-c", config, "-V", rules)[1].startswith('{"falco_load_results":')


class TestOutputThatCannotBeWritten:
    def run(self, redirection, rules, *options):
        command = f"{sys.executable} -m lanner scan -r {rules} {' '.join(options)} {redirection}"
        log = json.dumps(an_event()).encode()
        ended = subprocess.run(["bash", "-c", command], input=log, capture_output=True, timeout=120, check=False)
        return ended.returncode, ended.stderr.decode()

    def test_a_full_disk(self, rules):
        assert self.run(">/dev/full", rules) == (2, "Error: cannot write: No space left on device\n")

    def test_a_full_disk_for_rejects(self, rules):
        assert self.run("--rejects /dev/full <<<nonsense", rules)[0] == 2

    def test_a_full_disk_for_errors(self, rules):
        assert self.run("--rejects /nowhere/x 2>/dev/full", rules)[0] == 2

    def test_closed_streams(self, rules):
        assert self.run(">&-", rules) == (0, "")
        assert self.run("2>&-", rules)[0] == 0

    def test_few_characters(self, rules, monkeypatch):
        monkeypatch.setenv("PYTHONIOENCODING", "ascii")
        rules.write_text(rules.read_text().replace("Pod Created", "Pöd Created"))
        assert self.run(">/dev/null", rules) == (0, "")

    def test_a_reader_that_went_away(self, rules):
        status, err = self.run("--exit-code | true; exit ${PIPESTATUS[0]}", rules)
        assert status in (1, 141)  # the reader may have been too slow to go
        assert err == ""


def test_texts_that_are_not_utf8(rules, monkeypatch):
    # GIVEN a cluster's name and a host name with bytes that are no characters
    monkeypatch.setenv("FALCO_HOSTNAME", "h\udcff")
    command = [sys.executable, "-m", "lanner", "scan", "-r", str(rules), "--format", "json", "--cluster", b"c\xff"]
    ended = subprocess.run(command, input=json.dumps(an_event()).encode(), capture_output=True, timeout=120, check=True)
    alert = json.loads(ended.stdout.splitlines()[0])
    assert (alert["cluster"], alert["hostname"]) == ("c\ufffd", "h\ufffd")


def test_errors_cannot_control_the_terminal(lanner, tmp_path):
    config = tmp_path / "falco.yaml"
    config.write_text('rule_matching: "a\\e[31mb"\n')
    _, _, err = lanner("scan", "-c", config, "x.log")
    assert "'a\\u001b[31mb' is neither first nor all" in err
