"""What goes into which package."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from package import dependencies
from package.bytecode import compile_all

if TYPE_CHECKING:
    from pathlib import Path

    from package.interpreter import Interpreter

__all__ = ["CLOUD_RUN", "LAMBDA_HANDLERS", "RULES", "cloud_run", "lambda_"]

RULES = "rules.lanner"
"""The rules, where a function looks for them: beside the package `lanner`."""

LAMBDA_HANDLERS = {"aws_cloudwatch": "handler.handle", "http_webhook": "lambda_url.handle"}
"""The functions that the package for Lambda holds, with their handlers: they have the same dependencies."""

CLOUD_RUN = ("gcp_pubsub", "http_webhook")
"""The functions that are deployed as source, each in a package of its own."""

_LOCK = "requirements.txt"
_UNUSED = ("cli", "__main__.py")  # nothing calls the command line there


def lambda_(
    repository: Path, rules: Path, interpreter: Interpreter, architecture: str, uv: str, folder: Path
) -> dict[str, str]:
    """Put into `folder` what Lambda runs; return the names and versions of the dependencies.

    `interpreter` is of the runtime's version. Raises `UsageError` if the dependencies cannot be had.
    """
    lock = repository / "functions" / "aws_cloudwatch" / _LOCK
    dependencies.install(uv, lock, interpreter, architecture, folder)
    _our_code(repository, rules, folder)
    for function, handler in LAMBDA_HANDLERS.items():
        name = f"{handler.partition('.')[0]}.py"
        shutil.copyfile(repository / "functions" / function / name, folder / name)
    compile_all(interpreter, folder)
    return dependencies.locked(lock)


def cloud_run(repository: Path, rules: Path, function: str, folder: Path) -> dict[str, str]:
    """Put into `folder` what Cloud Run builds a function from; return the names and versions of the dependencies."""
    own = repository / "functions" / function
    _our_code(repository, rules, folder)
    for name in ("main.py", _LOCK):
        shutil.copyfile(own / name, folder / name)
    return dependencies.locked(own / _LOCK)


def _our_code(repository: Path, rules: Path, folder: Path) -> None:
    source, target = repository / "shared" / "lanner", folder / "lanner"
    for path in source.rglob("*.py"):
        name = path.relative_to(source)
        if name.parts[0] not in _UNUSED:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target / name)
    shutil.copyfile(rules, folder / RULES)
    shutil.copyfile(repository / "LICENSE", folder / "LICENSE")
