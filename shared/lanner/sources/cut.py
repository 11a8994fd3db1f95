"""Audit events of which a provider kept the beginning: what is whole is kept, what is lost is told.

API servers write an event's keys in a fixed order, so a key that should have stood before the cut and did not is known
to be missing; those that come behind it are unknown. Objects and arrays that were open are closed, so that what was
complete in them can still be looked at; a string that was cut in the middle keeps its beginning.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from lanner.fields import BODIES, WHOLE, RawEvent, json_text
from lanner.fields.event import KEYS, bodies_at
from lanner.sources.reject import Context, Reject

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MARK", "MAX_CUT", "salvaged_event"]

MARK = b"[Truncated...]"
"""What EKS puts to the end of a line that it cut."""

MAX_CUT = 2**20
"""Bytes that the beginning of an event may have. A hostile one takes half a second."""

_TOKEN = re.compile(rb'[ \t\r\n]*+(?:([{}\[\],:])|("(?:[^"\\]++|\\.)*+")|([^\s{}\[\],:"]++))', re.DOTALL)
_BLANK = b" \t\r\n"
# At the end of a string: an escape that is not complete, or of which the other half of a pair is missing.
_HALF = rb"(?:\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
_UNFINISHED = re.compile(
    rb"(?<!\\)(?:\\\\)*+(" + _HALF + rb"++(?:\\(?:u[0-9a-fA-F]{0,3})?)?|\\(?:u[0-9a-fA-F]{0,3})?)\Z"
)
_REPLACED = "\ufffd".encode()  # what became of a character that was cut before the text was decoded
_MOST_REPLACED = 3  # of one character
_ORDER = {key: number for number, key in enumerate(KEYS)}
_NOTHING: frozenset[str] = frozenset()
_ANYTHING = frozenset((WHOLE,))  # what may have stood behind the last of the keys that events have
_NO_EVENT = "the line was cut, and what is left of it is no audit event"


class _Level:
    """An object or array that is open: what closes it, and which of its members comes next.

    An object `is_odd` in which a key stands twice, or with an escape: what comes behind may go before it
    (`lanner.fields.json_text.members`), so that nothing is known of it until all of it is.
    """

    __slots__ = ("_keys", "before", "closing", "count", "is_odd", "key")

    def __init__(self, opening: bytes) -> None:
        self.closing = b"}" if opening == b"{" else b"]"
        self.key: bytes | None = None  # of the member whose value comes next, or is open
        self.count = 0  # elements that are complete
        self.is_odd = False
        self.before = 0  # where the member before that one ends
        self._keys: set[bytes] = set()

    def begin(self, key: bytes, end: int) -> None:
        """Take the key of the next member; what stands before it ends at `end`."""
        self.key = key
        self.before = end
        self.is_odd = self.is_odd or b"\\" in key or key in self._keys
        self._keys.add(key)

    @property
    def step(self) -> str:
        """The key, or the number, of the value that is open."""
        return str(self.count) if self.key is None else json_text.unquote(self.key).decode("utf-8", "surrogateescape")


class _Beginning(msgspec.Struct):
    """The beginning of a JSON object, closed: valid JSON. `cut` is as in `RawEvent`, `None` if nothing is lost."""

    text: bytes
    cut: tuple[str, ...] | None


def salvaged_event(text: bytes, origin: str, context: Context, received: int | None = None) -> RawEvent | Reject:
    """Return the event that `text` is the beginning of, a reject if it cannot be told which event that is.

    `text` is the line without the provider's mark, `received` the envelope's time in nanoseconds. Never raises.
    """
    try:
        beginning = _closed(text)
    except json_text.JsonError as error:
        return Reject(origin, f"{_NO_EVENT}: {error}", text)
    members = json_text.members(beginning.text)
    cut = beginning.cut
    kind = members.get("kind")
    if kind != b'"Event"':
        return Reject(origin, f"{_NO_EVENT}: its kind is not 'Event'", text)
    if "auditID" not in members or (cut and cut[0] == "auditID"):
        return Reject(origin, "the line was cut before its audit id is complete", text)
    is_large = len(text) > context.max_size
    if is_large and context.drop_larger:
        return Reject(origin, f"the event has over {context.max_size} bytes, the configured limit", text)
    lost = BODIES.intersection(members) if is_large else _NOTHING
    unknown = _NOTHING
    if cut is not None:
        lost |= frozenset(cut[:1])
        unknown = _behind(list(members), cut) - lost
        if "level" in members and cut[:1] != ("level",):
            unknown -= BODIES - bodies_at(members["level"])
        unknown = unknown or _ANYTHING
        if is_large and cut and cut[0] in BODIES:
            cut = ()
    return RawEvent(beginning.text, context.provider, context.cluster, received, origin, lost, unknown, cut)


def _behind(keys: Sequence[str], cut: tuple[str, ...]) -> frozenset[str]:
    """Return the keys that may have stood behind the cut, of those that events have.

    If the keys before it stand in another order than API servers write them, nothing is known of what is not there.
    """
    places = [_ORDER[key] for key in (*keys, *cut[:1]) if key in _ORDER]
    is_ordered = places == sorted(places)
    return frozenset(KEYS[places[-1] + 1 :] if is_ordered else KEYS).difference(keys)


def _closed(text: bytes) -> _Beginning:
    """Close what is open at the end of `text`, the beginning of a JSON object. Raises `JsonError` if it is none."""
    if len(text) > MAX_CUT:
        raise json_text.JsonError(f"with {len(text)} bytes it is longer than what providers keep", 0)
    levels: list[_Level] = []
    end = position = 0  # behind what is complete; behind what was read
    expects_value = True
    while (token := _TOKEN.match(text, position)) is not None:
        position = token.end()
        mark, string, scalar = token.groups()
        if scalar is not None and position == len(text):
            break  # it may have gone on
        if not levels:
            if mark != b"{":
                raise json_text.JsonError("no object begins here", 0)
            levels.append(_Level(mark))
            end, expects_value = position, False
            continue
        level = levels[-1]
        is_array = level.closing == b"]"
        if mark is not None and mark in b"{[" and (expects_value or is_array):
            if len(levels) > json_text.MAX_DEPTH:
                raise json_text.JsonError(f"it nests deeper than {json_text.MAX_DEPTH} levels", position - 1)
            levels.append(_Level(mark))
            end, expects_value = position, False
        elif mark == level.closing and not expects_value:
            levels.pop()
            end = position
            if not levels:
                return _whole(text, end)
            _complete(levels[-1])
        elif mark == b",":
            level.key = None
            expects_value = False
        elif mark == b":" and level.key is not None and not is_array:
            expects_value = True
        elif string is not None and not expects_value and not is_array and level.key is None:
            level.begin(string, end)
        elif mark is None and (expects_value or is_array):
            end, expects_value = position, False
            _complete(level)
        else:
            raise json_text.JsonError(f"unexpected {token[0][:20]!r} at byte {position}", position)
    return _cut(text, levels, end, position, expects_value=expects_value)


def _complete(level: _Level) -> None:
    """Note that a value is complete."""
    level.count += 1
    level.key = None


def _whole(text: bytes, end: int) -> _Beginning:
    if text[end:].strip(_BLANK):
        raise json_text.JsonError(f"something follows the JSON value at byte {end + 1}", end)
    return _Beginning(json_text.check(text), None)


def _cut(text: bytes, levels: list[_Level], end: int, position: int, *, expects_value: bool) -> _Beginning:
    if not levels:
        raise json_text.JsonError("no object begins here", 0)
    innermost = levels[-1]
    closed = text[:end]
    cut = [level.step for level in levels[:-1]]
    if innermost.key is not None:
        cut.append(innermost.step)
        rest = text[position:].lstrip(_BLANK)
        if expects_value and rest.startswith(b'"'):
            closed = text[: len(text) - len(rest)] + _beginning_of_string(rest)
    if levels[0].is_odd:
        raise json_text.JsonError("a key stands twice, or with an escape, as no API server writes it", 0)
    if any(level.is_odd for level in levels):
        cut = cut[:1]
        del levels[1:]
        closed = text[: levels[0].before]
    closed += b"".join(level.closing for level in reversed(levels))
    return _Beginning(json_text.check(closed), tuple(cut))


def _beginning_of_string(text: bytes) -> bytes:
    """Return the string that `text` begins, without a character or an escape that was cut."""
    text = _without_half_character(text)
    for _ in range(_MOST_REPLACED):
        text = text.removesuffix(_REPLACED)
    unfinished = _UNFINISHED.search(text)
    return (text if unfinished is None else text[: unfinished.start(1)]) + b'"'


def _without_half_character(text: bytes) -> bytes:
    """Return UTF-8 text without a character at its end whose last bytes are missing."""
    for size in (1, 2, 3):
        byte = text[-size]  # there are fewer, and then it is the quote
        if byte < 0x80:
            break
        if byte >= 0xC0:
            wanted = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return text[:-size] if size < wanted else text
    return text
