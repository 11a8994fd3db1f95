"""The webhook function: under the functions framework, and behind a Lambda function URL."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

import functions_framework
import pytest

from functions_data import event_list, incident
from lanner.errors import UsageError
from lanner.outputs.dead_letters import DeadLetter

TOKEN, OLD_TOKEN, PATH = "token-0123456789abcdef", "old-token-0123456789", "path-0123456789abcdef"
HEADERS = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}", "Accept-Encoding": "gzip"}
SETTINGS = {"STDOUT": "true", "AUTH_TOKENS": f"{TOKEN},old={OLD_TOKEN}", "AUTH_PATHS": PATH}


class Answer(NamedTuple):
    """What an API server sees."""

    status: int
    headers: dict[str, str]
    body: bytes


Send = Callable[..., Answer]


class Platform:
    """The function on one of its platforms."""

    def __init__(self, start: Callable[[], Send], printed: Any, dead_letters: Any, *, is_warm: bool) -> None:
        self._start = start
        self._printed = printed
        self._dead_letters = dead_letters
        self._is_warm = is_warm

    @cached_property
    def send(self) -> Send:
        """Return what sends requests; the function starts by this, in the test itself, whose output it is to have."""
        send = self._start()
        if self._is_warm:
            assert send("POST", "/audit", HEADERS, event_list(*incident()[:50])).status == 200
            assert send("POST", "/audit", HEADERS, b"nonsense").status == 200
            assert send("POST", "/audit", {}, b"nonsense").status == 404
            self._dead_letters.unlink()
            self._printed.readouterr()
        return send

    def printed(self) -> str:
        """Return what was printed since this was asked last, as a whole."""
        out, err = self._printed.readouterr()
        return f"{out}{err}"

    def alerts(self) -> list[dict[str, Any]]:
        """Return the alerts that were printed since this was asked last."""
        lines = [json.loads(line) for line in self._printed.readouterr().out.splitlines()]
        return [line for line in lines if "rule" in line]

    def letters(self) -> list[DeadLetter]:
        """Return the dead letters that were kept."""
        if not self._dead_letters.exists():
            return []
        return [DeadLetter.read(line) for line in self._dead_letters.read_bytes().splitlines()]


def cloud_run(function: Any, context: Any, **settings: str) -> Send:
    module = function("http_webhook/main", **settings)
    client = functions_framework.create_app("handle", module.__file__, "http").test_client()

    def send(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        answer = client.open(path, method=method, headers=headers, data=body)
        return Answer(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.data)

    return send


def lambda_url(function: Any, context: Any, **settings: str) -> Send:
    module = function("http_webhook/lambda_url", **settings)

    def send(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        event: dict[str, Any] = {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path.partition("?")[0] or "/",
            "rawQueryString": path.partition("?")[2],
            "headers": {name.lower(): value for name, value in headers.items()},
            "requestContext": {"http": {"method": method, "path": path, "sourceIp": "203.0.113.7"}},
            "isBase64Encoded": False,
        }
        try:
            if body:
                event["body"] = body.decode()
        except UnicodeDecodeError:
            event |= {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
        answer = module.handle(json.loads(json.dumps(event)), context)
        return Answer(answer["statusCode"], answer["headers"], answer["body"].encode())

    return send


@pytest.fixture(params=[cloud_run, lambda_url])
def start(request: Any, function: Any, context: Any) -> Send:
    """Start the function with settings, on each platform."""
    return lambda **settings: request.param(function, context, **settings)


@pytest.fixture(params=["cold", "warm"])
def platform(request: Any, start: Any, tmp_path: Any, capfd: Any) -> Platform:
    """The function, called for the first time, or after other requests."""
    path = tmp_path / "dead letters"
    settings = SETTINGS | {"DEAD_LETTERS": f"file:{path}"}
    return Platform(lambda: start(**settings), capfd, path, is_warm=request.param == "warm")


def test_a_batch(platform: Platform) -> None:
    lines = incident()
    answer = platform.send("POST", "/audit/shop", HEADERS, event_list(*lines))
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    alerts = platform.alerts()
    assert alerts
    assert {alert["cluster"] for alert in alerts} == {"shop"}
    assert not platform.letters()
    # AND the same again gives the same
    assert platform.send("POST", "/audit/shop", HEADERS, event_list(*lines)).status == 200
    assert platform.alerts() == alerts


def test_packed_and_single_events(platform: Platform) -> None:
    lines = incident()
    headers = HEADERS | {"Content-Encoding": "gzip"}
    assert platform.send("POST", f"/audit/{PATH}/shop", headers, gzip.compress(event_list(*lines))).status == 200
    packed = platform.alerts()
    for body in ("[" + ",".join(lines) + "]",):
        assert platform.send("POST", "/audit/shop", HEADERS, body.encode()).status == 200
        assert platform.alerts() == packed


def test_both_tokens_are_valid_and_one_names_the_cluster(platform: Platform) -> None:
    body = event_list(*incident())
    for token, cluster in ((TOKEN, "shop"), (OLD_TOKEN, "old")):
        headers = HEADERS | {"Authorization": f"Bearer {token}"}
        assert platform.send("POST", "/audit/shop", headers, body).status == 200
        assert {alert["cluster"] for alert in platform.alerts()} == {cluster}


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/health", {}, 200),
        ("HEAD", "/health", {}, 200),
        ("POST", "/health", HEADERS, 405),
        ("GET", "/audit", HEADERS, 405),
        ("PUT", "/audit", HEADERS, 405),
        ("POST", "/", HEADERS, 404),
        ("POST", "/k8s-audit", HEADERS, 404),
        ("POST", "/audit", HEADERS | {"Authorization": "Bearer wrong"}, 401),
        ("POST", f"/audit/{PATH}x", {}, 404),
        ("POST", "/audit/shop%2fx", HEADERS, 404),
        ("POST", "/audit", HEADERS | {"Content-Type": "text/html"}, 415),
        ("POST", "/audit/shop?timeout=30s", HEADERS, 200),
    ],
)
def test_who_is_let_in(platform: Platform, method: str, path: str, headers: dict[str, str], status: int) -> None:
    answer = platform.send(method, path, headers, b"[]" if method == "POST" else b"")
    assert answer.status == status
    assert PATH not in platform.printed()


@pytest.mark.parametrize("body", [b"nonsense", b"", b'{"kind":"Pod"}', b"\xff\xfe", gzip.compress(bytes(10**7))])
def test_what_can_never_be_read_is_kept(platform: Platform, body: bytes) -> None:
    assert platform.send("POST", f"/audit/{PATH}/shop", HEADERS, body).status == 200
    (letter,) = platform.letters()
    assert (letter.kind, letter.content, letter.cluster) == ("payload", body, "shop")
    printed = platform.printed()
    assert letter.reason[:20] in printed
    assert PATH not in printed


def test_without_dead_letters_it_has_to_come_again(start: Any) -> None:
    send = start(**SETTINGS)
    for _ in range(2):
        answer = send("POST", "/audit", HEADERS, b"nonsense")
        assert answer.status == 503
        assert answer.headers["retry-after"] == "10"
    assert send("POST", "/audit", HEADERS, event_list(*incident())).status == 200


def test_large_bodies_of_strangers_take_no_memory(function: Any, context: Any) -> None:
    import tracemalloc

    send = cloud_run(function, context, **SETTINGS)
    body = bytes(20 << 20)
    send("POST", "/audit", {}, b"")
    tracemalloc.start()
    assert send("POST", "/audit", {}, body).status == 404
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 5 << 20


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"STDOUT": "true"}, "no authentication: anybody could send events; set LANNER_AUTH_TOKENS"),
        ({"STDOUT": "true", "AUTH": "none"}, "only `lanner serve` takes that"),
        ({"STDOUT": "true", "AUTH_TOKENS": "short"}, "LANNER_AUTH_TOKENS: entry 1 has 5 characters"),
        ({"STDOUT": "true", "AUTH_TOKENS": TOKEN, "TEE_URL": "http://x/"}, "LANNER_TEE_URL: http is not secure"),
    ],
)
def test_it_does_not_start_with_wrong_settings(start: Any, settings: dict[str, str], wanted: str, capfd: Any) -> None:
    with pytest.raises(UsageError, match=wanted):
        start(**settings)
    out, err = capfd.readouterr()
    assert "cannot start" in out + err


def test_metrics_of_the_lambda_function(function: Any, context: Any, capfd: Any) -> None:
    send = lambda_url(function, context, **SETTINGS)
    send("POST", "/audit/shop", HEADERS, event_list(*incident()))
    send("GET", "/health", {})
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    (metrics,) = [line for line in lines if "_aws" in line]
    assert metrics["cluster"] == "shop"
    assert metrics["Events"] == [len(incident())]
    assert metrics["Alerts"] == [len([line for line in lines if "rule" in line])]


def test_what_is_no_request_is_answered_too(function: Any, context: Any) -> None:
    module = function("http_webhook/lambda_url", **SETTINGS)
    assert module.handle({}, context)["statusCode"] == 404
    torn = {
        "rawPath": "/audit",
        "requestContext": {"http": {"method": "POST"}},
        "headers": HEADERS,
        "body": "abc",
        "isBase64Encoded": True,
    }
    assert module.handle(torn, context)["statusCode"] == 400
