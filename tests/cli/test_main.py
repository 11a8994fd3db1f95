import subprocess
import sys

import pytest

import lanner as package
from lanner.errors import LannerError


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

    monkeypatch.setattr("lanner.cli.scan.read", interrupted)
    assert lanner("scan", "-r", rules, "x.log")[0] == 130


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
    assert lanner("--list") == lanner("fields")
