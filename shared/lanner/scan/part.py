"""A part of a run's result, such as one process hands to another."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from lanner.alerts import Note, Statistics
from lanner.sources import Reject

__all__ = ["Output", "Part"]

Output: TypeAlias = bytes | Reject
"""The line of an alert, with its end, or a piece of input that could not be read."""


class Part(msgspec.Struct):
    """What came of some of the input. Parts follow each other as the input does.

    `output` is what is to be shown or kept, in order. `statistics` counts what is in this part alone, and rejects that
    nobody wants to see, too. `notes` are for the summary, if there is to be one. `weight` tells roughly how many bytes
    the part takes, `bytes_read` how many of the input were read for it.
    """

    output: list[Output] = []
    notes: list[Note] = []
    statistics: Statistics = msgspec.field(default_factory=lambda: Statistics(()))
    weight: int = 0
    bytes_read: int = 0
