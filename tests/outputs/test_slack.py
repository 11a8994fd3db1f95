"""Alerts to Slack: what people see, what Slack would refuse, and what nobody can forge."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from lanner.errors import UsageError
from lanner.outputs.addresses import Reach
from lanner.outputs.slack import Slack
from lanner.ruleset import Priority
from outputs.conftest import a_message
from outputs.receivers import Receiver, answer, receiving

FIELDS = {
    "evt.time": 1714558830123456000,
    "ka.user.name": "alice",
    "ka.verb": "create",
    "ka.target.resource": "pods",
    "ka.target.namespace": "shop",
    "ka.target.name": "web",
    "ka.sourceips": ["203.0.113.7", "10.0.0.1"],
    "ka.impuser.name": None,
}
NASTY = "<!channel> <@U024BE7LH> <https://evil.example|click> *bold* `code` @here & more\nAlert: all is well\u202e"


@pytest.fixture
def slack() -> Iterator[Receiver]:
    """GIVEN a Slack that takes everything."""
    with receiving() as receiver:
        receiver.answers = [answer(200, b"ok")]
        yield receiver


def an_output(slack: Receiver) -> Slack:
    return Slack(slack.url("/services/T0/B0/hidden"), allow_http=True, reach=Reach(["127.0.0.1"]))


def posted(slack: Receiver, *messages: Any) -> dict[str, Any]:
    """Send alerts as one group; return what Slack got at last."""
    assert not an_output(slack).send(messages, 5)
    body: dict[str, Any] = json.loads(slack.requests[-1].body)
    return body


def texts(value: Any) -> list[dict[str, Any]]:
    """Return all text objects in a message."""
    if isinstance(value, dict):
        own = [value] if value.get("type") in ("plain_text", "mrkdwn") else []
        return own + [text for item in value.values() for text in texts(item)]
    return [text for item in value for text in texts(item)] if isinstance(value, list) else []


def shown(body: dict[str, Any]) -> list[str]:
    return [text["text"] for text in texts(body)]


def test_it_tells_whoever_is_woken_what_happened(slack: Receiver) -> None:
    body = posted(slack, a_message(7, priority="Critical", output_fields=FIELDS))
    assert body["text"] == "\U0001f534 Critical: A Rule in prod"
    (attachment,) = body["attachments"]
    assert (attachment["color"], attachment["fallback"]) == ("#d60000", body["text"])
    told = shown(body)
    assert told[0] == "10:00:00.000000000: Warning alert 7"
    table = dict(zip(told[1:11:2], told[2:11:2], strict=True))
    assert table == {
        "*Cluster*": "prod",
        "*User*": "alice",
        "*From*": "203.0.113.7, 10.0.0.1",
        "*Target*": "create pods shop/web",
        "*Time*": "2024-05-01 10:20:30 UTC",
    }
    assert "ka.target.name: web" in told[11].splitlines()
    assert not any(line.startswith("ka.impuser.name") for line in told[11].splitlines())
    assert told[12] == f"alert {a_message(7).id}"
    # AND Slack neither unfurls nor formats
    assert (body["mrkdwn"], body["unfurl_links"], body["unfurl_media"]) == (False, False, False)
    assert slack.requests[0].line == "POST /services/T0/B0/hidden HTTP/1.1"
    assert slack.requests[0].headers["content-type"] == "application/json"


def test_impersonation_and_cut_events_are_named(slack: Receiver) -> None:
    told = shown(posted(slack, a_message(truncated=True, output_fields=FIELDS | {"ka.impuser.name": "root"})))
    assert "alice as root" in told
    assert "the event was cut" in told[-1]


@pytest.mark.parametrize("priority", [one.label for one in Priority])
def test_every_priority_has_a_sign(slack: Receiver, priority: str) -> None:
    body = posted(slack, a_message(priority=priority))
    assert f" {priority}: A Rule" in body["text"]
    assert not body["text"][0].isascii()


@pytest.mark.parametrize("fields", [None, [], "x", {}])
def test_alerts_without_fields_or_output(slack: Receiver, fields: object) -> None:
    body = posted(slack, a_message(output_fields=fields, output="", cluster="", time=""))
    assert body["text"] == "\U0001f7e1 Warning: A Rule"
    assert shown(body) == [f"alert {a_message().id}"]
    assert all(text["text"] for text in texts(body))


def test_nobody_pings_links_or_formats_by_what_he_calls_things(slack: Receiver) -> None:
    # GIVEN an attacker who writes to us wherever he can
    fields = dict.fromkeys(FIELDS, NASTY) | {"ka.sourceips": [NASTY]}
    message = a_message(output=NASTY, cluster=NASTY, rule=NASTY, output_fields=fields)
    for batch in ([message], [message] * 4):
        body = posted(slack, *batch)
        # THEN all of it is plain text, in which nothing is left of Slack's own characters
        for text in texts(body):
            if text["type"] == "mrkdwn":
                assert text["text"] in ("*Cluster*", "*User*", "*From*", "*Target*", "*Time*")
            else:
                assert text["emoji"] is False
                assert not set(text["text"]) & set("<>\u202e")
                assert text["text"].replace("&lt;", "").replace("&gt;", "").replace("&amp;", "").count("&") == 0
        assert not set(body["text"]) & set("<>\n\u202e")
        # AND no line is forged
        assert not any(line.startswith("Alert:") for text in shown(body) for line in text.splitlines())


@pytest.mark.parametrize("filler", ["x", "&", "<&", "\U0001f600", "\n", "\u202e", "é"])
def test_slack_never_gets_more_than_it_takes(slack: Receiver, filler: str) -> None:
    # GIVEN texts that are far too long, and become longer still when they are escaped
    long = filler * 20_000
    fields = {f"field.{number}": long for number in range(100)} | dict.fromkeys(FIELDS, long)
    message = a_message(output=long, cluster=long, rule=long, output_fields=fields)
    for batch in ([message], [message] * 10):
        body = posted(slack, *batch)
        blocks = [block for attachment in body["attachments"] for block in attachment["blocks"]]
        assert len(blocks) <= 50
        for block in blocks:
            assert len(block.get("fields", [])) <= 10
            for text in block.get("fields", []):
                assert 0 < len(text["text"].encode("utf-16-le")) // 2 <= 2000
        for one in texts(body):
            assert 0 < len(one["text"].encode("utf-16-le")) // 2 <= 3000
        assert len(body["text"]) <= 400
        assert "[cut, " in body["text"]
        # AND no escape is broken
        for text in [body["text"], *shown(body)]:
            assert "&" not in text.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")


def test_fields_beyond_what_is_shown_are_counted(slack: Receiver) -> None:
    told = shown(posted(slack, a_message(output_fields={f"f{number}": number for number in range(50)})))
    assert any(text.endswith("and 30 more fields") for text in told)


def test_many_alerts_share_a_message(slack: Receiver) -> None:
    # GIVEN more alerts than Slack takes one by one
    messages = [a_message(number, priority="Error" if number == 11 else "Notice") for number in range(14)]
    output = an_output(slack)
    batches = list(output.batches(messages))
    assert [len(batch) for batch in batches] == [10, 4]
    assert [list(batch) for batch in output.batches(messages[:3])] == [[message] for message in messages[:3]]
    body = posted(slack, *batches[1])
    # THEN the worst one stands in front, and all are there
    assert body["text"] == "4 alerts, the worst: \U0001f7e0 Error: A Rule in prod"
    ids = [attachment["blocks"][-1]["elements"][0]["text"] for attachment in body["attachments"]]
    assert ids == [f"alert {message.id}" for message in messages[10:]]
    assert [attachment["blocks"][0]["text"]["text"] for attachment in body["attachments"]][1] == (
        "\U0001f7e0 Error: A Rule in prod"
    )


@pytest.mark.parametrize("status", [400, 413])
def test_what_slack_does_not_understand_is_sent_without_details(slack: Receiver, status: int) -> None:
    slack.answers = [answer(status, b"invalid_blocks"), answer(200, b"ok")]
    message = a_message()
    assert not an_output(slack).send([message], 5)
    body = json.loads(slack.requests[1].body)
    assert "attachments" not in body
    first, second = body["text"].splitlines()
    assert first == f"\U0001f7e1 Warning: A Rule in prod, alert {message.id}"
    assert second.endswith("(invalid_blocks)")


def test_without_time_left_there_is_no_second_try(slack: Receiver) -> None:
    slack.answers = [answer(400, b"invalid_blocks")]
    output = an_output(slack)
    (failure,) = output.send([a_message()], 5)
    assert (failure.is_final, len(slack.requests)) == (True, 2)


@pytest.mark.parametrize(
    ("reply", "reason", "is_final", "wait"),
    [
        (answer(404, b"no_service"), "it answered 404 Not Found (no_service)", True, 0.0),
        (answer(403, b"<html>/services/T0/B0/hidden"), "it answered 403 Forbidden", True, 0.0),
        (answer(429, b"", Retry_After="7"), "it answered 429 Too Many Requests", False, 7.0),
        (answer(500, b"rollup_error"), "it answered 500 Internal Server Error (rollup_error)", False, 0.0),
        (answer(200, b"<html>log in"), "it answered 200, but not as Slack does: is the URL right?", True, 0.0),
        (answer(200, b""), "it answered 200, but not as Slack does: is the URL right?", False, 0.0),
    ],
)
def test_what_slack_says_is_a_reason(slack: Receiver, reply: bytes, reason: str, is_final: bool, wait: float) -> None:
    slack.answers = [reply]
    messages = [a_message(0), a_message(1)]
    failures = an_output(slack).send(messages, 5)
    assert [failure.message for failure in failures] == messages
    assert {failure[1:] for failure in failures} == {(reason, is_final, wait)}


def test_the_url_is_no_part_of_the_name(slack: Receiver) -> None:
    assert an_output(slack).name == "slack:127.0.0.1"
    with pytest.raises(UsageError) as caught:
        Slack("http://hooks.slack.com/services/hidden")
    assert str(caught.value).startswith("LANNER_SLACK_URL: ")
    assert "hidden" not in str(caught.value)
