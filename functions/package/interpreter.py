"""The Python that byte code is made with: it has to be of the version that the function will run with."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lanner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RUNTIME", "Interpreter", "ask", "find"]

RUNTIME = "3.13"
"""The version of Python that the functions are deployed with."""

_ASK = "import platform, sys; print(sys.executable, platform.python_version(), platform.machine(), sep='\\n')"
_PATIENCE = 30


class Interpreter(NamedTuple):
    """A Python that runs here: the path, the version (`3.13.0`), and the processor (`x86_64`)."""

    path: str
    version: str
    machine: str

    @property
    def minor(self) -> str:
        """The version without the number of the release (`3.13`), for which byte code and wheels are made."""
        return self.version.rpartition(".")[0]


def ask(command: str) -> Interpreter:
    """Return the interpreter that `command` starts. Raises `UsageError` if that is no Python."""
    found = _asked(command)
    if found is None:
        raise UsageError(f"{command}: this is no Python that can be run")
    return found


def find(asked: str, version: str = RUNTIME) -> Interpreter:
    """Return the interpreter `asked` if it is of `version`, or one from the usual places.

    Raises `UsageError` if there is none.
    """
    for command in (asked, *_usual(version)):
        found = _asked(command)
        if found is not None and found.minor == version:
            return found
    given = _asked(asked)
    what = "cannot be run" if given is None else f"is Python {given.version}"
    raise UsageError(
        f"no python{version} found ({asked} {what}): the byte code in the packages has to be made by the version of "
        f"Python that runs it. Install it, or say where it is: make package PYTHON=/path/to/python{version}"
    )


def _usual(version: str) -> Iterator[str]:
    yield f"python{version}"
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from map(str, sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}"), reverse=True))


def _asked(command: str) -> Interpreter | None:
    """Return what `command` starts, `None` if that is no Python; a name on the path may be an empty shell."""
    try:
        asked = subprocess.run(  # noqa: S603
            [command, "-c", _ASK], capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = asked.stdout.splitlines()
    return Interpreter(*lines) if asked.returncode == 0 and len(lines) == 3 else None
