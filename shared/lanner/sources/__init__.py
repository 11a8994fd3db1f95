"""Where audit events come from: one module per envelope, each giving `RawEvent`s and `Reject`s in their order.

`envelopes` tells which of them is to read a document, `files` finds the documents.
"""

from lanner.sources.apiserver import events
from lanner.sources.files import read, read_blocks
from lanner.sources.other import Other
from lanner.sources.reject import MAX_EVENT_SIZE, Context, Piece, Reject
from lanner.sources.stream import Progress

__all__ = ["MAX_EVENT_SIZE", "Context", "Other", "Piece", "Progress", "Reject", "events", "read", "read_blocks"]
