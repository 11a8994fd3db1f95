"""The view of an event: what it shows is what the text shows, and what it does not cover it says so."""

import json
from random import Random

import pytest
from msgspec import UNSET

from engine.nasty_events import Events
from engine.random_rules import FIELDS
from lanner.engine.projection import Projection
from lanner.engine.view import Readers, View
from lanner.fields import Event, RawEvent, catalogue, json_text
from lanner.fields.block import Block
from support import an_event

VALUES = {("verb",): str, ("user", "username"): str, ("objectRef", "name"): str, ("responseStatus", "code"): int}
CONTAINERS = ("requestObject", "spec", "containers[*]")
INSIDE = [
    (*CONTAINERS, "image"),
    (*CONTAINERS, "securityContext", "privileged"),
    ("requestObject", "spec", "hostNetwork"),
    ("requestObject", "rules[*]", "verbs"),
    ("responseObject", "metadata", "name"),
]
READERS = Readers(Projection(VALUES, INSIDE))

SPEC = {
    "containers": [{"image": "a", "securityContext": {"privileged": True}}, {"image": "b"}, {"name": "c"}],
    "hostNetwork": False,
}
EVENT = an_event(requestObject={"spec": SPEC}, annotations={"k": " v "}, responseStatus={"code": 201})


def text_of(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def view_of(text: bytes, readers: Readers = READERS) -> View:
    head = readers.projection.take(text)
    assert head is not None
    return View(readers, head, RawEvent(text))


def views_of(text: bytes, readers: Readers = READERS) -> list[View]:
    """Return the view of an event, and that of a line in a block if it can be one."""
    heads = readers.projection.take_lines(text + b"\n") or ()
    return [view_of(text, readers), *(View(readers, head, Block(text + b"\n", "log", 1)) for head in heads)]


PATHS = [
    ("verb",),
    ("auditID",),
    ("requestURI",),
    ("kind",),
    ("zzz",),
    ("user",),
    ("user", "username"),
    ("user", "groups"),
    ("user", "groups", "0"),
    ("user", "username", "x"),
    ("user", "zzz"),
    ("objectRef", "name"),
    ("objectRef", "subresource"),
    ("responseStatus", "code"),
    ("responseStatus", "reason"),
    ("annotations", "k"),
    ("impersonatedUser", "username"),
    ("requestObject",),
    ("requestObject", "spec"),
    ("requestObject", "spec", "hostNetwork"),
    ("requestObject", "spec", "hostPID"),
    ("requestObject", "spec", "containers"),
    ("requestObject", "spec", "containers", "0"),
    ("requestObject", "spec", "containers", "image"),
    ("requestObject", "spec", "containers", "0", "image"),
    ("requestObject", "rules"),
    ("responseObject",),
    ("responseObject", "metadata"),
    ("responseObject", "metadata", "name"),
    ("responseObject", "metadata", "zzz"),
    ("stageTimestamp",),
]
BODIES = {
    "a pod": EVENT["requestObject"],
    "no body": None,
    "null": ...,
    "an array": [{"op": "add"}],
    "a text": "x",
    "no spec": {},
    "no containers": {"spec": {"containers": []}},
    "a container that is none": {"spec": {"containers": [{"image": "a"}, 1]}},
    "one container": {"spec": {"containers": {"image": "a"}}},
    "unknown keys": {"spec": {"zzz": 1, "containers": [{"image": "a"}]}},
    "rules": {"rules": [{"verbs": ["*"]}, {}, {"verbs": None}]},
}


def texts():
    for body in BODIES.values():
        event = {key: value for key, value in EVENT.items() if key != "requestObject"}
        if body is not None:
            event["requestObject"] = None if body is ... else body
        yield text_of(event)
    yield text_of({key: value for key, value in EVENT.items() if key not in ("objectRef", "responseStatus")})
    yield text_of(EVENT | {"objectRef": {}, "responseStatus": {}, "responseObject": {"metadata": {"name": 1.5}}})
    yield text_of(EVENT | {"responseObject": {"metadata": {"name": "n"}, "spec": {"zzz": 1}}})
    yield text_of(EVENT | {"user": {"username": "a\nb\0é"}})
    yield json.dumps(EVENT, indent=1).encode()
    yield text_of({"zzz": 1, "level": 1} | EVENT)


@pytest.mark.parametrize("path", PATHS, ids=".".join)
def test_what_a_view_shows_is_what_the_text_shows(path):
    for text in texts():
        whole = Event(RawEvent(text), 1)
        for view in views_of(text):
            # the text at the path
            assert view.text(path) in (..., whole.text(path))
            assert view.texts((path, ("verb",)), whole._string) == [whole._string(path), "create"]
            # the JSON value at the path; of strings, another way of writing them will do
            found, wanted = view.find(path), whole.find(path)
            if found is not ... and found != wanted:
                assert found is not None
                assert wanted is not None
                assert json_text.render(found) == json_text.render(wanted)
            # the values through the arrays on the way
            for index in (None, 0, 2, 9):
                found = view.walk(path, index)
                if found is not ...:
                    assert found == whole.walk(path, index)


def test_what_a_view_covers():
    view = view_of(text_of(EVENT))
    assert view.text(("verb",)) == b"create"
    assert view.text(("responseStatus", "code")) == b"201"
    assert view.text(("objectRef", "subresource")) is None
    assert view.find(("requestURI",)) == b'"/api/v1/namespaces/shop/pods"'
    assert view.find(("verb",)) == b'"create"'
    assert view.text(("requestObject", "spec", "hostNetwork")) == b"false"
    assert view.walk(("requestObject", "spec", "hostNetwork"), None) == [b"false"]
    assert view.walk(("requestObject", "spec", "hostPID"), None) is None
    path = ("requestObject", "spec", "containers")
    assert view.walk((*path, "image"), None) == [b'"a"', b'"b"', None]
    assert view.walk((*path, "image"), 1) == [b'"b"']
    assert view.walk((*path, "image"), 3) is None
    assert view.walk((*path, "securityContext", "privileged"), None) == [b"true", None, None]
    assert view.walk(("responseObject", "metadata", "name"), None) is None


@pytest.mark.parametrize(
    "path",
    [
        ("zzz",),
        ("user",),
        ("user", "groups", "0"),
        ("requestObject", "zzz"),
        ("requestObject", "spec"),
        ("requestObject", "spec", "containers", "image"),
    ],
    ids=".".join,
)
def test_what_a_view_does_not_cover(path):
    view = view_of(text_of(EVENT))
    assert view.text(path) is ...
    assert view.find(path) is ...


def test_a_body_is_taken_once():
    view = view_of(text_of(EVENT))
    assert view.body("requestObject") is view.body("requestObject")
    assert bytes(view.body("requestObject").spec.hostNetwork) == b"false"
    assert view.body("responseObject") is UNSET
    assert view_of(text_of(EVENT | {"requestObject": []})).body("requestObject") is ...


def test_a_body_that_cannot_be_taken_is_not_covered():
    view = view_of(text_of(EVENT | {"requestObject": [1]}))
    path = ("requestObject", "spec", "hostNetwork")
    assert view.text(path) is view.find(path) is view.walk(path, None) is ...
    assert view.walk((*path[:2], "containers", "image"), None) is ...


GROUPS = [
    (("verb",), ("user", "username"), ("objectRef", "subresource"), ("requestURI",), ("annotations",)),
    (("verb",), ("user",)),
    (("verb",), ("zzz",)),
    (("verb",), ("requestObject", "spec", "hostNetwork")),
    (("objectRef", "name"), ("responseStatus", "code")),
    (("sourceIPs",), ("user", "groups"), ("annotations", "k"), ("annotations", "zzz"), ("zzz", "a"), ("kind",)),
]


@pytest.mark.parametrize("group", GROUPS)
def test_texts_at_several_paths(group):
    for text in texts():
        whole = Event(RawEvent(text), 1)
        event = Event(None, 1, None, view_of(text))
        shown = [whole.text(path) for path in group]
        assert event.texts(group) == whole.texts(group) == [text if text is None else text.decode() for text in shown]
        assert event.text_of(*group[0]) == whole.text_of(*group[0])


def test_what_a_group_does_not_cover_is_left_to_the_text():
    view = view_of(text_of(an_event(objectRef=None)))
    group = (("verb",), ("zzz",), ("requestURI",))
    assert view.texts(group, ".".join) == ["create", "zzz", "/api/v1/namespaces/shop/pods"]
    assert view.texts(GROUPS[4], ".".join) == [None, "201"]


def test_every_field_has_the_same_value_through_a_view():
    bound = [catalogue().bind(*_parts(field)) for field in FIELDS]
    # GIVEN a projection for all of the fields
    inside = {tuple(field.field.path.removesuffix("[*]").split(".")) for field in bound}
    projections = (
        READERS.projection,
        Projection({}),
        Projection(VALUES, [path for path in inside if path[0] in ("requestObject", "responseObject") and path[1:]]),
    )
    cluster = Events(Random(5))
    ordinary = [cluster.ordinary() for _ in range(60)]
    for readers in map(Readers, projections):
        for text in (*texts(), *ordinary):
            event, whole = Event(None, 3, 5, views_of(text, readers)[-1]), Event(RawEvent(text), 3, 5)
            for field in bound:
                assert field.value(event) == field.value(whole), field.text


def _parts(field: str) -> tuple[str, str | None]:
    name, _, argument = field.partition("[")
    return name, argument[:-1].strip('"') if argument else None


def test_a_view_knows_where_its_text_stands():
    # GIVEN two events in a block
    first, second = text_of(EVENT), text_of(EVENT | {"verb": "get"})
    block = Block(first + b"\n" + second + b"\n", "audit.log", 8, "eks", "prod")
    heads = READERS.projection.take_lines(block.text)
    view = View(READERS, heads[1], block, 1)
    assert (view.provider, view.cluster) == ("eks", "prod")
    assert view.raw() == RawEvent(second, "eks", "prod", None, "audit.log:9")
    # AND an event that came alone
    raw = RawEvent(first, "gke", "test", 5, "somewhere")
    view = View(READERS, heads[0], raw)
    assert view.raw() is raw
    event = Event(None, 1, None, view)
    assert (event.provider, event.cluster) == (view.provider, view.cluster) == ("gke", "test")
    assert event.is_audited
    # AND it can be opened again, without the view
    event.reopen()
    assert event.view is None
    assert (event.provider, event.cluster, event.raw) == ("gke", "test", raw)


BODIES = {
    "containers": {"spec": {"containers": [{"image": "a:1"}, {"image": "b", "securityContext": {"privileged": True}}]}},
    "one without": {"spec": {"containers": [{"name": "x"}, {"image": "b:2"}]}},
    "none": {"spec": {"containers": []}},
    "another type": {"spec": {"containers": {"image": "a"}}},
    "no spec": {"kind": "Pod"},
    "no object": ["a"],
    "missing": None,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
@pytest.mark.parametrize("argument", [None, "0", "1", "7"])
@pytest.mark.parametrize("name", ["image", "image.repository", "privileged", "command"])
def test_fields_are_read_as_they_define(body, argument, name):
    raw = RawEvent(text_of(an_event(requestObject=body)))
    head = READERS.projection.take(raw.text)
    field = catalogue().bind(f"ka.req.pod.containers.{name}", argument)
    event = Event(raw, 1, None, View(READERS, head, raw))
    assert READERS.fields[field](event) == field.extract(Event(raw, 1))
