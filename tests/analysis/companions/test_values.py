"""YAML values of events, and merging them."""

import json

import msgspec
import pytest

from lanner.analysis.companions.values import encoded, from_json, merged, native, value_of
from lanner.ruleset.diagnostics import Invalid
from lanner.ruleset.yaml_reader import decode, documents


def parsed(text: str):
    return value_of(documents(decode("x.yaml", text.encode()), [])[0])


def as_json(text: str) -> str:
    return encoded(parsed(text)).decode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: b", '{"a":"b"}'),
        ("[1, -2.50, 1e400, 123456789012345678901234567890]", "[1,-2.50,1e400,123456789012345678901234567890]"),
        ("[true, False, TRUE, null, ~, ]", "[true,false,true,null,null]"),
        ("['true', \"1\", 'null', '', !!str 1, ! 2]", '["true","1","null","","1","2"]'),
        ("[10.20.0.5, 1.2.3, 2026-11-20, 10:30, 6d5f, -, yesterday, 'yes']",
         '["10.20.0.5","1.2.3","2026-11-20","10:30","6d5f","-","yesterday","yes"]'),
        ("{1: a, true: b, '<<': c, on: d}", '{"1":"a","true":"b","<<":"c","on":"d"}'),
        ("a: |\n  x\n  y\n", '{"a":"x\\ny\\n"}'),
        ('"\\e\\u20ac"', '"\\u001b€"'),
        ("a: &x {b: 1}\nc: *x", '{"a":{"b":1},"c":{"b":1}}'),
    ],
)  # fmt: skip
def test_values(text, expected):
    assert as_json(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("!json null", "null"),
        ('a: !json \'{"x": null, "x": 1}\'', '{"a":{"x": null, "x": 1}}'),
        ("a: !json |\n  [1,\n   2]\n", '{"a":[1,\n 2]}'),
        ("a: &n !json '01'\nb: *n", '{"a":01,"b":01}'),
        ("a: !json &n '{}'\nb: *n", '{"a":{},"b":{}}'),
        (r"""!json '"\ud800"'""", r'"\ud800"'),
    ],
)
def test_json_stands_as_it_is_written(text, expected):
    assert as_json(text) == expected


@pytest.mark.parametrize(
    "text",
    ["yes", "no", "On", "OFF", "010", "+1", "1_000", "0x1F", "0o17", ".5", "1.", "+1.5", ".inf", "-.INF", ".NaN"],
)
def test_what_can_be_read_in_two_ways_is_refused(text):
    with pytest.raises(Invalid) as refused:
        parsed(f"a: {text}")
    assert refused.value.diagnostic.message == f"'{text}' can be read in two ways"
    assert str(refused.value.diagnostic.place) == "x.yaml:1:4"
    assert as_json(f"a: '{text}'") == json.dumps({"a": text}, separators=(",", ":"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("!int 3", "the tag !int means nothing here"),
        ("!!int '3'", "the tag !!int means nothing here"),
        ("!set {a, b}", "the tag !set means nothing here"),
        ("a: &x !json [1]", "the tag !json means nothing here"),
        ("!json '{'", "this is not JSON"),
        ("!json", "this is not JSON"),
        ("{[a]: 1}", "a key of an event is a text"),
        ("{a: {<<: {b: 1}}}", "the key '<<' merges nothing here"),
    ],
)
def test_wrong_values(text, message):
    with pytest.raises(Invalid) as refused:
        parsed(text)
    assert refused.value.diagnostic.message.startswith(message)


@pytest.mark.parametrize(
    ("base", "change", "expected"),
    [
        ({"a": 1, "b": 2}, {"b": 3, "c": 4}, {"a": 1, "b": 3, "c": 4}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": None}}, {"a": {"c": 2}}),
        ({"a": 1}, {"a": {"b": None, "c": {"d": None}}}, {"a": {"c": {}}}),
        ({"a": [1, 2]}, {"a": [None, {"b": None}]}, {"a": [None, {"b": None}]}),
        ({"a": {"b": 1}}, {"a": "x"}, {"a": "x"}),
        ({"a": 1}, {"b": None}, {"a": 1}),
        ({"a": {"b": 1}}, {"a": msgspec.Raw(b"null")}, {"a": None}),
        ({}, {}, {}),
    ],
)
def test_merging(base, change, expected):
    before = json.dumps(base)
    assert native(merged(base, change)) == expected
    assert json.dumps(base) == before


def test_json_files_can_be_merged():
    value = from_json(b'{"a": {"b": 1.50, "c": 12345678901234567890123}, "d": null}')
    assert encoded(merged(value, {"a": {"x": True}})) == (
        b'{"a":{"b":1.50,"c":12345678901234567890123,"x":true},"d":null}'
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"a": 1, "a": 2}', "a key twice"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": }', "Expecting value"),
        (b"[" * 301 + b"]" * 301, "deeper than 300"),
        (rb'"\ud800"', "half of a surrogate pair"),
        (b'"\xff"', "utf-8"),
        (b"", "Expecting value"),
    ],
)
def test_json_that_cannot_be_merged(content, message):
    with pytest.raises(ValueError, match=message):
        from_json(content)


@pytest.mark.parametrize("text", ["!json '01'", "1e400"])
def test_values_that_python_does_not_have(text):
    with pytest.raises(ValueError, match=r".+"):
        native(parsed(text))
