"""JSON values as Python objects, read as API servers read them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanner.fields import json_text, tree


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'{"a":[1,true,null,"x"]}', {"a": [1, True, None, "x"]}),
        (b'{"a":1,"b":2,"a":3}', {"a": 3, "b": 2}),
        (b'{"a":{"b":1},"a":{"c":2}}', {"a": {"c": 2}}),
        (rb'{"\u0061":1,"a":2}', {"a": 2}),
        (rb'{"a":1,"\u0061":2}', {"a": 2}),
        (b"1.0", 1),
        (b"1e3", 1000),
        (b"1.5", 1.5),
        (b"-0", 0),
        (b"-0.0", 0),
        (b"1e400", "1e400"),
        (b"1e20", 1e20),
        (b"9223372036854775808", 2**63),
        # what is no Unicode becomes U+FFFD where it is read (halves of pairs: where it is written)
        (b'"\xff"', "\ufffd"),
        (rb'"\ud800"', "\ud800"),
        (b'{"a":1,"\xff":2,"a":3}', {"a": 3, "\ufffd": 2}),
        (b'["\xff",1.0,2.5,7]', ["\ufffd", 1, 2.5, 7]),
        (b'"a\nb"', "a\nb"),
        (b'["\xff",NaN]', ["\ufffd", "NaN"]),
        (b"[" + b"9" * 5000 + b',"\xff"]', ["9" * 5000, "\ufffd"]),
        # and what no server takes
        (b"nan", None),
        (b"[1.2.3]", None),
        (rb'"\q"', None),
        (b"[01]", None),
    ],
)
def test_decoded(text: bytes, value: Any) -> None:
    found = tree.decoded(text)
    assert found == value
    assert type(found) is type(value)


def test_what_nests_as_deep_as_events_may_is_read() -> None:
    for text in (b"[" * 299 + b"]" * 299, b'{"a":' * 290 + b'"\xff"' + b"}" * 290):
        assert tree.encoded(tree.decoded(text)) == text.replace(b"\xff", "\ufffd".encode())


def test_what_nests_deeper_is_nothing() -> None:
    assert tree.decoded(b'["\xff",' * 100_000 + b"]" * 100_000) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1, None, "x"], "b": {}}, '{"a":[1,null,"x"],"b":{}}'),
        (["\ud800", "\ud83d\ude00", "\ud800x", True, 2.5, {}, []], '["\ufffd","\U0001f600","\ufffdx",true,2.5,{},[]]'),
        ({"\udc80": {"b": "\n", "c": ["\udc80"]}, "d": None}, '{"\ufffd":{"b":"\\n","c":["\ufffd"]},"d":null}'),
    ],
)
def test_encoded(value: Any, text: str) -> None:
    assert tree.encoded(value) == text.encode()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@given(JSON, st.booleans(), st.sampled_from([None, 1]))
def test_any_strict_json_is_read_and_written(value: Any, is_ascii: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=is_ascii, indent=indent).encode()
    assert tree.decoded(text) == value
    assert tree.decoded(tree.encoded(value)) == value


@given(st.binary(max_size=30))
def test_anything_is_read_and_written(text: bytes) -> None:
    value = tree.decoded(text)
    again = tree.encoded(value)
    json_text.check(again)
    assert tree.encoded(tree.decoded(again)) == again
