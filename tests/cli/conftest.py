import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def lanner(capfd, monkeypatch):
    """Run the command line in this process; return status, standard output and standard error."""
    from lanner.cli import main

    monkeypatch.setenv("TZ", "UTC")

    def run(*arguments: object) -> tuple[int, str, str]:
        capfd.readouterr()
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as ended:
            status = ended.code
        printed = capfd.readouterr()
        return status, printed.out, printed.err

    return run


@pytest.fixture
def lanner_process():
    """Run the command line in a process of its own, with bytes for its standard input."""

    def run(*arguments: object, input: bytes = b"", **options) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "lanner", *map(str, arguments)]
        return subprocess.run(command, input=input, capture_output=True, timeout=120, check=False, **options)

    return run


@pytest.fixture
def rules(tmp_path) -> Path:
    """A rules file with two rules."""
    path = tmp_path / "rules.yaml"
    path.write_text(
        """
- rule: Pod Created
  desc: d
  condition: ka.verb = create and ka.target.resource = pods
  output: "%ka.user.name created %ka.target.name"
  priority: WARNING
  source: k8s_audit
  tags: [k8s]
- rule: Anything
  desc: d
  condition: ka.verb exists
  output: "%ka.verb by %ka.user.name"
  priority: DEBUG
  source: k8s_audit
  tags: [noise]
"""
    )
    return path
