"""The function behind an Event Hub: diagnostic logs of AKS in, alerts out."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, List  # noqa: UP035 - the worker refuses a function whose events are a `list[...]`

import azure.functions as func

from lanner.outputs.deadline import Deadline
from lanner.pipeline import Pipeline, Settings
from lanner.pipeline.azure_logging import AzureTelemetry
from lanner.sources import aks

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["app"]

_SECONDS = 120.0
"""Within which a batch is dealt with; the time-out in `host.json` has to be longer."""

telemetry = AzureTelemetry()
pipeline = telemetry.started(lambda: Pipeline.from_settings(Settings.read(os.environ)))

app = func.FunctionApp()


# The host moves its checkpoint whether or not the function succeeds: it has to be made to call again until it does.
@app.function_name("lanner")
@app.event_hub_message_trigger(
    arg_name="events",
    event_hub_name="%EVENT_HUB_NAME%",
    connection="EVENT_HUB",
    consumer_group="%EVENT_HUB_CONSUMER_GROUP%",
    cardinality=func.Cardinality.MANY,
    data_type=func.DataType.BINARY,
)
@app.retry(
    strategy="exponential_backoff", max_retry_count="-1", minimum_interval="00:00:02", maximum_interval="00:02:00"
)
def handle(events: List[func.EventHubEvent]) -> None:  # noqa: UP006
    """Judge a batch of one partition, which is done with if this returns.

    Raises `NotSafe` if an alert, or what could not be read, is neither delivered nor kept: the host then calls again
    with the same batch.
    """
    deadline = Deadline(_SECONDS)
    telemetry.run(lambda: pipeline.take_all(aks.events, _payloads(events), deadline, provider="aks"))


def _payloads(events: list[func.EventHubEvent]) -> Iterator[tuple[str, bytes]]:
    """Yield where each event stood, and its body."""
    partition = _partition(events)
    for event in events:
        yield (
            f"partition {partition}, sequence number {event.sequence_number}, offset {event.offset}",
            event.get_body(),
        )


def _partition(events: list[func.EventHubEvent]) -> str:
    """Return the partition that a batch comes from, as the host tells it for all of its events."""
    match events[0].metadata if events else None:
        case {"PartitionContext": {"PartitionId": str(name)}}:
            return name
    return "unknown"
