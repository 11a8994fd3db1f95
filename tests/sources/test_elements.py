"""Elements of large arrays, and of broken ones."""

import json

import pytest

from lanner.fields import RawEvent
from lanner.sources import Reject, apiserver, elements, events, read
from lanner.sources.elements import each, pieces, start_of_elements

EVENT = b'{"kind":"Event","auditID":"%b"}'


def an_event(name: bytes) -> bytes:
    return EVENT % name


def shown(found) -> list[str]:
    """Return the audit ids of events, and `!` for rejects."""
    return [json.loads(piece.text)["auditID"] if isinstance(piece, RawEvent) else "!" for piece in found]


@pytest.mark.parametrize("array", [b"[]", b"[ ]", b"[1]", b'[ 1 , {"a":[2,"],"]} ,[3],"x" ]'])
def test_each_gives_the_elements_of_small_and_large_arrays(array, monkeypatch):
    small = list(each(array))
    monkeypatch.setattr(elements, "_SMALL", 0)
    assert [json.loads(piece) for piece in each(array)] == [json.loads(piece) for piece in small] == json.loads(array)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'[1,{"a":,},2]', [b"1", b'{"a":,}', b"2"]),
        (b"[1 2,3", [b"1 2", b"3"]),
        (b'[1,{"a":2', [b"1", b'{"a":2']),
        (b'[1,"open,2]', [b"1", b'"open,2]']),
        (b"[1,,2] rest", [b"1", b"2", b"rest"]),
    ],
)
def test_pieces_of_broken_arrays(text, expected):
    assert list(pieces(text, 1)) == expected


LIST = b'{"kind":"EventList","items":['


@pytest.mark.parametrize(
    ("text", "start"),
    [
        (b"[x", 1),
        (LIST + b"x", len(LIST)),
        (b'{"apiVersion": "v1", "kind": "EventList", "metadata": {"a": "}"}, "n": 1, "items" : [x', 85),
        (b'{"kind":"PodList","items":[x', None),
        (b'{"kind":"Event"', None),
        (b'{"kind":"Event","requestObject":{"kind":"EventList","items":[x', None),
        (b'{"a":{"kind":"EventList"},"items":[x', None),
        (b'{"kind":"EventList",x:1,"items":[x', None),
        (b'{"kind":"EventList","a":nonsense,"items":[x', None),
    ],
)
def test_where_elements_begin(text, start):
    assert start_of_elements(text) == start


def test_objects_inside_an_event_forge_no_events():
    # GIVEN an event, its keys sorted, whose body looks like an EventList, and of which the end is missing
    forged = b'{"kind":"EventList","items":[' + an_event(b"forged") + b"]}"
    payload = b'{"auditID":"real","kind":"Event","requestObject":' + forged + b',"user":{"username":"mallo'
    # THEN it is a reject, and nothing else
    assert shown(events(payload, origin="x")) == ["!"]


@pytest.mark.parametrize("rest", [b" " + EVENT % b"b", b"[" + EVENT % b"b" + b"]", b"garbage"])
@pytest.mark.parametrize(("before", "after"), [(b"[", b"]"), (LIST, b"]}")], ids=["array", "list"])
def test_what_follows_is_not_lost_in_silence(before, after, rest):
    found = list(events(before + an_event(b"a") + after + rest, origin="x"))
    assert shown(found)[0] == "a"
    assert len(found) == 2


@pytest.mark.parametrize("bad", [b"a" * 3_000_000, b'"' + b'\\"a' * 1_000_000, b"[" * 90_000, b'{"a":' * 90_000])
def test_large_broken_texts_are_read_in_one_pass(bad):
    assert shown(events(b"[" + an_event(b"a") + b"," + bad, origin="x"))[:2] == ["a", "!"]


@pytest.mark.parametrize(
    ("before", "after"), [(b"[", b"]"), (b'{"kind":"EventList","metadata":{},"items":[', b"]}")], ids=["array", "list"]
)
@pytest.mark.parametrize("broken", [b'{"kind":"Event",}', b'{"kind" "Event"}', b"nonsense"])
def test_a_broken_element_costs_only_itself(before, after, broken):
    # GIVEN one element of three that is no JSON
    payload = before + b",".join([an_event(b"a"), broken, an_event(b"b")]) + after
    # THEN its siblings are read
    found = list(events(payload, origin="x"))
    assert shown(found) == ["a", "!", "b"]
    assert found[1].origin == "x item 2"


def test_what_was_cut_costs_only_what_it_cut(tmp_path):
    # GIVEN a log of EventLists, one of which was cut
    whole = b'{"kind":"EventList","items":[' + an_event(b"a") + b"," + an_event(b"b") + b"]}"
    log = tmp_path / "audit.log"
    log.write_bytes(whole + b"\n" + whole[:-20] + b"\n" + whole)
    # THEN only its cut item is lost
    assert shown(read([log])) == ["a", "b", "a", "!", "a", "b"]


def test_items_of_a_broken_list_must_be_objects():
    payload = b'{"kind":"EventList","items":[7,' + an_event(b"a") + b",x]}"
    assert shown(events(payload, origin="x")) == ["!", "a", "!"]


def test_nothing_intact_is_one_reject():
    (reject,) = events(b'[{"kind":"Pod"},x,]', origin="x")
    assert isinstance(reject, Reject)
    assert reject.text == b'[{"kind":"Pod"},x,]'


def test_what_is_too_large_is_not_salvaged(monkeypatch):
    monkeypatch.setattr(apiserver.json_text, "MAX_LENIENT", 10)
    (reject,) = events(b"[" + an_event(b"a") + b",x]", origin="x")
    assert isinstance(reject, Reject)


def test_millions_of_bad_elements_end_in_one_reject(monkeypatch):
    monkeypatch.setattr(apiserver, "MAX_BAD_PARTS", 3)
    found = list(events(b"[" + b"1," * 50 + an_event(b"a") + b"]", origin="x"))
    assert shown(found) == ["!"] * 4
    assert found[-1].reason == "more than 3 of its elements are no audit events; the rest is not read"
    assert shown(events(b"[1,1,1," + an_event(b"a") + b"]", origin="x")) == ["!", "!", "!", "a"]
    assert shown(events(b"[" + an_event(b"a") + b",x" * 50 + b"]", origin="x")) == ["a", "!", "!", "!", "!"]
