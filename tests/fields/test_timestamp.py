"""Event times (spec/fields.md sections 1 and 5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanner.fields import timestamp

QUICK = settings(deadline=None, max_examples=100)
SECOND = 10**9
NOON = 1782561600 * SECOND  # 2026-06-27T12:00:00Z

READABLE = {
    "UTC": (b"2026-06-27T12:00:00Z", NOON),
    "microseconds": (b"2026-06-27T12:00:00.000001Z", NOON + 1000),
    "nine digits": (b"2026-06-27T12:00:00.123456789Z", NOON + 123456789),
    "one digit": (b"2026-06-27T12:00:00.5Z", NOON + SECOND // 2),
    "more digits are cut": (b"2026-06-27T12:00:00.1234567899999Z", NOON + 123456789),
    "comma for the dot": (b"2026-06-27T12:00:00,5Z", NOON + SECOND // 2),
    "hour of one digit": (b"2026-06-27T1:00:00Z", NOON - 11 * 3600 * SECOND),
    "east": (b"2026-06-27T14:00:00+02:00", NOON),
    "west": (b"2026-06-27T06:30:00.25-05:30", NOON + SECOND // 4),
    "zone of zero": (b"2026-06-27T12:00:00-00:00", NOON),
    "zone of 24 hours": (b"2026-06-28T12:00:00+24:00", NOON),
    "zone of 60 minutes": (b"2026-06-27T13:00:00+00:60", NOON),
    "epoch": (b"1970-01-01T00:00:00Z", 0),
    "before the epoch": (b"1969-12-31T23:59:59.75Z", -SECOND // 4),
    "leap day": (b"2024-02-29T00:00:00Z", 1709164800 * SECOND),
    "just after the zero time": (b"0001-01-01T00:00:00.000000001Z", -62135596800 * SECOND + 1),
    "last second": (b"9999-12-31T23:59:59Z", 253402300799 * SECOND),
}

UNREADABLE = {
    "empty": b"",
    "zero time": b"0001-01-01T00:00:00Z",
    "zero time in microseconds": b"0001-01-01T00:00:00.000000Z",
    "zero time elsewhere": b"0001-01-01T02:00:00.000+02:00",
    "lower-case t": b"2026-06-27t12:00:00Z",
    "lower-case z": b"2026-06-27T12:00:00z",
    "blank for T": b"2026-06-27 12:00:00Z",
    "blank before": b" 2026-06-27T12:00:00Z",
    "blank after": b"2026-06-27T12:00:00Z ",
    "line end after": b"2026-06-27T12:00:00Z\n",
    "no zone": b"2026-06-27T12:00:00",
    "zone without colon": b"2026-06-27T12:00:00+0200",
    "zone without minutes": b"2026-06-27T12:00:00+02",
    "zone of 25 hours": b"2026-06-27T12:00:00+25:00",
    "zone of 61 minutes": b"2026-06-27T12:00:00+02:61",
    "hour 24": b"2026-06-27T24:00:00Z",
    "minute 60": b"2026-06-27T12:60:00Z",
    "second 60": b"2026-06-27T12:00:60Z",
    "day 0": b"2026-06-00T12:00:00Z",
    "day 31 of June": b"2026-06-31T12:00:00Z",
    "no leap day": b"2026-02-29T12:00:00Z",
    "month 13": b"2026-13-01T12:00:00Z",
    "microseconds at hour 24": b"2026-06-27T24:00:00.000000Z",
    "microseconds at minute 60": b"2026-06-27T12:60:00.000000Z",
    "microseconds at second 60": b"2026-06-27T12:00:60.000000Z",
    "microseconds on day 31 of June": b"2026-06-31T12:00:00.000000Z",
    "week date": b"2026-W26-6T12:00:00.000000Z",
    "minute of one digit": b"2026-06-27T12:0:00Z",
    "month of one digit": b"2026-6-27T12:00:00Z",
    "dot without digits": b"2026-06-27T12:00:00.Z",
    "date alone": b"2026-06-27",
    "year of five digits": b"12026-06-27T12:00:00Z",
    "digits beyond ASCII": "\uff12\uff10\uff12\uff16-06-27T12:00:00Z".encode(),
    "invalid UTF-8": b"\xff026-06-27T12:00:00Z",
    "long": b"2026-06-27T12:00:00." + b"1" * 5_000_000,
}


@pytest.mark.parametrize(("text", "time"), READABLE.values(), ids=list(READABLE))
def test_readable(text: bytes, time: int) -> None:
    assert timestamp.parse(text) == time


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=list(UNREADABLE))
def test_unreadable(text: bytes) -> None:
    assert timestamp.parse(text) is None


@QUICK
@given(
    st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31)),
    st.integers(-24 * 60, 24 * 60).filter(lambda minutes: abs(minutes) < 24 * 60),
    st.sampled_from(["seconds", "milliseconds", "microseconds"]),
)
def test_parse_agrees_with_datetime(moment: datetime, minutes: int, precision: str) -> None:
    text = moment.replace(tzinfo=timezone(timedelta(minutes=minutes))).isoformat("T", precision)
    elapsed = datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)
    assert timestamp.parse(text.encode()) == elapsed // timedelta(microseconds=1) * 1000


@QUICK
@given(st.integers(-62135596800 * SECOND + 1, 253402300800 * SECOND - 1))
def test_what_is_shown_can_be_read_again(time: int) -> None:
    assert timestamp.parse(f"{timestamp.utc(time)}Z".encode()) == time
    assert timestamp.iso8601(time) == timestamp.utc(time) + "+0000"


def usual_times() -> st.SearchStrategy[bytes]:
    """Times as API servers write them, and what looks nearly like one."""
    numbers = st.tuples(*(st.integers(0, highest) for highest in (9999, 13, 32, 25, 61, 61, 999999)))
    usual = numbers.map(lambda parts: b"%04d-%02d-%02dT%02d:%02d:%02d.%06dZ" % parts)
    spoilt = st.tuples(usual, st.integers(0, 26), st.sampled_from(b"09:.,-TZ+ "))
    return usual | spoilt.map(lambda parts: parts[0][: parts[1]] + bytes(parts[2:]) + parts[0][parts[1] + 1 :])


@settings(deadline=None, max_examples=1000)
@given(usual_times().filter(lambda text: text[19:20] == b"." and text.endswith(b"Z")))
def test_the_usual_precision_is_read_like_others(text: bytes) -> None:
    assert timestamp.parse(text) == timestamp.parse(text[:-1] + b"0Z")


@QUICK
@given(st.text(alphabet="0123456789-T:.,Z+", max_size=25).map(str.encode) | st.binary(max_size=30))
def test_parse_is_total(text: bytes) -> None:
    assert isinstance(timestamp.parse(text), int | None)


def test_texts_in_utc(time_zone: Callable[[str], None]) -> None:
    time_zone("UTC")
    time = NOON + 1020
    assert timestamp.clock(time) == "12:00:00.000001020"
    assert timestamp.clock_seconds(time) == "12:00:00"
    assert timestamp.iso8601(time) == "2026-06-27T12:00:00.000001020+0000"
    assert timestamp.local_datetime(time) == "2026-06-27 12:00:00.000001020"
    assert timestamp.local_datetime_seconds(time) == "2026-06-27 12:00:00"
    assert timestamp.utc(time) == "2026-06-27T12:00:00.000001020"


def test_clock_and_datetime_are_local(time_zone: Callable[[str], None]) -> None:
    time_zone("EAST-13")  # thirteen hours east
    time = NOON + 7
    assert timestamp.clock(time) == "01:00:00.000000007"
    assert timestamp.clock_seconds(time) == "01:00:00"
    assert timestamp.local_datetime(time) == "2026-06-28 01:00:00.000000007"
    assert timestamp.local_datetime_seconds(time) == "2026-06-28 01:00:00"
    assert timestamp.iso8601(time) == "2026-06-27T12:00:00.000000007+0000"
    assert timestamp.utc(time) == "2026-06-27T12:00:00.000000007"


ZONES = ["UTC", "EAST-13", "WEST+11", "Europe/Berlin", "America/St_Johns", "Africa/Monrovia", "Australia/Lord_Howe"]


@pytest.mark.parametrize("zone", ZONES)
def test_local_texts_agree_with_datetime(zone: str, time_zone: Callable[[str], None]) -> None:
    time_zone(zone)

    @QUICK
    @given(st.integers(-62135500000, 253402200000) | st.integers(0, 2**31))
    def agree(second: int) -> None:
        local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)).astimezone()
        time = second * SECOND + 12
        assert timestamp.local_datetime(time) == f"{local.replace(tzinfo=None).isoformat(' ')}.000000012"
        assert timestamp.clock(time) == f"{local.time().isoformat()}.000000012"

    agree()


@QUICK
@given(st.integers(-62135596800, 253402300799))
def test_universal_texts_agree_with_datetime(second: int) -> None:
    shown = (datetime(1970, 1, 1) + timedelta(seconds=second)).isoformat()
    assert timestamp.utc(second * SECOND) == f"{shown}.000000000"


def test_another_zone_in_the_same_second(time_zone: Callable[[str], None]) -> None:
    shown = []
    for zone in ("UTC", "EAST-5", "EAST-6", "OTHER-6"):
        time_zone(zone)
        shown.append(timestamp.clock_seconds(NOON))
    assert shown == ["12:00:00", "17:00:00", "18:00:00", "18:00:00"]


@pytest.mark.parametrize(
    ("zone", "is_utc"),
    [("UTC", True), ("right/UTC", False), ("UTC0UTC", False), ("UTC-1", False), ("GMT0", False), ("EAST-5", False)],
)
def test_a_zone_that_is_utc_by_name_only(zone: str, is_utc: bool, time_zone: Callable[[str], None]) -> None:
    timestamp._is_utc.cache_clear()  # leap seconds are no part of what `tzset` tells
    time_zone(zone)
    if zone == "right/UTC" and timestamp.clock(NOON) == "12:00:00.000000000":
        pytest.skip("this system has no zones with leap seconds")
    assert timestamp.local_is_utc() is is_utc
    timestamp._is_utc.cache_clear()


@pytest.mark.parametrize("text", [*(text for text, _ in READABLE.values()), *UNREADABLE.values()])
def test_what_is_shown_at_once_is_the_time_that_was_read(text: bytes) -> None:
    time, shown = timestamp.parse_and_show(text)
    assert time == timestamp.parse(text)
    if shown is not None:
        assert time is not None
        assert shown == timestamp.utc(time)


def test_the_usual_way_of_writing_is_shown_at_once() -> None:
    assert timestamp.parse_and_show(b"2026-06-27T12:00:00.000001Z") == (NOON + 1000, "2026-06-27T12:00:00.000001000")
    for refused in (b"2026-06-27T24:00:00.000000Z", b"2026-02-29T12:00:00.000000Z", b"0001-01-01T00:00:00.000000Z"):
        assert timestamp.parse_and_show(refused) == (None, None)


def test_times_before_the_epoch(time_zone: Callable[[str], None]) -> None:
    time_zone("UTC")
    assert timestamp.iso8601(-1) == "1969-12-31T23:59:59.999999999+0000"
    assert timestamp.clock(-1) == "23:59:59.999999999"


@pytest.mark.parametrize("zone", ["UTC", "EAST-13", "WEST13"])
@pytest.mark.parametrize(
    ("time", "day"),
    [
        (timestamp.parse(b"9999-12-31T23:59:59Z"), "9999-12-31"),
        (timestamp.parse(b"9999-12-31T23:59:59-24:00"), "9999-12-31"),
        (10**40, "9999-12-31"),
        (timestamp.parse(b"0001-01-01T00:00:01Z"), "0001-01-01"),
        (timestamp.parse(b"0001-01-01T00:00:01+24:00"), "0001-01-01"),
        (-(10**40), "0001-01-01"),
    ],
)
def test_the_ends_of_the_calendar_are_shown_without_error(
    time: int, day: str, zone: str, time_zone: Callable[[str], None]
) -> None:
    time_zone(zone)
    assert timestamp.iso8601(time).startswith(day)
    assert timestamp.utc(time).startswith(day)
    assert timestamp.local_datetime(time)[:4] == day[:4]
    assert timestamp.clock(time)[2] == ":"
