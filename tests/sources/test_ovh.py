"""Messages of OVHcloud's Logs Data Platform: as the tail sends them, as archives and searches hold them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanner.fields import RawEvent
from lanner.sources import Other, Piece, Reject, ovh
from support import an_event

LINE = json.dumps(an_event(), separators=(",", ":"))
TIME = 1772360431_072000000


def record(line: object = LINE, **more: object) -> dict[str, Any]:
    """Return a record as an OVHcloud cluster writes it."""
    return {
        "_appID": "kubernetes-audit",
        "_cluster_id": "shop",
        "host": "mks",
        "version": "1.1",
        "level": 6,
        "timestamp": 1772360431.072,
        "short_message": line,
        "X-OVH-TOKEN": "redacted",
    } | more


def tail(inside: object) -> bytes:
    """Return a message of the tail."""
    return json.dumps({"message": inside if isinstance(inside, str) else json.dumps(inside)}).encode()


def read(payload: bytes, **options: Any) -> Piece:
    """Read what a message holds: one piece."""
    (found,) = ovh.events(payload, origin="message 1", **options)
    return found


def event(payload: bytes, **options: Any) -> RawEvent:
    found = read(payload, **options)
    assert isinstance(found, RawEvent), found
    return found


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(tail(record()), id="tail"),
        pytest.param(json.dumps(record()).encode(), id="archive"),
        pytest.param(
            json.dumps(record(None, message=LINE, timestamp="2026-03-01T10:20:31.072Z") | {"short_message": 0})
            .replace('"short_message": 0, ', "")
            .encode(),
            id="search",
        ),
        pytest.param(tail(record()).replace(b'"message"', b'"Message"', 1), id="odd letter case"),
        pytest.param(tail(record(LINE + "\n")), id="line end"),
        pytest.param(tail(json.dumps(record(), indent=1)), id="blanks"),
    ],
)
def test_a_message_holds_a_line(payload: bytes) -> None:
    assert event(payload) == RawEvent(LINE.encode(), "ovh", "shop", received=TIME, origin="message 1")


def test_the_cluster_is_named_where_the_record_does_not() -> None:
    nameless = {key: value for key, value in record().items() if key != "_cluster_id"}
    assert event(tail(nameless), cluster="mine").cluster == "mine"
    assert event(tail(record()), cluster="mine").cluster == "shop"
    assert event(tail(record(_cluster_id=7)), cluster="mine").cluster == "mine"


@pytest.mark.parametrize("time", [None, "x", -1, 1e300, [], {}, "2026-13-01T00:00:00Z"])
def test_a_time_that_is_none_is_not_told(time: object) -> None:
    assert event(tail(record(timestamp=time))).received is None


def test_an_event_may_stand_there_as_such() -> None:
    assert json.loads(event(tail(record(an_event()))).text) == an_event()
    assert event(tail(LINE)).text == LINE.encode()


@pytest.mark.parametrize(
    "payload",
    [
        tail(record("GET / 200")),
        tail(record("")),
        tail(record('{"level":"info","msg":"an \\"auditID\\" of another log"}')),
        tail("hello"),
        json.dumps(record("hello")).encode(),
    ],
)
def test_other_logs_are_counted(payload: bytes) -> None:
    assert isinstance(read(payload), Other)


def test_a_cut_line_is_what_is_left_of_it() -> None:
    found = event(tail(record(LINE[:-40])))
    assert found.cut is not None
    assert found.received == TIME
    assert found.cluster == "shop"


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"", "not JSON"),
        (b"hello", "not JSON"),
        (tail(record())[:-9], "not JSON"),
        (tail(json.dumps(record())[:-9]), "not JSON"),
        (b"{}", "neither short_message nor message"),
        (b"[]", "neither short_message nor message"),
        (b"7", "neither short_message nor message"),
        (b'{"message":7}', "neither short_message nor message"),
        (tail(record(7)), "neither short_message nor message"),
        (tail(record('{"kind":"Event","audi')), "cut before its audit id"),
        (tail(record('{"auditID":"a"}')), "it has no kind"),
    ],
)
def test_what_is_no_message_is_a_reject(payload: bytes, words: str) -> None:
    found = read(payload)
    assert type(found) is Reject
    assert words in found.reason


def test_a_reject_of_a_line_does_not_hold_the_token_of_the_stream() -> None:
    found = read(tail(record('{"auditID":"a"}')))
    assert isinstance(found, Reject)
    assert b"X-OVH-TOKEN" not in found.text


def test_bytes_that_are_no_text_stay_as_they_are() -> None:
    line = LINE.replace("alice", "ali\ud800ce")
    found = event(tail(record(line)))
    assert b"ali\\ud800ce" in found.text


@given(
    st.recursive(
        st.none() | st.integers() | st.floats(allow_nan=False) | st.text() | st.just(LINE),
        lambda inside: (
            st.lists(inside)
            | st.dictionaries(st.sampled_from(["message", "short_message", "timestamp", "_cluster_id"]), inside)
        ),
    ),
    st.integers(0, 200),
)
def test_it_never_raises(value: object, end: int) -> None:
    text = json.dumps(value)
    for payload in (text.encode(), text.encode()[:end], tail(text), tail({"short_message": value})):
        list(ovh.events(payload, origin="message 1"))
