"""What a Lambda package holds beside our code: locked wheels for the system and the processor of the runtime."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from lanner.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from package.interpreter import Interpreter

__all__ = ["ARCHITECTURES", "install", "locked", "native"]

ARCHITECTURES = {"arm64": "aarch64", "x86_64": "x86_64"}
"""Lambda's names of processors, and those that wheels have."""

_SYSTEM = "manylinux_2_28"  # Amazon Linux 2023; google-re2 has no wheels for older ones

_NEEDLESS = (".lock", "bin", "**/__pycache__", "**/py.typed", "**/*.pyi", "**/*.js", "**/*.css")
_OF_INSTALLERS = ("RECORD", "INSTALLER", "REQUESTED", "WHEEL", "top_level.txt", "entry_points.txt", "*.json")
"""Files beside the METADATA of a package that only matter to whoever installs it; licences stay."""

_PINNED = re.compile(r"([A-Za-z0-9._-]+)==([^\s;\\]+)")


def install(uv: str, requirements: Path, interpreter: Interpreter, architecture: str, folder: Path) -> None:
    """Put the packages that `requirements` locks into `folder`. Raises `UsageError` if they cannot be had."""
    command = [
        *(uv, "pip", "install", "--quiet", "--target", str(folder), "--python", interpreter.path),
        *("--python-version", interpreter.minor, "--python-platform", f"{ARCHITECTURES[architecture]}-{_SYSTEM}"),
        *("--only-binary", ":all:", "--require-hashes", "--link-mode", "copy", "--requirements", str(requirements)),
    ]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    except FileNotFoundError:
        raise UsageError(f"{uv}: there is no uv; `make package` sets it up") from None
    except subprocess.CalledProcessError as error:
        raise UsageError(f"{requirements}: the packages cannot be had:\n{error.stderr.strip()}") from None
    _prune(folder)


def locked(requirements: Path) -> dict[str, str]:
    """Return the packages that `requirements` locks, with their versions."""
    found = map(_PINNED.match, requirements.read_text().splitlines())
    return {match[1]: match[2] for match in found if match is not None}


def native() -> str:
    """Return Lambda's name of the processor here. Raises `UsageError` if Lambda has none like it."""
    for name, machine in ARCHITECTURES.items():
        if sys.platform == "linux" and platform.machine() == machine:
            return name
    raise UsageError(f"what is built for Lambda does not run here ({sys.platform}, {platform.machine()})")


def _prune(folder: Path) -> None:
    """Remove what no function reads."""
    patterns = (*_NEEDLESS, *[f"*.dist-info/{name}" for name in _OF_INSTALLERS])
    for path in [found for pattern in patterns for found in folder.glob(pattern)]:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
