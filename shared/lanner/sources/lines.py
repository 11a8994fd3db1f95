"""One line of an API server's log, as a provider passes it on: an event, or the beginning of one that was cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from lanner.fields import RawEvent, json_text
from lanner.sources import apiserver
from lanner.sources.cut import MARK, salvaged_event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lanner.sources.reject import Context, Piece

__all__ = ["line_events"]

_BLANK = b" \t\r\n"


def line_events(
    line: bytes, origin: str, context: Context, received: int | None, *, marks_cuts: bool = True
) -> Iterator[Piece]:
    """Yield the event that a line is, or what else it holds; `received` is the envelope's time in nanoseconds.

    Unless the provider `marks_cuts` as EKS does, a line that is no JSON counts as cut if it begins like an object.
    Never raises.
    """
    text = line.strip(_BLANK)
    if text.endswith(MARK):
        yield salvaged_event(text.removesuffix(MARK), origin, context, received)
        return
    try:
        value = apiserver.whole(text)
    except json_text.JsonError:
        if marks_cuts or not text.startswith(b"{"):
            yield from apiserver.payload_events(text, origin, context)  # which says what is wrong
        else:
            yield salvaged_event(text, origin, context, received)
        return
    for piece in apiserver.value_events(value, origin, context):
        yield msgspec.structs.replace(piece, received=received) if isinstance(piece, RawEvent) else piece
