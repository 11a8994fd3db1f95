"""How often each kind of event comes: 70 % noise, 29 % creates, 1 % creates that alert."""

import json
from collections.abc import Callable, Iterator
from itertools import accumulate
from pathlib import Path

from bench.generator import creates, noise
from bench.generator.alerting import ALERTING
from bench.generator.cluster import Cluster

__all__ = ["MIX", "generate", "write_events"]


def _alerting(cluster: Cluster) -> dict:
    return cluster.random.choice(ALERTING)(cluster)


MIX: dict[str, tuple[float, Callable[[Cluster], dict]]] = {
    "node heartbeat": (18.2, noise.node_heartbeat),
    "read": (12.6, noise.read),
    "pod status": (9.8, noise.pod_status),
    "pod": (8.7, creates.pod),
    "leader election": (8.4, noise.leader_election),
    "watch": (8.4, noise.watch),
    "Kubernetes event": (7.25, creates.event),
    "listing": (7.0, noise.listing),
    "access review": (4.06, creates.access_review),
    "node status": (3.5, noise.node_status),
    "binding": (2.32, creates.binding),
    "replica set": (2.32, creates.replica_set),
    "job": (2.32, creates.job),
    "health probe": (2.1, noise.health_probe),
    "token review": (2.03, creates.token_review),
    "alerting": (1.0, _alerting),
}
"""What is made, with its share in per cent."""

_KINDS = list(MIX)
_UP_TO = list(accumulate(share for share, _ in MIX.values()))


def generate(number: int, seed: int = 1) -> Iterator[tuple[str, dict]]:
    """Yield `number` events, each with its kind. The same seed gives the same events."""
    cluster = Cluster(seed)
    for _ in range(number):
        (kind,) = cluster.random.choices(_KINDS, cum_weights=_UP_TO)
        yield kind, MIX[kind][1](cluster)
        cluster.pass_time()


def write_events(path: Path, number: int, seed: int = 1) -> None:
    """Write `number` events as JSON lines."""
    encode = json.JSONEncoder(separators=(",", ":")).encode
    with path.open("w", encoding="ascii") as file:
        for _, event in generate(number, seed):
            file.write(encode(event) + "\n")
