"""Rules files and their companions."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from lanner.analysis.companions.model import Companion
from lanner.analysis.companions.reading import read_companion
from lanner.errors import UsageError

__all__ = ["FOLDER", "Suite", "companion_path", "read_suites", "stray_companions"]

FOLDER = "tests"
"""The folder beside rules files that their companions stand in."""

_SUFFIXES = (".yaml", ".yml")


class Suite(msgspec.Struct, frozen=True):
    """A rules file and its companion, `None` if it has none."""

    rules_file: Path
    companion: Companion | None


def companion_path(rules_file: Path) -> Path:
    """Return where the companion of a rules file stands, if it has one."""
    return rules_file.parent / FOLDER / rules_file.name


def read_suites(rules_files: Iterable[Path]) -> list[Suite]:
    """Read the companions of rules files.

    Raises `UsageError` if any of them is wrong; its message tells of each.
    """
    suites: list[Suite] = []
    errors: list[str] = []
    for path in rules_files:
        companion = companion_path(path)
        try:
            suites.append(Suite(path, read_companion(companion) if companion.exists() else None))
        except UsageError as error:
            errors.append(str(error))
    if errors:
        raise UsageError("\n\n".join(errors))
    return suites


def stray_companions(rules_files: Iterable[Path]) -> list[Path]:
    """Return the files beside the companions of rules files that have tests, but no rules file of their name.

    Files without tests are there for others to include. Raises `UsageError` if one cannot be read.
    """
    found: list[Path] = []
    for folder in dict.fromkeys([path.parent for path in rules_files]):
        tests = folder / FOLDER
        try:
            paths = sorted(path for path in tests.iterdir() if path.name.endswith(_SUFFIXES)) if tests.is_dir() else []
        except OSError as error:
            raise UsageError(f"{tests}: cannot be read: {error.strerror}") from None
        strays = [path for path in paths if path.is_file() and not (folder / path.name).exists()]
        found += [path for path in strays if read_companion(path).tests]
    return found
