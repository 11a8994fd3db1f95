"""A topic of log entries, the Cloud Run function, and a topic of alerts, by Google's Pub/Sub emulator."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

from demo.screen import Screen
from demo.source import unpacked_source
from emulators import cloud_audit_log
from emulators.cloud_run import CloudRunFunction
from emulators.fake_pubsub import FakePubSub
from emulators.processes import Unavailable, free_port
from emulators.pubsub import PubSub, PubSubEmulator
from functions_data import incident

__all__ = ["run"]

_RECORDED = ("gcp_pubsub", "gcp_pubsub_refused", "gcp_pubsub_container", "gcp_pubsub_text")


def run(screen: Screen, folder: Path) -> None:
    """Show it. Raises `UsageError` if something is missing."""
    with ExitStack() as stack:
        host = _pubsub(screen, folder, stack)
        pubsub = stack.enter_context(PubSub(host))
        log_topic, alert_topic, dead_letter_topic = map(pubsub.topic, ("audit-log", "alerts", "dead-letters"))
        alerts = pubsub.subscription(alert_topic, "alerts")
        dead_letters = pubsub.subscription(dead_letter_topic, "dead-letters")

        screen.step("Starting the function (functions framework) from its source package")
        settings = {
            "LANNER_PUBSUB_TOPIC": alert_topic,
            "LANNER_DEAD_LETTERS": dead_letter_topic,
            "PUBSUB_EMULATOR_HOST": host,
        }
        function = CloudRunFunction(
            unpacked_source(folder, "gcp_pubsub"), "cloudevent", settings, folder / "function.log", free_port()
        )
        stack.enter_context(function)
        pubsub.subscription(log_topic, "lanner", function.url)
        screen.note(f"{log_topic} -> {function.url} -> {alert_topic}")

        entries = [*map(cloud_audit_log.recorded, _RECORDED), *cloud_audit_log.written(incident())]
        screen.step(f"Publishing {len(entries)} log entries (of tests/events); alerts as they arrive:")
        screen.begin()
        for entry in entries:
            pubsub.publish(log_topic, entry)
        for data, _ in pubsub.pull(alerts, len(entries), seconds=4):
            screen.alert(json.loads(data))
        screen.end(len(entries), "log entries", len(list(pubsub.pull(dead_letters, len(entries), 0.5))))


def _pubsub(screen: Screen, folder: Path, stack: ExitStack) -> str:
    """Start Pub/Sub, Google's emulator if it is here; return its host and port."""
    screen.step("Starting Pub/Sub on this machine")
    try:
        host = stack.enter_context(PubSubEmulator(folder)).host
    except Unavailable as error:
        host = stack.enter_context(FakePubSub()).host
        screen.note(f"{error}. A small stand-in of this repository takes its place, at {host}")
    else:
        screen.note(f"Google's emulator, at {host}")
    return host
