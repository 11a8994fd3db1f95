"""Event times: RFC 3339 texts as Falco's parser reads them, and the texts in which times are shown.

A time is an `int`, nanoseconds since the epoch (negative before 1970). See spec/fields.md sections 1 and 5.
"""

from __future__ import annotations

import re
import time as system
from datetime import date, datetime
from functools import cache, lru_cache

__all__ = [
    "clock",
    "clock_seconds",
    "iso8601",
    "local_datetime",
    "local_datetime_seconds",
    "local_is_utc",
    "parse",
    "parse_and_show",
    "utc",
]

_SECOND = 10**9
_EPOCH_DAY = datetime(1970, 1, 1).toordinal()
_FIRST, _LAST = -62135596800, 253402300799  # the first and the last second of the calendar, years 1 to 9999
_YEAR_ONE = _FIRST * _SECOND
_LATELY, _LATELY_SHOWN = 1_700_000_000, (22, 13, 20)  # all leap seconds so far lie before it
_USUAL = b"0000-00-00T00:00:00.000000Z"  # how API servers write times
_DIGITS = tuple([f"{number:02d}" for number in range(62)])  # of hours, minutes, seconds (with leap seconds)
_TO_ZEROS = bytes.maketrans(b"123456789", b"000000000")


def parse(text: bytes) -> int | None:
    """Read an RFC 3339 date-time; `None` if it is none, or the year-1 zero time, which stands for "no time".

    A comma may stand for the fraction's dot and the hour may have one digit; digits beyond nanoseconds are cut.
    """
    time, _ = parse_and_show(text)
    return time


def parse_and_show(text: bytes) -> tuple[int | None, str | None]:
    """Do as `parse` does, and return what `utc` returns for the time, too, if that is at hand."""
    if text.translate(_TO_ZEROS) != _USUAL or text[11:13] == b"24":  # which `datetime` may take for midnight
        return _parse_any(text), None
    date_time = text[:26].decode()
    try:
        moment = datetime.fromisoformat(date_time)
    except ValueError:
        return None, None
    day = moment.toordinal() - _EPOCH_DAY
    second = ((day * 24 + moment.hour) * 60 + moment.minute) * 60 + moment.second
    time = second * _SECOND + moment.microsecond * 1000
    return (None, None) if time == _YEAR_ONE else (time, f"{date_time}000")


@cache
def _pattern() -> re.Pattern[bytes]:
    return re.compile(rb"(\d{4}-\d\d-\d\d)T(\d\d?):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))")


def _parse_any(text: bytes) -> int | None:
    match = _pattern().fullmatch(text)
    if match is None:
        return None
    day_text, hour_text, minute_text, second_text, fraction, sign, zone_hours, zone_minutes = match.groups()
    day = _day(day_text)
    hour, minute, second = int(hour_text), int(minute_text), int(second_text)
    if day is None or hour > 23 or minute > 59 or second > 59:
        return None
    seconds = ((day * 24 + hour) * 60 + minute) * 60 + second
    if sign:
        if int(zone_hours) > 24 or int(zone_minutes) > 60:
            return None
        offset = (int(zone_hours) * 60 + int(zone_minutes)) * 60
        seconds += offset if sign == b"-" else -offset
    nanoseconds = seconds * _SECOND + int((fraction or b"").ljust(9, b"0")[:9])
    return None if nanoseconds == _YEAR_ONE else nanoseconds


def _day(text: bytes) -> int | None:
    """Return the number of the day `YYYY-MM-DD`, counted from 1970; `None` if there is no such day."""
    try:
        return datetime.fromisoformat(text.decode()).toordinal() - _EPOCH_DAY
    except ValueError:
        return None


def clock(time: int) -> str:
    """Return `HH:MM:SS.nnnnnnnnn` in the local time zone (`evt.time`)."""
    return f"{clock_seconds(time)}.{time % _SECOND:09d}"


def clock_seconds(time: int) -> str:
    """Return `HH:MM:SS` in the local time zone (`evt.time.s`)."""
    local = _local(time // _SECOND)
    return f"{_DIGITS[local[3]]}:{_DIGITS[local[4]]}:{_DIGITS[local[5]]}"


def iso8601(time: int) -> str:
    """Return `YYYY-MM-DDTHH:MM:SS.nnnnnnnnn+0000` (`evt.time.iso8601`)."""
    return f"{utc(time)}+0000"


def local_datetime(time: int) -> str:
    """Return `YYYY-MM-DD HH:MM:SS.nnnnnnnnn` in the local time zone (`evt.datetime`)."""
    return f"{local_datetime_seconds(time)}.{time % _SECOND:09d}"


def local_datetime_seconds(time: int) -> str:
    """Return `YYYY-MM-DD HH:MM:SS` in the local time zone (`evt.datetime.s`)."""
    local = _local(time // _SECOND)
    return f"{local[0]:04d}-{_DIGITS[local[1]]}-{_DIGITS[local[2]]} {clock_seconds(time)}"


def utc(time: int) -> str:
    """Return `YYYY-MM-DDTHH:MM:SS.nnnnnnnnn`, without the zone, which is UTC."""
    day, second = divmod(_within_calendar(time // _SECOND), 86400)
    minute, second = divmod(second, 60)
    clock = f"{_DIGITS[minute // 60]}:{_DIGITS[minute % 60]}:{_DIGITS[second]}.{time % _SECOND:09d}"
    return f"{_date(day)}T{clock}"


@lru_cache(maxsize=16)
def _date(day: int) -> str:
    """Return `YYYY-MM-DD` of a day, counted from 1970."""
    return date.fromordinal(day + _EPOCH_DAY).isoformat()


def local_is_utc() -> bool:
    """Tell whether the local time zone is UTC, at all times."""
    return _is_utc(system.tzname, system.timezone, system.daylight)


@lru_cache(maxsize=4)
def _is_utc(names: tuple[str, str], offset: int, daylight: int) -> bool:
    """Do so for what a process may change (`tzset`). Some zones of that name have summer times, or leap seconds."""
    if names != ("UTC", "UTC") or offset or daylight:
        return False
    return system.localtime(_LATELY)[3:6] == _LATELY_SHOWN


def _local(second: int) -> system.struct_time:
    """Return the time in the local time zone; in UTC at the ends of the calendar, where there is no local time."""
    second = _within_calendar(second)
    local = system.localtime(second)
    return local if 1 <= local.tm_year <= 9999 else system.gmtime(second)


def _within_calendar(second: int) -> int:
    """Return the second, or the calendar's end if it lies beyond: a zone, or an envelope, may lead there."""
    return min(max(second, _FIRST), _LAST)
