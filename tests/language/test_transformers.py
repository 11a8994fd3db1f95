"""What transformers do to values (spec/conditions.md section 5)."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanner.fields import NoValue
from lanner.language.transformers import MAPPINGS, getopt, getopt_option

MAPPED = {
    "tolower": {b"": b"", b"AbC1_": b"abc1_", "ÉA".encode(): "Éa".encode(), b"\xc9A": b"\xc9a"},
    "toupper": {b"": b"", b"aBc1_": b"ABC1_", "éß".encode(): "éß".encode(), b"\xe9a": b"\xe9A"},
    "basename": {b"": b"", b"c": b"c", b"/a/b/c": b"c", b"a/": b"", b"/": b"", b"a//b": b"b", b"a\\b": b"a\\b"},
    "b64": {
        b"": b"",
        b"YQ==": b"a",
        b"YWI=": b"ab",
        b"YWJj": b"abc",
        b"+/+/": b"\xfb\xff\xbf",
        b"AAA=": b"\0\0",
        # padding is optional
        b"YQ": b"a",
        b"YWI": b"ab",
        b"YQ=": b"a",
        b"YWI==": b"ab",
        b"YWJj=": b"abc",
        b"YWJj==": b"abc",
        b"=": b"",
        b"==": b"",
        # impossible lengths
        b"Y": NoValue.MISSING,
        b"YWJjY": NoValue.MISSING,
        # bits left over
        b"YR==": NoValue.MISSING,
        b"YWJ=": NoValue.MISSING,
        b"YR": NoValue.MISSING,
        # invalid characters
        b"YQ===": NoValue.MISSING,
        b"YQ==YQ==": NoValue.MISSING,
        b"=YQ": NoValue.MISSING,
        b"Y=Q": NoValue.MISSING,
        b"Y Q=": NoValue.MISSING,
        b"YWJj\n": NoValue.MISSING,
        b" YWJj": NoValue.MISSING,
        b"-_-_": NoValue.MISSING,
        b"YWJ\xff": NoValue.MISSING,
        b"YWJ\x00": NoValue.MISSING,
    },
}


def test_the_mappings():
    assert MAPPINGS.keys() == MAPPED.keys()


@pytest.mark.parametrize(
    ("name", "text", "result"),
    [(name, text, result) for name, table in MAPPED.items() for text, result in table.items()],
    ids=str,
)
def test_mappings(name, text, result):
    assert MAPPINGS[name](text) == result


@given(st.binary(max_size=20))
@settings(deadline=None, max_examples=200)
def test_b64_undoes_base64_with_and_without_padding(text):
    encoded = base64.b64encode(text)
    assert MAPPINGS["b64"](encoded) == MAPPINGS["b64"](encoded.rstrip(b"=")) == text


@given(st.binary(max_size=8) | st.text("AQYg=+/-\n", max_size=8).map(str.encode))
@settings(deadline=None, max_examples=300)
def test_mappings_take_any_bytes(text):
    for change in MAPPINGS.values():
        result = change(text)
        assert result is NoValue.MISSING or isinstance(result, bytes)
    decoded = MAPPINGS["b64"](text)
    if decoded is not NoValue.MISSING:
        # THEN there is one way only to write these bytes, but for the padding
        assert base64.b64encode(decoded).rstrip(b"=") == text.rstrip(b"=")


GETOPT = {
    # case: (arguments, options, found)
    "nothing": ("", "ab:", ""),
    "a flag": ("-a", "ab:", "a"),
    "two flags": ("-a -c", "ac", "a c"),
    "flags in one text": ("-ac", "ac", "a c"),
    "a flag twice": ("-aa", "a", "a a"),
    "an unknown letter": ("-x", "a", "?"),
    "unknown among known": ("-axc", "ac", "a ? c"),
    "a value in the next text": ("-b v", "b:", "b v"),
    "a value in the same text": ("-bv", "b:", "b v"),
    "a value behind flags": ("-abv", "ab:", "a b v"),
    "a value takes the rest of the text": ("-bac", "acb:", "b ac"),
    "a value that looks like an option": ("-b -a", "ab:", "b -a"),
    "a value that is --": ("-b -- -a", "ab:", "b -- a"),
    "a missing value is empty": ("-b", "b:", "b _"),
    "an empty value in the next text": ("-b _ -a", "ab:", "b _ a"),
    "it stops at --": ("-a -- -a", "a", "a"),
    "it stops at -": ("-a - -a", "a", "a"),
    "it stops at an empty text": ("-a _ -a", "a", "a"),
    "it stops at the first other text": ("-a x -a", "a", "a"),
    "it stops at once": ("sh -c x", "c:", ""),
    "long options are skipped": ("--long -a --b=c -a", "a", "a a"),
    "--- is a long option": ("--- -a", "a", "a"),
    "a leading colon is skipped": ("-b -:", ":b:", "b -:"),
    "a leading colon is no letter": ("-:", ":a", "?"),
    "a second colon is ignored": ("-b v -a", "b::a", "b v a"),
    "a letter named twice: the last counts": ("-b v", "b:b", "b"),
    "no options": ("-ab", "", "? ?"),
    "a dash inside": ("-a-", "a", "a ?"),
    "letters are case-sensitive": ("-A", "a", "?"),
}


def words(text):
    return [b"" if word == "_" else word.encode() for word in text.split()]


@pytest.mark.parametrize(("arguments", "options", "found"), GETOPT.values(), ids=GETOPT)
def test_getopt(arguments, options, found):
    assert getopt(words(arguments), options.encode()) == words(found)


def test_getopt_takes_bytes_one_by_one():
    assert getopt([b"-\xc3\xa9"], b"\xc3") == [b"\xc3", b"?"]


OPTIONS = {
    "a flag is its letter": ("-a", "a", "a", b"a"),
    "a value": ("-b v", "b:", "b", b"v"),
    "the last one": ("-b v -bw", "b:", "b", b"w"),
    "an empty value": ("-b", "b:", "b", b""),
    "absent": ("-a", "ab:", "b", NoValue.MISSING),
    "unknown": ("-x", "a", "x", NoValue.MISSING),
    "what unknown letters give": ("-x", "a", "?", b"?"),
    "behind the end": ("-- -a", "a", "a", NoValue.MISSING),
}


@pytest.mark.parametrize(("arguments", "options", "option", "value"), OPTIONS.values(), ids=OPTIONS)
def test_getopt_option(arguments, options, option, value):
    assert getopt_option(words(arguments), options.encode(), option.encode()) == value


arguments = st.text("-ab:x", max_size=4).map(str.encode)


@given(st.lists(arguments, max_size=6), arguments)
@settings(deadline=None, max_examples=300)
def test_getopt_of_any_command_line(line, options):
    found = getopt(line, options)
    assert getopt([*line, b"--", b"-a"], options)[: len(found)] == found or found[-1:] == [b""]
    for letter in (b"a", b"b", b"x", b"?"):
        # THEN an option that is found stands in the list, with its value behind it
        value = getopt_option(line, options, letter)
        assert value is NoValue.MISSING or (letter in found and value in found)
