"""Labels of GKE clusters, asked of the Container API (spec/sources.md section 2, cluster metadata).

The answers are kept for a while, and so is a failure, for a shorter one: whatever the API does, it is asked so seldom
that events do not wait for it. If it cannot be reached at all, it is left alone for that while. Labels that were known
stay in use until there are newer ones.
"""

from __future__ import annotations

import re
import time
from threading import Lock
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["LIFETIME", "MAX_CLUSTERS", "PAUSE", "TIMEOUT", "Client", "ClusterLabels"]

LIFETIME = 600.0
"""Seconds for which a cluster's labels are kept."""

PAUSE = 30.0
"""Seconds after a failure before the API is asked again."""

TIMEOUT = 3.0
"""Seconds that an answer may take."""

MAX_CLUSTERS = 1000
"""Clusters whose labels are kept; those that were asked for first go first."""

# Names of projects (perhaps with their domain), locations and clusters: none of them can leave its place in a path.
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9:_-]|\.(?!\.)){0,99}")
_FROM_THE_CLUSTER = (400, 403, 404)
"""HTTP status codes of answers that say nothing about other clusters."""

_NOTHING: Mapping[str, str] = {}


class _Cluster(Protocol):
    resource_labels: Mapping[str, str]


class Client(Protocol):
    """What is needed of `google.cloud.container_v1.ClusterManagerClient`."""

    def get_cluster(self, *, name: str, retry: None, timeout: float) -> _Cluster:
        """Return the cluster of a resource name."""


class _Known(msgspec.Struct, frozen=True):
    """What is known of a cluster, and until when."""

    labels: Mapping[str, str]
    until: float


class ClusterLabels:
    """Finds clusters' labels, by `connect` for a client of the API and `now` for the time in seconds.

    `failures` counts questions without an answer, `last_failure` says why the last one had none. Threads may share it.
    """

    def __init__(
        self,
        connect: Callable[[], Client] | None = None,
        *,
        lifetime: float = LIFETIME,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.failures = 0
        self.last_failure = ""
        self._connect = connect or _client
        self._lifetime = lifetime
        self._now = now
        self._client: Client | None = None
        self._known: dict[str, _Known] = {}
        self._asks_again = float("-inf")
        self._lock = Lock()

    def __call__(self, project: str, location: str, cluster: str) -> Mapping[str, str]:
        """Return the labels of a cluster; none if they cannot be had. Never raises."""
        if not all(map(_NAME.fullmatch, (project, location, cluster))):
            return _NOTHING
        name = f"projects/{project}/locations/{location}/clusters/{cluster}"
        with self._lock:
            known, now = self._known.get(name), self._now()
            if known is not None and now < known.until:
                return known.labels
            if now < self._asks_again:
                return known.labels if known is not None else _NOTHING
            # Others are not to ask the same meanwhile.
            self._keep(name, known.labels if known is not None else _NOTHING, now + PAUSE)
        labels = self._ask(name)
        if labels is None:
            return known.labels if known is not None else _NOTHING
        with self._lock:
            self._keep(name, labels, self._now() + self._lifetime)
        return labels

    def _keep(self, name: str, labels: Mapping[str, str], until: float) -> None:
        self._known.pop(name, None)
        self._known[name] = _Known(labels, until)
        if len(self._known) > MAX_CLUSTERS:
            del self._known[next(iter(self._known))]

    def _ask(self, name: str) -> Mapping[str, str] | None:
        try:
            if self._client is None:
                self._client = self._connect()
            cluster = self._client.get_cluster(name=name, retry=None, timeout=TIMEOUT)
            return dict(cluster.resource_labels)
        except Exception as error:  # no event is to be lost for a label
            self._note(name, error)
            return None

    def _note(self, name: str, error: Exception) -> None:
        """Count a failure and log it; if it may concern other clusters, let the API rest."""
        import logging

        reason = str(error) or type(error).__name__
        with self._lock:
            self.failures += 1
            self.last_failure = f"{name}: {reason[:300]}"
            if getattr(error, "code", None) not in _FROM_THE_CLUSTER:
                self._asks_again = self._now() + PAUSE
        logging.getLogger("lanner").warning("no labels of %s", self.last_failure)


def _client() -> Client:
    from google.cloud.container_v1 import ClusterManagerClient

    client: Client = ClusterManagerClient()
    return client
