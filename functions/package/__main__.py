"""`python -m package`: builds the packages and says what came of it. `make package` runs it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lanner.errors import LannerError
from package import recipes
from package.build import build
from package.dependencies import ARCHITECTURES
from package.interpreter import RUNTIME, find
from package.manifest import MANIFEST, SUMS

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Build what the options ask for."""
    options = _options(arguments)
    try:
        interpreter = find(options.python, options.runtime)
        if options.find:
            print(interpreter.path)
            return 0
        built = build(
            options.folder,
            interpreter,
            options.uv,
            [*options.rules, *[f"--pack={pack}" for pack in options.pack]],
            architectures=options.architecture if options.architecture is not None else tuple(ARCHITECTURES),
            sources=tuple(recipes.SOURCES) if options.architecture is None else (),
        )
    except LannerError as error:
        print(f"package: {error}", file=sys.stderr)
        return 2
    for package in built:
        print(f"{package.archive}  {package.archive.stat().st_size:>9,} bytes")
    print(f"{options.folder / MANIFEST}, {options.folder / SUMS}")
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="package", description="Builds the zip archives that are deployed.")
    parser.add_argument("folder", type=Path, nargs="?", default=Path("dist"), help="where they go (dist)")
    parser.add_argument("--rules", nargs="+", default=[], help="rules files or folders (those shipped with Lanner)")
    parser.add_argument("--pack", action="append", default=[], help="a pack of the shipped rules; repeatable (default)")
    parser.add_argument("--python", default="python3", help="the Python that the byte code is made with")
    parser.add_argument("--runtime", default=RUNTIME, help=f"the version that it has to be of ({RUNTIME})")
    parser.add_argument("--uv", default="uv", help="the uv that fetches dependencies")
    parser.add_argument(
        "--architecture", action="append", choices=ARCHITECTURES, help="only Lambda's package for it; repeatable"
    )
    parser.add_argument("--find", action="store_true", help="build nothing, print the path of that Python")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
