"""A group that touches its `or`, which Falco does not always take (docs/compatibility.md, difference i)."""

from __future__ import annotations

import re

__all__ = ["glued_or"]

_TOKEN = re.compile(
    r"""
    (?P<text> "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' )
  | (?P<glued> (?<![^\s()]) or\( )
  | (?P<open> \( )
  | (?P<close> \) )
  | (?P<and> (?<![^\s()]) and (?![^\s(]) )
  | (?P<word> [^\s()"']+ )
    """,
    re.VERBOSE | re.DOTALL,
)


def glued_or(condition: str) -> int | None:
    """Return where an `or` touches a group that an `and` follows, `None` if that is nowhere so.

    Takes time in proportion to the condition's length.
    """
    groups: list[int | None] = []
    closed: int | None = None  # the glued `or` whose group has just ended
    for token in _TOKEN.finditer(condition):
        kind = token.lastgroup
        if kind == "and" and closed is not None:
            return closed
        closed = None
        if kind == "glued":
            groups.append(token.start())
        elif kind == "open":
            groups.append(None)
        elif kind == "close" and groups:
            closed = groups.pop()
    return None
