"""Output templates (spec/output.md section 1) and the keys of `output_fields` (section 3)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanner.errors import TemplateError
from lanner.fields import Catalogue, NoValue, catalogue
from lanner.language import compile_template, field_key, value_text
from lanner.language.template import Piece

EVENT = {
    "verb": "get",
    "stage": "",
    "requestURI": "/api?limit=1",
    "user": {"username": "alice", "groups": ["g1", "g2"]},
    "objectRef": {"resource": "pods"},
    "userAgent": "naïve \udcff",
}


@pytest.fixture
def render(open_event):
    """`render("v=%ka.verb")` is `"v=get"`."""

    def rendered(text, event=EVENT, fields=None):
        template = compile_template(text, fields or catalogue())
        return template.render(open_event(event)).decode("utf-8", "surrogateescape")

    return rendered


RENDERED = {
    # the example of section 2
    "v=%ka.verb g=%ka.user.groups n=%ka.target.name": "v=get g=(g1,g2) n=<NA>",
    "no field at all": "no field at all",
    "%ka.verb": "get",
    # where a token ends
    "%ka.verbs": "gets",
    "user=%ka.user.name,": "user=alice,",
    "%ka.verb.": "get.",
    "%ka.verb.x": "get.x",
    "%ka.verb_": "get_",
    "(%ka.verb)": "(get)",
    "[%ka.verb]": "[get]",
    "%ka.verb%ka.user.name": "getalice",
    "%ka.verb[0]": "get[0]",
    "%ka.user.groups[0]": "(g1,g2)[0]",
    "%ka.user.groups[": "(g1,g2)[",
    "%ka.user.groups[x y]": "(g1,g2)[x y]",
    "%ka.uri.param[limit]": "1",
    "%ka.uri.param['limit']]": "1]",
    "%ka.uri.param[limit][x]": "1[x]",
    "%ka.uri.param[nope]": "<NA>",
    "%ka.uri.param": "/api?limit=1.param",  # QUIRK: the argument was forgotten
    '%ka.uri.param["a b"]': '/api?limit=1.param["a b"]',  # QUIRK: an argument must not hold a blank
    "%ka.uri.parts[limit]": "/api?limit=1.parts[limit]",
    "%ka.target.resourcex": "podsx",
    "%ka.sourceips[01]": "<NA>[01]",
    "%jevt.value[/verb]/verb": "get/verb",
    # transformers
    "%toupper(ka.verb)": "GET",
    "%toupper( ka.verb )s": "GETs",
    "%toupper(ka.verb)[x]": "GET[x]",
    "%toupper(ka.verb)[x y]": "GET[x y]",
    "%toupper(ka.verb).x": "GET.x",
    '%concat(ka.verb, "-%", ka.user.name)': "get-%alice",
    "%join('+', (ka.verb, evt.num))%%ka.verb"[:-9]: "get+1",
    "%len(ka.user.groups) groups": "2 groups",
    "%toupper(ka.user.groups)": "(G1,G2)",
    "%getopt(('-a'), 'a')": "(a)",
    "%getopt(('-a'), 'a')[a]": "a",
    "%getopt(ka.user.groups, 'a')": "()",
    "%concat('a', 'b')": "ab",
    "%tolower(ka.target.name)": "<NA>",
    # widths
    "%10ka.verb|": "get       |",
    "%2ka.verb|": "ge|",
    "%3ka.verb|": "get|",
    "%0ka.verb|": "get|",
    "%05ka.verb|": "get  |",
    "%6ka.target.name|": "<NA>  |",
    "%2ka.target.name|": "<N|",
    "%4ka.user.groups|": "(g1,|",
    "%5toupper(ka.verb)|": "GET  |",
    "%3ka.useragent|": "na\udcc3|",  # bytes are counted
    "%4evt.num|": "1   |",
    "%2ka.stage|": "  |",
    # values
    "%ka.stage|": "|",
    "%evt.num %evt.is_async": "1 false",
    "%evt.rawtime": "1772360430000000456",
    "%evt.rawtime.s": "1772360430",
    "%evt.rawtime.ns": "000000456",
    "%evt.reltime %evt.reltime.s %evt.reltime.ns": "000000000 0 000000000",
    "%len(ka.stage)": "0",
    "%evt.asynctype": "<NA>",
    "%ka.useragent": "naïve \udcff",
    "ünï\udcfe %ka.verb\n": "ünï\udcfe get\n",
    # a leading star
    "*%ka.target.name": "<NA>",
    "* x": " x",
    "**x": "*x",
    "x*": "x*",
    "*": "",
    # %container.info is removed
    "a %container.info b": "a  b",
    "%container.info": "",
    "*%container.info%ka.verb": "get",
    "%ka.verb%container.info.x": "get.x",
}


@pytest.mark.parametrize("text", RENDERED)
def test_render(render, text):
    assert render(text) == RENDERED[text]


REFUSED = {
    # text: (where, message, hint)
    "a %ka.nope": (
        2,
        "unknown field ka.nope",
        "`lanner fields` lists the fields",
    ),
    "%proc.name": (
        0,
        "unknown field proc.name",
        "`lanner fields` lists the fields",
    ),
    "%jevt.time": (0, "unknown field jevt.time", None),
    "%ka.target.resouce": (
        0,
        "unknown field ka.target.resouce",
        "did you mean ka.target.resource?",
    ),
    "%tolower(ka.vreb)s": (
        0,
        "unknown field ka.vreb",
        "did you mean ka.verb?",
    ),
    "%verb": (0, "no field stands behind the %", "a percent sign itself cannot be written in an output"),
    "100% done": (3, "no field stands behind the %", "a percent sign itself cannot be written in an output"),
    "%%": (0, "no field stands behind the %", "a percent sign itself cannot be written in an output"),
    "%% %ka.verb": (0, "no field stands behind the %", "a percent sign itself cannot be written in an output"),
    "% ka.verb": (0, "no field stands behind the %", "a percent sign itself cannot be written in an output"),
    "%-10ka.verb": (0, "no field stands behind the %", "a percent sign itself cannot be written in an output"),
    "%10 ka.verb": (0, "no field stands behind the %", "a percent sign itself cannot be written in an output"),
    "%val(ka.verb)": (0, "no field stands behind the %", "a percent sign itself cannot be written in an output"),
    "%KA.VERB": (0, "unknown field KA.VERB", None),
    "%tolower(ka.verb": (0, "expected a ')' token closing the transformer", None),
    "%tolower (ka.verb)": (0, "no field stands behind the %", None),
    "%tolower(evt.num)": (0, "can't add field transformer: type 'UINT64'", None),
    "%join(ka.user.groups)": (0, "join() needs at least two arguments", None),
    r"%concat('\q', 'x')": (0, r"unsupported string escape sequence: \q", None),
}
BROKEN = {
    "": (0, "empty formatting token"),
    "%": (0, "invalid formatting syntax: formatting cannot end with a %"),
    "x %": (2, "invalid formatting syntax: formatting cannot end with a %"),
    "%ka.verb%": (8, "invalid formatting syntax: formatting cannot end with a %"),
    "%5": (0, "invalid formatting syntax: formatting cannot end with a number"),
    "x%005": (1, "invalid formatting syntax: formatting cannot end with a number"),
    "%65537ka.verb": (0, "the width of a field must not exceed 65536"),
    "%99999999999999999999ka.verb": (0, "the width of a field must not exceed 65536"),
    "%tolower(ka.verb, ka.uri)": (0, "unknown multivalue transformer"),
    "%5tolower(ka.verb, ka.uri)s": (0, "unknown multivalue transformer"),
}


@pytest.mark.parametrize("text", REFUSED)
def test_fields_that_cannot_be_read(text):
    position, message, hint = REFUSED[text]
    with pytest.raises(TemplateError) as caught:
        compile_template(text, catalogue())
    error = caught.value
    assert error.message.startswith(message)
    assert (error.position, error.text) == (position, text)
    assert hint is None or error.hint == hint
    # THEN the rule may be skipped, as it says "unknown filter:"
    assert error.unknown_field


@pytest.mark.parametrize("text", BROKEN)
def test_broken_templates(text):
    with pytest.raises(TemplateError) as caught:
        compile_template(text, catalogue())
    error = caught.value
    assert (error.position, error.message) == BROKEN[text]
    assert not error.unknown_field


def test_positions_are_those_in_the_text_without_star_and_container_info():
    with pytest.raises(TemplateError) as caught:
        compile_template("*%container.info %ka.nope", catalogue())
    assert (caught.value.text, caught.value.position) == (" %ka.nope", 1)
    assert caught.value.caret() == " %ka.nope\n ^"


def test_container_info_is_deprecated():
    template = compile_template("x %container.info", catalogue())
    assert template.warnings == ("%container.info is deprecated and has no effect: it is removed from the output",)
    assert compile_template("container.info %ka.verb", catalogue()).warnings == ()


def test_the_widest_field(render):
    assert render("%65536ka.verb") == "get".ljust(65536)


def test_static_fields(render):
    fields = Catalogue({"site": "Berlin", "site.long" + "x" * 100: "z"})
    assert render("%static.site %static.site.long" + "x" * 100 + "y", fields=fields) == "Berlin zy"
    with pytest.raises(TemplateError, match="unknown field static"):
        render("%static.site")


def test_a_template_lists_each_of_its_fields_once():
    text = "%ka.verb %toupper(ka.uri) %concat(ka.verb, ka.user.name) %ka.uri.param[a] %ka.uri.param['a'] %ka.uri"
    template = compile_template(text, catalogue())
    assert [field.text for field in template.fields] == ["ka.verb", "ka.uri", "ka.user.name", "ka.uri.param[a]"]
    assert template.text == text
    assert compile_template("nothing", catalogue()).fields == ()


def test_a_template_is_a_sequence_of_texts_and_pieces():
    template = compile_template("a %7ka.verb", catalogue())
    text, piece = template.parts
    assert text == b"a "
    assert isinstance(piece, Piece)
    assert (piece.operand.text, piece.width) == ("ka.verb", 7)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (b"x\xff", 0, b"x\xff"),
        (b"", 0, b""),
        (NoValue.MISSING, 0, b"<NA>"),
        (NoValue.UNKNOWN, 0, b"<NA>"),
        (NoValue.HIDDEN, 9, b"<NA>"),
        ([b"a", b"b,c", b""], 0, b"(a,b,c,)"),
        ([], 0, b"()"),
        ([b"x" * 2000], 0, b"(" + b"x" * 2000 + b")"),  # correction f: lists are whole
        (True, 0, b"true"),
        (False, 0, b"false"),
        (0, 0, b"0"),
        (7, 9, b"000000007"),
        (12345678901, 9, b"12345678901"),
        (2**64 - 1, 0, b"18446744073709551615"),
    ],
    ids=str,
)
def test_value_text(value, digits, text):
    assert value_text(value, digits) == text


KEYS = {
    "ka.verb": (None, "ka.verb"),
    "jevt.value": ("/a", "jevt.value[/a]"),
    "json.value": ("/a=b", 'json.value["/a=b"]'),
    "ka.uri.param": ("", "ka.uri.param[]"),
    "ka.req.volume.hostpath": ("a'b\"c", r"""ka.req.volume.hostpath["a'b\"c"]"""),
    "ka.req.binding.subject.has_name": ("\\", r'ka.req.binding.subject.has_name["\x5c"]'),
}


@pytest.mark.parametrize("name", KEYS)
def test_field_key(name):
    argument, key = KEYS[name]
    assert field_key(catalogue().bind(name, argument)) == key


CONTROL = {
    "\x01": '"\x01"',
    "\x7f": '"\x7f"',
    "\b": r'"\b"',
    "\\n": r'"\\n"',
    "a=": '"a="',
    "é": "é",
    "[": "[",
    "/*": "/*",
}


@pytest.mark.parametrize("argument", CONTROL)
def test_keys_of_arguments_with_other_characters(argument):
    assert field_key(catalogue().bind("jevt.value", argument)) == f"jevt.value[{CONTROL[argument]}]"


# --------------------------------------------------------------------------------------------------------- random texts

PIECES = [
    *(
        "%",
        "%",
        "%5",
        "ka.verb",
        "ka.uri",
        ".param",
        "[x]",
        "['x']",
        "[",
        "]",
        "tolower(",
        "join(",
        ")",
        ",",
        "'",
        '"',
        "*",
    ),
    *(
        "%container.info",
        " ",
        "\\",
        "\n",
        "é",
        "\udcff",
        "evt.num",
        "%ka.verb",
        "%len(ka.verb)",
        "%concat('a',ka.verb)",
    ),
]


@given(st.text(max_size=20) | st.lists(st.sampled_from(PIECES), max_size=10).map("".join))
@settings(deadline=None, max_examples=500)
def test_any_text_is_a_template_or_a_template_error(open_event, text):
    try:
        template = compile_template(text, catalogue())
    except TemplateError as caught:
        error = caught
    else:
        assert isinstance(template.render(open_event(EVENT)), bytes)
        return
    assert 0 <= error.position <= len(error.text) <= len(text)


@given(st.text("kaverbsui.%x([])'", max_size=14).map("%ka.verb".__add__))
@settings(deadline=None, max_examples=200)
def test_tokens_are_the_longest_ones_that_can_be_read(text):
    # GIVEN the slow way: the longest text behind the % that compiles on its own as one token
    def is_token(end):
        try:
            (part,) = compile_template(text[:end], catalogue()).parts
        except (TemplateError, ValueError):
            return False
        return isinstance(part, Piece)

    longest = max(filter(is_token, range(1, len(text) + 1)))
    try:
        piece = compile_template(text, catalogue()).parts[0]
    except TemplateError as error:
        assert error.position >= longest  # noqa: PT017
    else:
        assert piece.operand.text == compile_template(text[:longest], catalogue()).parts[0].operand.text


LONG = {
    "text": "x" * 1_000_000,
    "fields": "%ka.verb " * 10_000,
    "a word behind a field": "%ka.verb" + "x" * 1_000_000,
    "names behind a field": "%ka.verb" + ".x" * 500_000,
    "an argument behind a field": "%ka.verb[" + "x" * 1_000_000 + "]",
    "open arguments": "%ka.verb['" * 2_000,
    "a transformer": "%concat('" + "x" * 1_000_000 + "', 'y')",
    "arguments": "%concat(" + "'x', " * 20_000 + "'y')",
}
LONG_ERRORS = {
    "percent signs": "%" * 1_000_000,
    "digits": "%" + "0" * 1_000_000,
    "an unknown field": "%xx" + ".x" * 500_000,
    "an open string": "%concat('" + "x" * 1_000_000,
    "an open list": "%join(',', (" + "ka.verb, " * 10_000,
    "transformers": "%" + "tolower(" * 100_000,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_long_templates(render, text):
    assert len(render(text)) >= 3


@pytest.mark.parametrize("text", LONG_ERRORS.values(), ids=LONG_ERRORS)
def test_long_mistakes(text):
    with pytest.raises(TemplateError) as caught:
        compile_template(text, catalogue())
    assert caught.value.position == 0
