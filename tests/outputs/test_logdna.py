"""Alerts as log lines, as IBM's tutorial forwards Falco's: whole, within the limits, each once if it can be."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from emulators.ingestion import Ingestion
from lanner.errors import UsageError
from lanner.outputs.addresses import Reach
from lanner.outputs.logdna import LogDna
from lanner.outputs.message import Message
from outputs.conftest import a_message
from outputs.receivers import Receiver, answer, receiving

KEY = "hidden-key-0123456789"
OK = answer(200, b'{"status":"ok","batchID":"b"}')


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """GIVEN a receiver that takes everything."""
    with receiving() as found:
        found.answers = [OK]
        yield found


@pytest.fixture
def service() -> Iterator[Ingestion]:
    """GIVEN the service, with its limits."""
    with Ingestion(plain=True) as found:
        yield found


class Changing:
    """A secret that changes."""

    def __init__(self, name: str, *texts: str) -> None:
        self.name = name
        self._texts = list(texts)

    def reveal(self) -> str:
        text = self._texts.pop(0) if len(self._texts) > 1 else self._texts[0]
        if not text:
            raise UsageError(f"{self.name}: the secret is empty")
        return text


def an_output(url: object, key: object = KEY) -> LogDna:
    return LogDna(url, key, allow_http=True, reach=Reach(["127.0.0.1"]))  # type: ignore[arg-type]


def to(service: Ingestion) -> LogDna:
    return an_output(service.url, service.key)


def sent(output: LogDna, *messages: Message, timeout: float = 5) -> list[tuple[str, str, bool]]:
    """Send messages as a delivery does; return the ids, the reasons and whether each is final."""
    failures = [one for batch in output.batches(messages) for one in output.send(batch, timeout)]
    return [(one.message.id, one.reason, one.is_final) for one in failures]


def now(**off: float) -> str:
    return (datetime.now(UTC) - timedelta(**off)).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")


def test_a_line(receiver: Receiver) -> None:
    # GIVEN an alert of this moment
    message = a_message(time=now())
    assert sent(an_output(receiver.url("/logs/ingest")), message) == []
    # THEN it is a line: JSON, with host, app, level and metadata
    (request,) = receiver.requests
    assert request.line == "POST /logs/ingest?hostname=prod HTTP/1.1"
    assert request.headers["content-type"] == "application/json; charset=UTF-8"
    assert request.headers["authorization"] == f"Basic {b64encode(f'{KEY}:'.encode()).decode()}"
    (line,) = json.loads(request.body)["lines"]
    assert line.pop("line") == message.text.decode()
    assert line.pop("meta") == message.alert()
    stamp = datetime.fromtimestamp(line.pop("timestamp") / 1000, UTC).isoformat(timespec="milliseconds")
    assert stamp.removesuffix("+00:00") == message.time[:23]
    assert line == {"app": "lanner", "level": "Warning"}


@pytest.mark.parametrize(
    ("given", "target"),
    [
        ("", "/logs/ingest?hostname=prod"),
        ("/", "/logs/ingest?hostname=prod"),
        ("/other", "/other?hostname=prod"),
        ("/logs/ingest?tags=k8s", "/logs/ingest?tags=k8s&hostname=prod"),
    ],
)
def test_addresses(receiver: Receiver, given: str, target: str) -> None:
    for url in (receiver.url(given), Changing("LANNER_LOGDNA_URL_FILE", receiver.url(given))):
        output = an_output(url)
        assert sent(output, a_message()) == []
        assert receiver.requests[-1].line == f"POST {target} HTTP/1.1"
        assert output.name == "logdna:127.0.0.1"


def test_each_cluster_is_a_host(service: Ingestion) -> None:
    clusters = ["a", "", "b c&d", "é" * 500, "a"]
    output = to(service)
    assert sent(output, *[a_message(number, cluster=name) for number, name in enumerate(clusters)]) == []
    hosts = {taken.alert["cluster"]: taken.host for taken in service.taken}
    assert hosts == {"a": "a", "": "lanner", "b c&d": "b c&d", "é" * 500: "é" * 100}
    assert service.statuses == {200: 4}


def test_many_go_together(service: Ingestion) -> None:
    messages = [a_message(number) for number in range(2500)]
    assert sent(to(service), *messages) == []
    assert service.alerts == [message.alert() for message in messages]
    assert service.statuses == {200: 3}


@pytest.mark.parametrize("text", ["x", '"', "\\", "\n", "é", "\U0001f600", "\x7f"])
def test_long_alerts_stay_within_the_limits(service: Ingestion, text: str) -> None:
    messages = [a_message(number, output=text * 60_000) for number in range(300)]
    assert sent(to(service), *messages) == []
    # THEN lines are JSON even so, say that they were cut, and keep what tells who they are
    assert {alert["id"] for alert in service.alerts} == {message.id for message in messages}
    assert all("[cut by Lanner" in alert["output"] for alert in service.alerts)
    assert service.dropped == []
    assert all(taken.entry["meta"]["id"] == taken.alert["id"] for taken in service.taken)
    assert service.statuses.keys() == {200}


@pytest.mark.parametrize("time", [now(days=2), now(hours=23.5), now(hours=-5), "", "nonsense", "0001-01-01T00:00:00Z"])
def test_times_that_it_would_not_take_are_not_sent(service: Ingestion, time: str) -> None:
    assert sent(to(service), a_message(time=time)) == []
    ((alert, entry, _),) = service.taken
    assert "timestamp" not in entry
    assert alert["time"] == time


def test_one_that_is_refused_costs_no_other(receiver: Receiver) -> None:
    # GIVEN a receiver that refuses whatever the third of five is in: all five, then the last three, then it alone
    receiver.answers = [answer(400), OK, answer(400), answer(400), OK]
    messages = [a_message(number) for number in range(5)]
    assert sent(an_output(receiver.url()), *messages) == [(messages[2].id, "it answered 400 Bad Request", True)]
    sizes = [len(json.loads(request.body)["lines"]) for request in receiver.requests]
    assert sizes == [5, 2, 3, 1, 2]


def test_a_receiver_that_refuses_everything_is_not_asked_for_ever(receiver: Receiver) -> None:
    receiver.answers = [answer(400)]
    failed = sent(an_output(receiver.url()), *[a_message(number) for number in range(1000)])
    assert len(failed) == 1000
    assert {is_final for _, _, is_final in failed} == {True}
    assert len(receiver.requests) < 120


def test_a_receiver_with_less_room_gets_less(receiver: Receiver) -> None:
    receiver.answers = [answer(413), answer(413), OK]
    message = a_message(output="x" * 60_000)
    assert sent(an_output(receiver.url()), message) == []
    sizes = [len(request.body) for request in receiver.requests]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 3
    # AND one that has no room at all gets each size once
    receiver.requests.clear()
    receiver.answers = [answer(413)]
    assert sent(an_output(receiver.url()), message) == [(message.id, "it answered 413 Request Entity Too Large", True)]
    assert len(receiver.requests) == 3
    # AND a short one goes once: it would not get any shorter
    receiver.requests.clear()
    assert len(sent(an_output(receiver.url()), a_message())) == 1
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    ("reply", "reason", "is_final"),
    [
        (answer(401), "it answered 401 Unauthorized", True),
        (answer(403, KEY.encode()), "it answered 403 Forbidden", True),
        (answer(429), "it answered 429 Too Many Requests", False),
        (answer(500), "it answered 500 Internal Server Error", False),
        (answer(200, b"<!DOCTYPE html>"), "it answered 200, but with a page for people: is the URL right?", True),
        (answer(200, b'{"status":"error"}'), "it answered 200, but that its status is not ok", False),
        (lambda connection: None, "127.0.0.1: RemoteDisconnected", False),
    ],
)
def test_failures_are_those_of_all(receiver: Receiver, reply: object, reason: str, is_final: bool) -> None:
    receiver.answers = [reply]  # type: ignore[list-item]
    messages = [a_message(number) for number in range(3)]
    failed = sent(an_output(receiver.url()), *messages)
    assert failed == [(message.id, reason, is_final) for message in messages]
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("body", [b"", b"ok", b"{}", b'{"status":"OK"}', b"[1]", b'{"status":7}', b"\xff"])
def test_other_services_may_answer_otherwise(receiver: Receiver, body: bytes) -> None:
    receiver.answers = [answer(202, body)]
    assert sent(an_output(receiver.url()), a_message()) == []


def test_without_time_nothing_is_sent(receiver: Receiver) -> None:
    ((_, reason, is_final),) = sent(an_output(receiver.url()), a_message(), timeout=0)
    assert (reason, is_final) == ("there was no time left", False)
    assert not receiver.requests


def test_a_key_that_changes(service: Ingestion) -> None:
    # GIVEN a key that cannot be had, then one that is none, an old one, the right one
    key = Changing("LANNER_LOGDNA_KEY_FILE", "", "a b", "old", service.key)
    output = an_output(service.url, key)
    told = [sent(output, a_message()) for _ in range(4)]
    assert [[reason for _, reason, _ in failed] for failed in told] == [
        ["LANNER_LOGDNA_KEY_FILE: the secret is empty"],
        ["LANNER_LOGDNA_KEY_FILE: a key has no blanks, no colons and no characters beyond ASCII"],
        ["it answered 401 Unauthorized"],
        [],
    ]


@pytest.mark.parametrize("key", ["", "a b", "a:b", "a\r\nX-Forged: 1", "ä"])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(UsageError, match=r"^LANNER_LOGDNA_URL: its key: ") as caught:
        LogDna("https://logs.example/logs/ingest", key)
    assert not key or key not in str(caught.value)


@pytest.mark.parametrize("url", ["http://logs.example", "logs.example", "https://u:p@logs.example/"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match=r"^LANNER_LOGDNA_URL: ") as caught:
        LogDna(url, KEY)
    assert url not in str(caught.value)


def test_a_connection_is_used_again(receiver: Receiver) -> None:
    output = an_output(receiver.url())
    for cluster in ("a", "b", "a", "b"):
        assert sent(output, a_message(cluster=cluster)) == []
    assert receiver.connections == 2
    hosts = [parse_qs(urlsplit(request.line.split()[1]).query)["hostname"] for request in receiver.requests]
    assert hosts == [["a"], ["b"], ["a"], ["b"]]
