"""The Lambda function that API servers post audit events to, behind a function URL or an HTTP API."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING, Any

from lanner.pipeline import Settings
from lanner.pipeline.http import Request
from lanner.pipeline.powertools import LambdaTelemetry
from lanner.pipeline.settings import WebhookSettings
from lanner.pipeline.webhook import Webhook

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

__all__ = ["handle"]

_MARGIN = 1.0
"""Seconds that are left when Lambda would end the function, for its last log lines."""

telemetry = LambdaTelemetry()
webhook = telemetry.started(lambda: Webhook.from_settings(Settings.read(os.environ), WebhookSettings.read(os.environ)))


@telemetry.logger.inject_lambda_context
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request (payload format 2.0)."""
    http = event.get("requestContext", {}).get("http", {})
    headers = {name.lower(): value for name, value in event.get("headers", {}).items()}

    def read(size: int) -> bytes:
        body = event.get("body") or ""
        return (base64.b64decode(body) if event.get("isBase64Encoded") else body.encode())[:size]

    request = Request(http.get("method", ""), event.get("rawPath", ""), headers, read)
    response = webhook.answer(request, context.get_remaining_time_in_millis() / 1000 - _MARGIN)
    if response.outcome is not None:
        telemetry.report(response.outcome)
    return {"statusCode": response.status, "headers": dict(response.headers), "body": response.body.decode()}
