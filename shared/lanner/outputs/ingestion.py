"""What the ingestion APIs of log services have in common: one address, batches, refusals of batches, times."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import msgspec

from lanner.fields import timestamp
from lanner.outputs.http import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lanner.outputs.deadline import Deadline
    from lanner.outputs.http import SecretText
    from lanner.outputs.message import Message
    from lanner.outputs.output import Failure

    Post = Callable[[Sequence[Message], int, float], Answer]

__all__ = ["address", "event_time", "send_in_parts", "understood"]

_NO_PATH = r"[^:/?]*://[^/?]*/?"
_REFUSED = frozenset((400, 413, 422))
"""Statuses by which a receiver refuses what is in a request, not us or all requests."""

_TOO_LARGE = 413
_MOST_REQUESTS = 100
"""Requests into which a batch is taken apart at most: a receiver that refuses everything is to be noticed soon."""

_DAY = 86400 * 10**9
_OLDEST, _NEWEST = _DAY - _DAY // 24, _DAY // 8

_GOOD = ("", "ok", "success")


class _Said(msgspec.Struct):
    """What an answer may hold; LogDNA's is `{"status":"ok","batchID":"…"}`."""

    status: str = ""


def address(url: str | SecretText, path: str, query: str = "") -> str | SecretText:
    """Return `url` with `path` if it names a host alone, and with `query` behind what it asks for itself."""
    return _whole(url, path, query) if isinstance(url, str) else _Address(url, path, query)


def event_time(message: Message) -> int | None:
    """Return the time of the event, nanoseconds since the epoch; `None` if log services would not take it.

    They refuse, or put aside, what is older than a day or hours ahead (IBM Cloud Logs: 24 h and 4 h), such as an alert
    that waited as a dead letter. It counts as of now then, and tells its time itself.
    """
    found = timestamp.parse(message.time.encode())
    return found if found is not None and -_OLDEST < found - time.time_ns() < _NEWEST else None


def understood(answer: Answer) -> Answer:
    """Return what an answer means that says it took everything: a page for people says that of anything."""
    if answer.reason or not answer.body:
        return answer
    if answer.body.lstrip().startswith(b"<"):
        reason = f"it answered {answer.status}, but with a page for people: is the URL right?"
        return answer._replace(reason=reason, is_final=True)
    try:
        status = msgspec.json.decode(answer.body, type=_Said).status
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return answer  # there is no form that all such services keep to
    if status.lower() not in _GOOD:
        return answer._replace(reason=f"it answered {answer.status}, but that its status is not ok")
    return answer


def send_in_parts(batch: Sequence[Message], sizes: Sequence[int], deadline: Deadline, post: Post) -> list[Failure]:
    """Send `batch` by `post`; return what was not taken.

    What a receiver refuses for something that is in it goes in halves, so that one alert costs no other. `post` takes
    alerts, the bytes that each may have, and seconds; `sizes` are those bytes, the first as a rule, the others for an
    alert that is too long even by itself.
    """
    failures: list[Failure] = []
    waiting = [batch]
    requests = 0
    while waiting:
        part = waiting.pop()
        answer = _post(part, sizes[0], deadline, post)
        requests += 1
        if len(part) > 1 and answer.status in _REFUSED and requests < _MOST_REQUESTS:
            middle = len(part) // 2
            waiting += [part[middle:], part[:middle]]
            continue
        if len(part) == 1:
            answer = _shorter(part, sizes, deadline, post, answer)
        failures += answer.failures(part)
    return failures


def _shorter(part: Sequence[Message], sizes: Sequence[int], deadline: Deadline, post: Post, answer: Answer) -> Answer:
    """Return the answer to one alert, which is sent again with fewer bytes as long as it is too long."""
    for size in sizes[1:]:
        if answer.status == _TOO_LARGE and len(part[0].text) > size:
            answer = _post(part, size, deadline, post)
    return answer


def _post(part: Sequence[Message], size: int, deadline: Deadline, post: Post) -> Answer:
    seconds = deadline.left()
    return post(part, size, seconds) if seconds else Answer(reason="there was no time left")


def _whole(url: str, path: str, query: str) -> str:
    if re.fullmatch(_NO_PATH, url):
        url = url.rstrip("/") + path
    return f"{url}{'&' if '?' in url else '?'}{query}" if query else url


class _Address:
    """Such an address whose URL is a secret, and may change."""

    __slots__ = ("_path", "_query", "_url")

    def __init__(self, url: SecretText, path: str, query: str) -> None:
        self._url = url
        self._path = path
        self._query = query

    @property
    def name(self) -> str:
        return self._url.name

    def reveal(self) -> str:
        return _whole(self._url.reveal(), self._path, self._query)
