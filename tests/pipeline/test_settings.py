"""The settings of the functions."""

from __future__ import annotations

from pathlib import Path

import pytest

from lanner.errors import UsageError
from lanner.pipeline import settings as module
from lanner.pipeline.secret import Secret
from lanner.pipeline.settings import NAMES, Settings, WebhookSettings
from lanner.ruleset import Priority, Selection

TOPIC = "arn:aws:sns:eu-west-1:123456789012:alerts"


def read(**values: str) -> Settings:
    return Settings.read({"PATH": "/bin"} | {f"LANNER_{name}": value for name, value in values.items()})


def test_defaults() -> None:
    settings = read(SNS_TOPIC_ARN=TOPIC)
    (output,) = settings.outputs
    assert (output.kind, output.address, output.minimum) == ("sns", TOPIC, Priority.DEBUG)
    assert settings.redact
    assert settings.max_event_size == 262144
    assert settings.minimum_priority is Priority.DEBUG
    assert not settings.first_match
    assert not settings.selections
    assert not settings.allow_http
    assert settings.dead_letters == settings.cluster == settings.rules == ""


def test_everything() -> None:
    settings = read(
        RULES="/rules",
        CLUSTER="shop",
        MINIMUM_PRIORITY="warning",
        RULE_MATCHING="first",
        TAGS="k8s, T1078",
        DISABLE="A*,B",
        ENABLE="C",
        REDACT="false",
        MAX_EVENT_SIZE="100000",
        SNS_TOPIC_ARN=TOPIC,
        SNS_MINIMUM_PRIORITY="Critical",
        PUBSUB_TOPIC="projects/p/topics/t",
        WEBHOOK_URL="https://alerts.example/in",
        WEBHOOK_TOKEN="secret",
        SLACK_URL="https://hooks.example/x",
        FALCOSIDEKICK_URL="http://falcosidekick:2801",
        LOGDNA_URL="https://logs.example/logs/ingest",
        LOGDNA_KEY="ingestion-key",
        IBM_LOGS_URL="https://x.ingress.eu-de.logs.cloud.ibm.com",
        IBM_LOGS_API_KEY_FILE="/run/key",
        EVENTGRID_URL="https://alerts.westeurope-1.eventgrid.azure.net/api/events",
        STORAGE_QUEUE_URL="https://account.queue.core.windows.net/alerts",
        PROVIDER="iks",
        STDOUT="true",
        ALLOW_HTTP="true",
        ALLOW_PRIVATE_ADDRESSES="falcosidekick, 10.0.0.0/8",
        DEAD_LETTERS="file:/tmp/dead",
    )
    assert [output.kind for output in settings.outputs] == [
        *("sns", "pubsub", "webhook", "slack", "falcosidekick", "logdna", "ibm_logs", "eventgrid", "storage_queue"),
        "stdout",
    ]
    assert [output.minimum for output in settings.outputs] == [Priority.CRITICAL] + [Priority.DEBUG] * 9
    logdna, ibm = settings.outputs[5:7]
    assert logdna.key is not None
    assert logdna.key.reveal() == "ingestion-key"
    assert ibm.key is not None
    assert ibm.key.name == "LANNER_IBM_LOGS_API_KEY_FILE"
    assert settings.ibm_iam == "https://iam.cloud.ibm.com"
    assert settings.provider == "iks"
    webhook, slack = settings.outputs[2:4]
    assert isinstance(webhook.address, Secret)
    assert webhook.address.reveal() == "https://alerts.example/in"
    assert webhook.key is not None
    assert webhook.key.reveal() == "secret"
    assert slack.key is None
    assert settings.selections == (
        Selection(enable=False, rule="*"),
        Selection(enable=True, tag="k8s"),
        Selection(enable=True, tag="T1078"),
        Selection(enable=False, rule="A*"),
        Selection(enable=False, rule="B"),
        Selection(enable=True, rule="C"),
    )
    assert settings.first_match
    assert not settings.redact
    assert settings.allow_private_addresses == ("falcosidekick", "10.0.0.0/8")
    assert (settings.rules, settings.cluster, settings.dead_letters) == ("/rules", "shop", "file:/tmp/dead")
    assert settings.minimum_priority is Priority.WARNING
    assert settings.max_event_size == 100000


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({}, "no output: alerts would go nowhere; set one of LANNER_SNS_TOPIC_ARN"),
        ({"STDOUT": "false"}, "no output"),
        ({"STDOUT": "quite"}, "LANNER_STDOUT: 'quite' is neither"),
        ({"STDOUT": "true", "MAX_EVENT_SIZE": "12"}, "LANNER_MAX_EVENT_SIZE: '12' is no number from 1024"),
        ({"STDOUT": "true", "SLACK_MINIMUM_PRIORITY": "high"}, "LANNER_SLACK_MINIMUM_PRIORITY: 'high' is no priority"),
        ({"STDOUT": "true", "RULE_MATCHING": "some"}, "LANNER_RULE_MATCHING: 'some' is none of: all, first"),
        ({"STDOUT": "true", "WEBHOOK_TOKEN": "x"}, "LANNER_WEBHOOK_TOKEN: this is set, but no LANNER_WEBHOOK_URL"),
        ({"LOGDNA_URL": "https://logs.example"}, "LANNER_LOGDNA_URL: there is no LANNER_LOGDNA_KEY, without which"),
        ({"IBM_LOGS_URL": "https://logs.example"}, "LANNER_IBM_LOGS_URL: there is no LANNER_IBM_LOGS_API_KEY"),
        ({"STDOUT": "true", "LOGDNA_KEY": "k"}, "LANNER_LOGDNA_KEY: this is set, but no LANNER_LOGDNA_URL"),
        ({"STDOUT": "true", "PROVIDER": "IBM Cloud"}, "LANNER_PROVIDER: 'IBM Cloud' is no name like 'iks'"),
        (
            {"STDOUT": "true", "SNS_TOPIC": TOPIC},
            "LANNER_SNS_TOPIC: there is no such setting; did you mean LANNER_SNS_",
        ),
    ],
)
def test_what_is_wrong_is_named(values: dict[str, str], wanted: str) -> None:
    with pytest.raises(UsageError, match=wanted):
        read(**values)


def test_settings_of_the_webhook() -> None:
    values = {
        "LANNER_AUTH_TOKENS": "a" * 20,
        "LANNER_AUTH_PATHS_FILE": "/run/paths",
        "LANNER_AUTH_CLIENT_HEADER": "X-Client-Subject",
        "LANNER_AUTH_CLIENT_SUBJECTS": "CN=api,O=shop; CN=other",
        "LANNER_TEE_URL": "https://falco.example/k8s-audit",
        "LANNER_TEE_TOKEN": "t",
    }
    settings = WebhookSettings.read(values)
    assert settings.tokens is not None
    assert settings.paths is not None
    assert settings.paths.name == "LANNER_AUTH_PATHS_FILE"
    assert settings.client_subjects == ("CN=api,O=shop", "CN=other")
    assert settings.tee is not None
    assert settings.tee.url.reveal() == "https://falco.example/k8s-audit"
    assert not settings.open
    assert WebhookSettings.read({"LANNER_AUTH": "none"}).open
    assert WebhookSettings.read({}).tee is None
    with pytest.raises(UsageError, match="LANNER_AUTH: 'off' is none of: required, none"):
        WebhookSettings.read({"LANNER_AUTH": "off"})
    with pytest.raises(UsageError, match="LANNER_TEE_TOKEN: there is a token, but no LANNER_TEE_URL"):
        WebhookSettings.read({"LANNER_TEE_TOKEN": "t"})


def test_every_setting_is_described() -> None:
    # GIVEN the page that lists the settings
    text = (Path(module.__file__).parents[3] / "functions" / "README.md").read_text()
    # THEN each of them stands there
    assert [name for name in sorted(NAMES) if not name.endswith(("_FILE", "_SECRET_ARN")) and name not in text] == []
