"""The search for a Python of the runtime's version."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lanner.errors import UsageError
from package.interpreter import ask, find

THIS = ".".join(map(str, sys.version_info[:2]))


def script(path: Path, text: str) -> Path:
    """Write a program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_the_one_that_is_asked_for() -> None:
    found = find(sys.executable, THIS)
    assert found.minor == THIS
    assert found.version.startswith(f"{THIS}.")
    assert Path(found.path).samefile(sys.executable)


def test_one_that_is_known(tmp_path: Path) -> None:
    assert ask(sys.executable).minor == THIS
    for command in (str(tmp_path / "nothing"), str(script(tmp_path / "python", "echo Python 3.13"))):
        with pytest.raises(UsageError, match="this is no Python that can be run"):
            ask(command)


def test_one_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    script(tmp_path / "bin" / f"python{THIS}", f'exec "{sys.executable}" "$@"')
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert find("no-such-python", THIS).minor == THIS


def test_one_of_pyenv_whose_name_on_the_path_is_an_empty_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path / "shims" / f"python{THIS}", "echo 'command not found' >&2; exit 127")
    script(tmp_path / f"versions/{THIS}.1/bin/python{THIS}", f'exec "{sys.executable}" "$@"')
    monkeypatch.setenv("PATH", str(tmp_path / "shims"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert find("python3", THIS).minor == THIS


@pytest.mark.parametrize(("asked", "what"), [(sys.executable, rf"is Python {THIS}"), ("nothing", "cannot be run")])
def test_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str, what: str) -> None:
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    with pytest.raises(UsageError, match=rf"no python3\.99 found .*{what}.*make package PYTHON=/path/to/python3\.99"):
        find(asked, "3.99")
