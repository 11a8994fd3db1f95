"""The projection: which texts are taken, which are put in order first, and which are left to the exact way."""

import json

import pytest
from msgspec import UNSET, Raw

from lanner.engine import layout
from lanner.engine.projection import NOT_THERE, Projection, nests_too_deep
from lanner.fields import json_text
from support import an_event

VALUES = {("verb",): str, ("user", "username"): str, ("objectRef", "name"): str, ("responseStatus", "code"): int}
PROJECTION = Projection(
    VALUES,
    [
        ("requestObject", "spec", "containers[*]", "image"),
        ("requestObject", "spec", "containers[*]", "securityContext", "privileged"),
        ("requestObject", "spec", "hostNetwork"),
        ("requestObject", "subjects"),
        ("requestObject", "subjects[*]", "name"),
        ("responseObject", "metadata", "name"),
    ],
)
PLAIN = (
    b'{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"a","stage":"S","requestURI":"/x",'
    b'"verb":"get","user":{"username":"alice","groups":["a b"]},"objectRef":{"resource":"pods","name":"web"},'
    b'"responseStatus":{"metadata":{},"code":201},"requestObject":{"x":[ 1.50e3 ]}}'
)


def test_an_ordinary_event_is_taken():
    head = PROJECTION.take(PLAIN)
    assert (head.verb, head.user.username, head.objectRef.name, head.responseStatus.code) == (
        "get",
        "alice",
        "web",
        201,
    )
    # AND what is not looked at stays as it is written
    assert bytes(head.requestURI) == b'"/x"'
    assert bytes(head.user.groups) == b'["a b"]'
    assert bytes(head.requestObject) == b'{"x":[ 1.50e3 ]}'
    # AND what is not there is not
    assert head.annotations is NOT_THERE
    assert head.objectRef.namespace is UNSET
    assert head.stageTimestamp is UNSET


def test_as_few_values_are_decoded_as_rules_look_at():
    assert bytes(Projection({}).take(PLAIN).user) == b'{"username":"alice","groups":["a b"]}'


IN_ORDER = {
    "an unknown key": (b'"kind"', b'"zzz":[{}],"kind"'),
    "an unknown key inside": (b'"resource"', b'"zzz":[{}],"resource"'),
    "blanks": (b'"verb":"get",', b' "verb"\t:\r"get" ,\n'),
    "the same key twice": (b'"verb":"get"', b'"verb":"get","verb":"list"'),
    "the same key twice inside": (b'"name":"web"', b'"name":"web","name":"admin"'),
    "an escaped key": (b'"verb"', b'"v\\u0065rb"'),
    "an escaped key before the plain one": (b'"verb"', b'"v\\u0065rb":"list","verb"'),
    "an object twice": (b'"user":', b'"user":{"username":"alice","groups":["a b"]},"user":'),
}


@pytest.mark.parametrize("changes", IN_ORDER.values(), ids=list(IN_ORDER))
def test_an_event_out_of_order_is_put_in_order(changes):
    text = PLAIN
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in text
        text = text.replace(old, new, 1)
    head, plain = PROJECTION.take(text), PROJECTION.take(PLAIN)
    assert (head.verb, head.user.username, head.objectRef.name) == (
        plain.verb,
        plain.user.username,
        plain.objectRef.name,
    )
    assert head.responseStatus.code == 201
    # AND a line like that has to be looked at by itself
    assert PROJECTION.take_lines(text.replace(b"\n", b" ") + b"\n") is None


def test_a_value_that_stays_as_it_is_written_is_not_put_in_order():
    # GIVEN an event out of order, in whose user, of which nothing is decoded, there are other keys
    text = PLAIN.replace(b'"username":"alice"', b'"zzz":1,"username":"alice","username":"bob"').replace(
        b'"kind"', b'"y":1,"kind"'
    )
    head = Projection({("verb",): str}).take(text)
    # THEN a rule can see them
    assert bytes(head.user) == b'{"zzz":1,"username":"alice","username":"bob","groups":["a b"]}'


REFUSED = {
    "no auditID": (b'"auditID":"a",', b""),
    "no verb": (b'"verb":"get",', b""),
    "no user": (b'"user":{"username":"alice","groups":["a b"]},', b""),
    "no user name": (b'"username":"alice",', b""),
    "a number for a text": (b'"get"', b"1.50e3"),
    "null": (b'"web"', b"null"),
    "null for an object": (b'{"resource":"pods","name":"web"}', b"null"),
    "an array for an object": (b'{"resource":"pods","name":"web"}', b"[]"),
    "true for a number": (b"201", b"true"),
    "a text for a number": (b"201", b'"201"'),
    "a fraction": (b"201", b"201.0"),
    "an exponent": (b"201", b"2.01e2"),
    "an exponent of the same length": (b"201", b"2e2"),
    "minus nothing": (b"201", b"-0"),
    "a number beyond all": (b"201", b"9" * 4301),
    "an escape": (b'"get"', b'"g\\u0065t"'),
    "a slash that is escaped": (b'"alice"', b'"a\\/b"'),
    "a lone surrogate": (b'"alice"', b'"\\ud800"'),
    "an unknown escape": (b'"alice"', b'"\\q"'),
    "a control character": (b'"alice"', b'"\x01"'),
    "a text that is not UTF-8": (b'"alice"', b'"\xff"'),
    "an odd number elsewhere": (b"1.50e3", b"nan"),
    "an object twice, the first one odd": (b'"user":', b'"user":[],"user":'),
    "nesting beyond all limits": (b"1.50e3", b"[" * 2000 + b"]" * 2000),
    "nesting in an unknown key": (b'"kind"', b'"zzz":' + b"[" * 301 + b"]" * 301 + b',"kind"'),
}


@pytest.mark.parametrize(("old", "new"), REFUSED.values(), ids=list(REFUSED))
def test_an_event_of_other_types_is_not_taken(old, new):
    text = PLAIN.replace(old, new, 1)
    assert text != PLAIN
    json_text.check(text)
    assert PROJECTION.take(text) is None
    assert PROJECTION.take_lines(text + b"\n") is None


@pytest.mark.parametrize(
    "text", [b'"\\n"', b'"\\u001f"', b'"\\u0000"', b'"\\""', "é\U0001f600\u2028".join('""').encode(), b'"\x7f"']
)
def test_escapes_that_cannot_be_written_shorter_are_no_obstacle(text):
    assert PROJECTION.take(PLAIN.replace(b'"get"', text)).verb == json.loads(text)


@pytest.mark.parametrize("number", [b"0", b"-5", b"18446744073709551616", b"9" * 30, b"9" * 4300])
def test_large_numbers_are_numbers(number):
    assert PROJECTION.take(PLAIN.replace(b"201", number)).responseStatus.code == int(number)


def test_no_character_is_written_longer_than_it_was_read():
    # This is what tells that nothing was lost.
    for code in (*range(0x20, 0xD800), *range(0xE000, 0x11000), *range(0x1F600, 0x1F700)):
        if chr(code) not in '"\\':
            head = PROJECTION.take(PLAIN.replace(b"alice", chr(code).encode()))
            assert head.user.username == chr(code)


# ------------------------------------------------------------------------------------------------------------ lines


def test_lines_are_taken_together():
    heads = PROJECTION.take_lines(PLAIN + b"\n" + PLAIN.replace(b"get", b"list") + b"\n")
    assert [head.verb for head in heads] == ["get", "list"]


def test_an_order_of_keys_that_costs_nothing():
    # GIVEN a line whose keys come in another order
    text = PLAIN.replace(b'"kind":"Event",', b"").replace(b"{", b'{"verb":"get","kind":"Event",', 1)
    text = text.replace(b'"verb":"get","user"', b'"user"')
    text = text.replace(b'"username":"alice","groups":["a b"]', b'"groups":["a b"],"username":"alice"')
    assert PROJECTION.take(text).user.username == "alice"
    # THEN nothing is lost on the way
    assert [head.verb for head in PROJECTION.take_lines(PLAIN + b"\n" + text + b"\n")] == ["get", "get"]


LINES = {
    "nothing": b"\n",
    "no end": PLAIN,
    "a blank line": PLAIN + b"\n\n" + PLAIN + b"\n",
    "carriage returns": PLAIN + b"\r\n" + PLAIN + b"\r\n",
    "two in a line": PLAIN + PLAIN + b"\n",
    "two in a line, and a blank line": PLAIN + PLAIN + b"\n\n",
    "two in a line, and a blank before": b" " + PLAIN + PLAIN + b"\n",
    "two in a line, and a blank in the next": PLAIN + PLAIN + b"\n" + PLAIN[:-1] + b" }\n",
    "two in a line, and a blank in the one before": PLAIN[:-1] + b" }\n" + PLAIN + PLAIN + b"\n",
    "two in a line, and one in two lines": PLAIN + PLAIN + b"\n" + PLAIN.replace(b',"verb"', b',\n"verb"') + b"\n",
    "one in two lines": PLAIN.replace(b',"verb"', b',\n"verb"') + b"\n",
    "one in two lines, within a member": PLAIN.replace(b'"x":[', b'"x":\n[') + b"\n",
    "one in two lines, and two in a line": PLAIN.replace(b'"x":[', b'"x":\n[') + b"\n" + PLAIN + PLAIN + b"\n",
    "a comma": PLAIN + b",\n",
    "an array": b"[" + PLAIN + b"]\n",
    "no event": PLAIN + b"\n{}\n",
    "another kind": PLAIN.replace(b"Event", b"EventList") + b"\n",
    "no kind": PLAIN.replace(b'"kind":"Event",', b"") + b"\n",
    "the kind twice": PLAIN.replace(b'"kind"', b'"kind":"EventList","kind"') + b"\n",
    "a mark of the byte order": b"\xef\xbb\xbf" + PLAIN + b"\n",
    "rubbish behind": PLAIN + b" x\n",
    "a line that is cut": PLAIN + b"\n" + PLAIN[:99] + b"\n",
    "another line that is out of order": PLAIN + b"\n" + PLAIN.replace(b'"verb"', b' "verb"') + b"\n" + PLAIN + b"\n",
}


@pytest.mark.parametrize("text", LINES.values(), ids=list(LINES))
def test_lines_that_have_to_be_looked_at_one_by_one(text):
    assert not PROJECTION.take_lines(text)


# ----------------------------------------------------------------------------------------------------------- bodies

BODY = b'{"spec":{"containers":[{"name":"a","image":"x","securityContext":{"privileged":true}},{}],"hostNetwork":1.0}}'


def test_a_body_is_taken():
    body = PROJECTION.take_body("requestObject", Raw(BODY))
    first, second = body.spec.containers
    assert (bytes(first.image), bytes(first.securityContext.privileged)) == (b'"x"', b"true")
    assert (second.image, second.securityContext) == (NOT_THERE, UNSET)
    assert bytes(body.spec.hostNetwork) == b"1.0"
    # AND what is looked at as a whole, too, stays whole
    assert bytes(PROJECTION.take_body("requestObject", Raw(b'{"subjects":[{"name":1}]}')).subjects) == b'[{"name":1}]'


@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b'"x"',
        b"[" + BODY + b"]",
        BODY.replace(b'"spec":', b'"spec": '),
        BODY.replace(b'"hostNetwork":1.0', b'"zzz":1'),
        BODY.replace(b'"hostNetwork":1.0', b'"hostNetwork":1.0,"hostNetwork":2'),
        BODY.replace(b"{}", b"null"),
        BODY.replace(b"{}", b"[]"),
        BODY.replace(b"1.0", b"nan"),
        BODY.replace(b"hostNetwork", b"hostNetw\\u006frk"),
        b'{"spec":[' + BODY[8:-1] + b"]}",
        b'{"spec":{"containers":{"image":"x"}}}',
        b'{"spec":' + b"[" * 2000 + b"]" * 2000 + b"}",
    ],
)
def test_an_odd_body_is_not_taken(body):
    assert PROJECTION.take_body("requestObject", Raw(body)) is None


def test_the_bodies_have_structures_of_their_own():
    body = PROJECTION.take_body("responseObject", Raw(b'{"metadata":{"name":"a"},"spec":{"containers":[]}}'))
    assert bytes(body.metadata.name) == b'"a"'
    assert bytes(body.spec) == b'{"containers":[]}'


# ------------------------------------------------------------------------------------------------------------ depth


def nested(opening: bytes, levels: int, core: bytes = b"") -> bytes:
    closing = opening[::-1].translate(bytes.maketrans(b"[{", b"]}"), b'":,a0')
    return opening * levels + core + closing * levels


@pytest.mark.parametrize("level", [1, 2])
@pytest.mark.parametrize(
    ("opening", "core", "more"),
    [
        (b"[", b"", 0),
        (b'{"":', b"1", 0),
        (b'{"":', b"{}", 1),
        (b'[{"":', b"1", 0),
        (b"[", b'"[[{{"', 0),
        (b"[0,", b"0", 0),
    ],
)
def test_how_deep_a_member_may_nest(level, opening, core, more):
    limit = json_text.MAX_DEPTH - level
    each = opening.count(b"[") + opening.count(b"{")
    for levels in range(limit - 4, limit + 5):
        if (levels - more) % each == 0:
            text = nested(opening, (levels - more) // each, core)
            assert nests_too_deep(Raw(text), level) is (levels > limit), levels
            assert json_text.within_depth(text, limit) is (levels <= limit)


@pytest.mark.parametrize("text", [b'"' + b"[" * 2000 + b'"', b"[" + b"[]," * 900 + b"{}]", b'"' + b'\\"[' * 900 + b'"'])
def test_marks_are_no_levels(text):
    assert not nests_too_deep(Raw(text), 1)


# ----------------------------------------------------------------------------------------------------------- layout


def test_the_layout_has_the_keys_of_ordinary_events():
    known = list(layout.EVENT)
    found = [key for key in an_event(requestObject={}, annotations={}) if key in known]
    assert len(found) == len(an_event(requestObject={}, annotations={}))
    assert known[:4] == ["kind", "apiVersion", "level", "auditID"]
    assert layout.EVENT["verb"] is str
    assert layout.EVENT["annotations"] is None
    assert layout.BODY["spec"]["containers"]["securityContext"]["privileged"] is None


def test_only_whole_lines_are_taken():
    for end in (b"", b" ", b"\r", b"\n\n", b"\n "):
        assert PROJECTION.take_lines(PLAIN + end) is None
    assert PROJECTION.take_lines(b"") is None
    assert PROJECTION.take_lines(b"\n") is None
    assert len(PROJECTION.take_lines(PLAIN + b"\n")) == 1
