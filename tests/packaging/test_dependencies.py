"""Dependencies of the package for Lambda: what the lock holds, and what is said if they cannot be had."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lanner.errors import UsageError
from package.build import REPOSITORY
from package.dependencies import install, locked, native
from package.interpreter import Interpreter

HERE = Interpreter(sys.executable, "3.13.0", "x86_64")
LOCK = REPOSITORY / "functions" / "aws_cloudwatch" / "requirements.txt"

# What uv leaves behind when it installs into a folder; the folder is its fifth argument.
LEFT = """
mkdir -p "$5/bin" "$5/tool/__pycache__" "$5/tool-1.0.dist-info/licenses"
cd "$5"
touch .lock bin/tool tool/__init__.py tool/__init__.pyi tool/py.typed tool/page.js tool/__pycache__/x.pyc
cd tool-1.0.dist-info
touch METADATA RECORD INSTALLER WHEEL REQUESTED entry_points.txt uv_cache.json licenses/LICENSE
"""


def uv(path: Path, text: str) -> str:
    """Write a program in the place of uv."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_what_is_locked() -> None:
    versions = locked(LOCK)
    assert {"aws-lambda-powertools", "google-re2", "msgspec", "urllib3"} <= set(versions)
    assert not {"boto3", "botocore", "pyyaml", "lanner"} & set(versions)
    assert LOCK.read_text().count("--hash=sha256:") >= len(versions)


def test_what_only_installers_read_is_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "stage"
    install(uv(tmp_path / "uv", LEFT), LOCK, HERE, "arm64", folder)
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert names == ["tool-1.0.dist-info/METADATA", "tool-1.0.dist-info/licenses/LICENSE", "tool/__init__.py"]


def test_what_uv_says_is_told(tmp_path: Path) -> None:
    failing = uv(tmp_path / "uv", "echo 'no wheel of google-re2 fits' >&2; exit 1")
    with pytest.raises(
        UsageError, match=r"requirements\.txt: the packages cannot be had:\nno wheel of google-re2 fits"
    ):
        install(failing, LOCK, HERE, "arm64", tmp_path)
    with pytest.raises(UsageError, match="there is no uv"):
        install(str(tmp_path / "nothing"), LOCK, HERE, "arm64", tmp_path)


@pytest.mark.parametrize(("machine", "name"), [("aarch64", "arm64"), ("x86_64", "x86_64"), ("riscv64", "")])
def test_the_processor_here(monkeypatch: pytest.MonkeyPatch, machine: str, name: str) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("platform.machine", lambda: machine)
    if name:
        assert native() == name
    else:
        with pytest.raises(UsageError, match="does not run here"):
            native()
