"""The JSON model of spec/fields.md section 2."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanner.fields import json_text
from lanner.fields.json_text import JsonError

DEEP = 100_000
QUICK = settings(deadline=None, max_examples=60)

# ---------------------------------------------------------------------------------------------- what is JSON at all

ACCEPTED = {
    "blanks around": (b" \t\r\n{} \n", b"{}"),
    "number of odd shape": b"1.2.3",
    "signs": b"--4",
    "leading zero": b"01",
    "lone sign": b"-",
    "exponent alone": b"e",
    "inf": b"inf",
    "negative inf": b"-inf",
    "inf in capitals": b"+INF",
    "nan": b"nan",
    "signed nan": b"-NaN",
    "nan in an array": b"[nAn,-Inf]",
    "control characters in a string": b'"\x01\n\x00"',
    "invalid UTF-8 in a string": b'"\xff\xfe"',
    "unknown escape": rb'"\q"',
    "malformed unicode escape": rb'"\u12"',
    "lone surrogate": rb'"\ud800"',
    "escaped quote": rb'["\"","\\"]',
    "empty containers": b"[ {} , [ ] ]",
    "duplicate keys": b'{"a":1,"a":2}',
    "literals": b"[true,false,null]",
}

REFUSED = {
    "empty": (b"", "the JSON text ends too early", 0),
    "blanks only": (b" \n", "the JSON text ends too early", 0),
    "two values": (b"1 2", "something follows the JSON value at byte 3", 2),
    "two objects": (b'{}\n{"a":1}', "something follows the JSON value at byte 4", 3),
    "longer literal": (b"truely", "something follows the JSON value at byte 5", 4),
    "number, then letters": (b"1x", "something follows the JSON value at byte 2", 1),
    "other letters": (b"tru", "unexpected b't' at byte 1", 0),
    "capital literal": (b"True", "unexpected b'T' at byte 1", 0),
    "byte order mark": (b"\xef\xbb\xbf{}", "unexpected b'\\xef' at byte 1", 0),
    "other blank": (b"\x0b1", "unexpected b'\\x0b' at byte 1", 0),
    "unknown word in an array": (b"[1, x]", "unexpected b'x' at byte 5", 4),
    "blanks before do not count": (b"  [1, x]", "unexpected b'x' at byte 5", 4),
    "trailing comma": (b"[1,]", "unexpected b']' at byte 4", 3),
    "trailing comma in an object": (b'{"a":1,}', "unexpected b'}' at byte 8", 7),
    "comma alone": (b"{,}", "unexpected b',' at byte 2", 1),
    "comma first": (b"[,1]", "unexpected b',' at byte 2", 1),
    "no comma": (b"[1 2]", "unexpected b'2' at byte 4", 3),
    "no comma before a string": (b'["a" "b"]', "unexpected string at byte 6", 5),
    "no colon": (b'{"a" 1}', "unexpected b'1' at byte 6", 5),
    "no value": (b'{"a"}', "unexpected b'}' at byte 5", 4),
    "colon for value": (b'{"a"::1}', "unexpected b':' at byte 6", 5),
    "key that is no string": (b"{1:2}", "unexpected b'1' at byte 2", 1),
    "key that is an object": (b"{{}:2}", "unexpected b'{' at byte 2", 1),
    "container where a comma belongs": (b"[1[]]", "unexpected b'[' at byte 3", 2),
    "colon in an array": (b'["a":1]', "unexpected b':' at byte 5", 4),
    "close without open": (b"]", "unexpected b']' at byte 1", 0),
    "wrong close": (b"[}", "unexpected b'}' at byte 2", 1),
    "crossed": (b'{"a":1]', "unexpected b']' at byte 7", 6),
    "unclosed array": (b"[1,", "the JSON text ends too early", 3),
    "unclosed object": (b'{"a":', "the JSON text ends too early", 5),
    "unclosed string": (b'["ab', "a string that begins at byte 2 does not end", 1),
    "escape at the end": (b'"\\', "a string that begins at byte 1 does not end", 0),
    "unclosed key": (b'{"a', "a string that begins at byte 2 does not end", 1),
}


@pytest.mark.parametrize("case", ACCEPTED.values(), ids=list(ACCEPTED))
def test_check_accepts_what_falcos_lenient_parser_accepts(case: bytes | tuple[bytes, bytes]) -> None:
    text, value = case if isinstance(case, tuple) else (case, case)
    assert json_text.check(text) == value


@pytest.mark.parametrize(("text", "message", "position"), REFUSED.values(), ids=list(REFUSED))
def test_check_says_what_is_wrong_and_where(text: bytes, message: str, position: int) -> None:
    with pytest.raises(JsonError) as caught:
        json_text.check(text)
    assert (str(caught.value), caught.value.position) == (message, position)


def test_a_large_text_must_be_strict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_text, "MAX_LENIENT", 10)
    assert json_text.check(b'["12345678"]') == b'["12345678"]'
    assert json_text.check(b" [nan,nan] ") == b"[nan,nan]"
    with pytest.raises(JsonError, match="with 13 bytes it is too large to be read leniently") as caught:
        json_text.check(b"[nan,nan,nan]")
    assert caught.value.position == 0


def test_number_texts_are_kept_verbatim() -> None:
    for number in (b"200", b"1.0", b"1e3", b"-0", b"1.2.3", b"0001", b"-inf", b"1E+2"):
        assert json_text.render(json_text.members(b'{"n":' + number + b"}")["n"]) == number


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        (b"1", True),
        (b"[" * 300 + b"]" * 300, True),
        (b"[" * 301 + b"]" * 301, False),
        (b'{"a":' * 301 + b"1" + b"}" * 301, False),
        (b"[" + b"[]," * 500 + b"{}]", True),
        (b'["' + b"[" * 500 + b'"]', True),
        (rb'["\"' + b"[" * 500 + b'"]', True),
    ],
    ids=[
        "scalar",
        "300 levels",
        "301 arrays",
        "301 objects",
        "wide",
        "brackets in a string",
        "behind an escaped quote",
    ],
)
def test_nesting_deeper_than_300_levels_is_found(text: bytes, fits: bool) -> None:
    assert json_text.within_depth(json_text.check(text)) is fits


# ------------------------------------------------------------------------------------------------ members, elements

MEMBERS = {
    "empty": (b"{}", {}),
    "empty with blanks": (b"{ \n}", {}),
    "in source order": (b'{"b":1,"a":2}', {"b": b"1", "a": b"2"}),
    "values verbatim": (b'{"a":1.00,"b":[ 1 ],"c":"\\u0041"}', {"a": b"1.00", "b": b"[ 1 ]", "c": b'"\\u0041"'}),
    "blanks between tokens": (b'{ "a" : 1 ,\n"b"\t: {"c": 2} }', {"a": b"1", "b": b'{"c":2}'}),
    "first of duplicates": (b'{"a":1,"b":2,"a":3}', {"a": b"1", "b": b"2"}),
    "first of duplicates, slowly": (b'{"a":1,"b":nan,"a":3}', {"a": b"1", "b": b"nan"}),
    "escaped key": (rb'{"\u0061":1}', {"a": b"1"}),
    "unescaped before escaped": (rb'{"\u0061":1,"a":2}', {"a": b"2"}),
    "first of escaped": (rb'{"\u0061":1,"\u0061":2}', {"a": b"1"}),
    "case matters": (b'{"A":1,"a":2}', {"A": b"1", "a": b"2"}),
    "empty key": (b'{"":1}', {"": b"1"}),
    "key beyond ASCII": ('{"é":1}'.encode(), {"é": b"1"}),
    "invalid UTF-8 in a key": (b'{"\xff":1,"a":2}', {"\udcff": b"1", "a": b"2"}),
    "lone surrogate in a key": (rb'{"\ud800":1}', {r"\ud800": b"1"}),
    "control character in a key": (b'{"\x01":1}', {"\x01": b"1"}),
    "array": (b'["a"]', {}),
    "string": (b'"a"', {}),
    "number": (b"1", {}),
    "null": (b"null", {}),
}


def _compact(members: dict[str, bytes]) -> dict[str, bytes]:
    """Whether the blanks inside a member's value are still there is not promised."""
    return {key: json_text.compact(value) for key, value in members.items()}


@pytest.mark.parametrize(("text", "members"), MEMBERS.values(), ids=list(MEMBERS))
def test_members(text: bytes, members: dict[str, bytes]) -> None:
    assert _compact(json_text.members(text)) == _compact(members)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (b"{}", []),
        (b'{ "b":1, "a":{"c":2} }', [b"b", b"a"]),
        (b'{"a":1,"b":2,"a":3}', [b"a", b"b", b"a"]),
        (rb'{"\u0062":1,"a":2,"\/":3}', [b"b", b"a", b"/"]),
        (b'{"\xff":nan}', [b"\xff"]),
        (b'["a"]', []),
        (b"null", []),
    ],
)
def test_keys_are_all_in_source_order(text: bytes, keys: list[bytes]) -> None:
    assert json_text.keys(text) == keys


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        (b"[]", []),
        (b"[ ]", []),
        (b'[1, "a" ,\n[2, 3],{"b":4}]', [b"1", b'"a"', b"[2, 3]", b'{"b":4}']),
        (b'[nan, "\x01" ,[2, nan], {"b":--4} ]', [b"nan", b'"\x01"', b"[2, nan]", b'{"b":--4}']),
        (b'{"a":1}', []),
        (b"null", []),
    ],
)
def test_elements(text: bytes, elements: list[bytes]) -> None:
    assert json_text.elements(text) == elements


def test_objects_and_arrays_are_told_by_their_first_byte() -> None:
    values = (b"{}", b"[]", b'"{"', b"1", b"null")
    assert [json_text.is_object(value) for value in values] == [True, False, False, False, False]
    assert [json_text.is_array(value) for value in values] == [False, True, False, False, False]


# ---------------------------------------------------------------------------------------------------------- lookup

GET = {
    "key": (b'{"a":{"b":1}}', "a", b'{"b":1}'),
    "absent key": (b'{"a":1}', "b", None),
    "null is present": (b'{"a":null}', "a", b"null"),
    "index": (b"[10,20]", "1", b"20"),
    "index with plus": (b"[10,20]", "+1", b"20"),
    "index with zeros": (b"[10,20]", "0001", b"20"),
    "index with many zeros": (b"[10,20]", "0" * 5000 + "1", b"20"),
    "minus zero": (b"[10,20]", "-0", b"10"),
    "negative index": (b"[10,20]", "-1", None),
    "index outside": (b"[10,20]", "2", None),
    "huge index": (b"[10,20]", "9" * 5000, None),
    "no index": (b"[10,20]", "a", None),
    "empty index": (b"[10,20]", "", None),
    "index with a blank": (b"[10,20]", " 1", None),
    "digits beyond ASCII": (b"[10,20]", "\u0661", None),
    "index of an object is a key": (b'{"1":5}', "1", b"5"),
    "step on a string": (b'"ab"', "0", None),
    "step on a number": (b"12", "0", None),
    "step on true": (b"true", "a", None),
    "step on null": (b"null", "a", None),
}


@pytest.mark.parametrize(("text", "key", "value"), GET.values(), ids=list(GET))
def test_get(text: bytes, key: str, value: bytes | None) -> None:
    assert json_text.get(text, key) == value


# ---------------------------------------------------------------------------------------------------------- render

RENDER = {
    "string": (rb'"a\/b"', b"a/b"),
    "number": (b"1.0", b"1.0"),
    "true": (b"true", b"true"),
    "false": (b"false", b"false"),
    "null is four letters": (b"null", b"null"),
    "object keeps escapes and loses blanks": (rb'{ "k" : "a\/b \u0041" }', rb'{"k":"a\/b \u0041"}'),
    "array": (b"[ 1.0 ,\n2,\t3\r]", b"[1.0,2,3]"),
    "duplicate keys are all kept": (b'{"a": 1, "a": 2}', b'{"a":1,"a":2}'),
    "correction h: no cut at NUL": (rb'"a\u0000b"', b"a\0b"),
    "correction h: source escapes, whatever was read before": (rb'{"k":"a\/b\u0001"}', rb'{"k":"a\/b\u0001"}'),
}


@pytest.mark.parametrize(("text", "rendered"), RENDER.values(), ids=list(RENDER))
def test_render(text: bytes, rendered: bytes) -> None:
    assert json_text.render(text) == rendered


UNQUOTE = {
    "plain": (b'"abc"', b"abc"),
    "empty": (b'""', b""),
    "short escapes": (rb'"\"\\\/\b\f\n\r\t"', b'"\\/\b\f\n\r\t'),
    "unicode escape": (rb'"\u00e9\u20AC"', "é€".encode()),
    "surrogate pair": (rb'"\ud83d\uDE00"', "😀".encode()),
    "unknown escape": (rb'"\q\x41"', rb"\q\x41"),
    "escaped backslash before u": (rb'"\\u0041"', rb"\u0041"),
    "too short": (rb'"\u12"', rb"\u12"),
    "not hexadecimal": (rb'"\u12g4"', rb"\u12g4"),
    "escape within a bad escape": (rb'"\u\n"', b"\\u\n"),
    "lone high surrogate": (rb'"\ud800x"', rb"\ud800x"),
    "lone low surrogate": (rb'"\udfffx"', rb"\udfffx"),
    "high surrogate before a short escape": (rb'"\ud800\n"', b"\\ud800\n"),
    "high surrogate before a malformed one": (rb'"\ud800\ud8"', rb"\ud800\ud8"),
    "two high surrogates": (rb'"\ud800\ud800"', "\ufffd".encode()),
    "low before high": (rb'"\udc00\ud800"', "\ufffd".encode()),
    "high surrogate before another character": (rb'"\ud800\u0041b"', "\ufffdb".encode()),
    "high surrogate before NUL": (rb'"\ud800\u0000b"', "\ufffdb".encode()),
    "low surrogate before NUL": (rb'"\udc00\u0000b"', "\ufffdb".encode()),
    "bytes that are no UTF-8": (b'"\xff\\n"', b"\xff\n"),
}


@pytest.mark.parametrize(("text", "decoded"), UNQUOTE.values(), ids=list(UNQUOTE))
def test_unquote(text: bytes, decoded: bytes) -> None:
    assert json_text.unquote(text) == decoded


def test_compact_touches_no_blank_inside_strings() -> None:
    text = rb"""{ "a b" : [ "c \" , d" , 1 ] }"""
    assert json_text.compact(text) == rb"""{"a b":["c \" , d",1]}"""
    assert json_text.compact(b'{"a":1}') == b'{"a":1}'
    assert json_text.compact(b'{ "a" : nan,\n"b c": --4,\t"d": "\x01 \xff" }') == b'{"a":nan,"b c":--4,"d":"\x01 \xff"}'
    assert json_text.compact(rb'[ 1.0, 1e3, "\/\u0041", "\ud800" ]') == rb'[1.0,1e3,"\/\u0041","\ud800"]'
    assert json_text.compact(rb'[ 1.0, 1E+3, "\/\u0041", -0 ]') == rb'[1.0,1E+3,"\/\u0041",-0]'


def test_pretty() -> None:
    text = rb'{"a":[],"b":{},"c":[1.0,{"d":"\u0041:,"}], "e" : { "f" : null } }'
    assert json_text.pretty(text) == (
        b'{\n  "a": [],\n  "b": {},\n  "c": [\n    1.0,\n    {\n      "d": "\\u0041:,"\n    }\n  ],\n'
        b'  "e": {\n    "f": null\n  }\n}'
    )
    assert json_text.pretty(b"[ ]") == b"[]"


# ------------------------------------------------------------------------------------------------------ properties

KEYS = st.sampled_from(["a", "b", "", "é", "a\\", '"', "\n", "😀"]) | st.text(max_size=4)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
LAYOUTS = st.sampled_from([(",", ":", None), (", ", ": ", None), (" ,\n", "\t: ", None), (",", ": ", 1)])


def _write(value: object, layout: tuple[str, str, int | None], ascii_only: bool) -> bytes:
    comma, colon, indent = layout
    text = json.dumps(value, separators=(comma, colon), indent=indent, ensure_ascii=ascii_only)
    return text.encode(errors="surrogatepass")


@st.composite
def objects(draw: st.DrawFn) -> tuple[list[tuple[str, object]], bytes]:
    """Members, keys perhaps several times, and the text of the object."""
    pairs = draw(st.lists(st.tuples(KEYS, VALUES), max_size=6))
    layout, ascii_only = draw(LAYOUTS), draw(st.booleans())
    comma, colon = layout[0].encode(), layout[1].encode()
    items = (_write(key, layout, ascii_only) + colon + _write(value, layout, ascii_only) for key, value in pairs)
    return pairs, b"{" + comma.join(items) + b"}"


@QUICK
@given(objects())
def test_members_are_those_of_json_loads_but_first_of_duplicates(drawn: tuple[list[tuple[str, object]], bytes]) -> None:
    pairs, text = drawn
    first: dict[str, object] = {}
    plain = [(key, value) for key, value in pairs if b"\\" not in json.dumps(key, ensure_ascii=b"\\u" in text).encode()]
    for key, value in plain + pairs:
        first.setdefault(key, value)

    members = json_text.members(json_text.check(text))

    if all(json.dumps(key).isascii() for key in first) and b"\\" not in text:
        assert list(members) == list(dict.fromkeys(key for key, _ in pairs))
    assert members.keys() == first.keys()
    if len(first) == len(pairs):
        assert {key: json.loads(value) for key, value in members.items()} == first


@QUICK
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers()), max_size=6), st.booleans())
def test_the_first_of_duplicates_wins(pairs: list[tuple[str, int]], blanks: bool) -> None:
    text = "{" + (", " if blanks else ",").join(f'"{key}":{value}' for key, value in pairs) + "}"
    first = {key: b"%d" % value for key, value in reversed(pairs)}
    assert json_text.members(text.encode()) == first


@QUICK
@given(objects(), st.sampled_from([b"nan", b"--4", b'"\x01"', rb'"\q"', b'"\xff"', rb'"\ud800"', b"[1.2.3]"]))
def test_fast_and_exact_way_agree_on_objects(drawn: tuple[list[tuple[str, object]], bytes], lenient: bytes) -> None:
    """WHEN a member that only the lenient grammar knows is added THEN nothing else changes."""
    _, text = drawn
    comma = b"," if json_text.members(text) else b""
    longer = json_text.check(text[:-1] + comma + b'"lenient":' + lenient + b"}")

    expected = json_text.members(json_text.check(text)) | {"lenient": lenient}

    assert _compact(json_text.members(longer)) == _compact(expected)
    assert json_text.keys(longer) == [*json_text.keys(text), b"lenient"]


@QUICK
@given(
    st.lists(VALUES, max_size=6),
    LAYOUTS,
    st.booleans(),
    st.sampled_from([b"nan", b"--4", b'"\x01"', b'"\xff"', b"[1.2.3]"]),
)
def test_fast_and_exact_way_agree_on_arrays(
    values: list[object], layout: tuple[str, str, int | None], ascii_only: bool, lenient: bytes
) -> None:
    text = _write(values, layout, ascii_only)
    longer = json_text.check(text[:-1] + (b"," if values else b"") + lenient + b"]")

    elements = json_text.elements(json_text.check(text))

    assert [json.loads(element) for element in elements] == values
    assert json_text.elements(longer) == [*elements, lenient]


@QUICK
@given(VALUES, LAYOUTS, st.booleans())
def test_compact_and_pretty_keep_the_value(
    value: object, layout: tuple[str, str, int | None], ascii_only: bool
) -> None:
    text = _write(value, layout, ascii_only)

    compact = json_text.compact(text)
    pretty = json_text.pretty(text)

    assert json.loads(compact) == json.loads(pretty) == value
    assert compact == _write(value, (",", ":", None), ascii_only)
    assert pretty.decode() == json.dumps(value, indent=2, ensure_ascii=ascii_only)
    assert json_text.compact(pretty) == compact
    assert json_text.pretty(compact) == pretty


def _depth(value: object) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)


@QUICK
@given(
    st.recursive(
        st.text(alphabet='{[]}"\\\n,', max_size=6),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet='{]"\\', max_size=3), inner),
        max_leaves=8,
    ),
    st.integers(0, 6),
    LAYOUTS,
)
def test_depth_does_not_count_what_stands_in_strings(
    value: object, limit: int, layout: tuple[str, str, int | None]
) -> None:
    assert json_text.within_depth(_write(value, layout, True), limit) is (_depth(value) <= limit)


@QUICK
@given(st.text(), st.booleans())
def test_unquote_is_json_loads_on_strict_strings(text: str, ascii_only: bool) -> None:
    written = json.dumps(text, ensure_ascii=ascii_only).encode()
    assert json_text.unquote(written).decode() == text
    assert json_text.render(written).decode() == text


@QUICK
@given(st.text(alphabet='{}[],:"\\ \nau0-1.einftrl', max_size=12).map(str.encode) | st.binary(max_size=8))
def test_check_takes_everything_that_json_takes_and_splits_what_it_takes(text: bytes) -> None:
    try:
        json.loads(text.decode())
        strict = text.strip(b" \t\r\n") != b"" and b"Infinity" not in text
    except (ValueError, UnicodeDecodeError):
        strict = False
    try:
        value, position = json_text.check(text), None
    except JsonError as error:
        value, position = b"null", error.position
    if position is not None:
        assert not strict
        assert 0 <= position <= len(text)
    parts = [*json_text.members(value).values(), *json_text.elements(value)]
    assert [json_text.check(part) for part in parts] == parts


# ---------------------------------------------------------------------------------------------------- large and odd

NESTED = {
    "arrays": (b"[" * DEEP, b"]" * DEEP),
    "objects": (b'{"a":' * DEEP + b"1", b"}" * DEEP),
    "lenient": (b"[" * DEEP + b"nan", b"]" * DEEP),
}


@pytest.mark.parametrize(("opening", "closing"), NESTED.values(), ids=list(NESTED))
def test_nesting_of_100000_levels_is_no_danger(opening: bytes, closing: bytes) -> None:
    text = opening + closing

    assert json_text.check(text) == text
    assert not json_text.within_depth(text)
    assert json_text.members(b'{"x":' + text + b',"y":1}') == {"x": text, "y": b"1"}
    assert json_text.elements(b"[" + text + b"]") == [text]
    assert json_text.render(text) == text


MEGABYTES = 5_000_000
ODD = {
    "one string": b'"' + b"a" * MEGABYTES + b'"',
    "escaped quotes": b'"' + rb"\"" * (MEGABYTES // 2) + b'"',
    "surrogates": b'"' + rb"\ud800" * (MEGABYTES // 6) + b'"',
    "half escapes": b'"' + rb"\u00" * (MEGABYTES // 4) + b'"',
    "control characters": b'"' + b"\x01" * MEGABYTES + b'"',
    "one number": b"-" * MEGABYTES,
    "blanks": b"[" + b" \n" * (MEGABYTES // 2) + b"]",
    "blanks in a string": b'"' + b" " * MEGABYTES + b'"',
}


@pytest.mark.parametrize("text", ODD.values(), ids=list(ODD))
def test_five_megabytes_of_oddities_take_linear_time(text: bytes) -> None:
    assert json_text.check(text) == text
    assert json_text.within_depth(text)
    assert json_text.render(text)
    assert json_text.members(b'{"x":' + text + b',"y":nan}')["x"] == text


@pytest.mark.parametrize(
    "text",
    [b'"' + b"a" * MEGABYTES, b'"' + rb"\"" * (MEGABYTES // 2), b"x" + b'"' * MEGABYTES, b"[" + b" " * MEGABYTES],
    ids=["unclosed", "escaped quotes", "quotes", "blanks"],
)
def test_five_megabytes_of_no_json_are_refused_in_linear_time(text: bytes) -> None:
    with pytest.raises(JsonError):
        json_text.check(text)


@pytest.mark.parametrize("text", [b'{"a":[nan', b'{"a":"b', b'{"a":nan', b"[[nan]", b"[nan"])
def test_splitting_what_was_not_checked_is_an_error(text: bytes) -> None:
    with pytest.raises(JsonError):
        json_text.members(text) or json_text.elements(text)


def test_many_members_take_linear_time() -> None:
    duplicates = b"{" + b",".join([b'"a":1'] * 50_000) + b"}"
    distinct = b"{" + b",".join(b'"%d":nan' % number for number in range(50_000)) + b"}"
    assert json_text.members(duplicates) == {"a": b"1"}
    assert len(json_text.members(distinct)) == 50_000


def test_pretty_leaves_compact_what_would_grow_too_much() -> None:
    # GIVEN a deep value that is wide at the bottom
    value = b"[" * 290 + b",".join([b"1"] * 60_000) + b"]" * 290
    # THEN it is not blown up
    assert json_text.pretty(value) == value
