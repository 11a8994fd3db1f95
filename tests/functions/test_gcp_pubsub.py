"""The function behind a Pub/Sub topic, under the functions framework."""

from __future__ import annotations

import base64
import json
from typing import Any

import functions_framework
import pytest

from functions_data import EVENTS, event
from lanner.errors import NotSafe, UsageError
from lanner.outputs.dead_letters import DeadLetter

MAIN = "gcp_pubsub/main"
CLOUD_EVENT = {
    "content-type": "application/json",
    "ce-specversion": "1.0",
    "ce-id": "6858766935197138",
    "ce-type": "google.cloud.pubsub.topic.v1.messagePublished",
    "ce-source": "//pubsub.googleapis.com/projects/shop-prod/topics/audit",
}


def push(data: bytes | None) -> dict[str, Any]:
    message = {"messageId": "1", "publishTime": "2026-11-21T14:19:23.858Z", "attributes": {}}
    if data is not None:
        message["data"] = base64.b64encode(data).decode()
    return {"message": message, "subscription": "projects/shop-prod/subscriptions/audit"}


class Platform:
    """Posts messages to the function as Eventarc does."""

    def __init__(self, client: Any, printed: Any, dead_letters: Any) -> None:
        self._client = client
        self._printed = printed
        self._dead_letters = dead_letters

    def deliver(self, body: object, **headers: str) -> int:
        """Return the status of the answer to a message; any but 2xx lets it come again."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        status: int = self._client.post("/", data=data, headers=CLOUD_EVENT | headers).status_code
        return status

    def alerts(self) -> list[dict[str, Any]]:
        """Return the alerts that the function printed since this was asked last."""
        return [json.loads(line) for line in self._printed.readouterr().out.splitlines()]

    def letters(self) -> list[DeadLetter]:
        """Return the dead letters that were kept since this was asked last."""
        if not self._dead_letters.exists():
            return []
        found = [DeadLetter.read(line) for line in self._dead_letters.read_bytes().splitlines()]
        self._dead_letters.unlink()
        return found


@pytest.fixture(scope="module")
def packs() -> tuple[str, ...]:
    """The recorded message holds what people do all day, too."""
    return ("default", "hunting")


@pytest.fixture(params=["cold", "warm"])
def platform(request: Any, function: Any, rules: Any, tmp_path: Any, monkeypatch: Any, capfd: Any) -> Platform:
    """The function, called for the first time, or after other messages."""
    path = tmp_path / "dead letters"
    made = function(MAIN, STDOUT="true", DEAD_LETTERS=f"file:{path}")
    app = functions_framework.create_app("handle", made.__file__, "cloudevent")
    app.testing = False  # exceptions become answers, as they do in life
    app.config["PROPAGATE_EXCEPTIONS"] = False
    found = Platform(app.test_client(), capfd, path)
    if request.param == "warm":
        for name in ("gcp_pubsub", "gcp_pubsub_text"):
            assert found.deliver(event(name)) == 200
        assert found.deliver(b"nonsense") == 200
        found.alerts()
        found.letters()
    return found


@pytest.mark.parametrize(
    ("name", "rule"), [("gcp_pubsub", "exec"), ("gcp_pubsub_refused", "")], ids=["alerting", "refused"]
)
def test_recorded_messages(platform: Platform, name: str, rule: str) -> None:
    assert platform.deliver(event(name)) == 200
    alerts = platform.alerts()
    assert alerts
    assert {alert["provider"] for alert in alerts} == {"gke"}
    assert {alert["cluster"] for alert in alerts} == {"shop"}
    assert not platform.letters()
    # AND the same again gives the same
    assert platform.deliver(event(name)) == 200
    assert platform.alerts() == alerts


@pytest.mark.parametrize("name", ["gcp_pubsub_container", "gcp_pubsub_text"])
def test_entries_of_other_kinds_are_acknowledged(platform: Platform, name: str) -> None:
    assert platform.deliver(event(name)) == 200
    assert not platform.alerts()
    assert not platform.letters()


def test_a_push_request_without_the_headers_of_an_event(platform: Platform) -> None:
    # which is what the emulator sends
    body = json.loads((EVENTS / "gcp_pubsub.json").read_text())
    status = platform._client.post("/", json=body | {"subscription": "projects/p/subscriptions/s"}).status_code
    assert status == 200
    assert platform.alerts()


def test_a_structured_event(platform: Platform) -> None:
    attributes = {name.removeprefix("ce-"): value for name, value in CLOUD_EVENT.items() if name.startswith("ce-")}
    body = attributes | {"datacontenttype": "application/json", "data": event("gcp_pubsub")}
    assert platform.deliver(body, **{"content-type": "application/cloudevents+json"}) == 200
    assert platform.alerts()


@pytest.mark.parametrize(
    "body",
    [
        push(b"no JSON"),
        push(b""),
        push(None),
        push(b"\xff"),
        push(b"[" * 5000),
        {"message": {"data": "no base64!"}},
        {"message": None},
        {},
        [],
        b"no JSON",
        b"",
        b'"text"',
        b"null",
        b'{"big":1' + b"0" * 400 + b"}",
        b'"\\ud800"',
    ],
)
def test_malformed_messages_are_kept_and_acknowledged(platform: Platform, body: object) -> None:
    assert platform.deliver(body) == 200
    (letter,) = platform.letters()
    assert letter.kind == "payload"
    assert letter.provider == "gke"
    assert letter.origin.startswith("message 6858766935197138")
    assert not platform.alerts()


@pytest.fixture
def app(function: Any, capfd: Any) -> Any:
    """Return the function without a place for dead letters, whose output is gone."""

    def made(**settings: str) -> Any:
        path = function(MAIN, **settings).__file__
        app = functions_framework.create_app("handle", path, "cloudevent")
        app.config["PROPAGATE_EXCEPTIONS"] = False
        return app.test_client()

    return made


def test_malformed_messages_come_again_where_nothing_keeps_them(app: Any, capfd: Any) -> None:
    client = app(STDOUT="true")
    for _ in range(2):
        answer = client.post("/", data=b"nonsense", headers=CLOUD_EVENT)
        assert answer.status_code == 500
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
    assert [line["severity"] for line in lines if line.get("not_safe")] == ["ERROR"] * 2
    assert client.post("/", json=event("gcp_pubsub_text"), headers=CLOUD_EVENT).status_code == 200


def test_what_cannot_be_delivered_comes_again(function: Any, monkeypatch: Any) -> None:
    made = function(MAIN, STDOUT="true")
    monkeypatch.setattr("sys.stdout", None)
    with pytest.raises(NotSafe, match="stdout"):
        made.pipeline.take(made.events, (EVENTS / "gcp_pubsub.json").read_bytes(), _deadline(), origin="x")


def _deadline() -> Any:
    from lanner.outputs.deadline import Deadline

    return Deadline(1)


def test_log_lines_are_objects_with_a_severity(app: Any, capfd: Any) -> None:
    client = app(STDOUT="true")
    client.post("/", json=event("gcp_pubsub"), headers=CLOUD_EVENT)
    client.post("/", json=event("gcp_pubsub_text"), headers=CLOUD_EVENT)  # quiet
    (line,) = map(json.loads, capfd.readouterr().err.splitlines())
    assert line["severity"] == "INFO"
    assert line["message"].startswith("1 event, ")
    assert line["events"] == 1
    assert line["alerts"] == line["delivered"] == sum(line["rules"].values())
    assert line["cluster"] == "shop"
    assert line["lag_seconds"] > 0


def test_it_does_not_start_with_wrong_settings(function: Any, capfd: Any) -> None:
    with pytest.raises(UsageError, match="no output"):
        function(MAIN)
    line = json.loads(capfd.readouterr().err)
    assert (line["severity"], line["message"][:23]) == ("CRITICAL", "cannot start: no output")


def test_labels_are_asked_for_only_if_wanted(function: Any) -> None:
    from lanner.sources import gke

    assert function(MAIN, STDOUT="true").events is gke.events
    assert "cluster_labels" in function(MAIN, STDOUT="true", GKE_LABELS="true").events.keywords
