"""Google Pub/Sub on this machine: Google's own emulator where it is installed, and what tests ask of either kind."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

from emulators.processes import Child, Unavailable, answers, environment, free_port

__all__ = ["PROJECT", "PubSub", "PubSubEmulator"]

PROJECT = "projects/shop-prod"
_READY = 60.0
_JAR = "platform/pubsub-emulator/lib/cloud-pubsub-emulator-*.jar"
_TIMEOUT = 10.0
_POLL = 5.0
_AT_ONCE = 1000


class PubSubEmulator(Child):
    """Google's emulator, on 127.0.0.1. Raises `Unavailable` if it, or the Java that runs it, is not installed."""

    def __init__(self, folder: Path) -> None:
        java, jar = _java(), _jar()
        port = free_port()
        self.host = f"127.0.0.1:{port}"
        command: list[str | Path] = [java, "-jar", jar, "--host=127.0.0.1", f"--port={port}"]
        super().__init__(command, environment(), folder / "pubsub.log", folder, "the Pub/Sub emulator")

    def __enter__(self) -> Self:
        try:
            self.wait_for(lambda: answers(f"http://{self.host}"), _READY)
        except BaseException:
            self.kill()
            raise
        return self


class PubSub:
    """Topics and subscriptions at `host`, by their short names in the project `PROJECT`."""

    def __init__(self, host: str) -> None:
        import grpc
        from google.pubsub_v1 import PublisherClient, SubscriberClient
        from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
        from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

        self._channel = grpc.insecure_channel(host)
        self._publisher = PublisherClient(transport=PublisherGrpcTransport(channel=self._channel))
        self._subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=self._channel))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()

    def topic(self, name: str) -> str:
        """Make a topic; return its path."""
        path = f"{PROJECT}/topics/{name}"
        self._publisher.create_topic(name=path, timeout=_TIMEOUT)
        return path

    def subscription(self, topic: str, name: str, push_to: str = "") -> str:
        """Make a subscription of a topic (by its path), to be pulled from or pushed to a URL; return its path."""
        path = f"{PROJECT}/subscriptions/{name}"
        # A pull that ends while messages are on their way to it has leased them: they come back after this time.
        request: dict[str, Any] = {"name": path, "topic": topic, "ack_deadline_seconds": 60 if push_to else 10}
        if push_to:
            request["push_config"] = {"push_endpoint": push_to}
            request["retry_policy"] = {
                "minimum_backoff": timedelta(seconds=0.1),
                "maximum_backoff": timedelta(seconds=1),
            }
        self._subscriber.create_subscription(request=request, timeout=_TIMEOUT)
        return path

    def publish(self, topic: str, data: bytes, attributes: Mapping[str, str] | None = None) -> str:
        """Publish a message to a topic (by its path); return the message's id."""
        message = {"data": data, "attributes": dict(attributes or {})}
        answer = self._publisher.publish(topic=topic, messages=[message], timeout=_TIMEOUT)
        return str(answer.message_ids[0])

    def pull(self, subscription: str, count: int, seconds: float = 30) -> Iterator[tuple[bytes, dict[str, str]]]:
        """Yield data and attributes of messages, until there were `count`, or nothing came for some seconds."""
        from google.api_core.exceptions import DeadlineExceeded

        end = time.monotonic() + seconds
        while count > 0 and time.monotonic() < end:
            try:
                answer = self._subscriber.pull(
                    subscription=subscription, max_messages=min(count, _AT_ONCE), timeout=_POLL
                )
            except DeadlineExceeded:  # there is nothing at the moment
                continue
            received = answer.received_messages
            if received:
                self._subscriber.acknowledge(
                    subscription=subscription, ack_ids=[one.ack_id for one in received], timeout=_TIMEOUT
                )
                end = time.monotonic() + seconds
            for one in received:
                count -= 1
                yield bytes(one.message.data), dict(one.message.attributes)


def _java() -> str:
    java = shutil.which("java")
    if java is None:
        raise Unavailable("Google's Pub/Sub emulator needs Java (Debian, Ubuntu: apt-get install default-jre-headless)")
    return java


def _jar() -> Path:
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        raise Unavailable("Google's Pub/Sub emulator is a part of the Google Cloud CLI, which is not installed")
    found: Path | None = max(Path(gcloud).resolve().parents[1].glob(_JAR), default=None)
    if found is None:
        raise Unavailable(
            "the Google Cloud CLI is here without its Pub/Sub emulator (gcloud components install pubsub-emulator, or "
            "apt-get install google-cloud-cli-pubsub-emulator)"
        )
    return found
