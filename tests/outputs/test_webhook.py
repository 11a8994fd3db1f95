"""Alerts to any webhook: whole, each by itself, with what receivers need to drop duplicates."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from lanner.errors import UsageError
from lanner.outputs.addresses import Reach
from lanner.outputs.webhook import Webhook
from outputs.conftest import a_message
from outputs.receivers import Receiver, answer, receiving

TOKEN = "0123456789abcdef"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """GIVEN a receiver that takes everything."""
    with receiving() as found:
        yield found


def an_output(receiver: Receiver, token: str | None = None) -> Webhook:
    return Webhook(receiver.url("/hidden?key=hidden"), token, allow_http=True, reach=Reach(["127.0.0.1"]))


def test_alerts_arrive_as_they_are(receiver: Receiver) -> None:
    messages = [a_message(0), a_message(1)]
    output = an_output(receiver, TOKEN)
    batches = list(output.batches(messages))
    assert [list(batch) for batch in batches] == [[message] for message in messages]
    assert [failure for batch in batches for failure in output.send(batch, 5)] == []
    assert [request.body for request in receiver.requests] == [message.text for message in messages]
    for message, request in zip(messages, receiver.requests, strict=True):
        assert request.line == "POST /hidden?key=hidden HTTP/1.1"
        assert request.headers["content-type"] == "application/json"
        assert request.headers["idempotency-key"] == message.id
        assert request.headers["x-lanner-alert-id"] == message.id
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
    # AND one connection served both
    assert receiver.connections == 1
    assert output.name == "webhook:127.0.0.1"


def test_without_a_token_nothing_is_said_of_one(receiver: Receiver) -> None:
    assert not an_output(receiver).send([a_message()], 5)
    assert "authorization" not in receiver.requests[0].headers


@pytest.mark.parametrize("id_", ["a\r\nX-Forged: 1", "é\u202e", "x" * 100_000, ""])
def test_an_id_adds_no_headers(receiver: Receiver, id_: str) -> None:
    (failure,) = an_output(receiver).send([a_message(id=id_)], 5) or [None]
    assert failure is None
    (request,) = receiver.requests
    assert "x-forged" not in request.headers
    assert len(request.headers["idempotency-key"]) <= 256


def test_a_receiver_that_refuses_so_much_gets_less(receiver: Receiver) -> None:
    # GIVEN a receiver with a limit that we do not know
    receiver.answers = [answer(413), answer(413), answer()]
    message = a_message(output="x" * 3_000_000)
    assert not an_output(receiver).send([message], 5)
    sizes = [len(request.body) for request in receiver.requests]
    # THEN it gets the alert, cut so that everybody sees it
    assert [size <= limit for size, limit in zip(sizes, [1_000_000, 250_000, 60_000], strict=True)] == [True] * 3
    cut = json.loads(receiver.requests[-1].body)
    assert "[cut by Lanner" in cut["output"]
    assert cut["id"] == message.id


def test_what_is_too_long_in_any_case_is_a_final_failure(receiver: Receiver) -> None:
    receiver.answers = [answer(413)]
    (failure,) = an_output(receiver).send([a_message(output="x" * 100_000)], 5)
    assert failure.is_final
    assert [len(request.body) <= 60_000 for request in receiver.requests] == [False, True, True]
    # AND a short one is not sent again
    receiver.requests.clear()
    an_output(receiver).send([a_message()], 5)
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    ("reply", "is_final", "wait"),
    [
        (answer(400, b"hidden"), True, 0),
        (answer(401), True, 0),
        (answer(302, b"", Location="https://elsewhere.example/hidden"), True, 0),
        (answer(408), False, 0),
        (answer(425), False, 0),
        (answer(429, b"", Retry_After="3"), False, 3),
        (answer(503, b"", Retry_After="100000"), False, 60),
    ],
)
def test_failures_say_whether_to_try_again(receiver: Receiver, reply: bytes, is_final: bool, wait: float) -> None:
    receiver.answers = [reply]
    message = a_message()
    (failure,) = an_output(receiver, TOKEN).send([message], 5)
    assert (failure.message, failure.is_final, failure.wait) == (message, is_final, wait)
    assert "hidden" not in failure.reason
    assert TOKEN not in failure.reason
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("token", ["a b", "a\r\nX-Forged: 1", "ä", ""])
def test_a_token_that_no_header_takes_is_refused(token: str) -> None:
    with pytest.raises(UsageError, match=r"^LANNER_WEBHOOK_URL: its token: ") as caught:
        Webhook("https://receiver.example/", token)
    assert not token or token not in str(caught.value)
