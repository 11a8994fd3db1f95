"""The Cloud Run function that API servers post audit events to."""

from __future__ import annotations

import os

import flask
import functions_framework

from lanner.pipeline import Settings
from lanner.pipeline.cloud_logging import CloudTelemetry
from lanner.pipeline.http import Request
from lanner.pipeline.settings import WebhookSettings
from lanner.pipeline.webhook import Webhook

__all__ = ["handle"]

_DRAINED_AT_ONCE = 65536

telemetry = CloudTelemetry()
webhook = telemetry.started(lambda: Webhook.from_settings(Settings.read(os.environ), WebhookSettings.read(os.environ)))


@functions_framework.http
def handle(request: flask.Request) -> flask.Response:
    """Answer one request."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    response = webhook.answer(Request(request.method, request.path, headers, request.stream.read))
    if response.outcome is not None:
        telemetry.report(response.outcome)
    while request.stream.read(_DRAINED_AT_ONCE):
        pass  # of a body that was not wanted: the framework would take all of it into memory
    return flask.Response(response.body, response.status, response.headers)
