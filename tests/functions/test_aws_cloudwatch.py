"""The function behind a CloudWatch Logs subscription, as Lambda calls it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from functions_data import cloudwatch, event, incident
from lanner.errors import NotSafe, UsageError

HANDLER = "aws_cloudwatch/handler"


def metrics(printed: str) -> dict[str, Any]:
    """Return the only EMF document among the lines that a function printed."""
    (found,) = [document for line in printed.splitlines() if "_aws" in (document := json.loads(line))]
    return found


@pytest.fixture(params=["cold", "warm"])
def handle(request: pytest.FixtureRequest, function: Any, cloud: Any, context: Any, capsys: Any) -> Any:
    """The handler, called for the first time, or after other batches."""
    module = function(HANDLER, SNS_TOPIC_ARN=cloud.topic, DEAD_LETTERS=cloud.dead_letters)
    if request.param == "warm":
        for sent in (event("aws_cloudwatch"), event("aws_cloudwatch_control"), cloudwatch(*incident()[150:])):
            module.handle(sent, context)
        module.handle({"nonsense": True}, context)
        cloud.taken()
        cloud.taken(cloud.dead_letters)
        capsys.readouterr()
    return module.handle


def test_a_recorded_batch(handle: Any, cloud: Any, context: Any, capsys: pytest.CaptureFixture[str]) -> None:
    # WHEN Lambda calls with a batch
    lines = incident()
    counts = handle(cloudwatch(*lines), context)
    # THEN its alerts arrive at the topic
    alerts = [json.loads(text) for text in cloud.taken()]
    assert alerts
    assert {alert["cluster"] for alert in alerts} == {"shop"}
    assert {alert["provider"] for alert in alerts} == {"eks"}
    assert (counts["Events"], counts["Alerts"], counts["Delivered"]) == (len(lines), len(alerts), len(alerts))
    assert not cloud.taken(cloud.dead_letters)
    # AND the metrics say so
    printed = metrics(capsys.readouterr().out)
    assert printed["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Lanner"
    assert printed["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["cluster", "service"]]
    assert (printed["cluster"], printed["service"]) == ("shop", "lanner")
    assert (printed["Events"], printed["Alerts"], printed["NotSafe"]) == ([len(lines)], [len(alerts)], [0])
    assert printed["LagSeconds"][0] > 0


def test_a_quiet_batch(handle: Any, cloud: Any, context: Any) -> None:
    counts = handle(event("aws_cloudwatch"), context)
    assert (counts["Events"], counts["Alerts"], counts["Rejected"]) == (4, 0, 0)
    assert not cloud.taken()


@pytest.mark.parametrize("name", ["aws_cloudwatch_control", "aws_cloudwatch_authenticator"])
def test_batches_of_other_kinds(handle: Any, cloud: Any, context: Any, name: str) -> None:
    counts = handle(event(name), context)
    assert (counts["Others"], counts["Rejected"], counts["NotSafe"]) == (1, 0, 0)
    assert not cloud.taken()
    assert not cloud.taken(cloud.dead_letters)


@pytest.mark.parametrize(
    "sent",
    [
        {},
        [],
        None,
        "text",
        {"awslogs": None},
        {"awslogs": {"data": 7}},
        {"awslogs": {"data": "no base64!"}},
        {"awslogs": {"data": base64.b64encode(b"\x1f\x8b\x08 torn").decode()}},
        {"Records": [{"kinesis": {"data": ""}}]},
        {"number": 10**30, "half": "\ud800"},
    ],
)
def test_what_is_no_batch_is_kept(handle: Any, cloud: Any, context: Any, sent: Any) -> None:
    counts = handle(sent, context)
    assert (counts["Rejected"], counts["DeadLetters"]) == (1, 1)
    (letter,) = map(json.loads, cloud.taken(cloud.dead_letters))
    assert letter["kind"] == "payload"
    assert letter["origin"].startswith(f"invocation {context.aws_request_id}")
    assert letter["provider"] == "eks"


def test_a_bad_line_costs_no_other(handle: Any, cloud: Any, context: Any) -> None:
    alerting = next(line for line in incident() if "exec" in line and "mallory" in line)
    counts = handle(cloudwatch("I1121 trace.go:1] Trace", alerting, '{"kind":'), context)
    assert (counts["Events"], counts["Rejected"], counts["DeadLetters"]) == (1, 2, 2)
    assert len(cloud.taken()) == counts["Alerts"] >= 1
    assert len(cloud.taken(cloud.dead_letters)) == 2


def test_the_same_batch_twice_gives_the_same_alerts(handle: Any, cloud: Any, context: Any) -> None:
    taken = []
    for _ in range(2):
        handle(cloudwatch(*incident()), context)
        taken.append(sorted(cloud.taken()))
    assert taken[0] == taken[1]
    assert taken[0]


def test_what_is_not_safe_fails_the_invocation(function: Any, cloud: Any, context: Any, capsys: Any) -> None:
    # GIVEN a topic that does not exist, and no place for dead letters
    module = function(HANDLER, SNS_TOPIC_ARN=cloud.topic.replace("alerts", "missing"))
    for _ in range(2):
        # WHEN a batch alerts THEN Lambda is told to call again
        with pytest.raises(NotSafe, match="alerts or rejects are neither delivered nor kept: sns:missing: NotFound"):
            module.handle(cloudwatch(*incident()), context)
        printed = capsys.readouterr().out
        assert metrics(printed)["NotSafe"][0] > 0
        assert '"level":"ERROR"' in printed
    # AND a quiet one is well
    assert module.handle(event("aws_cloudwatch_control"), context)["NotSafe"] == 0


def test_dead_letters_are_kept_where_the_topic_refuses(function: Any, cloud: Any, context: Any) -> None:
    module = function(HANDLER, SNS_TOPIC_ARN=cloud.topic.replace("alerts", "missing"), DEAD_LETTERS=cloud.dead_letters)
    counts = module.handle(cloudwatch(*incident()), context)
    letters = [json.loads(text) for text in cloud.taken(cloud.dead_letters)]
    assert len(letters) == counts["DeadLetters"] == counts["Alerts"]
    assert {(letter["kind"], letter["output"]) for letter in letters} == {("alert", "sns:missing")}


def test_it_does_not_start_with_wrong_settings(function: Any, cloud: Any, capsys: Any) -> None:
    with pytest.raises(UsageError, match="LANNER_SNS_TOPIC_ARN: 'alerts' is no ARN of an SNS topic"):
        function(HANDLER, SNS_TOPIC_ARN="alerts")
    line = json.loads(capsys.readouterr().out)
    assert line["level"] == "CRITICAL"
    assert line["message"].startswith("cannot start: LANNER_SNS_TOPIC_ARN")


def test_no_client_is_made_for_quiet_batches(function: Any, cloud: Any, context: Any) -> None:
    from lanner.outputs import aws

    module = function(HANDLER, SNS_TOPIC_ARN=cloud.topic, DEAD_LETTERS=cloud.dead_letters)
    module.handle(event("aws_cloudwatch_control"), context)
    assert aws.client.cache_info().currsize == 0
