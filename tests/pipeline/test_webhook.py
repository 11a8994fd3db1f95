"""The audit webhook: who is let in, what is answered, and when."""

from __future__ import annotations

import gzip
import logging
import zlib

import pytest

from callers import JSON, PATH, TOKEN, a_webhook, batch, post
from doubles import Box, Recorder, always
from lanner.errors import UsageError
from lanner.outputs.dead_letters import DeadLetter
from lanner.pipeline import Settings
from lanner.pipeline.body import MAX_BODY
from lanner.pipeline.http import Request
from lanner.pipeline.secret import Secret
from lanner.pipeline.settings import Destination, WebhookSettings
from lanner.pipeline.webhook import Webhook


def test_a_batch_is_answered_when_its_alerts_are_safe() -> None:
    output = Recorder()
    response = post(a_webhook(output), batch(1, 2))
    assert (response.status, response.body) == (200, b"OK\n")
    assert [message.cluster for message in output.taken] == ["shop"] * 2
    assert response.outcome is not None
    assert response.outcome.statistics.events == 2
    assert response.outcome.cluster == "shop"


@pytest.mark.parametrize(
    "path", ["/audit", "/audit/", "/audit/shop", "/audit/shop/", "/audit/shop?timeout=30s", f"/audit/{PATH}/shop"]
)
def test_paths_that_there_are(path: str) -> None:
    output = Recorder()
    assert post(a_webhook(output), batch(1), path).status == 200
    assert output.taken[0].cluster == ("shop" if "shop" in path else "")


@pytest.mark.parametrize(
    "path", ["", "/", "/x", "/audits", "/audit/a/b/c", "//audit", "/audit//", "/AUDIT", "/healthz"]
)
def test_paths_that_there_are_not(path: str) -> None:
    output = Recorder()
    response = post(a_webhook(output), batch(1), path)
    assert response.status == 404
    assert not output.taken


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "post"])
def test_only_post_is_allowed(method: str) -> None:
    # whether the path is right or not, so that nothing is learnt of it
    for path in ("/audit", f"/audit/{PATH}", "/audit/not-a-path-that-counts"):
        response = a_webhook(Recorder()).answer(Request.of(method, path, JSON))
        assert (response.status, response.headers["allow"]) == (405, "POST")


def test_health() -> None:
    made = a_webhook(Recorder())
    for method in ("GET", "HEAD"):
        assert made.answer(Request.of(method, "/health", {})).status == 200
    response = made.answer(Request.of("POST", "/health", {}))
    assert (response.status, response.headers["allow"]) == (405, "GET, HEAD")


def test_strangers_learn_nothing_and_are_not_read(caplog: pytest.LogCaptureFixture) -> None:
    output = Recorder()

    def unwanted(size: int) -> bytes:
        raise AssertionError("the body of a stranger was read")

    for path, headers, status in [
        ("/audit", {"authorization": "Bearer wrong"}, 401),
        (f"/audit/{PATH}x", {"authorization": f"Bearer {TOKEN}x"}, 401),
        ("/audit", {}, 404),
        (f"/audit/{PATH}x", {}, 404),
        (f"/audit/{PATH[:-1]}", {}, 404),
    ]:
        with caplog.at_level(logging.DEBUG, "lanner"):
            response = a_webhook(output).answer(Request("POST", path, headers, unwanted))
        assert response.status == status
        assert response.body in (b"Unauthorized\n", b"Not Found\n")
        assert response.headers.get("www-authenticate") == ("Bearer" if status == 401 else None)
    assert PATH[:-1] not in caplog.text
    assert not output.taken


def test_without_secret_paths_a_stranger_is_told_to_authenticate() -> None:
    made = a_webhook(Recorder(), access=WebhookSettings(tokens=Secret.given("LANNER_AUTH_TOKENS", TOKEN)))
    assert made.answer(Request.of("POST", "/audit", {})).status == 401
    assert made.answer(Request.of("POST", "/audit/shop", {})).status == 401
    assert made.answer(Request.of("POST", "/audit/a/b", {})).status == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/json; charset=utf-8"}, 200),
        ({"Content-Type": "Application/JSON"}, 200),
        ({"Content-Type": "application/vnd.kubernetes+json"}, 200),
        ({"Content-Type": ""}, 200),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Encoding": "identity"}, 200),
        ({"Content-Encoding": "GZIP"}, 200),
        ({"Content-Encoding": "br"}, 415),
        ({"Content-Encoding": "gzip, gzip"}, 415),
    ],
)
def test_what_the_headers_say_of_the_body(headers: dict[str, str], status: int) -> None:
    assert post(a_webhook(Recorder()), batch(1), **headers).status == status


def test_packed_bodies() -> None:
    output = Recorder()
    assert post(a_webhook(output), gzip.compress(batch(1, 2)), **{"Content-Encoding": "gzip"}).status == 200
    assert post(a_webhook(output), gzip.compress(batch(3))).status == 200  # told by its first bytes
    assert len(output.taken) == 3


def bomb() -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(deflate.compress(b"[" + bytes(1 << 20)) for _ in range(64)) + deflate.flush()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"not JSON", "not JSON"),
        (b'{"kind":"Pod"}', "its kind is 'Pod'"),
        (b"[]" * 3, "not JSON"),
        (batch(1)[:-20], "cut"),
        (b"\xff\xfe\x00", "UTF-16"),
        (b"[" * 100_000, "not JSON"),
        (bomb(), "bytes unpacked"),
        (gzip.compress(batch(1))[:-10], "ends too early"),
    ],
    ids=["empty", "text", "pod", "many", "cut", "utf-16", "deep", "bomb", "torn gzip"],
)
def test_what_can_never_be_read_is_kept_and_answered_200(body: bytes, reason: str) -> None:
    box = Box()
    response = post(a_webhook(Recorder(), box), body)
    assert response.status == 200
    assert response.outcome is not None
    assert response.outcome.dead_letters == 1
    whole = [DeadLetter.read(record) for record in box.records]
    assert b"".join(letter.content for letter in whole) == body
    assert reason in whole[0].reason or len(whole) > 1
    assert {letter.cluster for letter in whole} == {"shop"}
    # AND without a box, the sender has to keep it
    assert post(a_webhook(Recorder()), body).status == 503


def test_a_bad_item_costs_no_other() -> None:
    box, output = Box(), Recorder()
    body = batch(1, 2).replace(b'"items": [', b'"items": [7, ')
    assert post(a_webhook(output, box), body).status == 200
    assert len(output.taken) == 2
    assert len(box.records) == 1


def test_bodies_beyond_all_limits_are_not_read() -> None:
    asked: list[int] = []

    def read(size: int) -> bytes:
        asked.append(size)
        return bytes(size)

    headers = {name.lower(): value for name, value in JSON.items()}
    assert a_webhook(Recorder(), Box()).answer(Request("POST", "/audit", headers, read)).status == 413
    assert asked == [MAX_BODY + 1]


def test_a_body_that_breaks_off_is_no_batch() -> None:
    def read(size: int) -> bytes:
        raise ConnectionResetError

    box = Box()
    headers = {name.lower(): value for name, value in JSON.items()}
    assert a_webhook(Recorder(), box).answer(Request("POST", "/audit", headers, read)).status == 400
    assert not box.records


def test_what_is_not_safe_has_to_come_again() -> None:
    refusing = Recorder(fault=always("403", is_final=True))
    response = post(a_webhook(refusing), batch(1))
    assert (response.status, response.headers["retry-after"]) == (503, "10")
    assert response.outcome is not None
    assert response.outcome.not_safe == 1
    assert post(a_webhook(refusing, Box(broken=True)), batch(1)).status == 503
    assert post(a_webhook(refusing, Box()), batch(1)).status == 200


def test_an_answer_comes_in_time() -> None:
    # GIVEN an output that asks to be left alone longer than there is time
    made = a_webhook(Recorder(fault=always("503")), Box())
    response = post(made, batch(1), seconds=0.5)
    # THEN the alerts are kept within it
    assert response.status == 200
    assert response.outcome is not None
    assert response.outcome.dead_letters == 1


def test_a_list_of_tokens_that_became_wrong_is_not_the_callers_fault(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [TOKEN, "short"]
    made = a_webhook(Recorder(), access=WebhookSettings(tokens=Secret("LANNER_AUTH_TOKENS", lambda: texts.pop(0))))
    monkeypatch.setattr("time.time", lambda: 1e12)
    with caplog.at_level(logging.ERROR, "lanner"):
        assert post(made, batch(1)).status == 503
    assert "LANNER_AUTH_TOKENS: entry 1 has 5 characters" in caplog.text


def test_a_defect_is_answered(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    made = a_webhook(Recorder())
    monkeypatch.setattr(made, "_judge", lambda *_: 1 / 0)
    with caplog.at_level(logging.ERROR, "lanner"):
        assert post(made, batch(1)).status == 500
    assert "which is a defect of Lanner" in caplog.text
    assert TOKEN not in caplog.text


def test_functions_are_never_open() -> None:
    settings = Settings(outputs=(Destination("stdout", "LANNER_STDOUT"),))
    with pytest.raises(UsageError, match="LANNER_AUTH=none: a function can be called by everybody"):
        Webhook.from_settings(settings, WebhookSettings(open=True))
