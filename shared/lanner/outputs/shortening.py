"""Alerts that are longer than a destination takes are cut, visibly, so that no destination refuses them."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from lanner.outputs.message import Message

__all__ = ["beginning", "shortened"]

_MARK = "… [cut by Lanner: {}]"
_LONGEST_MARK = 56
"""Bytes that a mark takes in a JSON array, with a number of 20 digits."""

_FIELDS = "output_fields"
_WHOLE = frozenset(("id", "rule", "priority", "time", "cluster", "provider", "source", "time_source", "hostname"))
"""Keys whose values identify the alert. They are short, and stay as they are."""

_SHORTEST = 128
"""Bytes that every value may have at least: if the alert is too long even so, all its fields are left out."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(str).decode


def shortened(message: Message, limit: int) -> bytes:
    """Return the text of an alert with its longest values cut so far that it takes `limit` bytes at most.

    Each says how long it was. Where that is not enough, the fields are left out, and the alert tells so. `limit` has
    to leave room for what identifies the alert (some kilobytes). The time this takes grows with the alert, however much
    of it is cut.
    """
    if len(message.text) <= limit:
        return message.text
    alert = message.alert()
    values = _Values(alert)
    allowed = values.allowed(limit)
    if allowed < _SHORTEST and _FIELDS in alert:
        alert[_FIELDS] = {"lanner.cut": f"the fields are left out: {len(_encode(alert[_FIELDS]))} bytes"}
        values = _Values(alert)
        allowed = values.allowed(limit)
    values.cut(max(allowed, _SHORTEST))
    return _encode(alert)


def beginning(text: str, size: int) -> str:
    """Return as much of the beginning of `text` as takes `size` bytes in UTF-8."""
    return text.encode()[:size].decode(errors="ignore")


class _Values:
    """The values of an alert, and of its fields, that can be cut, with their sizes in JSON."""

    def __init__(self, alert: dict[str, Any]) -> None:
        fields = alert.get(_FIELDS)
        self._alert = alert
        self._places = [(alert, key) for key in alert if key not in _WHOLE and key != _FIELDS]
        if isinstance(fields, dict):
            self._places += [(fields, key) for key in fields]
        self._sizes = [len(_encode(owner[key])) for owner, key in self._places]

    def allowed(self, limit: int) -> int:
        """Return how many bytes each value may have so that the alert has `limit` at most; no value, if negative."""
        left = limit - (len(_encode(self._alert)) - sum(self._sizes))
        sizes = sorted(self._sizes)
        for number, size in enumerate(sizes):
            share = left // (len(sizes) - number)
            if size > share:
                return share
            left -= size
        return limit

    def cut(self, allowed: int) -> None:
        """Cut the values that have more than `allowed` bytes."""
        for (owner, key), size in zip(self._places, self._sizes, strict=True):
            if size > allowed:
                owner[key] = _cut(owner[key], allowed)


def _cut(value: Any, size: int) -> Any:
    """Return a value that was too long, with at most `size` bytes in JSON."""
    if isinstance(value, list):
        return _cut_list(value, size)
    if isinstance(value, str):
        return _cut_text(value, size)
    return _MARK.format(f"{len(_encode(value))} bytes")


def _cut_list(items: list[Any], size: int) -> list[Any]:
    """Return as many items as there is room for, and how many there were."""
    left = size - 2 - _LONGEST_MARK
    kept = items[: bisect_right(list(accumulate([len(_encode(item)) + 1 for item in items])), left)]
    if not kept and isinstance(items[0], str):
        kept = [_cut_text(items[0], left)]
    return kept if len(kept) == len(items) else [*kept, _MARK.format(f"{len(items)} elements")]


def _cut_text(text: str, size: int) -> str:
    """Return the beginning of a text, and how long it was."""
    mark = _MARK.format(f"{len(text.encode())} bytes")
    written = _encode(text)
    end = size - len(_encode(mark))
    while True:
        try:
            return _decode(written[: end + 1] + b'"') + mark
        except (msgspec.DecodeError, UnicodeDecodeError):  # in the middle of a character or an escape
            end -= 1
