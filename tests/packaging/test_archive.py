"""Archives: the same bytes from the same files, whatever else is different."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from zipfile import ZipFile

from package.archive import files, write

CONTENT = {"main.py": b"print(1)\n", "lanner/__init__.py": b"", "lanner/a.py": b"x = 1\n", "b/c/d.txt": b"d" * 5000}


def made(folder: Path, names: Iterable[str]) -> Path:
    """Write the files in this order."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(CONTENT[name])
    return folder


def test_the_same_files_are_the_same_bytes(tmp_path: Path) -> None:
    # GIVEN the same files, made in another order, with other times and modes, and an empty folder
    one = made(tmp_path / "one", CONTENT)
    other = made(tmp_path / "somewhere" / "else", reversed(CONTENT))
    (other / "empty").mkdir()
    for path in files(other).values():
        os.utime(path, (1, 1))
        path.chmod(0o700)
    # WHEN they are packed
    write(tmp_path / "one.zip", one)
    write(tmp_path / "other.zip", other)
    # THEN nothing tells them apart
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "other.zip").read_bytes()


def test_what_is_in_an_archive(tmp_path: Path) -> None:
    write(tmp_path / "one.zip", made(tmp_path / "one", CONTENT))
    with ZipFile(tmp_path / "one.zip") as archive:
        assert archive.namelist() == sorted(CONTENT)
        assert {name: archive.read(name) for name in CONTENT} == CONTENT
        assert {info.external_attr >> 16 & 0o777 for info in archive.infolist()} == {0o644}
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
