"""Fields and transformers, bound and read (spec/conditions.md section 5)."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanner.errors import ConditionError, LanguageError
from lanner.fields import BODIES, Catalogue, NoValue, Type, catalogue
from lanner.language import compile_condition, compile_operand, parse
from lanner.language.operands import FieldOperand, fields_of, parse_operand

EVENT = {
    "verb": "GET",
    "stage": "",
    "requestURI": "/api/v1/Pods?limit=1",
    "user": {"username": "Alice", "groups": ["Dev", "ops/Admins", "system:masters"]},
    "requestObject": {
        "b64": base64.b64encode(b"secret\0x").decode(),
        "spec": {"volumes": [{"hostPath": {"path": "YQ"}}, {"hostPath": {"path": "YWI="}}]},
        "rules": ["-a", "-bv"],
    },
}
GROUPS = "ka.user.groups"
LINE = "ka.req.role.rules"  # a list of strings: -a, -bv

TYPES = {
    "ka.verb": (Type.STRING, False),
    GROUPS: (Type.STRING, True),
    "evt.num": (Type.UINT64, False),
    "evt.rawtime": (Type.ABSTIME, False),
    "evt.reltime": (Type.RELTIME, False),
    "evt.is_async": (Type.BOOL, False),
    "tolower(ka.verb)": (Type.STRING, False),
    f"toupper({GROUPS})": (Type.STRING, True),
    f"basename(b64({GROUPS}))": (Type.STRING, True),
    "len(ka.verb)": (Type.UINT64, False),
    f"len({GROUPS})": (Type.UINT64, False),
    "concat(ka.verb, 'x', 1)": (Type.STRING, False),
    f"join(',', {GROUPS})": (Type.STRING, False),
    "join(',', (ka.verb, evt.num))": (Type.STRING, False),
    f"getopt({GROUPS}, 'x')": (Type.STRING, True),
    f"getopt({GROUPS}, 'x')[x]": (Type.STRING, False),
    "tolower('X')": (Type.STRING, False),
}


@pytest.mark.parametrize("text", TYPES)
def test_types(text):
    operand = compile_operand(text, catalogue())
    assert (operand.type, operand.is_list) == TYPES[text]


VALUES = {
    # fields
    "ka.verb": b"GET",
    "ka.stage": b"",
    "ka.impuser.name": None,
    GROUPS: [b"Dev", b"ops/Admins", b"system:masters"],
    "evt.num": 1,
    "evt.is_async": False,
    "ka.uri.param[limit]": b"1",
    "ka.uri.param['limit']": b"1",
    "jevt.value[/user/groups/0]": b"Dev",
    # one argument
    "tolower(ka.verb)": b"get",
    "toupper(ka.user.name)": b"ALICE",
    "basename(ka.uri)": b"Pods?limit=1",
    "tolower(ka.stage)": b"",
    "b64(ka.stage)": b"",
    "tolower(ka.impuser.name)": None,
    f"tolower({GROUPS})": [b"dev", b"ops/admins", b"system:masters"],
    f"basename({GROUPS})": [b"Dev", b"Admins", b"system:masters"],
    "tolower(basename(ka.uri))": b"pods?limit=1",
    "b64(jevt.value[/requestObject/b64])": b"secret\0x",
    "b64(ka.verb)": None,
    "b64(ka.req.pod.volumes.hostpath)": [b"a", b"ab"],
    f"b64({GROUPS})": None,
    "tolower('Constant')": b"constant",
    # len
    "len(ka.verb)": 3,
    "len(ka.stage)": 0,
    f"len({GROUPS})": 3,
    f"len(toupper({GROUPS}))": 3,
    "len(ka.impuser.name)": None,
    "len(b64('YWI'))": 2,
    "len('é')": 2,
    # concat
    "concat(ka.verb, ka.stage, '-', 1.50, tolower(ka.verb))": b"GET-1.50get",
    "concat('a', 'b')": b"ab",
    "concat(ka.verb, ka.impuser.name)": None,
    # join
    f"join(', ', {GROUPS})": b"Dev, ops/Admins, system:masters",
    f"join('', tolower({GROUPS}))": b"devops/adminssystem:masters",
    f"join(ka.verb, {GROUPS})": b"DevGETops/AdminsGETsystem:masters",
    "join('|', (ka.verb, 'x', 1, evt.num, len(ka.verb), tolower(ka.verb)))": b"GET|x|1|1|3|get",
    "join('|', (evt.rawtime.ns, evt.reltime))": b"456|0",
    "join('|', (jevt.value[/verb], jevt.value[/user/username]))": b"GET|Alice",
    "join('|', (ka.verb))": b"GET",
    "join('|', ())": b"",
    "join('|', (ka.verb, ka.impuser.name))": None,
    f"join(ka.impuser.name, {GROUPS})": None,
    "join('|', ka.req.pod.volumes.flexvolume_driver)": None,
    # getopt
    f"getopt({LINE}, 'ab:')": [b"a", b"b", b"v"],
    f"getopt({LINE}, 'ab:')[b]": b"v",
    f"getopt({LINE}, 'ab:')['a']": b"a",
    f"getopt({LINE}, 'ab:')[x]": None,
    f"getopt({GROUPS}, 'ab:')": [],
    f"getopt({GROUPS}, 'ab:')[a]": None,
    "getopt(('-x', ka.verb), 'x:')[x]": b"GET",
    "getopt(('-é'), '\\xc3')['\\xc3']": b"\xc3",
    "getopt(ka.req.pod.volumes.flexvolume_driver, 'a')": None,
    f"getopt({LINE}, ka.impuser.name)": None,
    # the length of options found is that of the first element (QUIRK)
    f"len(getopt({LINE}, 'ab:'))": 1,
    "len(getopt(('-a', '-bvalue'), 'b:'))": 1,
    f"len(getopt({GROUPS}, 'ab:'))": None,
    "len(getopt(('-bvalue'), 'b:')[b])": 5,
    "len(toupper(getopt(('-a', '-b'), 'ab')))": 2,
}


@pytest.mark.parametrize("text", VALUES)
def test_values(value_of, open_event, text):
    assert value_of(text, open_event(EVENT)) == VALUES[text]


def test_options_found_nowhere_are_an_empty_list_that_is_present(verdict):
    assert verdict(f"getopt({GROUPS}, 'a') exists", EVENT)
    assert verdict(f"getopt({GROUPS}, 'a') in (x)", EVENT)
    assert not verdict(f"getopt({GROUPS}, 'a') intersects (x)", EVENT)


# -------------------------------------------------------------------------------------------------------------- errors

UNSUPPORTED = "can't add field transformer: type '{}' is not supported by '{}' transformer applied on field '{}'"
REFUSED = {
    # text: (where, message, hint)
    "ka.verbs": (0, "unknown field ka.verbs", "did you mean ka.verb?"),
    "ka.target.resouce": (
        0,
        "unknown field ka.target.resouce",
        "did you mean ka.target.resource?",
    ),
    "proc.name": (0, "unknown field proc.name", "`lanner fields` lists the fields"),
    "tolower( ka.verbs)": (9, "unknown field ka.verbs", "did you mean ka.verb?"),
    "join('|', (ka.verb, ka.urj))": (20, "unknown field ka.urj", "did you mean ka.uri?"),
    "evt.time[x]": (0, "unknown field evt.time[x]", ""),
    "concat(ka.verb, ka.uri.param)": (
        16,
        "filter 'ka.uri.param': ka.uri.param requires an argument but none provided",
        "write it as ka.uri.param[...]",
    ),
    "ka.verb[x]": (
        0,
        "filter 'ka.verb[x]': ka.verb does not allow nor require an argument but one is provided: x",
        "",
    ),
    "tolower(evt.num)": (0, UNSUPPORTED.format("UINT64", "tolower", "evt.num"), ""),
    "toupper(evt.is_async)": (0, UNSUPPORTED.format("BOOL", "toupper", "evt.is_async"), ""),
    "basename(evt.rawtime)": (0, UNSUPPORTED.format("ABSTIME", "basename", "evt.rawtime"), ""),
    "b64(evt.reltime)": (0, UNSUPPORTED.format("RELTIME", "b64", "evt.reltime"), ""),
    "len(evt.num)": (0, UNSUPPORTED.format("UINT64", "len", "evt.num"), ""),
    "concat('x', b64(len(ka.verb)))": (12, UNSUPPORTED.format("UINT64", "b64", "ka.verb"), ""),
    "tolower(ka.verb, ka.uri)": (0, "unknown multivalue transformer", ""),
    "len(ka.verb, ka.uri)": (0, "unknown multivalue transformer", ""),
    "join(ka.user.groups)": (0, "join() needs at least two arguments", ""),
    "concat(ka.verb)": (0, "concat() needs at least two arguments", ""),
    "getopt(ka.user.groups)": (0, "getopt() needs at least two arguments", ""),
    "concat(ka.verb, ka.user.groups)": (0, "concat() arguments must be strings", ""),
    "concat(ka.verb, evt.num)": (0, "concat() arguments must be strings", ""),
    "concat(ka.verb, len(ka.verb))": (0, "concat() arguments must be strings", ""),
    "concat(ka.verb, (ka.uri))": (0, "concat() arguments must be strings", ""),
    "join(',', ka.verb)": (0, "join() second argument must be a list", ""),
    "join(ka.user.groups, ka.user.groups)": (
        0,
        "join() first argument (separator) must be a single value, not a list",
        "",
    ),
    "join(evt.num, ka.user.groups)": (0, "join() first argument (separator) must be a string", ""),
    "join(',', ka.user.groups, 'x')": (0, "join() requires exactly 2 arguments: separator and list", ""),
    "join(',', (ka.verb, ka.user.groups))": (
        20,
        "the items of a list must be single values, ka.user.groups is a list",
        "",
    ),
    "join(',', ('x', toupper(ka.user.groups)))": (
        16,
        "the items of a list must be single values, ka.user.groups is a list",
        "",
    ),
    "getopt(ka.verb, 'a')": (0, "getopt() first argument must be a list", ""),
    "getopt('a', ka.user.groups)": (0, "getopt() first argument must be a list", ""),
    "getopt(ka.user.groups, ka.user.groups)": (0, "getopt() second argument must be a string", ""),
    "getopt(ka.user.groups, evt.num)": (0, "getopt() second argument must be a string", ""),
    "getopt(ka.user.groups, 'a', 'b')": (0, "getopt() requires exactly 2 arguments: list and option string", ""),
    "getopt(ka.user.groups, 'a')[ab]": (0, "getopt() field argument must be a single option character", ""),
    "getopt(ka.user.groups, 'a')['']": (0, "getopt() field argument must be a single option character", ""),
    "getopt(ka.user.groups, 'a')[é]": (0, "getopt() field argument must be a single option character", ""),
    "tolower(ka.verb)[x]": (0, "filter error: transformer 'tolower' does not support field arguments", ""),
    "join(',', ka.user.groups)[0]": (0, "filter error: transformer 'join' does not support field arguments", ""),
    # what is no operand at all
    "": (0, "'' is not a field", ""),
    "verb": (0, "'verb' is not a field", ""),
    "ka.verb ": (7, "'ka.verb ' is not a field", ""),
    "ka.verb = x": (7, "'ka.verb = x' is not a field", ""),
    "val(ka.verb)": (0, "'val(ka.verb)' is not a field", ""),
    "tolower(ka.verb": (15, "expected a ')' token closing the transformer", ""),
}


@pytest.mark.parametrize("text", REFUSED)
def test_errors_say_what_and_where(text):
    with pytest.raises(ConditionError) as caught:
        compile_operand(text, catalogue())
    error = caught.value
    assert (error.position, error.message, error.hint) == REFUSED[text]
    assert error.text == text
    assert error.unknown_field == ("unknown field" in error.message)


def test_positions_on_the_right_hand_side():
    text = "ka.verb = val( ka.vreb)"
    with pytest.raises(ConditionError) as caught:
        compile_condition(parse(text), catalogue(), text)
    assert text[: caught.value.position] == "ka.verb = val( "
    assert caught.value.hint == "did you mean ka.verb?"


# ----------------------------------------------------------------------------------------------------- reading operands


def test_a_field_is_the_same_however_it_is_written():
    fields = catalogue()
    assert compile_operand("ka.uri.param[a]", fields).field is compile_operand("ka.uri.param['a']", fields).field


def test_static_fields_are_fields(open_event):
    fields = Catalogue({"site": "Berlin"})
    assert compile_operand("tolower(static.site)", fields).value(open_event()) == b"berlin"


def test_fields_of_an_operand():
    text = "concat(tolower(ka.verb), join(ka.uri, ('x', evt.num, ka.verb)), 'y', getopt(ka.user.groups, ka.stage)[x])"
    names = [field.text for field in fields_of(compile_operand(text, catalogue()))]
    assert names == ["ka.verb", "ka.uri", "evt.num", "ka.verb", "ka.user.groups", "ka.stage"]


NAMES = {
    "ka.uri.param['ab=']": "ka.uri.param[ab=]",
    "tolower(basename(ka.uri))": "ka.uri",
    "join('\"', ('x', ka.verb))": r'"\""',
    "getopt(('x', ka.verb, 1), 'x')": '("x", ka.verb, "1")',
}


@pytest.mark.parametrize("text", NAMES)
def test_messages_name_an_operand_by_its_first_argument(text):
    assert compile_operand(text, catalogue()).text == NAMES[text]


def test_parse_operand_leaves_nothing_behind():
    assert str(parse_operand("tolower( ka.verb )")) == "tolower(ka.verb)"
    with pytest.raises(ConditionError):
        parse_operand(" ka.verb")


# --------------------------------------------------------------------------------------- values that are lost (unknown)

LOST = {
    # the whole body is lost: what is in it is unknown, it itself exists but is hidden
    "jevt.value[/requestObject/x]": NoValue.UNKNOWN,
    "jevt.value[/requestObject]": NoValue.HIDDEN,
    "tolower(jevt.value[/requestObject/x])": NoValue.UNKNOWN,
    "tolower(jevt.value[/requestObject])": NoValue.HIDDEN,
    "len(jevt.value[/requestObject])": NoValue.HIDDEN,
    "concat(ka.verb, jevt.value[/requestObject])": NoValue.HIDDEN,
    "join('|', (ka.verb, jevt.value[/requestObject]))": NoValue.HIDDEN,
    # these may give no value although their argument has one
    "b64(jevt.value[/requestObject])": NoValue.UNKNOWN,
    "tolower(b64(jevt.value[/requestObject]))": NoValue.UNKNOWN,
    "getopt(('-x', jevt.value[/requestObject]), 'x:')[x]": NoValue.UNKNOWN,
    "getopt(('-x', jevt.value[/requestObject]), 'x:')": NoValue.UNKNOWN,
    "len(getopt(('-x', jevt.value[/requestObject]), 'x:'))": NoValue.UNKNOWN,
    # missing outweighs unknown, unknown outweighs hidden
    "concat(jevt.value[/requestObject/x], ka.impuser.name)": NoValue.MISSING,
    "concat(jevt.value[/requestObject], ka.impuser.name)": NoValue.MISSING,
    "concat(jevt.value[/requestObject], jevt.value[/requestObject/x])": NoValue.UNKNOWN,
    "join('|', (jevt.value[/requestObject/x], ka.impuser.name))": NoValue.MISSING,
    "concat('x', ka.verb)": b"xGET",
}


@pytest.mark.parametrize("text", LOST)
def test_what_depends_on_a_lost_part_is_unknown(open_event, text):
    event = open_event({"verb": "GET", "requestObject": {}}, lost=BODIES)
    assert compile_operand(text, catalogue()).value(event) == LOST[text]


# --------------------------------------------------------------------------------------------------------- random texts

PIECES = [
    *(
        "tolower(",
        "len(",
        "b64(",
        "concat(",
        "join(",
        "getopt(",
        "val(",
        "(",
        ")",
        ")",
        ")",
        ",",
        "[",
        "]",
        "'",
        '"',
        " ",
    ),
    *("ka.verb", "ka.user.groups", "ka.uri.param", "ka.sourceips", "jevt.value", "evt.num", "evt.is_async", "ka.nope"),
    *("0", "01", "1" * 30, "-1", "/a", "'x'", "a:", "\\", "\\xff", "\udcff", "\x00", "é", "%"),
]
random_texts = st.text(max_size=20) | st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@given(random_texts)
@settings(deadline=None, max_examples=500)
def test_any_text_is_an_operand_or_a_language_error(open_event, text):
    try:
        operand = compile_operand(text, catalogue())
    except LanguageError as caught:
        error = caught
    else:
        # THEN reading it gives a value of its type
        value = operand.value(open_event(EVENT))
        types = {Type.STRING: bytes, Type.BOOL: bool}
        for item in value if operand.is_list and isinstance(value, list) else [value]:
            assert item is NoValue.MISSING or isinstance(item, types.get(operand.type, int))
        return
    assert 0 <= error.position <= len(text)
    assert isinstance(error, ConditionError)


def test_long_operands(value_of, open_event):
    count = 10_000
    event = open_event(EVENT)
    assert value_of("concat(" + "ka.verb, " * count + "'')", event) == b"GET" * count
    assert value_of("join('', (" + "ka.verb, " * count + "''))", event) == b"GET" * count
    with pytest.raises(ConditionError, match="unknown field"):
        compile_operand("ka." + "x" * 1_000_000, catalogue())


def test_a_field_operand_is_what_a_field_becomes():
    assert isinstance(compile_operand("ka.verb", catalogue()), FieldOperand)
