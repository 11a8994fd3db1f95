"""The records of one Lambda invocation: judged one by one, so that exactly those that are not safe come again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lanner.errors import NotSafe
from lanner.outputs.deadline import Deadline
from lanner.pipeline.outcome import Outcome
from lanner.sources import Reject, delivered
from lanner.sources.aws_records import S3Object, invocation_records

if TYPE_CHECKING:
    from lanner.pipeline.pipeline import Pipeline
    from lanner.sources.aws_records import Record

__all__ = ["Records"]

_PROVIDER = "eks"
_SHARE = 0.25
"""The share of the time that is left which one record may take, or an equal one if there are fewer than four."""

_LEAST, _LEAST_SHARE = 2.0, 0.25
"""Seconds, and the share of all time, without which no record is begun."""


class Records:
    """Runs the records in Lambda's `event` through a pipeline, within one deadline. `origin` names the invocation."""

    def __init__(self, pipeline: Pipeline, event: Any, origin: str, deadline: Deadline) -> None:
        self._pipeline = pipeline.together()
        self._records = invocation_records(event, origin)
        self._deadline = deadline
        self._failed: list[str] = []
        self._outcome = Outcome()

    def run(self) -> Outcome:
        """Judge all records, and return what all of them came to.

        Raises `NotSafe`, after all were seen to, if one is not safe that has no name by which it could be reported.
        """
        least = min(_LEAST, self._deadline.left() * _LEAST_SHARE)
        for number, record in enumerate(self._records):
            left = self._deadline.left()
            if left <= least:
                self._not_begun(record)
                continue
            share = max(left * _SHARE, left / (len(self._records) - number))
            if not self._is_safe(record, Deadline(share)):
                self._failed.append(record.id)
        if "" in self._failed:
            problems = "; ".join(self._outcome.problems)
            raise NotSafe(f"{self._outcome.not_safe:,} alerts or records are not safe: {problems}", self._outcome)
        return self._outcome

    def answer(self) -> dict[str, Any]:
        """Return what Lambda is to be told: which records have to come again; the counts where it does not ask."""
        if any(record.id for record in self._records):
            return {"batchItemFailures": [{"itemIdentifier": id_} for id_ in self._failed]}
        return self._outcome.measures()

    def _is_safe(self, record: Record, deadline: Deadline) -> bool:
        before = self._outcome.not_safe
        texts = [content for content in record.contents if isinstance(content, bytes)]
        if texts:
            self._take(texts, record.origin, deadline)
        for content in record.contents:
            if not isinstance(content, bytes):
                self._take(content, record.origin, deadline)
        return self._outcome.not_safe == before

    def _take(self, content: list[bytes] | S3Object | Reject, origin: str, deadline: Deadline) -> None:
        try:
            if isinstance(content, list):
                payloads = [(origin, text) for text in content]
                outcome = self._pipeline.take_all(delivered.blocks, payloads, deadline, provider=_PROVIDER)
            elif isinstance(content, Reject):
                outcome = self._pipeline.run([content], deadline, provider=_PROVIDER)
            else:
                outcome = self._take_object(content, origin, deadline)
        except NotSafe as error:
            outcome = error.outcome
        self._outcome.add(outcome)

    def _take_object(self, found: S3Object, origin: str, deadline: Deadline) -> Outcome:
        from lanner.pipeline.s3_objects import ObjectSource  # only here: most functions read no objects

        source = ObjectSource(found, deadline)
        place = f"{origin} {found.name}"
        try:
            outcome = self._pipeline.take(source, found.notification(), deadline, origin=place, provider=_PROVIDER)
        except NotSafe as error:
            outcome = error.outcome
        if source.failure:
            outcome.not_safe += 1
            outcome.add_problem(source.failure)
        return outcome

    def _not_begun(self, record: Record) -> None:
        self._failed.append(record.id)
        self._outcome.not_safe += 1
        self._outcome.add_problem("there was no time left for all records")
