"""Requests as API servers make them, and a webhook that takes them."""

from __future__ import annotations

import json

from doubles import Box, Recorder
from lanner.alerts import AlertFormat
from lanner.outputs.fanout import Route
from lanner.pipeline import Pipeline
from lanner.pipeline.http import Request, Response
from lanner.pipeline.secret import Secret
from lanner.pipeline.settings import WebhookSettings
from lanner.pipeline.tee import Copier
from lanner.pipeline.webhook import Webhook
from lanner.ruleset import Priority
from support import an_event, rules_from

__all__ = ["ACCESS", "JSON", "PATH", "TOKEN", "a_webhook", "batch", "post"]

TOKEN, PATH = "a-token-of-many-characters", "a-path-nobody-can-guess"
JSON = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}", "User-Agent": "Go-http-client/1.1"}
ACCESS = WebhookSettings(
    tokens=Secret.given("LANNER_AUTH_TOKENS", TOKEN), paths=Secret.given("LANNER_AUTH_PATHS", PATH)
)
RULES = """
- rule: Anything
  desc: d
  condition: ka.verb exists
  output: "%ka.verb by %ka.user.name"
  priority: NOTICE
  source: k8s_audit
"""


def batch(*numbers: int) -> bytes:
    """Return a body with an event for each number; each event alerts once."""
    items = [an_event(kind=None, apiVersion=None, auditID=f"audit-{number}") for number in numbers]
    return json.dumps({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "metadata": {}, "items": items}).encode()


def a_webhook(
    output: Recorder, box: Box | None = None, access: WebhookSettings = ACCESS, copier: Copier | None = None
) -> Webhook:
    """Return a webhook whose alerts go to `output`."""
    pipeline = Pipeline(rules_from(RULES), AlertFormat(), [Route(output, Priority.DEBUG)], box)
    return Webhook(pipeline, access, copier)


def post(made: Webhook, body: bytes, path: str = "/audit/shop", seconds: float = 18.0, **headers: str) -> Response:
    """Post a body with the token."""
    return made.answer(Request.of("POST", path, JSON | headers, body), seconds)
