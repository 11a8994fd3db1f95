"""The seam between sources and engine: RawEvent, Event, Intake."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from lanner.fields import BODIES, Catalogue, Event, Intake, RawEvent, catalogue, timestamp
from lanner.fields.written import once

OpenEvent = Callable[..., Event]
Read = Callable[..., object]

STAGE, RECEIVED, ENVELOPE = "2026-06-27T12:00:02Z", "2026-06-27T12:00:01.5Z", 1782561600 * 10**9


def test_a_raw_event_is_a_text_and_a_context() -> None:
    raw = RawEvent(b"{}")
    assert (raw.provider, raw.cluster, raw.received, raw.origin, raw.lost) == ("", "", None, "", frozenset())
    assert not raw.truncated
    assert RawEvent(b"{}", lost=BODIES).truncated
    with pytest.raises(AttributeError):
        raw.text = b"[]"  # type: ignore[misc]


def test_the_bodies_have_a_name() -> None:
    assert frozenset({"requestObject", "responseObject"}) == BODIES


def test_duplicate_keys_at_the_top_give_the_first(read: Read) -> None:
    event = b'{"auditID":"a","verb":"get","verb":"delete"}'
    assert read(event, "ka.verb") == "get"
    assert read(event, "jevt.value[/verb]") == "get"
    assert read(event, "evt.plugininfo") == event.decode()


# ------------------------------------------------------------------------------------------------------------ time

TIMES = {
    "stage": ({"stageTimestamp": STAGE, "requestReceivedTimestamp": RECEIVED}, 2, "stageTimestamp"),
    "stage missing": ({"requestReceivedTimestamp": RECEIVED}, 1.5, "requestReceivedTimestamp"),
    "stage null": ({"stageTimestamp": None, "requestReceivedTimestamp": RECEIVED}, 1.5, "requestReceivedTimestamp"),
    "stage a number": ({"stageTimestamp": 1782561600}, 0, "envelope"),
    "stage unreadable": (
        {"stageTimestamp": "noon", "requestReceivedTimestamp": RECEIVED},
        1.5,
        "requestReceivedTimestamp",
    ),
    "stage zero": ({"stageTimestamp": "0001-01-01T00:00:00Z"}, 0, "envelope"),
    "both unreadable": ({"stageTimestamp": "", "requestReceivedTimestamp": [RECEIVED]}, 0, "envelope"),
    "other keys play no role": ({"timestamp": STAGE, "metadata": {"creationTimestamp": STAGE}}, 0, "envelope"),
}


@pytest.mark.parametrize(("event", "seconds", "source"), TIMES.values(), ids=list(TIMES))
def test_time_sources_in_their_order(open_event: OpenEvent, event: dict, seconds: float, source: str) -> None:
    opened = open_event(event, received=ENVELOPE)
    assert opened.time == ENVELOPE + int(seconds * 10**9)
    assert opened.time_source == source


def test_without_any_time_it_is_the_time_of_reading(open_event: OpenEvent) -> None:
    before = time.time_ns()
    opened = open_event({"stageTimestamp": "0001-01-01T00:00:00Z"})
    assert before <= opened.time <= time.time_ns()
    assert opened.time_source == "reading"
    assert opened.time == opened.time


def test_escapes_in_a_timestamp_are_decoded(open_event: OpenEvent) -> None:
    assert open_event(rb'{"stageTimestamp":"2026-06-27\u005412:00:02Z"}').time == ENVELOPE + 2 * 10**9


def test_the_first_of_two_timestamps_counts(open_event: OpenEvent) -> None:
    text = f'{{"stageTimestamp":"{STAGE}","stageTimestamp":"{RECEIVED}"}}'
    assert open_event(text.encode()).time == ENVELOPE + 2 * 10**9


# --------------------------------------------------------------------------------------------------- find, text_of


def test_find_looks_into_what_was_split_before(open_event: OpenEvent) -> None:
    opened = open_event(b'{"objectRef":{"name":"n","a":null},"list":[10,20],"verb":"get"}')
    assert opened.find(("objectRef", "name")) == b'"n"'
    assert opened.find(("objectRef", "a")) == b"null"
    assert opened.find(("objectRef", "b")) is None
    assert opened.find(("list", "1")) == b"20"
    assert opened.find(("verb", "0")) is None
    assert opened.find(("nothing", "name")) is None


def test_text_of(open_event: OpenEvent) -> None:
    opened = open_event({"verb": "get", "user": {"username": "é", "extra": {"b": [1, {"c": True}]}}, "n": None})
    assert opened.text_of("verb") == b"get"
    assert opened.text_of("user", "username") == "é".encode()
    assert opened.text_of("user", "extra", "b", "1", "c") == b"true"
    assert opened.text_of("user", "extra") == b'{"b":[1,{"c":true}]}'
    assert opened.text_of("n") == b"null"
    assert opened.text_of("user", "nothing", "more") == b""
    assert opened.text_of("nothing") == b""


# ---------------------------------------------------------------------------------------------------------- Intake


def _at(second: int) -> RawEvent:
    text = f"{timestamp.utc(ENVELOPE + second * 10**9)}Z"
    return RawEvent(f'{{"stageTimestamp":"{text}"}}'.encode())


def test_an_intake_numbers_events_from_one(read: Read) -> None:
    intake, other = Intake(), Intake()
    assert [read(intake.open(_at(0)), "evt.num") for _ in range(3)] == [1, 2, 3]
    assert read(other.open(_at(0)), "evt.num") == 1


def test_relative_times_count_from_the_first_event_and_wrap(read: Read) -> None:
    intake = Intake()
    first, later, earlier = (intake.open(_at(second)) for second in (10, 12, 9))
    assert [read(first, name) for name in ("evt.reltime", "evt.reltime.s", "evt.reltime.ns")] == [0, 0, 0]
    assert [read(later, name) for name in ("evt.reltime", "evt.reltime.s", "evt.reltime.ns")] == [2 * 10**9, 2, 0]
    wrapped = 2**64 - 10**9
    assert read(earlier, "evt.reltime") == wrapped
    assert read(earlier, "evt.reltime.s") == wrapped // 10**9
    assert read(earlier, "evt.reltime.ns") == wrapped % 10**9


def test_an_event_opened_alone_is_its_own_first(read: Read) -> None:
    assert read(Event(_at(5), 7), "evt.reltime") == 0
    assert read(Event(_at(5), 7), "evt.num") == 7


def test_an_intake_keeps_no_event() -> None:
    """Event data must not outlive its event: only the first one's time is remembered."""
    intake = Intake()
    intake.open(_at(3))
    assert {type(value) for value in vars(intake).values()} == {int}


# ------------------------------------------------------------------------------------------------------ read once


def test_a_value_is_read_once_an_event(open_event: OpenEvent) -> None:
    fields = Catalogue()
    bound = fields.bind("evt.num")
    opened = open_event({})
    assert bound.value(opened) == 1
    opened.number = 5
    assert bound.value(opened) == 1
    assert bound.value(open_event({})) == 1


def test_values_belong_to_the_event(open_event: OpenEvent) -> None:
    verb = catalogue().bind("ka.verb")
    assert [verb.value(open_event({"verb": text})) for text in ("get", "list", "get")] == [b"get", b"list", b"get"]


def test_where_the_time_is_from_can_be_asked_first() -> None:
    assert Event(RawEvent(b'{"auditID":"a"}', received=5), 1).time_source == "envelope"


def test_gathered_values_are_those_of_walks(open_event: OpenEvent) -> None:
    event = open_event({"a": [{"b": 1}, {"b": 2}, {}], "c": {"d": 3}})
    assert event.gather([("c", "d"), ("x",), ("a", "b")]) == [b"3", b"1", b"2", None]


def test_what_is_made_of_a_body_is_made_once_and_made_anew_where_that_changes(open_event: OpenEvent) -> None:
    """GIVEN fields that share what was made of a body WHEN the event is seen in another way THEN it is made again."""
    made = []

    def make(event: Event) -> int:
        made.append(event)
        return len(made)

    event = open_event({"verb": "create"})
    assert [once(event, make), once(event, make)] == [1, 1]
    event.reopen()
    assert once(event, make) == 2
    event.notice_truncation()
    assert once(event, make) == 3
    other = event.with_text(b'{"auditID":"b"}')
    assert once(other, make) == 4
    assert [once(event, make), once(other, make)] == [3, 4]
