"""Zip archives whose bytes depend on nothing but the names and the contents of the files in them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["files", "write"]

_MODE = 0o100644  # a regular file that everybody may read: Lambda runs functions as a user of its own
_UNIX = 3


def files(folder: Path) -> dict[str, Path]:
    """Return the files in a folder and below by their names from there, sorted."""
    return dict(sorted((path.relative_to(folder).as_posix(), path) for path in folder.rglob("*") if path.is_file()))


def write(archive: Path, folder: Path) -> None:
    """Write the files in `folder` and below into the zip archive `archive`."""
    with ZipFile(archive, "w", ZIP_DEFLATED, compresslevel=9) as target:
        for name, path in files(folder).items():
            info = ZipInfo(name)  # its time is the first that the format knows, whatever the file's is
            info.create_system = _UNIX
            info.external_attr = _MODE << 16
            info.compress_type = ZIP_DEFLATED
            target.writestr(info, path.read_bytes())
