"""Copies of batches: sent beside the judging, kept where they cannot be, at no alert's cost."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Iterator

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from callers import a_webhook, batch, post
from doubles import Box, Recorder, always
from lanner.errors import UsageError
from lanner.outputs.dead_letters import DeadLetter
from lanner.pipeline import Settings
from lanner.pipeline.secret import Secret
from lanner.pipeline.settings import Destination, Tee
from lanner.pipeline.tee import Copier
from lanner.pipeline.webhook import Webhook

PATH = "/k8s-audit"
SETTINGS = Settings(
    outputs=(Destination("stdout", "LANNER_STDOUT"),), allow_http=True, allow_private_addresses=("localhost",)
)


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    """The other webhook."""
    with HTTPServer() as server:
        yield server


def webhook(url: str, output: Recorder, box: Box | None = None, token: str = "") -> Webhook:
    tee = Tee(Secret.given("LANNER_TEE_URL", url), Secret.given("LANNER_TEE_TOKEN", token) if token else None)
    return a_webhook(output, box, copier=Copier(tee, SETTINGS))


def test_a_batch_goes_on_as_it_came(server: HTTPServer) -> None:
    taken: list[Request] = []
    server.expect_request(PATH).respond_with_handler(lambda request: taken.append(request) or Response(""))  # type: ignore[func-returns-value]
    output = Recorder()
    made = webhook(server.url_for(PATH), output, token="tee-token")
    assert post(made, batch(1, 2)).status == 200
    assert post(made, gzip.compress(batch(3))).status == 200
    plain, packed = taken
    assert plain.data == batch(1, 2)
    assert plain.headers["Content-Type"] == "application/json"
    assert plain.headers["Authorization"] == "Bearer tee-token"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed.data) == batch(3)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(output.taken) == 3


def test_a_batch_that_it_refuses_is_kept(server: HTTPServer) -> None:
    server.expect_request(PATH).respond_with_data(status=400)
    box, output = Box(), Recorder()
    response = post(webhook(server.url_for(PATH), output, box), batch(1))
    # THEN the alerts are safe, and so is the batch
    assert response.status == 200
    assert len(output.taken) == 1
    (letter,) = map(DeadLetter.read, box.records)
    assert (letter.kind, letter.output, letter.attempts, letter.cluster) == ("payload", "tee:localhost", 1, "shop")
    assert letter.content == batch(1)
    assert "400" in letter.reason
    assert response.outcome is not None
    assert response.outcome.dead_letters == 1


def test_it_is_tried_again(server: HTTPServer) -> None:
    server.expect_ordered_request(PATH).respond_with_data(status=503)
    server.expect_ordered_request(PATH).respond_with_data(status=200)
    box = Box()
    assert post(webhook(server.url_for(PATH), Recorder(), box), batch(1)).status == 200
    assert not box.records
    assert len(server.log) == 2


@pytest.mark.parametrize("box", [None, Box(broken=True)], ids=["no box", "a broken box"])
def test_what_it_loses_is_told_and_costs_nothing_else(
    server: HTTPServer, box: Box | None, caplog: pytest.LogCaptureFixture
) -> None:
    server.expect_request(PATH).respond_with_data(status=404)
    output = Recorder()
    with caplog.at_level(logging.DEBUG):
        response = post(webhook(server.url_for(PATH), output, box), batch(1))
    assert response.status == 200
    assert len(output.taken) == 1
    assert response.outcome is not None
    assert response.outcome.not_safe == 0
    assert "tee:localhost: a batch is lost to it" in response.outcome.problems


def test_alerts_that_are_not_safe_are_told_whatever_it_does(server: HTTPServer) -> None:
    server.expect_request(PATH).respond_with_data(status=200)
    output = Recorder(fault=always("no", is_final=True))
    assert post(webhook(server.url_for(PATH), output), batch(1)).status == 503


def test_one_that_does_not_answer_is_not_waited_for_longer_than_there_is_time() -> None:
    import socket

    with socket.socket() as listening:
        # GIVEN a webhook that takes connections and says nothing
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        box, output = Box(), Recorder()
        made = webhook(f"http://localhost:{listening.getsockname()[1]}/", output, box)
        response = post(made, batch(1), seconds=1.0)
    assert response.status == 200
    assert len(output.taken) == 1
    (letter,) = map(DeadLetter.read, box.records)
    assert "in time" in letter.reason


def test_wrong_urls_are_refused() -> None:
    for url, wanted in [("http://10.0.0.1/", "no public address"), ("ftp://x/", "LANNER_TEE_URL")]:
        with pytest.raises(UsageError, match=wanted):
            webhook(url, Recorder())


def test_a_defect_costs_nothing_but_the_copy(server: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    box, output = Box(), Recorder()
    made = webhook(server.url_for(PATH), output, box)
    monkeypatch.setattr(Copier, "send", lambda *_: 1 / 0)
    assert post(made, batch(1)).status == 200
    assert len(output.taken) == 1
    (letter,) = map(DeadLetter.read, box.records)
    assert "ZeroDivisionError, which is a defect" in letter.reason
