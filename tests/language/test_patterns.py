"""Shell globs, path prefixes and regexes (spec/conditions.md sections 4.2, 4.5 and 4.6)."""

import re
import string
from functools import partial

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lanner.language.patterns import MAX_GLOB, PatternError, glob, path_prefix, regex

# ----------------------------------------------------------------------------------------------------------------- glob

GLOBS = {
    # pattern: (values that match, values that do not)
    b"": ([b""], [b"a"]),
    b"abc": ([b"abc"], [b"ab", b"abcd", b"xabc", b"ABC"]),
    b"*": ([b"", b"a", b"a/b", b".hidden", b"a\nb", b"\xff"], []),
    b"a*c": ([b"ac", b"abc", b"a/./c", b"acc"], [b"a", b"ab", b"acd"]),
    b"a**c": ([b"ac", b"abbc"], [b"ab"]),
    b"*a*": ([b"a", b"xax"], [b"", b"x"]),
    b"*/": ([b"/", b"a/"], [b"", b"/a"]),
    b"?": ([b"a", b"/", b".", b"\n", b"\xff"], [b"", b"ab", "é".encode()]),
    b"??": (["é".encode(), b"ab"], [b"a", b"abc"]),
    b"a?c": ([b"abc", b"a/c"], [b"ac", b"abbc"]),
    b"?*": ([b"a", b"ab"], [b""]),
    # what is special to regexes is not special here
    b"a.c": ([b"a.c"], [b"abc"]),
    b"a+(b|c){2}^$": ([b"a+(b|c){2}^$"], [b"aabc"]),
    b"\xe9*": ([b"\xe9", b"\xe9t\xe9"], ["é".encode()]),
    # brackets
    b"[abc]": ([b"a", b"b", b"c"], [b"", b"d", b"ab", b"[abc]"]),
    b"[a-c]x": ([b"ax", b"bx", b"cx"], [b"dx", b"-x", b"Bx", b"x"]),
    b"[!a-c]": ([b"d", b"-", b"!", b"/", b"\xff", b"\n"], [b"a", b"", b"dd"]),
    b"[^a-c]": ([b"d", b"^"], [b"a", b"b"]),
    b"[a^]": ([b"a", b"^"], [b"b"]),
    b"[]a]": ([b"]", b"a"], [b"b", b"]a"]),
    b"[!]a]": ([b"b"], [b"]", b"a"]),
    b"[a]]": ([b"a]"], [b"a", b"]"]),
    b"[-a]": ([b"-", b"a"], [b"b"]),
    b"[a-]": ([b"-", b"a"], [b"b"]),
    b"[a-c-e]": ([b"a", b"b", b"c", b"-", b"e"], [b"d"]),
    b"[--/]": ([b"-", b".", b"/"], [b",", b"0"]),
    b"[c-a]": ([], [b"a", b"b", b"c", b"-"]),
    b"[c-ax]": ([b"x"], [b"a", b"b", b"c"]),
    b"[!c-a]": ([b"a", b"b", b"\n"], [b""]),
    b"[*?]": ([b"*", b"?"], [b"a", b""]),
    b"[[]": ([b"["], [b"]"]),
    b"[\xe0-\xff]": ([b"\xe0", b"\xe9"], [b"\x7f", "é".encode()]),
    b"[!\x80-\xff]": ([b"a", b"\x00"], [b"\x80", b"\xff"]),
    b"[a-z\xe9]*[0-9]": ([b"web-1", b"\xe90"], [b"1", b"web"]),
    # brackets that do not close are literal
    b"[": ([b"["], [b"", b"a"]),
    b"[abc": ([b"[abc"], [b"a"]),
    b"[]": ([b"[]"], [b""]),
    b"[!]": ([b"[!]"], [b"a"]),
    b"[]a": ([b"[]a"], [b"a"]),
    b"[a-": ([b"[a-"], [b"a"]),
    b"[a\\]": ([b"[a]"], [b"a", b"]"]),
    b"[a*": ([b"[a", b"[ab]"], [b"a"]),
    b"[[a]": ([b"[", b"a"], [b"[a"]),
    b"a]": ([b"a]"], [b"a"]),
    # backslashes
    b"\\*": ([b"*"], [b"a", b"\\*", b""]),
    b"\\?x\\[y\\]": ([b"?x[y]"], [b"axb"]),
    b"\\\\": ([b"\\"], [b"\\\\"]),
    b"\\a": ([b"a"], [b"\\a"]),
    b"a\\": ([], [b"a", b"a\\", b""]),
    b"[\\]]": ([b"]"], [b"\\"]),
    b"[\\a-\\c]": ([b"b"], [b"\\", b"-"]),
    b"[a\\-c]": ([b"a", b"-", b"c"], [b"b", b"\\"]),
    b"[\\!a]": ([b"!", b"a"], [b"b"]),
    # classes
    b"[[:digit:]]": ([b"0", b"9"], [b"a", b":", b"d", b"[:digit:]"]),
    b"[![:digit:]]": ([b"a", b":"], [b"0", b""]),
    b"[[:alpha:]_]*": ([b"a", b"Z9", b"_"], [b"9", b"\xe9"]),
    b"[x[:digit:]-]": ([b"x", b"5", b"-"], [b"y"]),
    b"[[:upper:]][[:lower:]]": ([b"Ab"], [b"ab", b"AB"]),
    b"[[:alpha:]": ([b"[:", b"[a", b"[p"], [b"a", b"[", b"[z"]),
    b"[:digit:]": ([b":", b"d", b"g"], [b"1"]),
    b"[[:nope:]]": ([b"n]", b":]"], [b"n"]),
    b"[[:digit]": ([b"[", b":", b"d"], [b"1"]),
}


@pytest.mark.parametrize("pattern", GLOBS, ids=str)
def test_glob(pattern):
    matching, others = GLOBS[pattern]
    assert [value for value in matching if not glob(pattern)(value)] == []
    assert [value for value in others if glob(pattern)(value)] == []


CLASSES = {
    "alpha": string.ascii_letters,
    "digit": string.digits,
    "alnum": string.ascii_letters + string.digits,
    "upper": string.ascii_uppercase,
    "lower": string.ascii_lowercase,
    "space": " \t\n\v\f\r",
    "blank": " \t",
    "punct": string.punctuation,
    "print": string.ascii_letters + string.digits + string.punctuation + " ",
    "graph": string.ascii_letters + string.digits + string.punctuation,
    "cntrl": "".join(map(chr, range(32))) + "\x7f",
    "xdigit": string.hexdigits,
}
BYTES = [bytes([byte]) for byte in range(256)]


def matched_bytes(matcher):
    return {byte for byte in BYTES if matcher(byte)}


@pytest.mark.parametrize("name", CLASSES)
def test_classes_are_those_of_the_c_locale(name):
    members = {char.encode() for char in CLASSES[name]}
    assert matched_bytes(glob(f"[[:{name}:]]".encode())) == members
    assert matched_bytes(glob(f"[![:{name}:]]".encode())) == set(BYTES) - members


def test_every_byte_matches_itself_and_nothing_else():
    for byte in BYTES:
        assert matched_bytes(glob(b"\\" + byte)) == {byte}
        assert matched_bytes(glob(b"[\\" + byte + b"]")) == {byte}


IGNORING_CASE = {
    b"aBc*": ([b"abc", b"ABC", b"AbCd"], [b"ab"]),
    b"[a-c]": ([b"a", b"B"], [b"d", b"D"]),
    b"[A-C]": ([b"a", b"B"], [b"d"]),
    b"[!a]": ([b"b", b"B"], [b"a", b"A"]),
    b"\\A": ([b"a", b"A"], [b"b"]),
    b"[[:upper:]]": ([b"A", b"z"], [b"1"]),
    b"[[:lower:]]": ([b"A", b"z"], [b"1"]),
    b"[[:ALPHA:]]": ([b"A", b"z"], [b"1"]),
    b"[![:upper:]]": ([b"1"], [b"A", b"z"]),
    b"\xe9": ([b"\xe9"], [b"\xc9"]),
}


@pytest.mark.parametrize("pattern", IGNORING_CASE, ids=str)
def test_glob_ignoring_the_case_of_ascii_letters(pattern):
    matching, others = IGNORING_CASE[pattern]
    matches = glob(pattern, ignore_case=True)
    assert [value for value in matching if not matches(value)] == []
    assert [value for value in others if matches(value)] == []


TOKEN = re.compile(rb"\[:(%s):\]|(\\.|[^\\])(?:-(?!\])(\\.|[^\\]))?" % "|".join(CLASSES).encode(), re.DOTALL)


def members_of(pattern):
    """Read a bracket expression behind its `[`: its bytes and the rest of the pattern; `None` if it does not close."""
    negated = pattern[:1] in (b"!", b"^")
    rest = pattern[negated:]
    members = set()
    while not rest.startswith(b"]") or len(rest) == len(pattern) - negated:
        token = TOKEN.match(rest)
        if token is None:
            return None
        name, low, high = token.groups()
        if name:
            members |= {char.encode() for char in CLASSES[name.decode()]}
        else:
            members |= {byte for byte in BYTES if low[-1:] <= byte <= (high or low)[-1:]}
        rest = rest[token.end() :]
    return (set(BYTES) - members if negated else members), rest[1:]


def slow_glob(pattern, value):
    """Match by trying everything: `fnmatch` without flags, written from its manual page."""
    first, rest = pattern[:1], pattern[1:]
    if not first:
        return not value
    if first == b"*":
        return any(slow_glob(rest, value[start:]) for start in range(len(value) + 1))
    if first == b"[":
        closed = members_of(rest)
        if closed is not None:
            return value[:1] in closed[0] and slow_glob(closed[1], value[1:])
    if first == b"\\":
        return bool(rest) and rest[:1] == value[:1] and slow_glob(rest[1:], value[1:])
    return bool(value) and first in (b"?", value[:1]) and slow_glob(rest, value[1:])


PIECES = [
    b"a",
    b"b",
    b"B",
    b"*",
    b"?",
    b"[",
    b"]",
    b"!",
    b"^",
    b"-",
    b"\\",
    b"/",
    b"[:alpha:]",
    b"[:upper:]",
    b"[:",
    b"\xff",
]
globs = st.lists(st.sampled_from(PIECES), max_size=7).map(b"".join)
brackets = st.lists(st.sampled_from(PIECES), max_size=5).map(lambda pieces: b"[" + b"".join(pieces) + b"]*")
values = st.lists(st.sampled_from([b"a", b"b", b"B", b"-", b"]", b"[", b"\\", b"/", b":", b"\xff"]), max_size=5).map(
    b"".join
)


@given(globs | brackets, values)
@example(b"[a-\\", b"[a-")
@example(b"[[:alpha:]-b]", b"-")
@settings(deadline=None, max_examples=1000)
def test_glob_equals_a_slow_one(pattern, value):
    assert glob(pattern)(value) is slow_glob(pattern, value)


@given(st.binary(max_size=6), st.binary(max_size=4))
@settings(deadline=None, max_examples=300)
def test_glob_of_any_bytes(pattern, value):
    assert glob(pattern)(value) is slow_glob(pattern, value)
    assert glob(pattern.replace(b"\\", b""), ignore_case=True)(value) in (True, False)


def test_glob_is_linear_in_the_value():
    assert not glob(b"*a" * 400 + b"b")(b"a" * 1_000_000)
    assert glob(b"*a" * 400 + b"*")(b"a" * 1_000_000)


LONG_GLOBS = {
    "letters": b"a" * MAX_GLOB,
    "stars": b"*" * MAX_GLOB,
    "question marks": b"?" * MAX_GLOB,
    "open brackets": b"[" * MAX_GLOB,
    "open classes": (b"[[:" * MAX_GLOB)[:MAX_GLOB],
    "brackets": b"[!a]" * (MAX_GLOB // 4),
    "classes": (b"[[:alnum:][:punct:]]" * MAX_GLOB)[:1000],
}


@pytest.mark.parametrize("pattern", LONG_GLOBS.values(), ids=LONG_GLOBS)
def test_long_globs(pattern):
    assert glob(pattern)(b"b" * 2000) is (pattern[:1] == b"*")


@pytest.mark.parametrize("pattern", LONG_GLOBS.values(), ids=LONG_GLOBS)
def test_globs_that_are_too_long_are_refused(pattern):
    # They would take quadratic time, and a pattern may come from an event.
    with pytest.raises(PatternError, match="a glob may have up to 1024 bytes"):
        glob(pattern * 300)


def test_globs_that_are_remembered_are_few():
    assert glob.cache_info().maxsize <= 128


# ---------------------------------------------------------------------------------------------------------- path_prefix

PATH = b"/a/b/c"
PREFIXES = {
    # value, prefixes, result: the table of section 4.6
    "the first component": (PATH, [b"/a"], True),
    "no leading slash": (PATH, [b"a"], True),
    "doubled slashes": (PATH, [b"//a///b/"], True),
    "the root": (PATH, [b"/"], True),
    "nothing": (PATH, [b""], True),
    "the whole path": (PATH, [b"/a/b/c"], True),
    "another second component": (PATH, [b"/a/bb"], False),
    "part of a component": (PATH, [b"/a/b/cc"], False),
    "another first component": (PATH, [b"/b"], False),
    "longer": (PATH, [b"/a/b/c/d"], False),
    "none": (PATH, [], False),
    "a star": (PATH, [b"/a/*/c"], True),
    "a question mark": (PATH, [b"/a/?"], True),
    "two stars": (PATH, [b"/*/*"], True),
    "too many stars": (PATH, [b"/*/*/*/*"], False),
    "a star is one component": (PATH, [b"/*/c"], False),
    "a bracket": (PATH, [b"/a/[!b]"], False),
    "another bracket": (PATH, [b"/a/[abc]/c"], True),
    "case counts": (PATH, [b"/A"], False),
    "one of several": (PATH, [b"/x", b"/a/b", b"/y"], True),
    "empty value": (b"", [b"/"], True),
    "empty value, other prefix": (b"", [b"/a"], False),
    "slashes only": (b"///", [b"/"], True),
    "relative value": (b"a/b", [b"/a"], True),
    "dots are components": (b"/a/../b", [b"/b"], False),
    "no glob without marks": (b"/a.c", [b"/a.c"], True),
    "a backslash alone is literal": (b"/\\a", [b"/\\a"], True),
    "a backslash in a glob is not": (b"/ab", [b"/\\a*"], True),
    "raw bytes": (b"/\xff/x", [b"/\xff"], True),
    "several globs at one level (documented meaning, not the QUIRK)": (PATH, [b"/a/*/x", b"/?/b/c"], True),
    "a shorter and a longer one": (PATH, [b"/a/b/x", b"/a"], True),
}


@pytest.mark.parametrize(("value", "prefixes", "result"), PREFIXES.values(), ids=PREFIXES)
def test_path_prefix(value, prefixes, result):
    assert path_prefix(prefixes)(value) is result


paths = st.lists(st.sampled_from([b"/", b"/", b"a", b"b", b"ab", b"*", b"?", b"[!a]", b"."]), max_size=7).map(b"".join)


@given(st.lists(paths, max_size=3), paths)
@settings(deadline=None, max_examples=400)
def test_path_prefix_equals_a_slow_one(prefixes, value):
    def split(path):
        return list(filter(None, path.split(b"/")))

    def equal(wanted, component):
        return slow_glob(wanted, component) if re.search(rb"[*?[]", wanted) else wanted == component

    beginnings = [split(value)[:count] for count in range(len(split(value)) + 1)]
    assert path_prefix(prefixes)(value) is any(
        len(split(prefix)) == len(beginning) and all(map(equal, split(prefix), beginning))
        for prefix in prefixes
        for beginning in beginnings
    )


def test_long_paths():
    assert path_prefix([b"/a" * 30_000])(b"/a" * 30_001)
    assert not path_prefix([b"/a/*" * 10_000])(b"/a" * 19_999)
    with pytest.raises(PatternError, match="1024 bytes"):
        path_prefix([b"/" + b"?" * (MAX_GLOB + 1)])


# ---------------------------------------------------------------------------------------------------------------- regex

REGEXES = {
    # pattern: (values that match, values that do not); the examples of section 4.5 first
    b"a/b": ([b"a/b"], [b"/a/b"]),
    b"/a/.*": ([b"/a/b", b"/a/"], [b"/a"]),
    b"/a/[a-z]": ([b"/a/b"], [b"/a/B", b"/a/bb"]),
    b"": ([b""], [b"a"]),
    b"^a$": ([b"a"], [b"ab", b"ba"]),
    b"a|ab": ([b"a", b"ab"], [b"abb"]),
    b"(a|ab)(c|bcd)": ([b"abcd", b"ac"], [b"abc d"]),
    b"a*?": ([b"", b"aaa"], [b"b"]),
    b"a{2,3}": ([b"aa", b"aaa"], [b"a", b"aaaa"]),
    b"a.c": ([b"abc", "aéc".encode(), "a😀c".encode()], [b"a\nc", b"ac"]),
    b"a\\.c": ([b"a.c"], [b"abc"]),
    b"[[:alpha:]]+": ([b"aZ"], [b"a1", "é".encode(), b""]),
    b"[^a]": ([b"b", "é".encode()], [b"a", b"bb"]),
    rb"\x41\t": ([b"A\t"], [b"a\t"]),
    "é+".encode(): (["éé".encode()], [b"e"]),
    "A": ([b"A"], [b"a"]),
    "\ufffd": ([b"\xff", "\ufffd".encode()], [b"x", b"\xff\xff"]),
    b"a.b": ([b"a\xffb", b"a\xe9b"], [b"a\xff\xffb"]),
}  # fmt: skip


@pytest.mark.parametrize("pattern", REGEXES, ids=str)
def test_regex(pattern):
    matching, others = REGEXES[pattern]
    matches = regex(pattern.encode() if isinstance(pattern, str) else pattern)
    assert [value for value in matching if not matches(value)] == []
    assert [value for value in others if matches(value)] == []


PERL = [rb"/a/\w", rb"\d", rb"\s", rb"\b", rb"\pN", rb"\1", b"(?i)a", b"(?:a)", b"(?=a)", b"(?<n>a)"]
BROKEN = [b"(", b"a)", b"[a", b"*", b"a{2,1}", b"a\\", b"\xff", b"[[:nope:]]", b"(a{1000}){1000}"]


@pytest.mark.parametrize("pattern", [*PERL, *BROKEN], ids=str)
def test_patterns_that_are_no_posix_regexes(pattern):
    with pytest.raises(PatternError) as caught:
        regex(pattern)
    assert str(caught.value)


def test_regex_is_linear():
    assert not regex(b"(a*)*(a|aa)+b")(b"a" * 300_000)
    assert regex(b".*(x+x+)+y")(b"x" * 300_000 + b"y")


@given(st.binary(max_size=8))
@settings(deadline=None, max_examples=200)
def test_any_bytes_are_matched_by_dots(value):
    characters = value.decode(errors="replace")
    assert regex(b"(.|\n)*")(value)
    assert regex(b"(.|\n){%d}" % len(characters))(value)


@given(st.binary(max_size=10) | st.text("ab.*+?()[]{}|^$\\12,:", max_size=10).map(str.encode), st.binary(max_size=6))
@settings(deadline=None, max_examples=300)
def test_any_pattern_matches_or_is_refused(pattern, value):
    for make in (regex, glob, partial(glob, ignore_case=True), lambda path: path_prefix([path])):
        try:
            assert make(pattern)(value) in (True, False)
        except PatternError:
            assert make is regex
