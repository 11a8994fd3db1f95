"""Alerts to a Slack channel, by an incoming webhook: made for people whom they wake.

Whatever comes from events is sent as `plain_text`, in which Slack makes no links, mentions or formats of anything, with
the three characters escaped that Slack takes for its own
(https://docs.slack.dev/messaging/formatting-message-text#escaping).
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from lanner.outputs.deadline import Deadline
from lanner.outputs.http import HttpClient
from lanner.ruleset import Priority

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lanner.outputs.addresses import Reach
    from lanner.outputs.http import Answer, SecretText
    from lanner.outputs.message import Message
    from lanner.outputs.output import Failure

__all__ = ["Slack"]

_SINGLE = 3
"""So many alerts at a time get a message each. Of more, several share one: Slack takes about one message a second."""

_TOGETHER = 10

_MARKS = {
    Priority.EMERGENCY: ("\U0001f534", "#8b0000"),
    Priority.ALERT: ("\U0001f534", "#b30000"),
    Priority.CRITICAL: ("\U0001f534", "#d60000"),
    Priority.ERROR: ("\U0001f7e0", "#ff7a00"),
    Priority.WARNING: ("\U0001f7e1", "#f2c744"),
    Priority.NOTICE: ("\U0001f535", "#3aa3e3"),
    Priority.INFORMATIONAL: ("\u26aa", "#9aa5b1"),
    Priority.DEBUG: ("\u26aa", "#cfd6dd"),
}
"""The sign in front of a headline and the colour beside the alert."""

# Slack refuses a text of more than 3,000 characters, a field of more than 2,000, more than ten fields in a section.
_MAX_HEADLINE, _MAX_OUTPUT, _MAX_OUTPUT_TOGETHER = 250, 2800, 700
_MAX_VALUE, _MAX_DETAIL, _MAX_DETAILS, _MAX_DETAILS_TEXT = 300, 200, 20, 1800
_CUT = "\u2026 [cut, {} characters in all]"

_INVISIBLE = "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]"
"""Characters that show nothing, or change how others are shown: line ends, control characters, text direction."""

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SAID = rb"[a-z_]{2,40}"
_NOT_UNDERSTOOD = (400, 413)

_Block = dict[str, Any]

_encode = msgspec.json.Encoder().encode


class Slack:
    """Posts alerts to the incoming webhook `url`; the rest is that of `HttpClient`, whose errors are raised."""

    def __init__(
        self,
        url: str | SecretText,
        *,
        allow_http: bool = False,
        reach: Reach | None = None,
        ca_file: str = "",
        setting: str = "LANNER_SLACK_URL",
    ) -> None:
        self._client = HttpClient(url, setting, allow_http=allow_http, reach=reach, ca_file=ca_file)

    @property
    def name(self) -> str:
        """`slack` and the host."""
        return f"slack:{self._client.host}".rstrip(":")

    def batches(self, messages: Sequence[Message]) -> Iterable[Sequence[Message]]:
        """Yield a few messages one by one, many in groups."""
        size = 1 if len(messages) <= _SINGLE else _TOGETHER
        return [messages[start : start + size] for start in range(0, len(messages), size)]

    def send(self, batch: Sequence[Message], timeout: float) -> Sequence[Failure]:
        """Post a message with the alerts of a group; the headlines alone if Slack refuses what stands below them."""
        deadline = Deadline(timeout)
        answer = self._post(_body(batch), deadline)
        if answer.status in _NOT_UNDERSTOOD and deadline.left():
            answer = self._post(_bare_body(batch, answer.reason), deadline)
        return answer.failures(batch)

    def _post(self, body: _Block, deadline: Deadline) -> Answer:
        headers = {"Content-Type": "application/json"}
        return _understood(self._client.post(_encode(body), headers, deadline.left()))


def _understood(answer: Answer) -> Answer:
    """Return what an answer of Slack's means: its body says `ok`, or what is wrong."""
    said = answer.body.strip()
    if answer.reason:
        return answer._replace(reason=f"{answer.reason} ({said.decode()})") if re.fullmatch(_SAID, said) else answer
    if said == b"ok":
        return answer
    reason = f"it answered {answer.status}, but not as Slack does: is the URL right?"
    return answer._replace(reason=reason, is_final=bool(said))  # without a body, the answer may have broken off


def _body(batch: Sequence[Message]) -> _Block:
    """Return the message for some alerts."""
    text = _headline(min(batch, key=lambda message: message.priority))
    if len(batch) > 1:
        text = f"{len(batch)} alerts, the worst: {text}"
    return _message(text) | {"attachments": [_attachment(message, alone=len(batch) == 1) for message in batch]}


def _bare_body(batch: Sequence[Message], reason: str) -> _Block:
    """Return a message for some alerts in which nothing is that Slack could refuse."""
    lines = [f"{_headline(message)}, alert {_shown(message.id, _MAX_VALUE)}" for message in batch]
    return _message("\n".join([*lines, f"Slack did not take the details: {_escaped(reason)}"]))


def _message(text: str) -> _Block:
    return {"text": text, "mrkdwn": False, "unfurl_links": False, "unfurl_media": False}


def _headline(message: Message) -> str:
    """Return what wakes people: how bad it is, what it is, and where."""
    where = f" in {message.cluster}" if message.cluster else ""
    mark, _ = _MARKS[message.priority]
    return _shown(f"{mark} {message.priority.label}: {message.rule}{where}", _MAX_HEADLINE)


def _attachment(message: Message, *, alone: bool) -> _Block:
    """Return the part of a message that is about one alert; the headline stands above it if it is `alone`."""
    alert = message.alert()
    fields = alert.get("output_fields")
    known: dict[str, Any] = fields if isinstance(fields, dict) else {}
    blocks = [] if alone else [_section(_headline(message))]
    output = alert.get("output", alert.get("message", ""))
    if output:
        blocks.append(_section(_shown(_text(output), _MAX_OUTPUT if alone else _MAX_OUTPUT_TOGETHER)))
    if rows := _rows(message, known):
        blocks.append(_table(rows))
    if alone and (details := _details(known)):
        blocks.append(_section(details))
    cut = "; the event was cut, and what is shown may not be all" if message.truncated else ""
    note = _plain(_shown(f"alert {message.id}{cut}", _MAX_VALUE))
    blocks.append({"type": "context", "elements": [note]})
    return {"color": _MARKS[message.priority][1], "fallback": _headline(message), "blocks": blocks}


def _rows(message: Message, fields: dict[str, Any]) -> list[tuple[str, str]]:
    """Return who did what, when and from where, as far as the alert tells."""

    def part(name: str) -> str:
        return _text(fields.get(f"ka.{name}") or "")

    user, other = part("user.name"), part("impuser.name")
    resource = "/".join(filter(None, (part("target.resource"), part("target.subresource"))))
    place = "/".join(filter(None, (part("target.namespace"), part("target.name"))))
    rows = (
        ("Cluster", message.cluster),
        ("User", f"{user} as {other}" if other else user),
        ("From", part("sourceips")),
        ("Target", " ".join(filter(None, (part("verb"), resource, place)))),
        ("Time", message.time and f"{message.time[:19].replace('T', ' ')} UTC"),
    )
    return [(label, value) for label, value in rows if value]


def _table(rows: Sequence[tuple[str, str]]) -> _Block:
    """Return a section with labels on the left and values on the right."""
    cells = []
    for label, value in rows:
        cells += [{"type": "mrkdwn", "text": f"*{label}*"}, _plain(_shown(value, _MAX_VALUE))]
    return {"type": "section", "fields": cells}


def _details(fields: dict[str, Any]) -> str:
    """Return the fields of an alert, one a line."""
    there = [(key, value) for key, value in fields.items() if value is not None]
    lines = [_shown(f"{key}: {_text(value)}", _MAX_DETAIL) for key, value in there[:_MAX_DETAILS]]
    while sum(map(len, lines)) + len(lines) > _MAX_DETAILS_TEXT:
        lines.pop()
    more = len(there) - len(lines)
    return "\n".join([*lines, f"\u2026 and {more} more fields"] if more else lines)


def _section(text: str) -> _Block:
    return {"type": "section", "text": _plain(text)}


def _plain(text: str) -> _Block:
    return {"type": "plain_text", "text": text, "emoji": False}


def _text(value: Any) -> str:
    """Return a value as people read it: strings as they are, lists with commas."""
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return value if isinstance(value, str) else _encode(value).decode()


def _shown(text: str, limit: int) -> str:
    """Return `text` as Slack shows it literally, in at most `limit` characters, and as one line."""
    shown = _escaped(text[: 2 * limit])  # that is more than can be shown
    if len(text) <= 2 * limit and _length(shown) <= limit:
        return shown
    mark = _CUT.format(len(text))
    units = shown.encode("utf-16-le", "replace")[: 2 * (limit - len(mark))]
    kept = units.decode("utf-16-le", "ignore")
    if kept.rfind("&") > kept.rfind(";"):
        kept = kept[: kept.rfind("&")]  # an escape that was cut would be shown as it is written
    return kept + mark


def _length(text: str) -> int:
    """Return the number of characters as JavaScript counts them."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "replace")) // 2


def _escaped(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _invisible().sub(lambda match: _SHORT.get(match[0], f"\\u{ord(match[0]):04x}"), text)


@cache
def _invisible() -> re.Pattern[str]:
    return re.compile(_INVISIBLE)
