"""Blocks: lines that are taken together, and the events in them."""

from __future__ import annotations

from lanner.fields import RawEvent
from lanner.fields.block import Block


def test_the_events_of_a_block_tell_where_they_stand() -> None:
    block = Block(b'{"a":1}\n{"b":2}\n{"c":3}\n', "audit.log", 41, "eks", "prod")
    assert block.raw(2) == RawEvent(b'{"c":3}', "eks", "prod", None, "audit.log:43")
    assert block.raw(0) == RawEvent(b'{"a":1}', "eks", "prod", None, "audit.log:41")


def test_a_block_is_not_taken_until_somebody_says_so() -> None:
    block = Block(b"{}\n{}\n", "log", 1)
    assert (block.events, block.provider, block.cluster) == (0, "", "")
    block.take(2)
    assert block.events == 2
