"""Event times: RFC 3339 texts as Falco's parser reads them, and the texts in which times are shown.

A time is an `int`, nanoseconds since the epoch (negative before 1970). See spec/fields.md sections 1 and 5.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

__all__ = ["clock", "clock_seconds", "iso8601", "local_datetime", "local_datetime_seconds", "parse", "rfc3339"]

_EPOCH = datetime(1970, 1, 1)
_RFC3339 = re.compile(
    rb"(\d{4}-\d\d-\d\d)T(\d\d?):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))",
)
_YEAR_ONE = -62135596800 * 10**9


def parse(text: bytes) -> int | None:
    """Read an RFC 3339 date-time; `None` if it is none, or the year-1 zero time, which stands for "no time".

    A comma may stand for the fraction's dot and the hour may have one digit; digits beyond nanoseconds are cut.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        return None
    date, hour_text, minute_text, second_text, fraction, sign, zone_hours, zone_minutes = match.groups()
    day = _day(date)
    hour, minute, second = int(hour_text), int(minute_text), int(second_text)
    if day is None or hour > 23 or minute > 59 or second > 59:
        return None
    seconds = ((day * 24 + hour) * 60 + minute) * 60 + second
    if sign:
        if int(zone_hours) > 24 or int(zone_minutes) > 60:
            return None
        offset = (int(zone_hours) * 60 + int(zone_minutes)) * 60
        seconds += offset if sign == b"-" else -offset
    nanoseconds = seconds * 10**9 + int((fraction or b"").ljust(9, b"0")[:9])
    return None if nanoseconds == _YEAR_ONE else nanoseconds


@lru_cache(maxsize=64)
def _day(date: bytes) -> int | None:
    """Return the number of the day `YYYY-MM-DD`, counted from 1970; `None` if there is no such day."""
    try:
        return datetime.fromisoformat(date.decode()).toordinal() - _EPOCH.toordinal()
    except ValueError:
        return None


def clock(time: int) -> str:
    """Return `HH:MM:SS.nnnnnnnnn` in the local time zone (`evt.time`)."""
    return f"{clock_seconds(time)}.{time % 10**9:09d}"


def clock_seconds(time: int) -> str:
    """Return `HH:MM:SS` in the local time zone (`evt.time.s`)."""
    return _local(time).strftime("%H:%M:%S")


def iso8601(time: int) -> str:
    """Return `YYYY-MM-DDTHH:MM:SS.nnnnnnnnn+0000` (`evt.time.iso8601`)."""
    return f"{_utc(time)}.{time % 10**9:09d}+0000"


def local_datetime(time: int) -> str:
    """Return `YYYY-MM-DD HH:MM:SS.nnnnnnnnn` in the local time zone (`evt.datetime`)."""
    return f"{local_datetime_seconds(time)}.{time % 10**9:09d}"


def local_datetime_seconds(time: int) -> str:
    """Return `YYYY-MM-DD HH:MM:SS` in the local time zone (`evt.datetime.s`)."""
    return _local(time).isoformat(" ", "seconds")


def rfc3339(time: int) -> str:
    """Return `YYYY-MM-DDTHH:MM:SS.nnnnnnnnnZ` (the `time` of a JSON alert)."""
    return f"{_utc(time)}.{time % 10**9:09d}Z"


def _utc(time: int) -> str:
    return _moment(time).isoformat("T", "seconds")


def _moment(time: int) -> datetime:
    try:
        return _EPOCH + timedelta(seconds=time // 10**9)
    except OverflowError:  # a zone, or the envelope, led beyond the calendar
        return datetime.max if time > 0 else datetime.min


def _local(time: int) -> datetime:
    moment = _moment(time)
    try:
        return moment.replace(tzinfo=UTC).astimezone().replace(tzinfo=None)
    except (OverflowError, OSError, ValueError):  # at the ends of the calendar there is no local time
        return moment
