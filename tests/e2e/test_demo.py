"""`make demo-aws` and its like: what they show, and that they leave nothing behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from demo.__main__ import main
from emulators.ministack import PYTHON
from emulators.processes import environment
from package.build import REPOSITORY

pytestmark = pytest.mark.e2e


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def running(folder: Path) -> list[str]:
    """Return the commands of processes that have to do with `folder`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            workplace = str(path.with_name("cwd").readlink())
        except OSError:  # it has ended
            continue
        if str(folder) in f"{command} {workplace}":
            found.append(command)
    return found


@pytest.mark.parametrize("cloud", ["aws", "gcp", "webhook", "ovh"])
def test_a_demonstration(cloud: str, temporary: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if cloud == "aws" and not PYTHON.exists():
        pytest.skip(".venv-e2e is missing: `make e2e` sets it up")
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert main([cloud]) == 0
    finally:
        signal.signal(signal.SIGTERM, before)
    shown = capsys.readouterr().out
    assert "Critical   Administrator Rights Bound" in shown
    assert "0 dead letters" in shown.splitlines()[-1]
    assert not list(temporary.iterdir())
    assert not running(temporary)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_that_is_interrupted(temporary: Path, number: int) -> None:
    # GIVEN a demonstration that has started its servers
    variables = environment(PYTHONPATH=f"{REPOSITORY}/tests:{REPOSITORY}/functions", PYTHONUNBUFFERED="1")
    command = [sys.executable, "-m", "demo", "gcp"]
    with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        while "Publishing" not in started.stdout.readline():
            assert started.poll() is None
        assert running(temporary)
        # WHEN it is told to stop, THEN it does, and all that it has started
        started.send_signal(number)
        assert "stopped" in started.communicate(timeout=30)[1]
    assert started.returncode == 130
    time.sleep(0.1)
    assert not list(temporary.iterdir())
    assert not running(temporary)
