"""Generated readers: where the structures tell, where they do not, and what comes of it then."""

import json

import pytest

from lanner.engine.projection import Projection
from lanner.engine.readers import field_reader, text_reader, value_reader, walker
from lanner.engine.view import Readers, View
from lanner.fields import BoundField, Event, NoValue, RawEvent, catalogue
from lanner.fields.audit import scalar, some
from support import an_event

POD = {"spec": {"hostNetwork": True, "containers": [{"image": "a/b:1"}, {"image": "c", "securityContext": {}}]}}
INSIDE = (
    ("requestObject", "spec", "hostNetwork"),
    ("requestObject", "spec", "containers[*]", "image"),
    ("requestObject", "spec", "containers[*]", "securityContext", "privileged"),
)
FIELD = catalogue().bind("ka.req.pod.containers.image", None).field


def seen(projection: Projection, **changes: object) -> Event:
    """Return an event as `projection` shows it."""
    raw = RawEvent(json.dumps(an_event(**changes), separators=(",", ":")).encode())
    head = projection.take(raw.text)
    assert head is not None
    return Event(None, 1, None, View(Readers(projection), head, raw))


@pytest.mark.parametrize(
    ("field", "body", "value"),
    [
        ("ka.req.pod.host_network", POD, b"true"),
        ("ka.req.pod.host_network", {"spec": {}}, NoValue.MISSING),
        ("ka.req.pod.host_network", {}, NoValue.MISSING),
        ("ka.req.pod.host_network", None, NoValue.MISSING),
        ("ka.req.pod.host_network", ["no object"], NoValue.MISSING),
        ("ka.req.pod.containers.image", POD, [b"a/b:1", b"c"]),
        ("ka.req.pod.containers.image[1]", POD, [b"c"]),
        ("ka.req.pod.containers.image[2]", POD, NoValue.MISSING),
        ("ka.req.pod.containers.image", {"spec": {"containers": [{"image": "a"}, {}]}}, NoValue.MISSING),
        ("ka.req.pod.containers.image", {"spec": {"containers": []}}, NoValue.MISSING),
        ("ka.req.pod.containers.image.repository", POD, [b"a/b", b"c"]),
        ("ka.req.pod.containers.privileged", POD, NoValue.MISSING),
        ("ka.user.name", POD, b"alice"),
        ("ka.response.code", POD, b"201"),
        ("ka.target.subresource", POD, NoValue.MISSING),
        ("ka.uri", POD, b"/a?b=c"),
        ("ka.impuser.name", POD, b"bob"),
        ("jevt.value", POD, NoValue.MISSING),
    ],
)
def test_fields(field, body, value):
    name, _, index = field.rstrip("]").partition("[")
    bound = catalogue().bind(name, "/zzz/a" if name == "jevt.value" else index or None)
    changes = {
        "requestObject": body,
        "user": {"username": "alice"},
        "requestURI": "/a?b=c",
        "objectRef": {"name": "x"},
        "impersonatedUser": {"username": "bob"},
    }
    values = {("user", "username"): str, ("responseStatus", "code"): int}
    # GIVEN projections that follow the field's path, that follow another one, and that follow none
    for inside in (INSIDE, [("requestObject", "spec", "containers")], [("requestObject", "spec", "zzz", "y")], ()):
        projection = Projection(values, inside)
        assert field_reader(projection, bound)(seen(projection, **changes)) == value


def test_a_key_that_events_do_not_have_is_left_to_the_extractor():
    projection = Projection({})
    bound = BoundField(FIELD, None, scalar(("zzz", "a"))(None), frozenset(("zzz",)))
    raw = RawEvent(json.dumps(an_event(zzz={"a": 1})).encode())
    head = projection.take(raw.text)
    event = Event(raw, 1, None, View(Readers(projection), head, raw))
    assert field_reader(projection, bound)(event) == b"1"


def test_what_is_not_there_is_missing_without_a_look_at_the_text():
    event = seen(Projection({}), requestObject=None)
    bound = catalogue().bind("ka.impuser.name", None)
    assert field_reader(Projection({}), bound)(event) is NoValue.MISSING
    assert event._top is None


@pytest.mark.parametrize("end", [("hostNetwork",), ("containers", "zzz"), ("containers", "securityContext")])
def test_walks_that_the_structures_do_not_tell_are_left_to_the_extractor(end):
    # GIVEN fields that walk to no array, to a key that is no part of the structure, and to a structure
    projection = Projection({}, INSIDE)
    bound = BoundField(FIELD, None, some(("requestObject", "spec", *end))(None), frozenset(("requestObject",)))
    for body in (POD, {"spec": {"containers": [{"zzz": 1}]}}, None):
        event = seen(projection, requestObject=body)
        assert field_reader(projection, bound)(event) == bound.extract(event)


def test_what_is_taken_apart_has_no_text_at_hand():
    # GIVEN a projection in which `spec` and its containers are structures
    projection = Projection({("objectRef", "name"): str}, INSIDE)
    view = seen(projection, requestObject=POD).view
    for path in (("objectRef",), ("requestObject", "spec"), ("requestObject", "spec", "containers")):
        assert text_reader(projection, path)(view) is ...
        assert value_reader(projection, path)(view) is ...
        assert walker(projection, path)(view, None) is ...
    assert walker(projection, (*path, "securityContext"))(view, None) is ...
    assert walker(projection, (*path, "zzz"))(view, None) is ...


def test_values_of_a_walk():
    projection = Projection({("objectRef", "name"): str, ("responseStatus", "code"): int}, INSIDE)
    view = seen(projection, requestObject=POD, objectRef={"name": "x"}, responseStatus={"code": 201}).view
    path = ("requestObject", "spec", "containers", "image")
    assert walker(projection, path)(view, None) == [b'"a/b:1"', b'"c"']
    assert walker(projection, path)(view, 1) == [b'"c"']
    assert walker(projection, path)(view, 2) is None
    assert walker(projection, ("objectRef", "name"))(view, None) == [b'"x"']
    assert walker(projection, ("responseStatus", "code"))(view, None) == [b"201"]
    assert walker(projection, ("objectRef", "uid"))(view, None) is None


def test_readers_are_made_once():
    readers = Readers(Projection({}, INSIDE))
    field = catalogue().bind("ka.req.pod.host_network", None)
    path = ("requestObject", "spec", "hostNetwork")
    assert readers.fields[field] is readers.fields[field]
    assert readers.texts[path] is readers.texts[path]
    assert readers.values[path] is readers.values[path]
    assert readers.walkers[path] is readers.walkers[path]
    assert readers.groups[(path,)] is readers.groups[(path,)]
