"""The Lambda function for audit logs of EKS: behind CloudWatch Logs, a Kinesis stream, or objects in S3."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any

from lanner.outputs.deadline import Deadline
from lanner.pipeline import Pipeline, Settings
from lanner.pipeline.powertools import LambdaTelemetry
from lanner.sources import eks

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

__all__ = ["handle"]

_MARGIN = 1.0
"""Seconds that are left when Lambda would end the function, for its last log lines."""

_MAX_INFLATED = 64 << 20
"""Bytes that a batch may have unpacked: what the function's memory holds a few times."""

telemetry = LambdaTelemetry()
pipeline = telemetry.started(lambda: Pipeline.from_settings(Settings.read(os.environ)))
blocks = partial(eks.blocks, max_inflated=_MAX_INFLATED)


@telemetry.logger.inject_lambda_context
def handle(event: Any, context: LambdaContext) -> dict[str, Any]:
    """Judge what Lambda hands over: one batch of log lines, or records; return the counts, or which records failed.

    Raises `NotSafe` if an alert, or what could not be read, is neither delivered nor kept: Lambda then calls again
    with the same event, and at last hands it to the function's destination for failures.
    """
    deadline = Deadline(context.get_remaining_time_in_millis() / 1000 - _MARGIN)
    origin = f"invocation {context.aws_request_id}"
    match event:
        case {"awslogs": {"data": str(data)}}:
            payload = data.encode()
            outcome = telemetry.run(lambda: pipeline.take(blocks, payload, deadline, origin=origin, provider="eks"))
            return outcome.measures()
    from lanner.pipeline.records import Records  # only here: a subscription hands over none

    records = Records(pipeline, event, origin, deadline)
    telemetry.run(records.run)
    return records.answer()
