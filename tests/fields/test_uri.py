"""Query parameters of request URIs (spec/fields.md section 3.2, `ka.uri.param`)."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanner.fields import uri

QUICK = settings(deadline=None, max_examples=100)
EXEC = b"/api/v1/namespaces/n/pods/p/exec?command=ls&command=-la&stdin=true&x=a%20b+c&e"


@pytest.mark.parametrize(
    ("name", "value"),
    [(b"command", b"ls"), (b"stdin", b"true"), (b"x", b"a b c"), (b"e", b""), (b"Command", None), (b"", None)],
)
def test_worked_example(name: bytes, value: bytes | None) -> None:
    assert uri.parameter(EXEC, name) == value


QUERIES = {
    "no query": (b"/api", ()),
    "empty query": (b"/api?", ()),
    "empty value": (b"/api?flag=", ((b"flag", b""),)),
    "no value": (b"/api?flag", ((b"flag", b""),)),
    "empty name": (b"/api?=v", ((b"", b"v"),)),
    "empty parts": (b"/api?&&a=1&", ((b"a", b"1"),)),
    "several equal signs": (b"/api?a=b=c", ((b"a", b"b=c"),)),
    "question mark in the value": (b"/api?a=b?c", ((b"a", b"b?c"),)),
    "decoded names": (b"/api?a%62+c=1", ((b"ab c", b"1"),)),
    "bytes that are no UTF-8": (b"/api?a=%ff\xfe", ((b"a", b"\xff\xfe"),)),
    "encoded separators": (b"/api?a=1%262%3D3%3B4%2B5", ((b"a", b"1&2=3;4+5"),)),
    "fragment": (b"/api?a=1#b?c=2", ((b"a", b"1"),)),
    "question mark in the fragment only": (b"/api#b?c=2", ()),
    "no path": (b"?a=1", ((b"a", b"1"),)),
    "relative path": (b"api/x?a=1", ((b"a", b"1"),)),
    "absolute": (b"https://10.0.0.1:6443/api?a=1", ((b"a", b"1"),)),
    "opaque": (b"mailto:x%zz?a=1", ((b"a", b"1"),)),
    "odd bytes in the path": (b'/a b"<>\\^`{|}?a=1', ((b"a", b"1"),)),
    "three slashes are a path": (b"///a%41:b?a=1", ((b"a", b"1"),)),
    "scheme and three slashes": (b"http:///p?a=1", ((b"a", b"1"),)),
    "colon behind a slash": (b"/a:b?a=1", ((b"a", b"1"),)),
    "asterisk": (b"*?a=1", ((b"a", b"1"),)),
    "control character in the fragment": (b"/api?a=1#\x01", ((b"a", b"1"),)),
    "null": (b"null", ()),
    "empty": (b"", ()),
}

MALFORMED = {
    "bad escape in the path": b"/a%zz?a=1",
    "cut escape in the path": b"/a%4?a=1",
    "bad escape in the query": b"/api?a=1&b=%zz",
    "cut escape in the query": b"/api?a=1&b=%",
    "bad escape in a name": b"/api?a=1&%g0=1",
    "bad escape in the fragment": b"/api?a=1#%zz",
    "bad escape behind an authority": b"//host/%zz?a=1",
    "semicolon": b"/api?a=1;b=2",
    "semicolon in another part": b"/api?a=1&b;c",
    "control character in the path": b"/a\x01?a=1",
    "control character in the query": b"/api?a=1&b=\n",
    "delete": b"/api?a=\x7f",
    "colon first": b":a?a=1",
    "colon in the first segment": b"1a:b/c?a=1",
}

HOSTS = {
    b"": True,
    b"host": True,
    b"host:": True,
    b"host:80": True,
    b"a:b:80": True,
    b"host:x": False,
    b"host:80x": False,
    b"ho st": False,
    b"ho%20st": False,
    b"ho%25st": True,
    b"h%c3%a9": True,
    "hé".encode(): True,
    b"h%zz": False,
    b"h<\"'>!$&(),*+;=~_-.": True,
    b"h\\": False,
    b"h^": False,
    b"h{}": False,
    b"h|": False,
    b"h`": False,
    b"[::1]": True,
    b"[::1]:80": True,
    b"[::1]:": True,
    b"[::1]x": False,
    b"[::1]:x": False,
    b"[::1": False,
    b"[::1%25]": True,
    b"[%41]": False,
    b"user@host": True,
    b"us:er@host": True,
    b"us%41er@host": True,
    b"us%zer@host": False,
    b"us er@host": False,
    b"us<er@host": False,
    b"a@b@host": True,
    b"user@ho st": False,
}


@pytest.mark.parametrize(("text", "pairs"), QUERIES.values(), ids=list(QUERIES))
def test_parameters(text: bytes, pairs: tuple[tuple[bytes, bytes], ...]) -> None:
    assert uri.parameters(text) == pairs


@pytest.mark.parametrize("text", MALFORMED.values(), ids=list(MALFORMED))
def test_a_malformed_uri_has_no_parameter_at_all(text: bytes) -> None:
    assert uri.parameters(text) == ()
    assert uri.parameter(text, b"a") is None


@pytest.mark.parametrize(("authority", "valid"), HOSTS.items(), ids=[repr(host)[2:-1] for host in HOSTS])
@pytest.mark.parametrize("prefix", [b"//", b"http://"])
def test_authorities(prefix: bytes, authority: bytes, valid: bool) -> None:
    pairs = ((b"a", b"1"),) if valid else ()
    assert uri.parameters(prefix + authority + b"?a=1") == pairs
    assert uri.parameters(prefix + authority + b"/p?a=1") == pairs


@QUICK
@given(
    st.lists(st.tuples(st.text(max_size=5), st.text(max_size=8)), max_size=6),
    st.text(max_size=8),
    st.sampled_from(["", "https://host", "//host:8443"]),
)
def test_well_formed_queries_are_read_as_urllib_does(pairs: list[tuple[str, str]], path: str, origin: str) -> None:
    query = urlencode(pairs)
    text = f"{origin}/{quote(path.lstrip('/'))}?{query}".encode()
    expected = [(key.encode(), value.encode()) for key, value in parse_qsl(query, keep_blank_values=True)]
    assert list(uri.parameters(text)) == expected
    for key, _ in expected:
        assert uri.parameter(text, key) == next(value for name, value in expected if name == key)


@QUICK
@given(
    st.text(alphabet="/:?#&=;%[]@+ a1\x01é", max_size=20).map(str.encode) | st.binary(max_size=20),
    st.binary(max_size=3),
)
def test_any_text_is_taken(text: bytes, name: bytes) -> None:
    assert uri.parameter(text, name) == next((value for key, value in uri.parameters(text) if key == name), None)


def test_no_more_than_one_uri_is_kept() -> None:
    """Event data must not outlive its event in a cache."""
    for number in range(50):
        uri.parameters(b"/api?token=%d" % number)
    assert uri.parameters.cache_info().currsize <= 1


@pytest.mark.parametrize(
    "text",
    [
        b"/a?" + b"&" * 1_000_000,
        b"/a?x=" + b"%41" * 300_000,
        b"/" + b"%41" * 300_000 + b"%?a=1",
        b"//" + b"a:" * 500_000 + b"?a=1",
        b"//[" + b":" * 1_000_000 + b"?a=1",
        b"//" + b"@" * 500_000 + b" ?a=1",
        b"a" * 1_000_000 + b"?a=1",
    ],
    ids=["ampersands", "escapes", "bad escape at the end", "colons", "unclosed bracket", "ats", "one segment"],
)
def test_a_megabyte_of_oddities_takes_linear_time(text: bytes) -> None:
    assert len(uri.parameters(text)) <= 1
