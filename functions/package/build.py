"""Builds the packages: stages the files of each in a folder, looks at them, and packs them."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from lanner.errors import UsageError
from package import archive, manifest, recipes
from package.dependencies import ARCHITECTURES
from package.inspection import refuse_archive, refuse_content
from package.manifest import Built

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from package.interpreter import Interpreter

__all__ = ["REPOSITORY", "build", "built_rules"]

REPOSITORY = Path(__file__).parents[2]


def build(
    folder: Path,
    interpreter: Interpreter,
    uv: str,
    rules: Sequence[str],
    *,
    architectures: Sequence[str] = tuple(ARCHITECTURES),
    sources: Sequence[str] = tuple(recipes.SOURCES),
    repository: Path = REPOSITORY,
) -> list[Built]:
    """Write a package for each of Lambda's `architectures`, one for each of `sources`, and the manifest into `folder`.

    `rules` are what `lanner build` is asked for: rules files, folders, `--pack=NAME`. Raises `UsageError` if something
    cannot be had, or must not be packed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="lanner-package-") as temporary:
        packed = built_rules(rules, Path(temporary) / recipes.RULES, repository)
        done = [
            _packed(
                folder / f"lanner-lambda-{architecture}.zip",
                {
                    "platform": "lambda",
                    "runtime": f"python{interpreter.minor}",
                    "architecture": architecture,
                    "handlers": recipes.LAMBDA_HANDLERS,
                },
                partial(recipes.lambda_, repository, packed, interpreter, architecture, uv),
            )
            for architecture in architectures
        ]
        done += [
            _packed(
                folder / f"lanner-{function.replace('_', '-')}.zip",
                recipes.SOURCES[function].deployed,
                partial(recipes.source, repository, packed, function),
            )
            for function in sources
        ]
        manifest.write(folder, done, packed, interpreter)
    return done


def built_rules(rules: Sequence[str], output: Path, repository: Path = REPOSITORY) -> Path:
    """Compile `rules` into `output`. Raises `UsageError` if they are wrong; what is wrong stands on standard error."""
    # From the repository, by relative names: they are part of what is written.
    command = [sys.executable, "-m", "lanner", "build", "-o", str(output), *rules]
    if subprocess.run(command, check=False, cwd=repository, stdout=subprocess.DEVNULL).returncode:  # noqa: S603
        raise UsageError("the rules cannot be built, see above")
    return output


def _packed(path: Path, deployed: Mapping[str, object], stage: Callable[[Path], Mapping[str, str]]) -> Built:
    """Return the archive of what `stage` puts into a folder."""
    with TemporaryDirectory(prefix="lanner-package-") as temporary:
        folder = Path(temporary)
        versions = stage(folder)
        refuse_content(folder)
        unfinished = path.with_name(f".{path.name}")
        try:
            archive.write(unfinished, folder)
            refuse_archive(unfinished)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    return Built(path, deployed, versions)
