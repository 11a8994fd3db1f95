"""What is allowed in a condition and yet most likely a mistake (spec/conditions.md section 9)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanner.fields import catalogue
from lanner.language import ConditionWarning, condition_warnings, parse

NA, CONSTANT = "LOAD_UNSAFE_NA_CHECK", "LOAD_COMPILE_CONDITION"
MISUSED = "'{}' may be a valid field misused as a const string value"
TRANSFORMER = "'{}' may be a valid field transformer misused as a const string value"


def warnings_of(text):
    return condition_warnings(parse(text), catalogue())


def test_conditions_can_share_what_is_to_be_said_of_a_check():
    done = {}
    for text in ("ka.verb = <NA> or ka.uri = a", "ka.uri = a and ka.verb = <NA>"):
        found = condition_warnings(parse(text), catalogue(), done)
        # THEN each tells its own place
        assert found == warnings_of(text)
        assert [warning.position for warning in found] == [text.index("<NA>")]
    assert len(done) == 2


@pytest.mark.parametrize("operator", ["=", "==", "!="])
@pytest.mark.parametrize("field", ["ka.verb", "ka.uri.param[x]", "jevt.value[/x]"])
def test_comparisons_with_na(field, operator):
    (warning,) = warnings_of(f"{field} {operator} <NA>")
    assert warning.code == NA
    assert warning.message.startswith(f"{field} is compared with <NA>")
    assert warning.position == len(f"{field} {operator} ")


@pytest.mark.parametrize("operator", ["in", "intersects", "pmatch"])
def test_lists_with_na(operator):
    (warning,) = warnings_of(f"ka.verb {operator} (get, '<NA>')")
    assert warning == ConditionWarning(NA, warning.message, len(f"ka.verb {operator} "))


@pytest.mark.parametrize(
    "text",
    [
        "ka.verb = anyof (<NA>)",
        "ka.verb != allof (<NA>)",
        "ka.verb contains <NA>",
        "ka.verb startswith <NA>",
        "ka.verb regex '<NA>.+x'",
        "json.value[/x] = <NA>",
        "evt.hostname = <NA>",
        "static.x = <NA>",
        "tolower(ka.verb) = <NA>",
        "ka.verb = '<na>'",
        "ka.verb = ' <NA>'",
        "ka.verb in (<NA)",
        "ka.verb exists",
        "ka.verb = val(ka.uri)",
        "ka.verb in tolower(ka.uri)",
        "some_macro",
    ],
)
def test_no_warnings(text):
    assert warnings_of(text) == []


CONSTANTS = {
    "ka.verb = ka.uri": MISUSED.format("ka.uri"),
    "ka.verb contains ka.uri": MISUSED.format("ka.uri"),
    "ka.verb in (get, ka.uri)": MISUSED.format("ka.uri"),
    "ka.verb = ' ka . uri '": MISUSED.format(" ka . uri "),
    "ka.verb = evt.num": MISUSED.format("evt.num"),
    "ka.verb = 'ka.uri.param[x]'": MISUSED.format("ka.uri.param[x]"),
    "ka.verb regex ka.uri": MISUSED.format("ka.uri"),
    "ka.verb = anyof (ka.uri)": MISUSED.format("ka.uri"),
    "ka.verb = 'tolower(ka.uri)'": TRANSFORMER.format("tolower(ka.uri)"),
    "ka.verb = 'val(ka.uri)'": TRANSFORMER.format("val(ka.uri)"),
    "ka.verb in ('join(x)')": TRANSFORMER.format("join(x)"),
    "ka.verb = ' len (\n) '": TRANSFORMER.format(" len (\n) "),
}


@pytest.mark.parametrize("text", CONSTANTS)
def test_constants_that_look_like_fields(text):
    (warning,) = warnings_of(text)
    assert (warning.code, warning.message) == (CONSTANT, CONSTANTS[text])
    assert text[warning.position - 1] == " "


@pytest.mark.parametrize(
    "constant",
    [
        "ka.nope",
        "ka.uri.param",
        "ka.verb[x]",
        "ka.uri.",
        "ka",
        "verb",
        "xtolower(x)",
        "getopt(a.b,c.d)[x]",
        "tolower",
        "tolower(x)y",
        "lower(x)",
        "''",
    ],
)
def test_constants_that_are_fine(constant):
    quoted = constant if constant == "''" else f"'{constant}'"
    assert warnings_of(f"ka.verb = {quoted}") == []


@pytest.mark.parametrize(
    "pattern", ["abc", "^abc", "abc$", "^abc$", ".*abc", "abc.*", "^.*abc.*$", ".+abc.?", "'a b'", "''", "^", "a/b-c"]
)
def test_regexes_that_need_not_be_regexes(pattern):
    (warning,) = warnings_of(f"ka.verb regex {pattern}")
    assert warning.code == CONSTANT
    text = pattern.strip("'")
    assert warning.message.startswith(f"regex check with '{text}' may be optimized with simpler operators such as")


@pytest.mark.parametrize(
    "pattern",
    ["a.c", "a|b", "'(abc)'", "[abc]", "a+", "a*", "a?", "a{2}", r"a\\.b", "a^b", "a$b", "a.*b", ".*.*a", "a$$"],
)
def test_regexes_that_are_fine(pattern):
    assert warnings_of(f"ka.verb regex {pattern}") == []


def test_every_constant_of_a_regex_check_is_looked_at():
    found = warnings_of("ka.verb regex anyof (abc, 'a|b', def)")
    assert [(warning.code, warning.position) for warning in found] == [(CONSTANT, 20), (CONSTANT, 20)]


def test_warnings_come_from_left_to_right():
    text = "not (ka.verb = <NA> or m) and (ka.uri regex abc or ka.stage in (<NA>, ka.verb))"
    found = warnings_of(text)
    assert [warning.code for warning in found] == [NA, CONSTANT, NA, CONSTANT]
    assert [text[warning.position :][:4] for warning in found] == ["<NA>", "abc ", "(<NA", "(<NA"]


def test_warnings_are_no_errors():
    # Fields need not exist, nor need types fit: that is found out later.
    assert [warning.code for warning in warnings_of("ka.nope = <NA> and ka.user.groups = ka.verb")] == [NA, CONSTANT]


@given(st.binary(max_size=12) | st.text("kaverb.uri()[]'\" tolower^$*", max_size=12).map(str.encode))
@settings(deadline=None, max_examples=200)
def test_any_constant_gives_warnings_or_none(text):
    written = "".join(f"\\x{byte:02x}" for byte in text)
    for operator in ("=", "regex"):
        assert len(warnings_of(f"ka.verb {operator} '{written}'")) <= 2


def test_long_constants():
    for constant in ("x" * 500_000, ".*" * 250_000, "tolower(" * 60_000, "ka." + "x.y" * 100_000, " " * 500_000 + "x"):
        assert len(warnings_of(f"ka.verb regex '{constant}'")) <= 1
