"""The end of a run for a person: what happened, who did it, where to look next."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from lanner.alerts.alert import Alert
from lanner.fields import timestamp
from lanner.ruleset import Priority

__all__ = ["Summary"]

_MAX_ACTORS = 10_000  # attackers choose names: beyond so many different ones they are counted together
_MAX_PLACES = 100
_SHOWN_ACTORS = 8
_SHOWN_PLACES = 3
_FOLLOWED_ACTORS = 3
_OTHERS = "(others)"


@dataclass(slots=True)
class _Deed:
    """The alerts of one rule."""

    priority: Priority
    first: int
    last: int
    count: int = 0


@dataclass(slots=True)
class _Actor:
    """The alerts on one user's requests, and the worst of them."""

    worst: Alert
    count: int = 0
    addresses: Counter[str] = field(default_factory=Counter)
    places: Counter[str] = field(default_factory=Counter)


class Summary:
    """Collects alerts and tells their story. Memory is bounded whatever the events hold."""

    def __init__(self) -> None:
        self._deeds: dict[str, _Deed] = {}
        self._actors: dict[str, _Actor] = {}

    def add(self, alert: Alert) -> None:
        """Take one more alert into account."""
        event, rule = alert.event, alert.rule
        time = event.time
        deed = self._deeds.setdefault(rule.name, _Deed(rule.priority, time, time))
        deed.first, deed.last = min(deed.first, time), max(deed.last, time)
        deed.count += 1
        name = _text(alert, "user", "username") or "(nobody)"
        if name not in self._actors and len(self._actors) >= _MAX_ACTORS:
            name = _OTHERS
        actor = self._actors.setdefault(name, _Actor(alert))
        actor.count += 1
        if rule.priority < actor.worst.rule.priority:
            actor.worst = alert
        _count(actor.addresses, _text(alert, "sourceIPs", "0"))
        _count(actor.places, _target(alert))

    def text(self, paths: Iterable[str], heading: Callable[[str], str], printable: Callable[[str], str]) -> str:
        """Return the story as lines. `paths` are what was read; the other two write headings and untrusted texts."""
        if not self._deeds:
            return f"\n{heading('Nothing alerted.')}"
        lines = ["", heading("What happened")]
        deeds = sorted(self._deeds.items(), key=lambda item: (item[1].priority, item[1].first))
        width = max(len(name) for name, _ in deeds)
        for name, deed in deeds:
            span = timestamp.clock_seconds(deed.first)
            if deed.last // 10**9 != deed.first // 10**9:
                span += f" to {timestamp.clock_seconds(deed.last)}"
            lines.append(printable(f"   {deed.priority.label:<13}  {deed.count:>5} x  {name:<{width}}  {span}"))
        lines += ["", heading("Who did it")]
        actors = sorted(self._actors.items(), key=lambda item: (item[1].worst.rule.priority, -item[1].count))
        for name, actor in actors[:_SHOWN_ACTORS]:
            lines.append(printable(f"   {name} from {_most(actor.addresses) or 'an unknown address'}"))
            rule = actor.worst.rule
            lines.append(printable(f"      {_alerts(actor.count)}, worst: {rule.name} ({rule.priority.label})"))
            lines.append(printable(f"      touched {_most(actor.places)}"))
        if len(actors) > _SHOWN_ACTORS:
            lines.append(f"   and {len(actors) - _SHOWN_ACTORS} more")
        lines += ["", heading("Where to look next")]
        for name, actor in actors[:_FOLLOWED_ACTORS]:
            worst = actor.worst
            when, audit_id = timestamp.clock_seconds(worst.event.time), _text(worst, "auditID")
            lines.append(printable(f"   {worst.rule.name} by {name} at {when}, audit id {audit_id}"))
        lines += [printable(line) for line in _commands([name for name, _ in actors[:_FOLLOWED_ACTORS]], list(paths))]
        return "\n".join(lines)


def _commands(names: list[str], paths: list[str]) -> list[str]:
    """Return commands that show all that the worst actors did. Names come from events, so they are quoted."""
    files = [shlex.quote(path) for path in paths if path != "-"]
    if not files:
        return []
    grep = "zgrep" if any(path.endswith(".gz") for path in paths) else "grep"
    wanted = [
        shlex.quote(f'"username":"{name}"') for name in names if name not in (_OTHERS, "(nobody)") and '"' not in name
    ]
    lines = ["   all that they did, also what did not alert:"] if wanted else []
    return lines + [f"      {grep} -rhF {pattern} {' '.join(files)}" for pattern in wanted]


def _text(alert: Alert, *path: str) -> str:
    return alert.event.text_of(*path).decode(errors="replace")


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
