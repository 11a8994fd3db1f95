"""What must not be in a package, and how large it may be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lanner.errors import UsageError
from package.archive import files

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["MAX_SIZE", "refuse_archive", "refuse_content"]

MAX_SIZE = 10_000_000
"""Bytes of an archive: a function's code is fetched and unpacked at each cold start."""

_UNWANTED = re.compile(
    r"(boto3|botocore|yaml)/"  # the runtime brings the first two; rules are compiled, so nothing reads YAML
    r"|(.*/)?(tests?|testing)/|(.*/)?(conftest|test_[^/]*)\.py$"
    r"|(.*/)?\.[^/]*|.*\.(key|pem|env|so\.\d+\.debug)$"  # hidden files, secrets
)


def refuse_content(folder: Path) -> None:
    """Raise `UsageError` if `folder` holds a file that must not be in a package."""
    for name in files(folder):
        if _UNWANTED.match(name):
            raise UsageError(f"{name}: this must not be in a package")


def refuse_archive(archive: Path) -> None:
    """Raise `UsageError` if an archive is too large."""
    size = archive.stat().st_size
    if size > MAX_SIZE:
        raise UsageError(f"{archive.name}: the package has {size:,} bytes, the limit is {MAX_SIZE:,}")
