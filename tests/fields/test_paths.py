"""Plain paths and walks (spec/fields.md sections 3.1 and 3.4)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lanner.fields import Event, Intake, RawEvent
from lanner.fields.paths import MAX_ARRAYS, present, rendered

OpenEvent = Callable[..., Event]

FIND = {
    "key": (b'{"a":1}', "a", b"1"),
    "absent": (b'{"a":1}', "b", None),
    "inner": (b'{"a":{"b":{"c":true}}}', "a.b.c", b"true"),
    "broken": (b'{"a":{"b":1}}', "a.b.c", None),
    "absent on the way": (b'{"a":{}}', "a.b.c", None),
    "absent from the start": (b"{}", "a.b", None),
    "null": (b'{"a":{"b":null}}', "a.b", b"null"),
    "index": (b'{"a":{"b":[1,{"c":2}]}}', "a.b.1.c", b"2"),
    "index at the second step": (b'{"a":[1,2]}', "a.1", b"2"),
    "arrays are not walked": (b'{"a":[{"b":1}]}', "a.b", None),
    "step on a string": (b'{"a":"b"}', "a.b", None),
}

WALK = {
    "no array": ('{"a":{"b":1}}', None, ["1"]),
    "path absent": ('{"a":{"c":1}}', None, None),
    "start absent": ('{"b":1}', None, None),
    "through an array": ('{"a":[{"b":1},{"b":2}]}', None, ["1", "2"]),
    "holes": ('{"a":[{"b":1},{},{"b":null},7,"b"]}', None, ["1", None, "null", None, None]),
    "empty array": ('{"a":[]}', None, []),
    "array at the end is one value": ('{"a":[{"b":[1,2]},{"b":[]}]}', None, ["[1,2]", "[]"]),
    "arrays inside each other": ('{"a":[[{"b":1},{}],{"b":2},[]]}', None, ["1", None, "2"]),
    "index": ('{"a":[{"b":1},{"b":2}]}', 1, ["2"]),
    "index outside": ('{"a":[{"b":1}]}', 1, None),
    "index of a hole": ('{"a":[{"b":1},{}]}', 1, [None]),
    "index at every array": ('{"a":[[{"b":1}],[{"b":2},{"b":3}]]}', 1, ["3"]),
    "index outside an inner array": ('{"a":[[],[{"b":2}]]}', 1, [None]),
    "index without array": ('{"a":{"b":1}}', 5, ["1"]),
}


@pytest.mark.parametrize(("text", "path", "value"), FIND.values(), ids=list(FIND))
def test_find(open_event: OpenEvent, text: bytes, path: str, value: bytes | None) -> None:
    opened = open_event(text)
    assert opened.find(tuple(path.split("."))) == value
    assert opened.find(tuple(path.split("."))) == value  # objects of the first level are split once


@pytest.mark.parametrize(("text", "index", "values"), WALK.values(), ids=list(WALK))
def test_walk(open_event: OpenEvent, text: str, index: int | None, values: list[str | None] | None) -> None:
    found = open_event(text.encode()).walk(("a", "b"), index)
    assert (found and [value and value.decode() for value in found]) == values


def test_a_walk_of_one_key_ends_at_once(open_event: OpenEvent) -> None:
    assert open_event(b'{"a":[1,2]}').walk(("a",)) == [b"[1,2]"]


def test_present_drops_holes() -> None:
    assert present(None) == []
    assert present([]) == []
    assert present([b"1", None, b"null"]) == [b"1", b"null"]


def test_rendered() -> None:
    assert rendered([b'"a"', b"[ 1 ]", b"null"]) == [b"a", b"[1]", b"null"]


def test_arrays_inside_each_other_are_entered_up_to_a_limit() -> None:
    # GIVEN a value below as many arrays as are entered, and one below one more
    def nested(levels: int) -> Event:
        text = b'{"a":' + b"[" * levels + b'{"b":1}' + b"]" * levels + b"}"
        return Intake().open(RawEvent(text))

    # THEN the first is found, the second is a hole
    assert nested(MAX_ARRAYS).walk(("a", "b")) == [b"1"]
    assert nested(MAX_ARRAYS + 1).walk(("a", "b")) == [None]
