"""What no package may hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from lanner.errors import UsageError
from package import inspection
from package.inspection import refuse_archive, refuse_content


@pytest.mark.parametrize(
    "name",
    [
        "boto3/__init__.py",
        "botocore/data/sns.json",
        "yaml/__init__.py",
        "lanner/tests/a.py",
        "tests/a.py",
        "test_a.py",
        "a/conftest.py",
        ".env",
        "a/.git/config",
        "server.key",
        "cert.pem",
    ],
)
def test_what_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).touch()
    with pytest.raises(UsageError, match="must not be in a package"):
        refuse_content(tmp_path)


@pytest.mark.parametrize("name", ["handler.py", "lanner/ruleset/texts.py", "re2/_re2.so", "a/latest.py", "LICENSE"])
def test_what_is_not(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).touch()
    refuse_content(tmp_path)


def test_an_archive_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "MAX_SIZE", 1000)
    archive = tmp_path / "a.zip"
    archive.write_bytes(bytes(1000))
    refuse_archive(archive)
    archive.write_bytes(bytes(1001))
    with pytest.raises(UsageError, match=r"a\.zip: the package has 1,001 bytes, the limit is 1,000"):
        refuse_archive(archive)
