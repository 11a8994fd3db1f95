"""Records that rightly are no audit events: they share a log, a topic or a stream with them."""

from __future__ import annotations

from lanner.sources.reject import Reject

__all__ = ["Other"]


class Other(Reject, frozen=True):
    """A record of another kind, such as a control message or another service's log entry.

    Nothing is wrong with it, so it is worth counting, but no dead letter. Its text is not kept.
    """
