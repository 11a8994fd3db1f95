"""Files that a verb writes: never one that it reads, and as a whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from lanner.errors import UsageError

__all__ = ["output_file", "replace"]


def output_file(name: str, option: str, inputs: Iterable[Path], *, what: str) -> Path:
    """Return the file to be written, a link followed, unless it is one of those that are read, or no file.

    `name` is what the user gave for `option`; `what` says what a file is needed for. Raises `UsageError`.
    """
    if not name:
        raise UsageError(f"{option}: the name of the file is empty")
    given = Path(name)
    try:
        # `given` itself: /dev/stdout is a link to a pipe, which has no path
        if name == "-" or (given.exists() and not given.is_file()):
            raise UsageError(f"{option} {name}: this is not a file; {what}")
        if given.exists() and any(given.samefile(file) for file in inputs):
            raise UsageError(f"{option} {name}: this file is read, too")
        found = Path(os.path.realpath(given))
        if not found.parent.is_dir():
            raise UsageError(f"{option} {name}: No such file or directory")
    except (OSError, ValueError) as error:
        raise UsageError(f"{option} {name}: {getattr(error, 'strerror', error)}") from None
    return found


def replace(output: Path, content: bytes, name: str) -> None:
    """Write a file, which messages call `name`, so that it is there as a whole or not at all; keep its mode.

    Raises `UsageError` if that fails.
    """
    unfinished = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        try:
            unfinished.write_bytes(content)
            if output.exists():
                shutil.copymode(output, unfinished)
            unfinished.replace(output)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror}") from None
