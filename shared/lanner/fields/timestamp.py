"""Event times: RFC 3339 texts as Falco's parser reads them, and the texts in which times are shown.

A time is an `int`, nanoseconds since the epoch (negative before 1970). See spec/fields.md sections 1 and 5.
"""

from __future__ import annotations

import re
import time as system
from datetime import datetime
from functools import cache, lru_cache

__all__ = ["clock", "clock_seconds", "iso8601", "local_datetime", "local_datetime_seconds", "parse", "rfc3339"]

_SECOND = 10**9
_MINUTE = 60 * _SECOND
_EPOCH_DAY = datetime(1970, 1, 1).toordinal()
_FIRST, _LAST = -62135596800, 253402300799  # the first and the last second of the calendar, years 1 to 9999
_YEAR_ONE = _FIRST * _SECOND
_USUAL = b"0000-00-00T00:00:00.000000Z"  # how API servers write times
_TO_ZEROS = bytes.maketrans(b"123456789", b"000000000")


def parse(text: bytes) -> int | None:
    """Read an RFC 3339 date-time; `None` if it is none, or the year-1 zero time, which stands for "no time".

    A comma may stand for the fraction's dot and the hour may have one digit; digits beyond nanoseconds are cut.
    """
    if text.translate(_TO_ZEROS) == _USUAL:
        minute, second = _minute(text[:16]), int(text[17:19])
        if minute is None or second > 59:
            return None
        time = minute + second * _SECOND + int(text[20:26]) * 1000
        return None if time == _YEAR_ONE else time
    return _parse_any(text)


@lru_cache(maxsize=64)
def _minute(text: bytes) -> int | None:
    """Return the time of `YYYY-MM-DDTHH:MM`, all digits, in UTC; `None` if there is no such minute."""
    day, hour, minute = _day(text[:10]), int(text[11:13]), int(text[14:])
    return None if day is None or hour > 23 or minute > 59 else ((day * 24 + hour) * 60 + minute) * _MINUTE


@cache
def _pattern() -> re.Pattern[bytes]:
    return re.compile(rb"(\d{4}-\d\d-\d\d)T(\d\d?):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))")


def _parse_any(text: bytes) -> int | None:
    match = _pattern().fullmatch(text)
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
    nanoseconds = seconds * _SECOND + int((fraction or b"").ljust(9, b"0")[:9])
    return None if nanoseconds == _YEAR_ONE else nanoseconds


@lru_cache(maxsize=64)
def _day(date: bytes) -> int | None:
    """Return the number of the day `YYYY-MM-DD`, counted from 1970; `None` if there is no such day."""
    try:
        return datetime.fromisoformat(date.decode()).toordinal() - _EPOCH_DAY
    except ValueError:
        return None


def clock(time: int) -> str:
    """Return `HH:MM:SS.nnnnnnnnn` in the local time zone (`evt.time`)."""
    return f"{_clock(time // _SECOND, system.tzname, system.timezone)}.{time % _SECOND:09d}"


def clock_seconds(time: int) -> str:
    """Return `HH:MM:SS` in the local time zone (`evt.time.s`)."""
    return _clock(time // _SECOND, system.tzname, system.timezone)


def iso8601(time: int) -> str:
    """Return `YYYY-MM-DDTHH:MM:SS.nnnnnnnnn+0000` (`evt.time.iso8601`)."""
    return f"{_utc(time // _SECOND)}.{time % _SECOND:09d}+0000"


def local_datetime(time: int) -> str:
    """Return `YYYY-MM-DD HH:MM:SS.nnnnnnnnn` in the local time zone (`evt.datetime`)."""
    return f"{local_datetime_seconds(time)}.{time % _SECOND:09d}"


def local_datetime_seconds(time: int) -> str:
    """Return `YYYY-MM-DD HH:MM:SS` in the local time zone (`evt.datetime.s`)."""
    local = _local(time // _SECOND)
    return f"{local.tm_year:04d}-{system.strftime('%m-%d %H:%M:%S', local)}"  # %Y does not fill the year with zeros


def rfc3339(time: int) -> str:
    """Return `YYYY-MM-DDTHH:MM:SS.nnnnnnnnnZ` (the `time` of a JSON alert)."""
    return f"{_utc(time // _SECOND)}.{time % _SECOND:09d}Z"


@lru_cache(maxsize=16)  # most alerts are of the same second as one just before
def _clock(second: int, _names: tuple[str, str], _offset: int) -> str:
    """Return `HH:MM:SS` in the local time zone. Its names and offset matter when a process changes it (`tzset`)."""
    return system.strftime("%H:%M:%S", _local(second))


@lru_cache(maxsize=16)
def _utc(second: int) -> str:
    """Return `YYYY-MM-DDTHH:MM:SS`."""
    utc = system.gmtime(_within_calendar(second))
    return f"{utc.tm_year:04d}-{system.strftime('%m-%dT%H:%M:%S', utc)}"


def _local(second: int) -> system.struct_time:
    """Return the time in the local time zone; in UTC at the ends of the calendar, where there is no local time."""
    second = _within_calendar(second)
    local = system.localtime(second)
    return local if 1 <= local.tm_year <= 9999 else system.gmtime(second)


def _within_calendar(second: int) -> int:
    """Return the second, or the calendar's end if it lies beyond: a zone, or an envelope, may lead there."""
    return min(max(second, _FIRST), _LAST)
