"""Whatever JSON an event holds, every field has a value of its type, or none."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanner.fields import WHOLE, Argument, BoundField, Event, Intake, NoValue, RawEvent, Type, catalogue, json_text

ARGUMENTS = {
    Argument.NONE: (None,),
    Argument.INDEX: (None, "0", "1", "18446744073709551615"),
    Argument.KEY: (
        "",
        "a",
        "/etc*",
        "/requestObject/spec/containers/0/name",
        "/",
        "requestObject/1",
        "/a/b/c",
        "/spec",
    ),
    Argument.NETWORK: ("10.0.0.0/8", "::/0"),
}
BOUND = [
    catalogue().bind(name, argument)
    for name, field in catalogue().fields.items()
    for argument in ARGUMENTS[field.argument]
]

KEY_LINES = (
    "auditID verb stage requestURI userAgent sourceIPs user username groups objectRef resource subresource name",
    "namespace annotations requestObject responseObject metadata spec subjects rules verbs kind containers image",
    "initContainers command args ports hostPort containerPort volumes hostPath path securityContext runAsUser",
    "privileged capabilities add stageTimestamp requestReceivedTimestamp data roleRef a impersonatedUser extra",
    "template jobTemplate ephemeralContainers hostPID serviceAccountName volumeMounts readOnly lifecycle preStop exec",
    "seccompProfile appArmorProfile type apiGroups request op path from value $patch apiGroup",
)
KEYS = [key for line in KEY_LINES for key in line.split()]

texts = st.sampled_from(
    [
        *(b'""', b'"a"', b'"pods"', b'"User"', b'"i:5000/x:1@y"', b'"/x?a=1&b;c"', b'"/x?a=%zz"', b'"http://[/?a=1"'),
        *(b'"2026-06-27T12:00:00Z"', b'"9999-12-31T23:59:59-24:00"', b'"0001-01-01T00:00:00+24:00"', b'"\xff\xfe"'),
        *(rb'"\u0000\ud800\q\/"', b'"\x00\x1f"', b"1", b"1.2.3", b"-inf", b"nan", b"1e999", b"true", b"false", b"null"),
        *(b"{}", b"[]", b"[[]]", b"9" * 5000),
    ]
) | st.text(max_size=6).map(lambda text: json.dumps(text).encode())
keys = st.sampled_from([f'"{key}"'.encode() for key in KEYS] + [b'"sp\\u0065c"', b'"\xff"', b'""', rb'"\ud800"'])
blanks = st.sampled_from([b"", b"", b"", b" ", b"\n\t"])


def _array(parts: tuple[bytes, list[bytes]]) -> bytes:
    blank, items = parts
    return b"[" + blank + (b"," + blank).join(items) + blank + b"]"


def _object(parts: tuple[bytes, list[tuple[bytes, bytes]]]) -> bytes:
    blank, pairs = parts
    return b"{" + blank + (blank + b",").join(key + b":" + blank + value for key, value in pairs) + b"}"


def _objects(inner: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    return st.tuples(blanks, st.lists(st.tuples(keys, inner), max_size=5)).map(_object)


values = st.recursive(
    texts, lambda inner: st.tuples(blanks, st.lists(inner, max_size=3)).map(_array) | _objects(inner), max_leaves=25
)


def _check(bound: BoundField, event: Event) -> None:
    value = bound.value(event)
    if isinstance(value, NoValue):
        return
    if bound.field.is_list:
        assert isinstance(value, list), bound
        assert value, bound
        assert all(type(item) is bytes for item in value), bound
    elif bound.field.type is Type.BOOL:
        assert type(value) is bool, bound
    elif bound.field.type.is_number:
        assert type(value) is int, bound
        assert 0 <= value < 2**64, bound
    else:
        assert type(value) is bytes, bound


def _check_all(text: bytes, lost: frozenset[str] = frozenset()) -> None:
    intake = Intake()
    intake.open(RawEvent(b'{"stageTimestamp":"2026-06-27T12:00:00Z"}'))
    event = intake.open(RawEvent(json_text.check(text), lost=lost))
    for bound in BOUND:
        _check(bound, event)


@settings(deadline=None, max_examples=60)
@given(_objects(values))
def test_any_object_is_an_event(text: bytes) -> None:
    _check_all(text)


@settings(deadline=None, max_examples=40)
@given(values, st.sampled_from(["containers", "initContainers", "volumes"]), values)
def test_anything_may_stand_in_a_pod(value: bytes, array: str, other: bytes) -> None:
    item = b'{"name":%b,"image":%b,"securityContext":%b,"hostPath":{"path":%b},"ports":%b,"command":%b}'
    items = item % (value, other, value, value, value, other)
    text = b'{"auditID":1,"requestObject":{"spec":{"%b":[%b,%b]}}}' % (array.encode(), items, other)
    _check_all(text)


POINTERS = st.lists(
    st.sampled_from(["spec", "template", "containers", "0", "-", "1", "-1", "name", "~1~0", "", "$patch", "hostPID"]),
    max_size=6,
).map(lambda steps: json.dumps("".join(f"/{step}" for step in steps)).encode())
OPERATIONS = st.tuples(
    st.sampled_from([b'"add"', b'"replace"', b'"remove"', b'"move"', b'"copy"', b'"test"', b"1"]),
    POINTERS | texts,
    POINTERS | texts,
    values,
)


@settings(deadline=None, max_examples=60)
@given(st.lists(OPERATIONS, max_size=12))
def test_anything_may_stand_in_a_json_patch(operations: list[tuple[bytes, bytes, bytes, bytes]]) -> None:
    items = [b'{"op":%b,"path":%b,"from":%b,"value":%b}' % operation for operation in operations]
    _check_all(b'{"auditID":"a","verb":"patch","requestObject":[%b]}' % b",".join(items))


@settings(deadline=None, max_examples=60)
@given(values, st.sampled_from([b"patch", b"create"]), st.sampled_from([b"pods", b"cronjobs", b"deployments", b""]))
def test_anything_may_stand_in_a_body(value: bytes, verb: bytes, resource: bytes) -> None:
    event = b'{"auditID":"a","verb":"%b","objectRef":{"resource":"%b"},"requestObject":%b}'
    _check_all(event % (verb, resource, value))


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(KEYS), values, st.sampled_from(KEYS), values)
def test_anything_may_stand_at_the_top(key: str, value: bytes, other_key: str, other: bytes) -> None:
    _check_all(b'{"auditID":"a","%b":%b,"%b":%b}' % (key.encode(), value, other_key.encode(), other))


@settings(deadline=None, max_examples=25)
@given(_objects(values), st.sets(st.sampled_from(KEYS)))
def test_anything_may_be_lost(text: bytes, lost: set[str]) -> None:
    """WHEN keys are lost THEN what reads them has no value, and nothing else changes but by the audit id."""
    whole, cut = Event(RawEvent(text), 1), Event(RawEvent(text, lost=frozenset(lost | {"auditID"})), 1)
    for bound in BOUND:
        _check(bound, cut)
        if WHOLE in bound.reads or not bound.reads.isdisjoint(cut.lost):
            assert bound.value(cut) in (NoValue.UNKNOWN, NoValue.HIDDEN)
        elif "auditID" in whole.top or not bound.field.name.startswith("ka."):
            assert type(bound.value(cut)) is type(bound.value(whole))


@pytest.mark.parametrize(
    ("opening", "closing", "leaf"),
    [
        (b"[" * 297, b"]" * 297, b'{"name":"n"}'),
        (b'[{"containers":' * 148, b"}]" * 148, b'{"name":"n"}'),
        (b'[{"containers":' * 148, b"}]" * 148, b"nan"),
        (b"[" * 60, b"]" * 60, b"nan"),
    ],
    ids=["arrays", "mixed", "mixed and lenient", "arrays and lenient"],
)
def test_every_field_bears_deep_nesting(opening: bytes, closing: bytes, leaf: bytes) -> None:
    text = b'{"auditID":"a","requestObject":{"spec":' + opening + leaf + closing + b"}}"
    assert json_text.within_depth(text)
    _check_all(text)


def test_every_field_bears_patches_that_nest_deep(open_event: Callable[..., Event]) -> None:
    """Moves make nests of any depth of a text of few levels."""
    pointer = "/a" * 250
    move = {"op": "move", "from": "/b", "path": f"/b{pointer}"}
    patch = [{"op": "add", "path": "/b", "value": {"\udc80": [1]}}, *[move] * 20]
    patch.append({"op": "move", "from": "/b", "path": "/spec/template"})
    _check_all(json.dumps({"auditID": "a", "verb": "patch", "requestObject": patch}).encode())


def test_wide_events_take_linear_time(open_event: Callable[..., Event]) -> None:
    container = b'{"name":"c","image":"i:1","command":["a","b"],"securityContext":{"privileged":true}}'
    volume = b'{"name":"v","hostPath":{"path":"/x"}}'
    text = b'{"auditID":"a","requestObject":{"spec":{"containers":[%b],"volumes":[%b]}}}' % (
        b",".join([container] * 2000),
        b",".join([volume] * 2000),
    )
    event = open_event(text)
    for bound in BOUND:
        _check(bound, event)
    assert len(catalogue().bind("ka.req.pod.containers.name").value(event)) == 2000
