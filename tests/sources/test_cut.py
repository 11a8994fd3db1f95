"""Lines that a provider cut: what is kept of them, what counts as lost, and which are no events any more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanner.fields import RawEvent
from lanner.fields.event import KEYS
from lanner.sources import Context, Reject
from lanner.sources.cut import MAX_CUT, salvaged_event
from support import an_event

EVENTS = [
    line.strip() for line in (Path(__file__).parents[1] / "events" / "incident.jsonl").read_bytes().splitlines() if line
]
HEAD = b'{"kind":"Event","level":"Request","auditID":"a"'


def take(text: bytes) -> RawEvent | Reject:
    return salvaged_event(text, "log:1", Context("eks", "shop"), 7)


def kept(text: bytes) -> RawEvent:
    found = take(text)
    assert isinstance(found, RawEvent), found
    return found


def reason(text: bytes) -> str:
    found = take(text)
    assert isinstance(found, Reject)
    assert (found.origin, found.text) == ("log:1", text)
    return found.reason


def test_an_event_keeps_what_stood_before_the_cut() -> None:
    # GIVEN a line that was cut inside of a container
    line = HEAD + b',"verb":"create","requestObject":{"spec":{"hostPID":true,"containers":[{"name":"a"},{"name":"b","im'
    # WHEN it is read
    found = kept(line)
    # THEN what was open is closed, and the way to the cut is told
    body = {"spec": {"hostPID": True, "containers": [{"name": "a"}, {"name": "b"}]}}
    assert json.loads(found.text)["requestObject"] == body
    assert found.cut == ("requestObject", "spec", "containers", "1")
    assert found.lost == {"requestObject"}
    # AND keys that stand behind are unknown; a body that this audit level does not have is not
    assert found.unknown == {"requestReceivedTimestamp", "stageTimestamp", "annotations"}
    assert (found.provider, found.cluster, found.received, found.origin) == ("eks", "shop", 7, "log:1")
    assert found.truncated


@pytest.mark.parametrize(
    ("rest", "text", "cut"),
    [
        (b"", b"", ()),
        (b",", b"", ()),
        (b',"us', b"", ()),
        (b',"user"', b"", ("user",)),
        (b',"user":', b"", ("user",)),
        (b',"user": ', b"", ("user",)),
        (b',"user":{', b',"user":{}', ("user",)),
        (b',"user":{"username":"al', b',"user":{"username":"al"}', ("user", "username")),
        (b',"user":{"username":"', b',"user":{"username":""}', ("user", "username")),
        (b',"user":{"username":"al"', b',"user":{"username":"al"}', ("user",)),
        (b',"user":{"groups":["a","b', b',"user":{"groups":["a"]}', ("user", "groups")),
        (b',"user":{"groups":["a",{"b":1', b',"user":{"groups":["a",{}]}', ("user", "groups", "1", "b")),
        (b',"responseStatus":{"code":20', b',"responseStatus":{}', ("responseStatus", "code")),
        (b',"responseStatus":{"code":200,', b',"responseStatus":{"code":200}', ("responseStatus",)),
        (b',"responseStatus":{"x":tr', b',"responseStatus":{}', ("responseStatus", "x")),
        (b',"requestObject":[1,2', b',"requestObject":[1]', ("requestObject",)),
        (b' , "verb" : "get" , "user" : { } ,', b' , "verb" : "get" , "user" : { }', ()),
        # characters and escapes are not cut in halves
        (b',"verb":"a\\', b',"verb":"a"', ("verb",)),
        (b',"verb":"a\\\\', b',"verb":"a\\\\"', ("verb",)),
        (b',"verb":"a\\u00', b',"verb":"a"', ("verb",)),
        (b',"verb":"a\\u0041', b',"verb":"a\\u0041"', ("verb",)),
        (b',"verb":"a\\ud83d', b',"verb":"a"', ("verb",)),
        (b',"verb":"a\\ud83d\\', b',"verb":"a"', ("verb",)),
        (b',"verb":"a\\ud83d\\ude', b',"verb":"a"', ("verb",)),
        (b',"verb":"a\\ud83d\\ude00', b',"verb":"a"', ("verb",)),
        (b',"verb":"a\\ud83d\\ude00b', b',"verb":"a\\ud83d\\ude00b"', ("verb",)),
        (b',"verb":"a\\ude00', b',"verb":"a"', ("verb",)),
        (b',"verb":"a\\ud83d\\ud83d\\u00', b',"verb":"a"', ("verb",)),
        (b',"verb":"a\xc3', b',"verb":"a"', ("verb",)),
        (b',"verb":"a\xe2\x82', b',"verb":"a"', ("verb",)),
        (b',"verb":"a\xf0\x9f\x98', b',"verb":"a"', ("verb",)),
        (b',"verb":"a\xe2\x82\xac', b',"verb":"a\xe2\x82\xac"', ("verb",)),
        (b',"verb":"a\xef\xbf\xbd', b',"verb":"a"', ("verb",)),
        (b',"verb":"\x80\x80\x80\x80', b',"verb":"\x80\x80\x80\x80"', ("verb",)),
    ],
)
def test_a_line_may_be_cut_anywhere(rest: bytes, text: bytes, cut: tuple[str, ...]) -> None:
    found = kept(HEAD + rest)
    assert found.text == HEAD + text + b"}"
    assert found.cut == cut


def test_of_objects_with_odd_keys_nothing_is_known() -> None:
    # GIVEN a body in which a key stands twice, or with an escape: what comes behind may go before it
    for body in (b'{"a":1,"a":2,"b":', b'{"\\u0061":1,"b":', b'{"x":{"a":[1],"a":{"b":2,'):
        found = kept(HEAD + b',"verb":"get","requestObject":' + body)
        assert found.text == HEAD + b',"verb":"get"}'
        assert (found.cut, found.lost) == (("requestObject",), {"requestObject"})
    # but an object that is complete is read as any other
    found = kept(HEAD + b',"requestObject":{"x":{"a":1,"a":2},"b":')
    assert found.cut == ("requestObject", "b")


def test_a_line_that_was_cut_behind_all_keys_may_have_had_others() -> None:
    found = kept(HEAD + b',"annotations":{},')
    assert (found.cut, found.lost) == ((), frozenset())
    assert found.truncated


def test_large_events_lose_their_bodies_also_if_they_were_cut() -> None:
    line = HEAD + b',"requestObject":{"a":1,"b":"' + b"x" * 1000
    (small, large) = (salvaged_event(line, "log:1", Context(max_size=size)) for size in (2000, 1000))
    assert isinstance(small, RawEvent)
    assert isinstance(large, RawEvent)
    assert (small.cut, large.cut) == (("requestObject", "b"), ())
    assert small.lost == large.lost == {"requestObject"}
    dropped = salvaged_event(line, "log:1", Context(max_size=1000, drop_larger=True))
    assert isinstance(dropped, Reject)
    assert "the configured limit" in dropped.reason


@pytest.mark.parametrize("end", [b"}", b"} \n"])
def test_a_line_that_was_cut_behind_its_end_is_whole(end: bytes) -> None:
    found = kept(HEAD + end)
    assert found == RawEvent(HEAD + b"}", "eks", "shop", 7, "log:1")
    assert not found.truncated


def test_what_the_audit_level_leaves_out_is_not_unknown() -> None:
    later = {"requestReceivedTimestamp", "stageTimestamp", "annotations"}
    bodies = {"requestObject", "responseObject"}
    for level, more in [
        ("Metadata", set()),
        ("Request", {"requestObject"}),
        ("RequestResponse", bodies),
        ("x", bodies),
    ]:
        line = b'{"kind":"Event","level":"%b","auditID":"a","responseStatus":{},' % level.encode()
        assert kept(line).unknown == later | more
    without = kept(b'{"kind":"Event","auditID":"a","responseStatus":{},')
    assert without.unknown == later | bodies


def test_of_keys_in_another_order_nothing_is_concluded() -> None:
    found = kept(b'{"kind":"Event","auditID":"a","annotations":{},"verb":"get","user":{"us')
    assert found.unknown == set(KEYS) - {"kind", "auditID", "annotations", "verb", "user"}
    newer = kept(HEAD + b',"verb":"get","newKey":1,"user":{')
    assert "stage" not in newer.unknown


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"", "no object begins here"),
        (b"  ", "no object begins here"),
        (b"I1121 trace.go", "no object begins here"),
        (b"[", "no object begins here"),
        (b'"', "no object begins here"),
        (b"{", "its kind is not 'Event'"),
        (b'{"kind":"Eve', "its kind is not 'Event'"),
        (b'{"kind":"EventList","auditID":"a","items":[', "its kind is not 'Event'"),
        (b'{"kind":"Event",', "before its audit id is complete"),
        (b'{"kind":"Event","auditID"', "before its audit id is complete"),
        (b'{"kind":"Event","auditID":"1234-', "before its audit id is complete"),
        (b'{"kind":"Event","auditID":7', "before its audit id is complete"),
        (HEAD + b',"verb":"get","verb":"li', "a key stands twice, or with an escape"),
        (HEAD + b',"\\u0076erb":"get","us', "a key stands twice, or with an escape"),
        (b'{"kind":"Event","level":"Metadata","audit', "before its audit id is complete"),
        (HEAD + b"} x", "something follows the JSON value"),
        (HEAD + b"]", "unexpected b']'"),
        (HEAD + b',"a"}', "unexpected b'}'"),
        (HEAD + b',"a":}', "unexpected b'}'"),
        (HEAD + b',{"a":1', "unexpected b'{'"),
        (HEAD + b",:", "unexpected b':'"),
        (HEAD + b',"a":1 "b":2,', "unexpected"),
        (HEAD + b',"a":tru, ', "unexpected"),
        (HEAD + b',"a":' + b"[" * 400, "nests deeper than 300 levels"),
        (HEAD + b',"a":"' + b"x" * MAX_CUT, "longer than what providers keep"),
    ],
)
def test_what_is_no_beginning_of_an_event_is_a_reject(line: bytes, words: str) -> None:
    assert words in reason(line)


def test_every_recorded_event_can_be_cut_anywhere() -> None:
    # GIVEN recorded events WHEN each is cut at several places
    for number, line in enumerate(EVENTS):
        whole = json.loads(line)
        for position in range(number % 97, len(line), 97):
            found = take(line[:position])
            # THEN what is kept stood in the event, and nothing of it is missing
            if isinstance(found, RawEvent):
                rest = json.loads(found.text)
                assert set(whole) <= set(rest) | found.lost | found.unknown
                assert found.cut is not None
                assert all(rest[key] == whole[key] for key in rest if key not in found.cut[:1])
            else:
                assert b'"auditID":"%b"' % whole["auditID"].encode() not in line[:position]


@given(st.data())
def test_damage_never_raises(data: st.DataObject) -> None:
    text = json.dumps(an_event(requestObject={"a": [1, {"b": "\\\u20ac"}, None]})).encode()
    position = data.draw(st.integers(0, len(text)))
    text = text[:position] + data.draw(st.binary(max_size=8)) + text[position + data.draw(st.integers(0, 9)) :]
    found = take(text[: data.draw(st.integers(0, len(text)))])
    if isinstance(found, RawEvent):
        assert found.text.startswith(b"{")
