"""The Lambda function behind a CloudWatch Logs subscription: audit logs of EKS in, alerts out."""

from __future__ import annotations

import json
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
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, float]:
    """Judge one batch of log lines; return the counts.

    Raises `NotSafe` if an alert, or what could not be read, is neither delivered nor kept: Lambda then calls again
    with the same batch, and at last hands it to the function's destination for failures.
    """
    deadline = Deadline(context.get_remaining_time_in_millis() / 1000 - _MARGIN)
    origin = f"invocation {context.aws_request_id}"
    outcome = telemetry.run(lambda: pipeline.take(blocks, _payload(event), deadline, origin=origin, provider="eks"))
    return outcome.measures()


def _payload(event: Any) -> bytes:
    """Return the batch as CloudWatch Logs packed it; an event of another kind as it is, to be kept as a dead letter."""
    match event:
        case {"awslogs": {"data": str(data)}}:
            return data.encode()
    return json.dumps(event).encode()
