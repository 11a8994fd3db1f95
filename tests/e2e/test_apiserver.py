"""A real API server that posts its audit log to the webhook function."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from emulators.alert_receiver import AlertReceiver
from emulators.cloud_run import CloudRunFunction
from emulators.kube_apiserver import AuditWebhook, KubeApiServer, version
from emulators.processes import Unavailable, environment, free_port, wait_until
from emulators.tls_front import TlsFront

pytestmark = pytest.mark.e2e

TOKEN = "0123456789abcdef0123456789abcdef"
CLUSTER = "real"
PODS = "/api/v1/namespaces/default/pods"
RULE = "Pod with Access to Its Node"
CRASHES, DOWN = 3, 3.0
"""How often the function is killed, and for how many seconds it is away."""

PATIENCE = 120.0
"""Seconds that the API server has for sending again what was not taken: it pauses for 10, 15, 23 ..."""

Cluster = tuple[KubeApiServer, Callable[[], CloudRunFunction], AlertReceiver]


@pytest.fixture
def cluster(cloud_run_source: Callable[[str], Path], tmp_path: Path) -> Iterator[Cluster]:
    """GIVEN an API server, what starts the function that it posts to, and who gets its alerts."""
    port = free_port()
    source = cloud_run_source("http_webhook")
    with AlertReceiver() as receiver, TlsFront(port) as front:
        settings = receiver.settings | {"LANNER_AUTH_TOKENS": f"{CLUSTER}={TOKEN}"}
        try:
            started = KubeApiServer(tmp_path, AuditWebhook(f"{front.url}/audit", TOKEN, front.authority))
        except Unavailable as error:
            pytest.skip(str(error))
        with started:
            yield (
                started,
                lambda: CloudRunFunction(source, "http", settings, tmp_path / "function.log", port),
                receiver,
            )


def pod(name: str, *, privileged: bool) -> dict[str, Any]:
    """Return a pod as one creates it."""
    container = {"name": "main", "image": "registry.corp.example/tool", "securityContext": {"privileged": privileged}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [container]}}


class Life:
    """Somebody who creates pods, looks at them and deletes them; every fourth is privileged."""

    def __init__(self, server: KubeApiServer) -> None:
        self.created = 0
        self._server = server
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._live)
        self._thread.start()

    def end(self) -> None:
        """Stop, when what is begun is done."""
        self._ended.set()
        self._thread.join()

    def _live(self) -> None:
        while not self._ended.is_set():
            name = f"pod-{self.created}"
            status, _ = self._server.request("POST", PODS, pod(name, privileged=self.created % 4 == 0))
            assert status == 201
            self._server.request("GET", f"{PODS}/{name}")
            self._server.request("DELETE", f"{PODS}/{name}?gracePeriodSeconds=0")
            self.created += 1
            self._ended.wait(0.1)


def test_a_privileged_pod_alerts(cluster: Cluster, measured: Any) -> None:
    server, function, receiver = cluster
    with function():
        # WHEN a privileged pod is created
        began = time.perf_counter()
        status, _ = server.request("POST", PODS, pod("intruder", privileged=True))
        assert status == 201
        # THEN its alert arrives, under the name that goes with the token
        wait_until(lambda: bool(receiver.alerts), 30, "an alert")
        seconds = time.perf_counter() - began
    (alert,) = receiver.alerts
    assert (alert["rule"], alert["cluster"]) == (RULE, CLUSTER)
    assert "default/intruder" in alert["output"]
    measured(f"kube-apiserver {version()}: an alert {seconds:.1f} s after the request (it batches for 1 s)")


def scanned(audit_log: Path) -> set[str]:
    """Return the ids of the alerts that `lanner scan` finds in an audit log."""
    command = [sys.executable, "-m", "lanner", "scan", "--format", "json", "--cluster", CLUSTER, audit_log]
    told = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=60, check=True)
    return {json.loads(line)["id"] for line in told.stdout.splitlines()}


def test_crashes_lose_nothing(cluster: Cluster, measured: Any) -> None:
    server, function, receiver = cluster
    life = Life(server)
    # WHEN the function is killed while requests go on, and comes back, again and again
    for _ in range(CRASHES):
        with function() as started:
            seen = len(receiver.alerts)
            wait_until(lambda seen=seen: len(receiver.alerts) > seen, PATIENCE, "an alert")
            started.kill()
        time.sleep(DOWN)
    with function():
        life.end()
        # THEN every alert that there is in the API server's own log arrives
        expected = scanned(server.audit_log)
        assert len(expected) >= life.created // 4
        wait_until(lambda: receiver.ids >= expected, PATIENCE, "the last alert")
    assert receiver.ids == expected
    count = len(server.audit_log.read_text().splitlines())
    measured(
        f"kube-apiserver {version()}: {life.created} pods, {count} audit events, function killed {CRASHES} times: "
        f"{len(expected)} alerts, {len(receiver.alerts) - len(receiver.ids)} came twice, 0 lost"
    )
