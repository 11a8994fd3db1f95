"""The object that a request writes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lanner.fields import Event, RawEvent, catalogue, json_text
from lanner.fields.written import body, flattened, found, is_patch, members, once, written


def opened(value: Any, verb: str = "create") -> Event:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Event(RawEvent(b'{"auditID":"a","verb":"%b","requestObject":%b}' % (verb.encode(), text)), 1)


ADD = [{"op": "add", "path": "/spec/a", "value": 1}]


@pytest.mark.parametrize(
    ("text", "verb", "object_"),
    [
        (b'{"a": 1.50}', "create", b'{"a": 1.50}'),  # as it was logged, to the letter
        (b'{"a":1,"a":2}', "update", b'{"a":1,"a":2}'),
        (b'{"a": 1.0, "a": 2.0}', "patch", b'{"a":2}'),
        (b'{"a":nan}', "patch", b'{"a":nan}'),  # no server reads that: it stays as it is
        (b"null", "patch", b"null"),
        (b'"x"', "patch", b'"x"'),
        (json.dumps(ADD).encode(), "patch", b'{"spec":{"a":1}}'),
        (json.dumps(ADD).encode(), "create", b'{"spec":{"a":1}}'),
        (b"[]", "patch", b"{}"),
        (b"[nan]", "patch", b"{}"),
        (b"[1]", "patch", b"{}"),
    ],
)
def test_the_written_object(text: bytes, verb: str, object_: bytes) -> None:
    event = opened(text, verb)
    assert written(event) == object_
    assert is_patch(event) == (verb == "patch")
    assert members(event) == json_text.members(object_)


def test_without_a_body_there_is_none() -> None:
    event = Event(RawEvent(b'{"auditID":"a","verb":"patch"}'), 1)
    assert written(event) is body(event) is None
    assert members(event) == {}
    assert found(event, [("a",), ()]) == []


def test_values_are_found_in_the_order_of_the_paths() -> None:
    event = opened(b'{"a":[{"b":1},{},{"b":[2,3]}],"c":null}')
    assert found(event, [("c",), ("a", "b"), ("x",), ("a", "x", "y")]) == [
        b"null",
        b"1",
        None,
        b"[2,3]",
        None,
        None,
        None,
    ]
    assert found(event, [()]) == [body(event)]
    assert found(opened([]), [("a",), ()]) == [b"{}"]


def test_flattened() -> None:
    assert flattened([b'"a"', None, b"null", b'[1,null,"x",[2, 3]]', b'{"a": 1}', b"[]"]) == [
        *(b"a", b"1", b"x", b"[2,3]", b'{"a":1}')
    ]


# Cloud Audit Logs cannot hold an array as a request: a JSON patch is a member of an object there.
LOGGED = {"@type": "k8s.io/Patch", "patch": ADD}


def test_a_json_patch_in_cloud_audit_logs() -> None:
    event = opened(LOGGED, "patch")
    assert written(event) == b'{"spec":{"a":1}}'
    assert catalogue().bind("ka.req.patch.type").value(event) == b"json"
    assert catalogue().bind("ka.req.patch.ops").value(event) == [b"set /spec/a"]
    assert catalogue().bind("ka.req.values", "/spec/a").value(event) == [b"1"]


@pytest.mark.parametrize(
    "value",
    [
        LOGGED | {"spec": {}},
        LOGGED | {"patch": {}},
        LOGGED | {"@type": "k8s.io/Patches"},
        {"@type": "k8s.io/Patch"},
        {"@type": "k8s.io/Patch", "spec": {}},
        {"@type": ["k8s.io/Patch"], "patch": ADD},
    ],
)
def test_what_only_looks_like_it(value: dict[str, Any]) -> None:
    event = opened(value, "patch")
    assert json.loads(written(event) or b"") == value
    assert catalogue().bind("ka.req.patch.type").value(event) == b"merge"


def test_what_is_made_of_an_event_is_made_once() -> None:
    event = opened(ADD, "patch")
    assert once(event, written) is once(event, written)
    catalogue().bind("ka.req.values", "/spec/a").value(event)
    assert once(event, members) is once(event, members)
