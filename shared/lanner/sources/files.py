"""Audit events from files, directories and standard input: logs (JSON lines), JSON documents, packed or not.

A file may hold one payload a line, as API servers write it; one pretty-printed document; or several documents after
each other. A document is an audit event, a list of them, or what a provider delivers them in (`envelopes`). Whatever
cannot be read becomes a `Reject`, and reading goes on behind it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast

from lanner.sources import hints
from lanner.sources.payloads import Payloads
from lanner.sources.places import STANDARD_INPUT, places, shown, total_size, unreadable
from lanner.sources.reject import MAX_EVENT_SIZE, Context, Piece, Reject
from lanner.sources.stream import Lines, Progress, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from lanner.fields.block import Block
    from lanner.sources.places import Place
    from lanner.sources.stream import Readable

__all__ = ["read", "read_blocks", "read_places"]


def read(
    paths: Sequence[str | Path],
    *,
    provider: str = "",
    cluster: str = "",
    max_size: int = MAX_EVENT_SIZE,
    drop_larger: bool = False,
    envelope: str = "",
    progress: Progress | None = None,
) -> Iterator[Piece]:
    """Yield the events of all `paths` in their order, and a reject for every piece that is none.

    A path is a file, a directory (the files in it, sorted by name; no hidden ones, no subdirectories) or `-` for
    standard input. gzip data is unpacked, whatever the file's name. `provider`, `cluster`, `max_size` (bytes) and
    `drop_larger` are those of `lanner.sources.apiserver.events`, `envelope` is that of `Context`; `progress` is kept
    up to date while reading.

    Nothing is raised for a path that cannot be read: it becomes a reject whose origin is the path. Memory stays
    below a few times `MAX_DOCUMENT`, whatever the input holds.
    """
    context = Context(provider, cluster, max_size, drop_larger, envelope)
    return cast("Iterator[Piece]", _read(paths, context, progress or Progress(), blocks=False))


def read_blocks(
    paths: Sequence[str | Path],
    *,
    provider: str = "",
    cluster: str = "",
    max_size: int = MAX_EVENT_SIZE,
    drop_larger: bool = False,
    envelope: str = "",
    progress: Progress | None = None,
) -> Iterator[Piece | Block]:
    """Do as `read` does, but offer many lines at once where they look like events, as a `Block`.

    Of a block that is not taken before the next piece is asked for, the lines follow one by one. A scan finds its
    places first, to share them out, and calls `read_places`; this is for whoever has paths, as `read` is.
    """
    context = Context(provider, cluster, max_size, drop_larger, envelope)
    return _read(paths, context, progress or Progress(), blocks=True)


def read_places(
    found: Iterable[Place], context: Context, progress: Progress, *, blocks: bool
) -> Iterator[Piece | Block]:
    """Do as `read` or `read_blocks` does, for what paths were found to stand for."""
    for place in found:
        if isinstance(place, Reject):
            yield place
        elif place == STANDARD_INPUT:
            yield from _pieces(sys.stdin.buffer, "<stdin>", context, progress, blocks=blocks)
        else:
            yield from _read_file(place, context, progress, blocks=blocks)


def _read(
    paths: Sequence[str | Path], context: Context, progress: Progress, *, blocks: bool
) -> Iterator[Piece | Block]:
    found = places(paths)
    progress.total_bytes = total_size(found)
    yield from read_places(found, context, progress, blocks=blocks)


def _read_file(path: str, context: Context, progress: Progress, *, blocks: bool) -> Iterator[Piece | Block]:
    try:
        file = open(path, "rb", buffering=0)  # noqa: SIM115 - closed below; opening alone is to be caught
    except OSError as error:
        yield unreadable(path, error)
        return
    with file:
        yield from _pieces(file, shown(path), context, progress, blocks=blocks)


def _pieces(
    file: BinaryIO | Readable, name: str, context: Context, progress: Progress, *, blocks: bool
) -> Iterator[Piece | Block]:
    """Yield the events and rejects of one open file, and blocks if they are welcome."""
    stream = unpacked(file, progress)
    lines = Lines(stream)
    reason = hints.about_file(lines.beginning())
    if reason:
        yield Reject(name, reason)
    else:
        yield from Payloads(lines, name, context, blocks=blocks)
    if stream.damage:
        yield Reject(name, stream.damage)
