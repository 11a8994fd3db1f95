"""Alerts that are longer than a destination takes are cut, visibly, so that no destination refuses them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from lanner.outputs.message import Message

__all__ = ["shortened", "shortened_text"]

_MARK = "... [cut by Lanner, {} in all]"
_WHOLE = frozenset(("id", "rule", "priority", "time", "cluster", "provider", "source", "time_source", "hostname"))
"""Keys whose values identify the alert; they are short, and stay as they are while others can be cut."""

_SHORTEST = 64
"""Characters that every text may keep; only if even so the alert is too long, are texts left out."""

_encode = msgspec.json.Encoder().encode


def shortened(message: Message, limit: int) -> bytes:
    """Return the text of an alert with its longest strings cut so far that it takes `limit` bytes at most.

    Each cut string says how long it was. Where that is not enough, the fields are left out and the output tells so;
    `limit` has to leave room for what identifies the alert (some kilobytes).
    """
    if len(message.text) <= limit:
        return message.text
    alert = message.alert()
    longest = max(_lengths([value for key, value in alert.items() if key not in _WHOLE]), default=0)
    low, high = _SHORTEST, max(longest, _SHORTEST)
    best = _encode(_cut_alert(alert, low))
    if len(best) > limit:
        bare = _cut_alert({key: value for key, value in alert.items() if key != "output_fields"}, low)
        bare["output_fields"] = {"lanner.cut": f"{len(message.text)} bytes, too many for this destination"}
        return _encode(bare)
    while low < high:  # how much may be kept of each string
        middle = (low + high + 1) // 2
        text = _encode(_cut_alert(alert, middle))
        if len(text) <= limit:
            low, best = middle, text
        else:
            high = middle - 1
    return best


def shortened_text(text: str, limit: int) -> str:
    """Return `text` if it has at most `limit` characters, else its beginning and a mark that says how long it was."""
    if len(text) <= limit:
        return text
    mark = _MARK.format(f"{len(text)} characters")
    return text[: max(0, limit - len(mark))] + mark


def _lengths(value: Any) -> list[int]:
    """Return the lengths of all strings in a value."""
    if isinstance(value, str):
        return [len(value)]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [size for item in inner for size in _lengths(item)]


def _cut_alert(alert: dict[str, Any], limit: int) -> dict[str, Any]:
    """Return an alert with all strings in it, but for those that identify it, cut at `limit` characters."""
    return {key: value if key in _WHOLE else _cut(value, limit) for key, value in alert.items()}


def _cut(value: Any, limit: int) -> Any:
    if isinstance(value, str):
        return shortened_text(value, limit)
    if isinstance(value, dict):
        return {key: _cut(item, limit) for key, item in value.items()}
    if isinstance(value, list):
        return _cut_list([_cut(item, limit) for item in value], limit)
    return value


def _cut_list(items: list[Any], limit: int) -> list[Any]:
    """Return as many items as together have about `limit` characters, and how many there were if that is not all."""
    size = 0
    for number, item in enumerate(items):
        size += len(item) if isinstance(item, str) else 1
        if size > limit + len(_MARK) and number:
            return [*items[:number], _MARK.format(f"{len(items)} elements")]
    return items
