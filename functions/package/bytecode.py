"""Byte code, which a function cannot keep where it runs: without it, each cold start would compile everything again."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from package.interpreter import Interpreter

__all__ = ["compile_all"]

# Runs in the interpreter that the byte code is for. The sources are not looked at where it is used (UNCHECKED_HASH), so
# that their times do not matter. The names in it are those from the folder, not those of this machine.
_PROGRAM = """
import sys
from importlib.util import cache_from_source
from pathlib import Path
from py_compile import PycInvalidationMode, compile
folder = Path(sys.argv[1])
for path in sorted(folder.rglob("*.py")):
    name = path.relative_to(folder).as_posix()
    cached = cache_from_source(str(path), optimization="")
    compile(str(path), cached, name, doraise=True, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
"""


def compile_all(interpreter: Interpreter, folder: Path) -> None:
    """Put the byte code of all modules in `folder` and below beside them, as `interpreter` reads it."""
    # Not by chance in another order each time: sets are written in the order of hashes.
    environment = {"PYTHONHASHSEED": "0"}
    command = [interpreter.path, "-S", "-c", _PROGRAM, str(folder)]
    subprocess.run(command, check=True, env=environment)  # noqa: S603
