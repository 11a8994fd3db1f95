"""Which files a path stands for."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, TypeAlias

from lanner.sources.reject import Reject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

__all__ = ["STANDARD_INPUT", "Place", "places", "shown", "total_size", "unreadable"]

STANDARD_INPUT = "-"

Place: TypeAlias = str | Reject
"""A file to read (or `-`), or what is said instead of reading one."""


def places(paths: Sequence[str | Path]) -> list[Place]:
    """Return what there is to read if `paths` are given: those that are directories stand for the files in them."""
    return [place for path in paths for place in _expand(str(path))]


def total_size(found: Iterable[Place]) -> int | None:
    """Return how many bytes there are to read, `None` if a pipe is among them."""
    total = 0
    for place in found:
        if isinstance(place, Reject):
            continue
        if place == STANDARD_INPUT:
            return None
        try:
            status = os.stat(place)
        except OSError:  # a link to nowhere: who reads it will say so
            continue
        if not stat.S_ISREG(status.st_mode):
            return None
        total += status.st_size
    return total


def unreadable(path: str, error: OSError | ValueError) -> Reject:
    """Return the reject for a path that cannot be read."""
    what = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return Reject(shown(path), f"cannot be read: {what}")


def shown(path: str) -> str:
    """Return the path in characters that can be printed, whatever bytes it has."""
    return path.encode(errors="backslashreplace").decode()


def _expand(path: str) -> Iterator[Place]:
    """Yield `path`, or the files in it if it is a directory, or a reject if it cannot be read."""
    if path == STANDARD_INPUT:
        yield path
        return
    try:
        mode = os.stat(path).st_mode
        names = sorted(os.listdir(path)) if stat.S_ISDIR(mode) else []
    except (OSError, ValueError) as error:
        yield unreadable(path, error)
        return
    if stat.S_ISDIR(mode):
        files = [place for name in names if not name.startswith(".") and _is_file(place := os.path.join(path, name))]
        yield from files
        if not files:
            yield Reject(shown(path), "no files in this directory (subdirectories are not read)")
    elif stat.S_ISCHR(mode) or stat.S_ISBLK(mode) or stat.S_ISSOCK(mode):
        yield Reject(shown(path), "this is a device or a socket, not a file; for standard input say -")
    else:
        yield path


def _is_file(path: str) -> bool:
    """Tell whether a directory's entry is to be read: a file, or a link to nowhere, so that it is reported."""
    return os.path.isfile(path) or not os.path.exists(path)
