"""The Cloud Run function behind a Pub/Sub topic: Cloud Audit log entries of GKE in, alerts out."""

from __future__ import annotations

import json
import os
from functools import partial
from typing import TYPE_CHECKING

import functions_framework

from lanner.outputs.deadline import Deadline
from lanner.pipeline import Pipeline, Settings
from lanner.pipeline.cloud_logging import CloudTelemetry
from lanner.sources import gke
from lanner.sources.gke_labels import ClusterLabels

if TYPE_CHECKING:
    from cloudevents.http import CloudEvent

__all__ = ["handle"]

_SECONDS = 25.0
"""Within which a message is dealt with; the subscription's acknowledgement deadline has to be longer."""

telemetry = CloudTelemetry()
settings = telemetry.started(lambda: Settings.read(os.environ))
pipeline = telemetry.started(lambda: Pipeline.from_settings(settings))
events = partial(gke.events, cluster_labels=ClusterLabels()) if settings.gke_labels else gke.events


@functions_framework.cloud_event
def handle(event: CloudEvent) -> None:
    """Judge one message, which is acknowledged if this returns.

    Raises `NotSafe` if an alert, or what could not be read, is neither delivered nor kept: Pub/Sub then delivers the
    message again.
    """
    data = event.get_data()
    payload = data if isinstance(data, bytes) else json.dumps(data).encode()
    origin = f"message {event['id']}"
    telemetry.run(lambda: pipeline.take(events, payload, Deadline(_SECONDS), origin=origin, provider="gke"))
