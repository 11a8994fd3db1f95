"""Where dead letters are kept: one module a box."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lanner.errors import UsageError

if TYPE_CHECKING:
    from lanner.outputs.dead_letters import DeadLetterBox

__all__ = ["box_at"]


def box_at(address: str) -> DeadLetterBox:
    """Return the box at an address. Raises `UsageError` if it is none.

    That is the URL of an SQS queue or of an Azure Storage queue, a topic or a subscription of Pub/Sub
    (`projects/P/topics/T`, `projects/P/subscriptions/S`), or `file:PATH`.
    """
    if address.startswith("file:"):
        from lanner.outputs.boxes.file import FileBox

        return FileBox(address.removeprefix("file:"))
    if address.startswith("projects/"):
        from lanner.outputs.boxes.pubsub import PubSubBox

        return PubSubBox(address)
    if ".amazonaws." not in address:  # a cold start on AWS does without the other module
        from lanner.outputs.boxes.storage_queue import StorageQueueBox, is_storage_queue

        if is_storage_queue(address):
            return StorageQueueBox(address)
    if address.startswith(("https://", "http://")):
        from lanner.outputs.boxes.sqs import SqsBox

        return SqsBox(address)
    raise UsageError(
        f"{address!r} is no place for dead letters: give the URL of an SQS queue or an Azure Storage queue, a "
        "Pub/Sub topic (projects/PROJECT/topics/TOPIC), or file:PATH"
    )
