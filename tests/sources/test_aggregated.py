"""Kinesis records that hold several: taken apart, and left as they are where they only look like it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws_data import aggregate, sealed, varint
from lanner.sources.aggregated import disaggregated

MAGIC = b"\xf3\x89\x9a\xc2"


@given(st.lists(st.binary(max_size=300), max_size=5))
def test_the_records_of_an_aggregate(data: list[bytes]) -> None:
    assert disaggregated(aggregate(*data)) == data


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b'{"kind":"Event"}',
        MAGIC,
        MAGIC + b"x" * 40,
        aggregate(b"a")[:-1] + b"x",
        sealed(b"\xff"),
        sealed(b"\xff" * 20),
        sealed(varint(3 << 3 | 2) + varint(99) + b"short"),
        sealed(varint(3 << 3 | 5) + b"\x00\x00\x00\x00"),
        sealed(varint(3 << 3 | 2)),
    ],
)
def test_what_is_no_aggregate_stays_as_it_is(record: bytes) -> None:
    assert disaggregated(record) == [record]
