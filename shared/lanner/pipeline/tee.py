"""Copies of batches for another webhook: as they came, beside the judging, at nobody's cost."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lanner.outputs.addresses import Reach
from lanner.outputs.dead_letters import DeadLetter
from lanner.outputs.deadline import Deadline
from lanner.outputs.delivery import pause
from lanner.outputs.http import Answer, HttpClient
from lanner.pipeline.outcome import Outcome
from lanner.sources.stream import GZIP_MAGIC

if TYPE_CHECKING:
    from lanner.pipeline.pipeline import Pipeline
    from lanner.pipeline.settings import Settings, Tee

__all__ = ["SECONDS", "Copier", "Copy"]

SECONDS = 5.0
"""Within which a batch has to be taken: the API server waits for the answer as long."""

_HEADERS = {"Content-Type": "application/json"}
_PACKED = {"Content-Encoding": "gzip"}


class Copier:
    """Posts batches to the webhook of `tee`. Raises `UsageError` if its URL cannot be used."""

    def __init__(self, tee: Tee, settings: Settings) -> None:
        reach = Reach(settings.allow_private_addresses)
        url = tee.url.reveal() if tee.url.is_given else tee.url
        self._client = HttpClient(url, tee.url.name, token=tee.token, allow_http=settings.allow_http, reach=reach)

    @property
    def name(self) -> str:
        """The webhook as dead letters name it."""
        return f"tee:{self._client.host}"

    def begin(self, body: bytes, cluster: str, deadline: Deadline) -> Copy:
        """Begin to send a batch, and do not wait for it."""
        return Copy(self, body, cluster, Deadline(min(SECONDS, deadline.left() / 2)))

    def send(self, body: bytes, deadline: Deadline) -> tuple[Answer, int]:
        """Send a batch, again if need be until the time is over; return the last answer, and how often it was tried."""
        headers = _HEADERS | (_PACKED if body.startswith(GZIP_MAGIC) else {})
        attempts = 0
        while True:
            answer = self._client.post(body, headers, deadline.left())
            seconds = max(answer.wait, pause(attempts))
            attempts += 1
            if not answer.reason or answer.is_final or deadline.left() <= seconds:
                return answer, attempts
            time.sleep(seconds)


class Copy:
    """A batch on its way to the other webhook."""

    def __init__(self, copier: Copier, body: bytes, cluster: str, deadline: Deadline) -> None:
        import threading  # only here: most functions have no tee

        self._copier = copier
        self._body = body
        self._cluster = cluster
        self._deadline = deadline
        self._answer, self._attempts = Answer(reason="it did not answer in time"), 1
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def finish(self, pipeline: Pipeline, outcome: Outcome, deadline: Deadline) -> None:
        """Wait until the batch is taken, or its time is over; what is not taken is kept as a dead letter.

        Whether that succeeds only the log tells: the alerts are safe, and to have the batch sent again would not help.
        """
        self._thread.join(self._deadline.left())
        answer, attempts = self._answer, self._attempts
        if not answer.reason:
            return
        name = self._copier.name
        outcome.add_problem(f"{name}: {answer.reason}")
        letter = DeadLetter.of_payload(self._body, answer.reason, output=name, attempts=attempts, cluster=self._cluster)
        if not pipeline.keep(letter, outcome, deadline):
            outcome.add_problem(f"{name}: a batch is lost to it")

    def _send(self) -> None:
        try:
            self._answer, self._attempts = self._copier.send(self._body, self._deadline)
        except Exception as error:  # a defect of ours, which is to cost nothing but the copy
            self._answer = Answer(reason=f"{type(error).__name__}, which is a defect of Lanner (please report it)")
