"""The source package of a function, as `make package` builds it, unpacked."""

from __future__ import annotations

import sys
from pathlib import Path
from zipfile import ZipFile

from package.build import build
from package.interpreter import ask

__all__ = ["unpacked_source"]


def unpacked_source(folder: Path, function: str) -> Path:
    """Build the package in `folder`; return the `main.py` in it."""
    (built,) = build(folder, ask(sys.executable), "uv", [], architectures=(), sources=[function])
    with ZipFile(built.archive) as archive:
        archive.extractall(folder / "source")
    return folder / "source" / "main.py"
