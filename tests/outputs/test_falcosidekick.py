"""Alerts to falcosidekick: with what it insists on, and without what breaks it (spec/output.md section 8)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from lanner.errors import UsageError
from lanner.outputs.addresses import Reach
from lanner.outputs.falcosidekick import Falcosidekick
from lanner.outputs.message import Message
from outputs.conftest import a_message
from outputs.receivers import Receiver, answer, receiving


@pytest.fixture
def sidekick() -> Iterator[Receiver]:
    """GIVEN a falcosidekick that takes everything."""
    with receiving() as receiver:
        yield receiver


def an_output(sidekick: Receiver) -> Falcosidekick:
    return Falcosidekick(sidekick.url("/"), allow_http=True, reach=Reach(["127.0.0.1"]))


def posted(sidekick: Receiver, message: Message) -> dict[str, Any]:
    assert not an_output(sidekick).send([message], 5)
    body: dict[str, Any] = json.loads(sidekick.requests[-1].body)
    return body


def test_it_gets_what_falco_would_send(sidekick: Receiver) -> None:
    message = a_message(3)
    output = an_output(sidekick)
    # WHEN alerts are sent
    assert [list(batch) for batch in output.batches([message, message])] == [[message], [message]]
    body = posted(sidekick, message)
    # THEN one request is one alert, and what falcosidekick would forget is among the fields
    assert body == {
        "output": "10:00:00.000000000: Warning alert 3",
        "priority": "Warning",
        "rule": "A Rule",
        "time": "2024-05-01T10:20:30.123456000Z",
        "output_fields": {
            "evt.time": 1714558830123456000,
            "ka.user.name": "alice",
            "lanner.id": message.id,
            "lanner.cluster": "prod",
        },
        "source": "k8s_audit",
        "tags": ["k8s"],
        "hostname": "h",
    }
    assert datetime.fromisoformat(body["time"]).tzinfo is not None
    request = sidekick.requests[0]
    assert request.line == "POST / HTTP/1.1"
    assert request.headers["content-type"] == "application/json"
    assert output.name == "falcosidekick:127.0.0.1"


@pytest.mark.parametrize("fields", [None, {}, [], "x", 7])
def test_there_is_always_a_field(sidekick: Receiver, fields: object) -> None:
    body = posted(sidekick, a_message(output_fields=fields, cluster=""))
    assert body["output_fields"] == {"lanner.id": a_message().id}


@pytest.mark.parametrize(
    ("value", "text"),
    [("shop", "shop"), (None, ""), (["a", "b"], '["a","b"]'), (7, "7"), ({"a": None}, '{"a":null}'), (True, "true")],
)
def test_values_that_break_it_are_texts(sidekick: Receiver, value: object, text: str) -> None:
    body = posted(sidekick, a_message(output_fields={"k8s.ns.name": value, "k8s.pod.name": value, "other": value}))
    fields = body["output_fields"]
    assert (fields["k8s.ns.name"], fields["k8s.pod.name"], fields["other"]) == (text, text, value)


def test_alerts_without_what_may_be_left_out(sidekick: Receiver) -> None:
    # GIVEN an alert that has only what makes it one, as settings can have it
    text = b'{"id":"a","rule":"r","priority":"critical","time":"2024-05-01T10:20:30Z","tags":[1,"b"]}'
    body = posted(sidekick, Message.read(text))
    assert body == {
        "output": "",
        "priority": "Critical",
        "rule": "r",
        "time": "2024-05-01T10:20:30Z",
        "output_fields": {"lanner.id": "a"},
        "source": "",
        "tags": ["1", "b"],
        "hostname": "",
    }
    # AND one with types that falcosidekick refuses
    body = posted(sidekick, a_message(output=None, hostname=7, tags="x"))
    assert (body["output"], body["hostname"], body["tags"]) == ("null", "7", [])


def test_long_alerts_are_cut(sidekick: Receiver) -> None:
    message = a_message(output="x" * 3_000_000, output_fields={"ka.req": "y" * 3_000_000})
    body = posted(sidekick, message)
    assert len(sidekick.requests[0].body) < 1_010_000
    assert "[cut by Lanner" in body["output"]
    assert body["output_fields"]["lanner.id"] == message.id


@pytest.mark.parametrize(("status", "is_final"), [(400, True), (404, True), (503, False), (429, False)])
def test_what_it_refuses_is_a_failure(sidekick: Receiver, status: int, is_final: bool) -> None:
    sidekick.answers = [answer(status, b"Please send a valid request body")]
    message = a_message()
    (failure,) = an_output(sidekick).send([message], 5)
    assert (failure.message, failure.is_final) == (message, is_final)
    assert failure.reason.startswith(f"it answered {status} ")


def test_its_url_is_checked_and_never_shown() -> None:
    with pytest.raises(UsageError, match=r"^LANNER_FALCOSIDEKICK_URL: ") as caught:
        Falcosidekick("http://sidekick/hidden?hidden")
    assert "hidden" not in str(caught.value)
