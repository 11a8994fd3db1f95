"""Audit events from files, directories and standard input: logs (JSON lines), JSON documents, packed or not.

A file may hold one payload a line, as API servers write it; one pretty-printed document; or several documents after
each other. Whatever cannot be read becomes a `Reject`, and reading goes on behind it.
"""

from __future__ import annotations

import io
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lanner.fields import json_text
from lanner.sources import hints
from lanner.sources.apiserver import PLAIN_EVENT, event
from lanner.sources.documents import Documents
from lanner.sources.draft import KEPT, MAX_DOCUMENT
from lanner.sources.reject import MAX_EVENT_SIZE, Context, Piece, Reject
from lanner.sources.stream import BUFFER, Progress, Stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

__all__ = ["read"]

_STANDARD_INPUT = "-"
_SKIPPED_AT_ONCE = 1 << 20


def read(
    paths: Sequence[str | Path],
    *,
    provider: str = "",
    cluster: str = "",
    max_size: int = MAX_EVENT_SIZE,
    drop_larger: bool = False,
    progress: Progress | None = None,
) -> Iterator[Piece]:
    """Yield the events of all `paths` in their order, and a reject for every piece that is none.

    A path is a file, a directory (the files in it, sorted by name; no hidden ones, no subdirectories) or `-` for
    standard input. gzip data is unpacked, whatever the file's name. `provider`, `cluster`, `max_size` (bytes) and
    `drop_larger` are those of `lanner.sources.apiserver.events`; `progress` is kept up to date while reading.

    Nothing is raised for a path that cannot be read: it becomes a reject whose origin is the path. Memory stays
    below a few times `MAX_DOCUMENT`, whatever the input holds.
    """
    context = Context(provider, cluster, max_size, drop_larger)
    progress = progress or Progress()
    found = [place for path in paths for place in _expand(str(path))]
    progress.total_bytes = _total(found)
    for place in found:
        if isinstance(place, Reject):
            yield place
        elif place == _STANDARD_INPUT:
            yield from _pieces(sys.stdin.buffer, "<stdin>", context, progress)
        else:
            yield from _read_file(place, context, progress)


def _expand(path: str) -> Iterator[str | Reject]:
    """Yield `path`, or the files in it if it is a directory, or a reject if it cannot be read."""
    if path == _STANDARD_INPUT:
        yield path
        return
    try:
        mode = os.stat(path).st_mode
        names = sorted(os.listdir(path)) if stat.S_ISDIR(mode) else []
    except (OSError, ValueError) as error:
        yield _unreadable(path, error)
        return
    if stat.S_ISDIR(mode):
        files = [place for name in names if not name.startswith(".") and _is_file(place := os.path.join(path, name))]
        yield from files
        if not files:
            yield Reject(_shown(path), "no files in this directory (subdirectories are not read)")
    elif stat.S_ISCHR(mode) or stat.S_ISBLK(mode) or stat.S_ISSOCK(mode):
        yield Reject(_shown(path), "this is a device or a socket, not a file; for standard input say -")
    else:
        yield path


def _is_file(path: str) -> bool:
    """Tell whether a directory's entry is to be read: a file, or a link to nowhere, so that it is reported."""
    return os.path.isfile(path) or not os.path.exists(path)


def _total(places: list[str | Reject]) -> int | None:
    """Return how many bytes there are to read, `None` if a pipe is among them."""
    total = 0
    for place in places:
        if isinstance(place, Reject):
            continue
        if place == _STANDARD_INPUT or not os.path.isfile(place):
            return None
        total += Path(place).stat().st_size
    return total


def _read_file(path: str, context: Context, progress: Progress) -> Iterator[Piece]:
    try:
        file = open(path, "rb", buffering=0)  # noqa: SIM115 - closed below; opening alone is to be caught
    except OSError as error:
        yield _unreadable(path, error)
        return
    with file:
        yield from _pieces(file, _shown(path), context, progress)


def _pieces(file: BinaryIO | io.FileIO, name: str, context: Context, progress: Progress) -> Iterator[Piece]:
    """Yield the events and rejects of one open file."""
    stream = Stream(file, progress)
    buffered = io.BufferedReader(stream, BUFFER)
    reason = hints.about_file(buffered.peek(BUFFER))
    if reason:
        yield Reject(name, reason)
    else:
        yield from _lines(buffered, name, context)
    if stream.damage:
        yield Reject(name, stream.damage)


def _lines(buffered: io.BufferedReader[Stream], name: str, context: Context) -> Iterator[Piece]:
    documents = Documents(name, context)
    readline, check, number = buffered.readline, json_text.check, 0
    while line := readline(MAX_DOCUMENT):
        number += 1
        if line.startswith(PLAIN_EVENT) and not documents.busy:
            try:
                text = check(line)
            except json_text.JsonError:
                pass
            else:
                yield event(text, f"{name}:{number}", context)
                continue
        if documents.busy and documents.goes_on(line):
            continue
        if len(line) == MAX_DOCUMENT and not line.endswith(b"\n"):
            head = line[:KEPT]
            size = len(line)
            del line
            size += _skip_line(buffered)
            yield from documents.long_line(head, number, size)
        else:
            yield from documents.line(line, number)
    yield from documents.end()


def _skip_line(buffered: io.BufferedReader[Stream]) -> int:
    """Read to the end of the line; return how many bytes that were."""
    size = 0
    while piece := buffered.readline(_SKIPPED_AT_ONCE):
        size += len(piece)
        if piece.endswith(b"\n"):
            break
    return size


def _unreadable(path: str, error: OSError | ValueError) -> Reject:
    what = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return Reject(_shown(path), f"cannot be read: {what}")


def _shown(path: str) -> str:
    """Return the path in characters that can be printed, whatever bytes it has."""
    return path.encode(errors="backslashreplace").decode()
