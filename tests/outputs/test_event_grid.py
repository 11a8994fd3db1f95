"""Alerts to Event Grid topics, by the managed identity: Azure's pipeline against a server that speaks TLS."""

from __future__ import annotations

import json
import ssl
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from emulators.managed_identity import ManagedIdentity
from lanner.errors import UsageError
from lanner.outputs import azure, event_grid
from lanner.outputs.deadline import Deadline
from lanner.outputs.delivery import deliver
from lanner.outputs.event_grid import EventGridTopic
from outputs.conftest import Clock, a_message

URL = "https://alerts.westeurope-1.eventgrid.azure.net/api/events"
LIMIT = 1_000_000

Answer = Callable[[list[dict]], int | Response]


class Topic:
    """A topic that answers by `answer`; `requests` are what came, `events` what it took."""

    def __init__(self, server: HTTPServer) -> None:
        self.url = server.url_for("/api/events")
        self.requests: list[Request] = []
        self.events: list[dict] = []
        self.answer: Answer = lambda events: 200
        server.expect_request("/api/events", method="POST").respond_with_handler(self._handle)

    def _handle(self, request: Request) -> Response:
        events = json.loads(request.get_data())
        self.requests.append(request)
        answer = self.answer(events)
        if answer == 200:
            self.events += events
        return answer if isinstance(answer, Response) else Response(status=answer)


def _forget() -> None:
    azure.credential.cache_clear()
    event_grid.client.cache_clear()


@pytest.fixture
def identity(monkeypatch: pytest.MonkeyPatch) -> Iterator[ManagedIdentity]:
    """GIVEN a function with a managed identity, and clients that are still to be made."""
    _forget()
    with ManagedIdentity() as served:
        for name, value in served.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("AZURE_CLIENT_ID", raising=False)
        monkeypatch.setenv("NO_PROXY", "*")
        yield served
    _forget()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HTTPServer, Path]]:
    """A server that speaks TLS, and the file with the certificate by which it can be trusted."""
    authority = trustme.CA()
    path = tmp_path_factory.mktemp("authority") / "authority.pem"
    authority.cert_pem.write_to_path(path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    with HTTPServer(ssl_context=context, threaded=True) as server:
        yield server, path


@pytest.fixture
def topic(identity: ManagedIdentity, server: tuple[HTTPServer, Path], monkeypatch: pytest.MonkeyPatch) -> Topic:
    """GIVEN a topic."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server[1]))
    server[0].clear()
    return Topic(server[0])


def test_alerts_arrive_as_cloud_events(topic: Topic, identity: ManagedIdentity) -> None:
    messages = [a_message(number, output="\u00e9\x00") for number in range(12)]
    output = EventGridTopic(topic.url)
    (batch,) = output.batches(messages)
    assert output.send(batch, 5) == []
    # THEN they are events whose ids are those of the alerts
    assert topic.events[3] == {
        "specversion": "1.0",
        "id": messages[3].id,
        "source": "lanner",
        "type": "lanner.alert",
        "subject": "prod/A Rule",
        "time": "2024-05-01T10:20:30.123456Z",
        "datacontenttype": "application/json",
        "data": json.loads(messages[3].text),
    }
    assert [one["data"]["id"] for one in topic.events] == [message.id for message in messages]
    # AND they came in one request, with a token for Event Grid
    (request,) = topic.requests
    assert request.args["api-version"] == "2018-01-01"
    assert request.headers["Content-Type"] == "application/cloudevents-batch+json; charset=utf-8"
    assert request.headers["Authorization"].startswith("Bearer ey")
    assert [asked["resource"] for asked in identity.asked] == ["https://eventgrid.azure.net"]


def test_attributes_are_such_as_cloud_events_may_have(topic: Topic) -> None:
    messages = [
        a_message(1, cluster="", rule="a\x00\n\uffff" + "\u00e9" * 600, time=""),
        a_message(2, time="2024-05-01T10:20:30Z"),
    ]
    assert not EventGridTopic(topic.url).send(messages, 5)
    first, second = topic.events
    assert first["subject"].startswith("unknown/a\ufffd\ufffd\ufffd\u00e9")
    assert 1020 <= len(first["subject"].encode()) <= 1024
    assert "time" not in first
    assert first["data"]["rule"] == messages[0].rule
    assert second["time"] == "2024-05-01T10:20:30Z"


@pytest.mark.parametrize("size", [LIMIT - 1000, LIMIT - 200, LIMIT, 3 * LIMIT])
def test_long_alerts_are_cut_and_taken(topic: Topic, size: int) -> None:
    message = a_message(output="")
    messages = [a_message(number, output="x" * (size - len(message.text))) for number in range(2)]
    output = EventGridTopic(topic.url)
    batches = list(output.batches(messages))
    assert len(batches) == 2
    for batch in batches:
        assert not output.send(batch, 5)
    lengths = [len(request.get_data()) for request in topic.requests]
    assert all(LIMIT - 1000 < length <= LIMIT for length in lengths)
    assert all(("[cut by Lanner: " in one["data"]["output"]) == (size > LIMIT - 500) for one in topic.events)


@given(st.lists(st.integers(0, 700_000), max_size=30))
def test_groups_are_no_larger_than_a_request(sizes: list[int]) -> None:
    messages = [a_message(number, output="x" * size) for number, size in enumerate(sizes)]
    batches = list(EventGridTopic(URL).batches(messages))
    assert [message for batch in batches for message in batch] == messages
    for batch in batches:
        assert len(b",".join([event_grid._event(message) for message in batch])) + 2 <= LIMIT


def test_one_that_is_refused_costs_no_other(topic: Topic) -> None:
    # GIVEN a topic that refuses a request with a certain alert in it
    messages = [a_message(number) for number in range(4)]
    topic.answer = lambda events: 400 if any(one["id"] == messages[2].id for one in events) else 200
    # WHEN several are sent THEN only that one is not taken
    (failure,) = EventGridTopic(topic.url).send(messages, 5)
    assert (failure.message, failure.is_final) == (messages[2], True)
    assert [one["id"] for one in topic.events] == [messages[number].id for number in (0, 1, 3)]


@pytest.mark.parametrize(
    ("status", "is_final"),
    [(401, True), (403, True), (404, True), (302, True), (408, False), (429, False), (503, False)],
)
def test_refusals(topic: Topic, status: int, is_final: bool) -> None:
    body = json.dumps({"error": {"code": "Why", "message": "Because.", "details": []}})
    headers = {"Retry-After": "7", "Location": topic.url}
    topic.answer = lambda events: Response(body, status, headers, content_type="application/json")
    failures = EventGridTopic(topic.url).send([a_message(0), a_message(1)], 5)
    assert [(one.reason, one.is_final, one.wait) for one in failures] == [
        (f"Why ({status}): (Why) Because.", is_final, 7.0)
    ] * 2
    assert len(topic.requests) == 1  # nothing is tried again, and no redirect followed, by anybody else


def test_failures_of_the_moment_pass(topic: Topic, clock: Clock) -> None:
    answers = [503, 200]
    topic.answer = lambda events: answers.pop(0)
    assert deliver(EventGridTopic(topic.url), [a_message(0), a_message(1)], Deadline(10)) == []
    assert len(topic.events) == 2
    assert len(clock.pauses) == 1


def test_a_service_that_is_not_there(identity: ManagedIdentity) -> None:
    (failure,) = EventGridTopic("https://127.0.0.1:1/api/events").send([a_message()], 2)
    assert failure.reason.startswith("ServiceRequestError: ")
    assert not failure.is_final


def test_a_service_that_nobody_vouches_for_gets_nothing(topic: Topic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    (failure,) = EventGridTopic(topic.url).send([a_message()], 2)
    assert "CERTIFICATE_VERIFY_FAILED" in failure.reason
    assert not topic.requests


def test_without_the_library_it_says_what_to_install(
    identity: ManagedIdentity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "azure.core", None)
    (failure,) = EventGridTopic(URL).send([a_message()], 5)
    assert failure.reason.endswith("(pip install 'lanner[azure]')")
    assert failure.is_final


@pytest.mark.parametrize(
    ("host", "scope"),
    [
        ("alerts.westeurope-1.eventgrid.azure.net", "https://eventgrid.azure.net/.default"),
        ("alerts.usgovvirginia-1.eventgrid.azure.us", "https://eventgrid.azure.us/.default"),
        ("alerts.chinaeast2-1.eventgrid.azure.cn", "https://eventgrid.azure.cn/.default"),
        ("eventgrid.azure.us.example.com", "https://eventgrid.azure.net/.default"),
    ],
)
def test_topics_of_all_clouds(host: str, scope: str) -> None:
    topic = EventGridTopic(f"https://{host}/api/events")
    assert topic.name == f"event-grid:{host.partition('.')[0]}"
    assert topic._scope == scope


@pytest.mark.parametrize(
    "url",
    [
        *("", "alerts", "http://alerts.westeurope-1.eventgrid.azure.net/api/events", f"{URL}?aeg-sas-key=c2VjcmV0"),
        *("https://alerts.westeurope-1.eventgrid.azure.net", f"{URL}/", "https://a:c2VjcmV0@b.azure.net/api/events"),
    ],
)
def test_what_is_no_topic(url: str) -> None:
    with pytest.raises(UsageError, match="no endpoint of an Event Grid topic") as error:
        EventGridTopic(url)
    assert "c2VjcmV0" not in str(error.value)
