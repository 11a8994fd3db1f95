"""Outputs and dead-letter boxes by settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from lanner.errors import UsageError
from lanner.pipeline.destinations import dead_letter_box, routes_of
from lanner.pipeline.settings import Settings
from lanner.ruleset import Priority

ALL = {
    "LANNER_SNS_TOPIC_ARN": "arn:aws:sns:eu-west-1:123456789012:alerts",
    "LANNER_SNS_MINIMUM_PRIORITY": "error",
    "LANNER_PUBSUB_TOPIC": "projects/shop-prod/topics/alerts",
    "LANNER_WEBHOOK_URL": "https://alerts.example/in?key=secret",
    "LANNER_WEBHOOK_TOKEN": "token",
    "LANNER_SLACK_URL": "https://hooks.example/services/secret",
    "LANNER_FALCOSIDEKICK_URL": "https://sidekick.example",
    "LANNER_LOGDNA_URL": "https://logs.eu-de.example/logs/ingest",
    "LANNER_LOGDNA_KEY": "secret",
    "LANNER_IBM_LOGS_URL": "https://instance.ingress.eu-de.example",
    "LANNER_IBM_LOGS_API_KEY": "secret",
    "LANNER_EVENTGRID_URL": "https://alerts.westeurope-1.eventgrid.azure.net/api/events",
    "LANNER_STORAGE_QUEUE_URL": "https://account.queue.core.windows.net/alerts",
    "LANNER_STDOUT": "true",
}


def test_every_output_that_is_set_is_there() -> None:
    routes = routes_of(Settings.read(ALL))
    assert [route.output.name for route in routes] == [
        "sns:alerts",
        "pubsub:alerts",
        "webhook:alerts.example",
        "slack:hooks.example",
        "falcosidekick:sidekick.example",
        "logdna:logs.eu-de.example",
        "ibm-cloud-logs:instance.ingress.eu-de.example",
        "event-grid:alerts",
        "storage-queue:alerts",
        "stdout",
    ]
    assert [route.minimum for route in routes] == [Priority.ERROR] + [Priority.DEBUG] * 9


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("LANNER_SNS_TOPIC_ARN", "alerts", "LANNER_SNS_TOPIC_ARN: 'alerts' is no ARN"),
        ("LANNER_PUBSUB_TOPIC", "alerts", "LANNER_PUBSUB_TOPIC: 'alerts' is no topic"),
        ("LANNER_WEBHOOK_URL", "http://alerts.example/secret", "^LANNER_WEBHOOK_URL: http is not secure"),
        ("LANNER_SLACK_URL", "hooks.example/secret", "^LANNER_SLACK_URL: that is no URL"),
        ("LANNER_FALCOSIDEKICK_URL", "https://10.0.0.1/secret", "^LANNER_FALCOSIDEKICK_URL: 10.0.0.1 is no public"),
        ("LANNER_ALLOW_PRIVATE_ADDRESSES", "a b", "^LANNER_ALLOW_PRIVATE_ADDRESSES: 'a b' is neither a host"),
    ],
)
def test_wrong_addresses_are_named_when_a_function_starts(name: str, value: str, wanted: str) -> None:
    with pytest.raises(UsageError, match=wanted) as raised:
        routes_of(Settings.read(ALL | {name: value}))
    assert "secret" not in str(raised.value)


def test_a_url_that_is_to_be_fetched_is_not_fetched_before_it_is_needed(tmp_path: Path) -> None:
    values = {"LANNER_SLACK_URL_FILE": str(tmp_path / "not there yet")}
    (route,) = routes_of(Settings.read(values))
    assert route.output.name == "slack"


def test_boxes(tmp_path: Path) -> None:
    assert dead_letter_box("") is None
    for address in (
        "https://sqs.eu-west-1.amazonaws.com/123456789012/dead",
        "https://account.queue.core.windows.net/dead-letters",
        "projects/shop-prod/topics/dead",
        f"file:{tmp_path}/dead",
    ):
        box = dead_letter_box(address)
        assert box is not None
        assert box.limit > 4096
    with pytest.raises(UsageError, match="LANNER_DEAD_LETTERS: 'dead' is no place for dead letters"):
        dead_letter_box("dead")
