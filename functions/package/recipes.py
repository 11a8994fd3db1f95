"""What goes into which package."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, NamedTuple

from package import dependencies
from package.bytecode import compile_all
from package.interpreter import RUNTIME

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from package.interpreter import Interpreter

__all__ = ["LAMBDA_HANDLERS", "RULES", "SOURCES", "Source", "lambda_", "source"]

RULES = "rules.lanner"
"""The rules, where a function looks for them: beside the package `lanner`."""

LAMBDA_HANDLERS = {"aws_cloudwatch": "handler.handle", "http_webhook": "lambda_url.handle"}
"""The functions that the package for Lambda holds, with their handlers: they have the same dependencies."""

_LOCK = "requirements.txt"
_CLOUD_RUN = {"platform": "cloud-run-functions", "runtime": f"python{RUNTIME.replace('.', '')}", "target": "handle"}


class Source(NamedTuple):
    """A package from which the platform builds what it runs: files of the function's own, and what to tell of it."""

    files: tuple[str, ...]
    deployed: Mapping[str, object]


SOURCES = {
    "gcp_pubsub": Source(("main.py", _LOCK), _CLOUD_RUN),
    "http_webhook": Source(("main.py", _LOCK, "Dockerfile"), _CLOUD_RUN | {"container": "Dockerfile"}),
    "azure_eventhub": Source(
        ("function_app.py", "host.json", _LOCK), {"platform": "azure-functions", "runtime": f"python {RUNTIME}"}
    ),
    "ovh_ldp": Source(
        ("main.py", "health.py", _LOCK, "Dockerfile"), {"platform": "container", "container": "Dockerfile"}
    ),
}
"""The functions that are deployed as source, each in a package of its own."""

_UNUSED = ("analysis", "cli", "__main__.py")  # nothing calls the command line there


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


def source(repository: Path, rules: Path, function: str, folder: Path) -> dict[str, str]:
    """Put into `folder` what a function is built from; return the names and versions of the dependencies."""
    own = repository / "functions" / function
    _our_code(repository, rules, folder)
    for name in SOURCES[function].files:
        shutil.copyfile(own / name, folder / name)
    return dependencies.locked(own / _LOCK)


def _our_code(repository: Path, rules: Path, folder: Path) -> None:
    package, target = repository / "shared" / "lanner", folder / "lanner"
    for path in package.rglob("*.py"):
        name = path.relative_to(package)
        if name.parts[0] not in _UNUSED:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target / name)
    shutil.copyfile(rules, folder / RULES)
    shutil.copyfile(repository / "LICENSE", folder / "LICENSE")
