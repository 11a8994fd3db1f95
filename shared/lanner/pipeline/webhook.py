"""The audit webhook that API servers post to, without any server around it.

An API server sends a batch again for about a minute after any answer but 2xx, and then drops it. So 200 means that
the alerts are safe, and what can never be read is kept and answered 200, too (spec/sources.md section 1).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from lanner.errors import LannerError, NotSafe, UsageError
from lanner.outputs.deadline import Deadline
from lanner.pipeline.authentication import Authentication, Caller
from lanner.pipeline.body import MAX_BODY, unpacked
from lanner.pipeline.http import Request, Response
from lanner.pipeline.pipeline import Pipeline
from lanner.pipeline.telemetry import LOGGER
from lanner.sources import Reject, apiserver

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lanner.pipeline.outcome import Outcome
    from lanner.pipeline.settings import Settings, WebhookSettings
    from lanner.pipeline.tee import Copier

__all__ = ["SECONDS", "Webhook", "copier_of"]

SECONDS = 18.0
"""Within which a request is answered: well below the 30 that an API server waits."""

_HEALTH, _AUDIT = ["health"], "audit"
_ORIGIN = "webhook"
_JSON = ("application/json", "text/json")
_PLAIN, _GZIP = ("", "identity"), ("gzip", "x-gzip")
_HEADERS = {
    "content-type": "text/plain; charset=utf-8",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}


class Webhook:
    """Answers the requests of API servers by what `pipeline` makes of them.

    Raises `UsageError` if `settings` do not say who may call. `copier` gets each batch, too.
    """

    def __init__(self, pipeline: Pipeline, settings: WebhookSettings, copier: Copier | None = None) -> None:
        self._pipeline = pipeline
        self._authentication = Authentication(settings)
        self._copier = copier
        self._logger = logging.getLogger(f"{LOGGER}.webhook")

    @classmethod
    def from_settings(cls, settings: Settings, webhook_settings: WebhookSettings) -> Webhook:
        """Return what a function needs. Raises `UsageError` or `RulesError` if it cannot be had."""
        if webhook_settings.open:
            raise UsageError(
                "LANNER_AUTH=none: a function can be called by everybody, so only `lanner serve` takes that"
            )
        return cls(Pipeline.from_settings(settings), webhook_settings, copier_of(settings, webhook_settings))

    def answer(self, request: Request, seconds: float = SECONDS) -> Response:
        """Return the answer to a request within `seconds`. Never raises."""
        deadline = Deadline(min(seconds, SECONDS))
        try:
            return self._answer(request, deadline)
        except LannerError as error:  # such as a secret that cannot be read: not the caller's fault
            self._logger.error("cannot answer: %s", error)
            return _told(503)
        except Exception:
            self._logger.exception("a request failed, which is a defect of Lanner (please report it)")
            return _told(500)

    def _answer(self, request: Request, deadline: Deadline) -> Response:
        segments = _segments(request.path)
        if segments == _HEALTH:
            return _told(200) if request.method in ("GET", "HEAD") else _told(405, {"allow": "GET, HEAD"})
        if segments[:1] != [_AUDIT] or len(segments) > 3:
            return _told(404)
        if request.method != "POST":
            return _told(405, {"allow": "POST"})
        caller = self._authentication.admit(segments[1:], request.headers)
        if not isinstance(caller, Caller):
            self._logger.info("refused with %d: no credential that counts", caller)
            return _told(caller, {"www-authenticate": "Bearer"} if caller == 401 else {})
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type and media_type not in _JSON and not media_type.endswith("+json"):
            return _told(415, {"accept": _JSON[0]})
        if request.headers.get("content-encoding", "").strip().lower() not in _PLAIN + _GZIP:
            return _told(415, {"accept-encoding": _GZIP[0]})
        try:
            body = request.read(MAX_BODY + 1)
        except Exception:  # of whatever server we are in: the caller went away, or sends no HTTP
            return _told(400)
        if len(body) > MAX_BODY:
            return _told(413)
        return self._take(body, caller, deadline)

    def _take(self, body: bytes, caller: Caller, deadline: Deadline) -> Response:
        """Judge a body, and answer when its alerts are safe."""
        copy = self._copier.begin(body, caller.cluster, deadline) if self._copier is not None else None
        try:
            outcome = self._judge(body, caller, deadline)
            response = _told(200, outcome=outcome)
        except NotSafe as error:
            outcome = error.outcome
            response = _told(503, {"retry-after": "10"}, outcome)
        if copy is not None:
            copy.finish(self._pipeline, outcome, deadline)
        return response

    def _judge(self, body: bytes, caller: Caller, deadline: Deadline) -> Outcome:
        text = unpacked(body)
        if isinstance(text, str):
            return self._pipeline.run([Reject(_ORIGIN, text, body)], deadline, cluster=caller.cluster)
        return self._pipeline.take(apiserver.events, text, deadline, origin=_ORIGIN, cluster=caller.cluster)


def copier_of(settings: Settings, webhook_settings: WebhookSettings) -> Copier | None:
    """Return what copies batches, `None` if nobody asks for it. Raises `UsageError` if it cannot be had."""
    if webhook_settings.tee is None:
        return None
    from lanner.pipeline.tee import Copier  # only here: most functions have no tee

    return Copier(webhook_settings.tee, settings)


def _segments(path: str) -> list[str]:
    """Return the segments of a path; one slash at its end plays no role."""
    return path.removeprefix("/").removesuffix("/").split("/")


def _told(status: int, more: Mapping[str, str] | None = None, outcome: Outcome | None = None) -> Response:
    """Return an answer that says no more than its status does."""
    from http import HTTPStatus

    return Response(status, {**_HEADERS, **(more or {})}, f"{HTTPStatus(status).phrase}\n".encode(), outcome)
