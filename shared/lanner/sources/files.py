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
from typing import TYPE_CHECKING, cast

from lanner.fields import json_text
from lanner.fields.block import Block
from lanner.sources import hints
from lanner.sources.apiserver import PLAIN_EVENT, event
from lanner.sources.documents import Documents
from lanner.sources.draft import KEPT, MAX_DOCUMENT
from lanner.sources.reject import MAX_EVENT_SIZE, Context, Piece, Reject
from lanner.sources.stream import Lines, Progress, Stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

__all__ = ["read", "read_blocks"]

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
    return cast("Iterator[Piece]", _read(paths, context, progress or Progress(), blocks=False))


def read_blocks(
    paths: Sequence[str | Path],
    *,
    provider: str = "",
    cluster: str = "",
    max_size: int = MAX_EVENT_SIZE,
    drop_larger: bool = False,
    progress: Progress | None = None,
) -> Iterator[Piece | Block]:
    """Do as `read` does, but offer many lines at once where they look like events, as a `Block`.

    Of a block that is not taken before the next piece is asked for, the lines follow one by one.
    """
    return _read(paths, Context(provider, cluster, max_size, drop_larger), progress or Progress(), blocks=True)


def _read(
    paths: Sequence[str | Path], context: Context, progress: Progress, *, blocks: bool
) -> Iterator[Piece | Block]:
    found = [place for path in paths for place in _expand(str(path))]
    progress.total_bytes = _total(found)
    for place in found:
        if isinstance(place, Reject):
            yield place
        elif place == _STANDARD_INPUT:
            yield from _pieces(sys.stdin.buffer, "<stdin>", context, progress, blocks=blocks)
        else:
            yield from _read_file(place, context, progress, blocks=blocks)


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


def _read_file(path: str, context: Context, progress: Progress, *, blocks: bool) -> Iterator[Piece | Block]:
    try:
        file = open(path, "rb", buffering=0)  # noqa: SIM115 - closed below; opening alone is to be caught
    except OSError as error:
        yield _unreadable(path, error)
        return
    with file:
        yield from _pieces(file, _shown(path), context, progress, blocks=blocks)


def _pieces(
    file: BinaryIO | io.FileIO, name: str, context: Context, progress: Progress, *, blocks: bool
) -> Iterator[Piece | Block]:
    """Yield the events and rejects of one open file, and blocks if they are welcome."""
    stream = Stream(file, progress)
    lines = Lines(stream)
    reason = hints.about_file(lines.beginning())
    if reason:
        yield Reject(name, reason)
    else:
        yield from _events(lines, name, context, blocks=blocks)
    if stream.damage:
        yield Reject(name, stream.damage)


def _events(lines: Lines, name: str, context: Context, *, blocks: bool) -> Iterator[Piece | Block]:
    documents = Documents(name, context)
    number = 0
    while True:
        text = lines.block() if blocks and not documents.busy else b""
        if text.startswith(PLAIN_EVENT) and len(text) <= context.max_size:
            block = Block(text, name, number + 1, context.provider, context.cluster)
            yield block
            if block.events:
                number += block.events
                continue
        if text:
            for line in io.BytesIO(text):
                number += 1
                yield from _line(line, number, documents, name, context)
            continue
        line = lines.line(MAX_DOCUMENT)
        number += 1
        if not line:
            break
        if len(line) == MAX_DOCUMENT and not line.endswith(b"\n"):
            head = line[:KEPT]
            size = len(line)
            del line
            yield from documents.long_line(head, number, size + _skip_line(lines))
        else:
            yield from _line(line, number, documents, name, context)
    yield from documents.end()


def _line(line: bytes, number: int, documents: Documents, name: str, context: Context) -> Iterator[Piece]:
    if line.startswith(PLAIN_EVENT) and not documents.busy:
        try:
            text = json_text.check(line)
        except json_text.JsonError:
            pass
        else:
            yield event(text, f"{name}:{number}", context)
            return
    if not (documents.busy and documents.goes_on(line)):
        yield from documents.line(line, number)


def _skip_line(lines: Lines) -> int:
    """Read to the end of the line; return how many bytes that were."""
    size = 0
    while piece := lines.line(_SKIPPED_AT_ONCE):
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
