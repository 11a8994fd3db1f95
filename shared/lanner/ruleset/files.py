"""Which rules files some paths mean (spec/rules.md section 6)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lanner.errors import UsageError

__all__ = ["rules_paths"]

_SUFFIXES = (".yaml", ".yml")


def rules_paths(paths: Iterable[Path], explicit: bool) -> list[Path]:
    """Return the rules files that `paths` mean, in order.

    A directory stands for the files in it (not below it), sorted by name; only `*.yaml` and `*.yml` count. `explicit`
    paths are those of the command line, and no artefacts: `UsageError` is raised if one does not exist, cannot be read
    or means no rules file. Other paths are skipped then.
    """
    files: list[Path] = []
    for path in paths:
        try:
            if path.is_dir():
                inside = sorted(file for file in path.iterdir() if _is_rules_file(file) and file.is_file())
                if explicit and not inside:
                    below = sorted(
                        {
                            str(file.parent)
                            for file in path.glob("*/*")
                            if _is_rules_file(file) and file.parent.name != "tests"
                        }
                    )[:5]
                    hint = f"; those below are not read, name them: {', '.join(below)}" if below else ""
                    raise UsageError(f"{path}: there is no rules file (*.yaml, *.yml) in this directory{hint}")
                files.extend(inside)
            elif not explicit:
                if _is_rules_file(path) and path.exists():
                    files.append(path)
            elif not path.exists():
                raise UsageError(f"{path}: no such file or directory")
            elif not _is_rules_file(path):
                raise UsageError(f"{path}: {_problem(path)}")
            else:
                files.append(path)
        except OSError as error:
            raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    return files


def _problem(path: Path) -> str:
    """Say why a path cannot be a rules file by its name. Who calls has looked whether it is an artefact."""
    if not path.is_file():
        return "this is a pipe or a device; rules are read from files"
    return "rules files must be named *.yaml or *.yml; if `lanner build` has written this one, it is empty or damaged"


def _is_rules_file(path: Path) -> bool:
    # Falco looks for the first `.yaml` of the whole path, and so skips a file below a directory `x.yaml.d`. That is
    # nothing anybody wants.
    return path.name.endswith(_SUFFIXES)
