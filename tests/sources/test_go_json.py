"""JSON as Go's encoder writes it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanner.sources import go_json

decode = go_json.decoder(Any).decode


def through(text: str) -> str:
    return go_json.encode(decode(go_json.mark_integers(text.encode()))).decode()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("0", "0"),
        ("-0", "-0"),
        ("-0.0", "-0"),
        ("10", "10"),
        ("10.0", "10"),
        ("100e-2", "1"),
        ("1E+2", "100"),
        ("0.10", "0.1"),
        ("0.000001", "0.000001"),
        ("0.00000123", "0.00000123"),
        ("0.0000001", "1e-7"),
        ("1.5e-7", "1.5e-7"),
        ("5e-324", "5e-324"),
        ("1e-400", "0"),
        ("9007199254740992", "9007199254740992"),
        ("9007199254740993", "9007199254740992"),
        ("-9007199254740993", "-9007199254740992"),
        ("12345678901234567890", "12345678901234567000"),
        ("1e20", "100000000000000000000"),
        ("1e21", "1e+21"),
        ("123456789012345678901234", "1.2345678901234569e+23"),
        ("1.7976931348623157e308", "1.7976931348623157e+308"),
        ("1e400", "1e400"),
        ("3.141592653589793238", "3.141592653589793"),
        ("1" * 5000, "1" * 5000),
    ],
)
def test_numbers(text: str, wanted: str) -> None:
    assert through(f'[{text}, {{"a":{text}}}]') == f'[{wanted},{{"a":{wanted}}}]'


def test_digits_in_strings_and_keys_stay() -> None:
    text = '{"-0":"a-0,-0 1234567890123456789","1234567890123456789":[-0,"\\\\"],"x":"\\",-0"}'
    assert through(text) == text


def test_keys_are_in_the_order_of_their_bytes() -> None:
    keys = ["é", "z", "a", "A", "_", "😀", "\uffee", "a.b", "a-b", "10", "9", "", " "]
    found = json.loads(through(json.dumps(dict.fromkeys(keys, 1))))
    assert list(found) == sorted(keys, key=str.encode)


def test_escapes() -> None:
    text = json.dumps({"<k>": 'a<b>&c\u2028\u2029\u20ac\x7f\x00\b\f\n\r\t/\\"'}, ensure_ascii=False)
    assert through(text) == (
        '{"\\u003ck\\u003e":"a\\u003cb\\u003e\\u0026c\\u2028\\u2029\u20ac\x7f\\u0000\\b\\f\\n\\r\\t/\\\\\\""}'
    )


@given(st.recursive(st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(), st.lists))
def test_the_value_is_the_same_up_to_double_precision(value: Any) -> None:
    def doubles(item: Any) -> Any:
        if isinstance(item, list):
            return [doubles(inner) for inner in item]
        return item if isinstance(item, str) else float(item)

    assert doubles(json.loads(through(json.dumps(value)))) == doubles(value)
