"""The end of a run for a person: what happened, who did it, where to look next."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from lanner.fields import timestamp
from lanner.fields.json_text import elements
from lanner.fields.paths import rendered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lanner.alerts.alert import Alert
    from lanner.ruleset import Priority

__all__ = ["Note", "Summary", "note"]

_MAX_ACTORS = 10_000  # attackers choose names: beyond so many different ones they are counted together
_MAX_PLACES = 100
_SHOWN_ACTORS = 8
_SHOWN_PLACES = 3
_FOLLOWED_ACTORS = 3
_OTHERS = "(others)"
_NOBODY = "(nobody)"
_MAX_TEXT = 256


class _Tally(msgspec.Struct):
    """The alerts of one rule."""

    priority: Priority
    first: int
    last: int
    count: int = 0


class _Deed(msgspec.Struct, frozen=True):
    """What is kept of an alert."""

    rule: str
    priority: Priority
    time: int
    audit_id: str


class _Actor(msgspec.Struct):
    """The alerts on one user's requests, and the worst of them. `pattern` is the name as events write it."""

    worst: _Deed
    pattern: bytes
    count: int = 0
    addresses: Counter[str] = msgspec.field(default_factory=Counter)
    places: Counter[str] = msgspec.field(default_factory=Counter)


class Note(msgspec.Struct, frozen=True):
    """What a summary has to know of an alert."""

    deed: _Deed
    user: str
    pattern: bytes
    address: str
    target: str


def note(alert: Alert) -> Note:
    """Return what a summary has to know of `alert`."""
    event, rule = alert.event, alert.rule
    written = event.find(("user", "username")) or b""
    return Note(
        _Deed(rule.name, rule.priority, event.time, _text(alert, "auditID")),
        _text(alert, "user", "username") or _NOBODY,
        written if len(written) <= _MAX_TEXT else b"",
        _address(alert),
        _target(alert),
    )


class Summary:
    """Collects alerts and tells their story. Memory is bounded whatever the events hold."""

    def __init__(self) -> None:
        self._rules: dict[str, _Tally] = {}
        self._actors: dict[str, _Actor] = {}

    def add(self, alert: Alert) -> None:
        """Take one more alert into account."""
        self.take(note(alert))

    def take(self, note: Note) -> None:
        """Take one more alert into account by what was noted of it."""
        deed = note.deed
        tally = self._rules.setdefault(deed.rule, _Tally(deed.priority, deed.time, deed.time))
        tally.first, tally.last = min(tally.first, deed.time), max(tally.last, deed.time)
        tally.count += 1
        name = note.user
        if name not in self._actors and len(self._actors) >= _MAX_ACTORS:
            name = _OTHERS
        actor = self._actors.get(name)
        if actor is None:
            actor = self._actors[name] = _Actor(deed, note.pattern)
        actor.count += 1
        if deed.priority < actor.worst.priority:
            actor.worst = deed
        _count(actor.addresses, note.address)
        _count(actor.places, note.target)

    def text(self, paths: Iterable[str], heading: Callable[[str], str], printable: Callable[[str], str]) -> str:
        """Return the story as lines. `paths` are what was read; the other two write headings and untrusted texts."""
        if not self._rules:
            return f"\n{heading('Nothing alerted.')}"
        lines = ["", heading("What happened")]
        tallies = sorted(self._rules.items(), key=lambda item: (item[1].priority, item[1].first))
        width = max(len(name) for name, _ in tallies)
        for name, tally in tallies:
            span = timestamp.clock_seconds(tally.first)
            if tally.last // 10**9 != tally.first // 10**9:
                span += f" to {timestamp.clock_seconds(tally.last)}"
            lines.append(printable(f"   {tally.priority.label:<13}  {tally.count:>5} x  {name:<{width}}  {span}"))
        lines += ["", heading("Who did it")]
        actors = sorted(self._actors.items(), key=lambda item: (item[1].worst.priority, -item[1].count))
        for name, actor in actors[:_SHOWN_ACTORS]:
            lines.append(printable(f"   {name} from {_most(actor.addresses) or 'an unknown address'}"))
            worst = actor.worst
            lines.append(printable(f"      {_alerts(actor.count)}, worst: {worst.rule} ({worst.priority.label})"))
            lines.append(printable(f"      touched {_most(actor.places)}"))
        if len(actors) > _SHOWN_ACTORS:
            lines.append(f"   and {len(actors) - _SHOWN_ACTORS} more")
        lines += ["", heading("Where to look next")]
        followed = actors[:_FOLLOWED_ACTORS]
        for name, actor in followed:
            worst = actor.worst
            when = timestamp.clock_seconds(worst.time)
            lines.append(printable(f"   {worst.rule} by {name} at {when}, audit id {worst.audit_id}"))
        patterns = [actor.pattern for name, actor in followed if name != _OTHERS and actor.pattern]
        return "\n".join(lines + _commands(patterns, list(paths), printable))


def _commands(users: list[bytes], paths: list[str], printable: Callable[[str], str]) -> list[str]:
    """Return commands that show all that some users did, `users` as the events write them.

    They come from events, so they are quoted; none is shown that the terminal would show as something else.
    """
    import shlex  # only here: a cold start does without it

    files = " ".join([shlex.quote(path) for path in paths])
    packed = any(path.endswith(".gz") for path in paths)
    if "-" in paths or (packed and any(os.path.isdir(path) for path in paths)):
        return []  # zgrep reads no directories, and nothing reads standard input twice
    grep = "zgrep -hF" if packed else "grep -rhF"
    patterns = [shlex.quote(f'"username":{user.decode(errors="replace")}') for user in users]
    commands = [f"      {grep} -e {pattern} -- {files}" for pattern in patterns if "\ufffd" not in pattern]
    commands = [command for command in commands if printable(command) == command]
    if not commands:
        return []
    return ["   all that they did, also what did not alert:", *commands]


def _text(alert: Alert, *path: str) -> str:
    return alert.event.text_of(*path)[:_MAX_TEXT].decode(errors="replace")


def _address(alert: Alert) -> str:
    """Return the client's address and, if there is one, that of the proxy it came through.

    Only the last address is what the API server saw; the others are what the request claims (`X-Forwarded-For`).
    """
    value = alert.event.find(("sourceIPs",))
    addresses = [text[:_MAX_TEXT].decode(errors="replace") for text in rendered(elements(value))] if value else []
    if len(addresses) < 2:
        return "".join(addresses)
    return f"{addresses[0]} (through {addresses[-1]})"


def _target(alert: Alert) -> str:
    resource, subresource = _text(alert, "objectRef", "resource"), _text(alert, "objectRef", "subresource")
    if not resource:
        return _text(alert, "requestURI").partition("?")[0] or "?"
    namespace = _text(alert, "objectRef", "namespace")
    what = f"{resource}/{subresource}" if subresource else resource
    return f"{what} in {namespace}" if namespace else what


def _count(counter: Counter[str], text: str) -> None:
    if text and (text in counter or len(counter) < _MAX_PLACES):
        counter[text] += 1


def _most(counter: Counter[str]) -> str:
    shown = ", ".join(text for text, _ in counter.most_common(_SHOWN_PLACES))
    more = len(counter) - _SHOWN_PLACES
    return f"{shown} and {more} more" if more > 0 else shown


def _alerts(count: int) -> str:
    return "1 alert" if count == 1 else f"{count} alerts"
