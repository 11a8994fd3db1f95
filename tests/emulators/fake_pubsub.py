"""A small Pub/Sub in this process, for machines without Google's emulator, and for tests that should be quick.

It speaks Pub/Sub's own protocol (gRPC): topics, publishing, pulling, acknowledging. To a push endpoint it delivers as
Eventarc does to Cloud Run functions (a CloudEvent in binary mode); any answer but 2xx brings the message again.
It knows no ordering, no filters, no dead-letter policies and no permissions.
"""

from __future__ import annotations

import base64
import json
import threading
import time
import urllib.request
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
from types import TracebackType
from typing import Any, Self

import grpc
from google.protobuf.empty_pb2 import Empty
from google.pubsub_v1 import types

__all__ = ["FakePubSub"]

_PUSHERS = 4
_PUSH_SECONDS = 30.0
_FIRST_DELAY, _LONGEST_DELAY = 0.05, 1.0


class _Message:
    def __init__(self, identity: str, message: types.PubsubMessage) -> None:
        self.id = identity
        self.data = bytes(message.data)
        self.attributes = dict(message.attributes)
        self.time = datetime.now(UTC)
        self.attempts = 0

    def received(self) -> types.PubsubMessage:
        return types.PubsubMessage(
            data=self.data, attributes=self.attributes, message_id=self.id, publish_time=self.time
        )


class _Subscription:
    """Messages that wait, and those that somebody has pulled and not acknowledged yet."""

    def __init__(self, spec: types.Subscription) -> None:
        self.spec = spec
        self._changed = threading.Condition()
        self._waiting: deque[_Message] = deque()
        self._leased: dict[str, tuple[float, _Message]] = {}
        self._leases = count(1)

    def put(self, message: _Message) -> None:
        with self._changed:
            self._waiting.append(message)
            self._changed.notify()

    def take(self, most: int, seconds: float) -> list[tuple[str, _Message]]:
        """Lease some messages; wait for the first, for some seconds at the most."""
        with self._changed:
            self._take_back()
            self._changed.wait_for(lambda: bool(self._waiting), seconds)
            taken: list[tuple[str, _Message]] = []
            while self._waiting and len(taken) < most:
                message = self._waiting.popleft()
                message.attempts += 1
                lease = f"lease-{next(self._leases)}"
                self._leased[lease] = (time.monotonic() + (self.spec.ack_deadline_seconds or 10), message)
                taken.append((lease, message))
            return taken

    def end(self, leases: list[str], *, again: bool = False) -> None:
        """End leases: the messages are dealt with, or have to be delivered again."""
        with self._changed:
            ended = [found[1] for lease in leases if (found := self._leased.pop(lease, None))]
            if again:
                self._waiting.extend(ended)
                self._changed.notify_all()

    def _take_back(self) -> None:
        now = time.monotonic()
        for lease in [lease for lease, (end, _) in self._leased.items() if end <= now]:
            self._waiting.append(self._leased.pop(lease)[1])


class FakePubSub:
    """Serves Pub/Sub on 127.0.0.1 at a port of its own, as long as a `with` block."""

    def __init__(self) -> None:
        self._topics: dict[str, list[_Subscription]] = {}
        self._subscriptions: dict[str, _Subscription] = {}
        self._ids = count(8_000_000_000_000_000)
        self._closed = threading.Event()
        self._pushers: list[threading.Thread] = []
        self._server = grpc.server(ThreadPoolExecutor(16), handlers=self._handlers())
        self.host = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        self._server.stop(None).wait()
        for pusher in self._pushers:
            pusher.join()

    def _handlers(self) -> list[grpc.GenericRpcHandler]:
        def call(request: Any, work: Callable[[Any], Any]) -> grpc.RpcMethodHandler:
            def run(message: Any, context: grpc.ServicerContext) -> Any:
                try:
                    return work(message)
                except KeyError as error:
                    context.abort(grpc.StatusCode.NOT_FOUND, f"there is no {error}")

            return grpc.unary_unary_rpc_method_handler(run, request.deserialize, _serialized)

        publisher = {
            "CreateTopic": call(types.Topic, self._create_topic),
            "Publish": call(types.PublishRequest, self._publish),
        }
        subscriber = {
            "CreateSubscription": call(types.Subscription, self._subscribe),
            "Pull": call(types.PullRequest, self._pull),
            "Acknowledge": call(types.AcknowledgeRequest, self._acknowledge),
            "ModifyAckDeadline": call(types.ModifyAckDeadlineRequest, self._modify),
        }
        return [
            grpc.method_handlers_generic_handler("google.pubsub.v1.Publisher", publisher),
            grpc.method_handlers_generic_handler("google.pubsub.v1.Subscriber", subscriber),
        ]

    def _create_topic(self, topic: types.Topic) -> types.Topic:
        self._topics.setdefault(topic.name, [])
        return topic

    def _publish(self, request: types.PublishRequest) -> types.PublishResponse:
        subscriptions = self._topics[request.topic]
        ids = [str(next(self._ids)) for _ in request.messages]
        for identity, message in zip(ids, request.messages, strict=True):
            for subscription in subscriptions:
                subscription.put(_Message(identity, message))
        return types.PublishResponse(message_ids=ids)

    def _subscribe(self, spec: types.Subscription) -> types.Subscription:
        subscription = _Subscription(spec)
        self._topics[spec.topic].append(subscription)
        self._subscriptions[spec.name] = subscription
        if spec.push_config.push_endpoint:
            for _ in range(_PUSHERS):
                pusher = threading.Thread(target=self._push_all, args=(subscription,), daemon=True)
                pusher.start()
                self._pushers.append(pusher)
        return spec

    def _pull(self, request: types.PullRequest) -> types.PullResponse:
        taken = self._subscriptions[request.subscription].take(request.max_messages, 0.1)
        return types.PullResponse(
            received_messages=[
                types.ReceivedMessage(ack_id=lease, message=message.received()) for lease, message in taken
            ]
        )

    def _acknowledge(self, request: types.AcknowledgeRequest) -> Empty:
        self._subscriptions[request.subscription].end(list(request.ack_ids))
        return Empty()

    def _modify(self, request: types.ModifyAckDeadlineRequest) -> Empty:
        if request.ack_deadline_seconds == 0:
            self._subscriptions[request.subscription].end(list(request.ack_ids), again=True)
        return Empty()

    def _push_all(self, subscription: _Subscription) -> None:
        while not self._closed.is_set():
            for lease, message in subscription.take(1, 0.2):
                is_taken = _push(subscription.spec, message)
                if not is_taken:
                    self._closed.wait(min(_LONGEST_DELAY, _FIRST_DELAY * 2 ** (message.attempts - 1)))
                subscription.end([lease], again=not is_taken)


def _push(spec: types.Subscription, message: _Message) -> bool:
    """Deliver a message to the subscription's endpoint; return whether that took it."""
    published = message.time.isoformat().replace("+00:00", "Z")
    body = {
        "message": {
            "data": base64.b64encode(message.data).decode(),
            "attributes": message.attributes,
            "messageId": message.id,
            "message_id": message.id,
            "publishTime": published,
            "publish_time": published,
        },
        "subscription": spec.name,
    }
    head = {
        "content-type": "application/json",
        "ce-specversion": "1.0",
        "ce-id": message.id,
        "ce-type": "google.cloud.pubsub.topic.v1.messagePublished",
        "ce-source": f"//pubsub.googleapis.com/{spec.topic}",
        "ce-time": published,
    }
    request = urllib.request.Request(spec.push_config.push_endpoint, json.dumps(body).encode(), head)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=_PUSH_SECONDS):  # noqa: S310 - one of our own
            return True
    except OSError:  # every error of urllib is one
        return False


def _serialized(message: Any) -> bytes:
    """Return the bytes of a message of proto-plus, or of protobuf itself."""
    packed: bytes = message.SerializeToString() if isinstance(message, Empty) else type(message).serialize(message)
    return packed
