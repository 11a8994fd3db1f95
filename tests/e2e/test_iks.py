"""What docs/iks.md sets up, as processes: an API server, the function from its package, log services, a collector."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from emulators.alert_receiver import AlertReceiver
from emulators.audit_backend import Backend
from emulators.cloud_run import CloudRunFunction
from emulators.ingestion import Ingestion
from emulators.kube_apiserver import AuditWebhook, KubeApiServer, version
from emulators.processes import Unavailable, free_port, wait_until
from emulators.tls_front import TlsFront
from functions_data import event, event_list, incident
from lanner.outputs.dead_letters import DeadLetter
from lanner.outputs.message import Message
from lanner.sources import apiserver

pytestmark = pytest.mark.e2e

PATH = "0123456789abcdef0123456789abcdef"
URL = f"/audit/{PATH}/shop"
DOWN = 12.0
"""Seconds for which a log service is down: longer than an attempt takes, shorter than an API server's patience."""

Start = Callable[[], CloudRunFunction]


@pytest.fixture
def service() -> Iterator[Ingestion]:
    """GIVEN the log services, by TLS."""
    with Ingestion() as started:
        yield started


@pytest.fixture
def collector() -> Iterator[AlertReceiver]:
    """GIVEN the collector that the cluster's webhook pointed to before."""
    with AlertReceiver() as started:
        yield started


@pytest.fixture
def settings(service: Ingestion, collector: AlertReceiver, tmp_path: Path) -> dict[str, str]:
    """The settings of docs/iks.md."""
    authority = tmp_path / "authority.pem"
    authority.write_bytes(service.authority)
    return (
        service.logdna_settings
        | service.ibm_settings
        | {
            "LANNER_AUTH_PATHS": PATH,
            "LANNER_PROVIDER": "iks",
            "LANNER_TEE_URL": collector.url,
            "LANNER_ALLOW_HTTP": "true",
            "LANNER_DEAD_LETTERS": f"file:{tmp_path / 'dead letters'}",
            "SSL_CERT_FILE": str(authority),
        }
    )


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def start(cloud_run_source: Callable[[str], Path], settings: dict[str, str], port: int, tmp_path: Path) -> Start:
    """What starts the function, at the same place each time."""
    source = cloud_run_source("http_webhook")
    return lambda: CloudRunFunction(source, "http", settings, tmp_path / "function.log", port)


def requests() -> list[bytes]:
    """Return requests as an API server sent them."""
    lines = incident()
    told = [event_list(*lines[start : start + 10]) for start in range(0, len(lines), 10)]
    return [event("apiserver_webhook")["body"].encode(), *told]


def shown(service: Ingestion, said: str) -> list[str]:
    """Return the secrets that a log shows."""
    return [secret for secret in (PATH, service.key, service.api_key, *service.granted) if secret in said]


def test_both_log_services_and_the_collector_get_everything(
    start: Start, service: Ingestion, collector: AlertReceiver, judge: Any, measured: Any
) -> None:
    # GIVEN what has to come of the requests
    wanted = judge(apiserver.events, requests(), "iks", "shop")
    # WHEN an API server posts them by the secret path, while the log services fail now and then
    service.faults.extend([500, "lost", 429, 403, 401, 413, 503])
    with start() as function:
        backend = Backend(function.url + URL)
        began = time.perf_counter()
        backend.send(requests())
        seconds = time.perf_counter() - began
        said = function.said(10**8)
    assert backend.lost == 0
    # THEN each alert is at both or among the dead letters, and the collector has each batch
    of_logdna = {taken.alert["id"] for taken in service.taken if taken.host}
    of_ibm = {taken.alert["id"] for taken in service.taken if not taken.host}
    assert service.statuses.keys() == {200, 401, 403, 413, 429, 500, 503}
    letters = map(DeadLetter.read, (function.log.parent / "dead letters").read_bytes().splitlines())
    kept = {(letter.output.partition(":")[0], Message.read(letter.content).id) for letter in letters}
    assert of_logdna | {id_ for output, id_ in kept if output == "logdna"} == wanted.ids
    assert of_ibm | {id_ for output, id_ in kept if output == "ibm-cloud-logs"} == wanted.ids
    texts = sorted(json.dumps(json.loads(body)) for body in requests())
    assert sorted(map(json.dumps, collector.alerts)) == texts
    assert not shown(service, said)
    measured(
        f"IKS: {len(texts)} requests in {seconds:.2f} s, {len(wanted.ids)} alerts: {len(of_logdna)} at LogDNA, "
        f"{len(of_ibm)} at IBM Cloud Logs, {len(kept)} dead letters, {len(collector.alerts)} batches at the collector"
    )


def test_a_log_service_that_is_down_and_crashes_lose_nothing(
    start: Start, settings: dict[str, str], service: Ingestion, judge: Any, measured: Any
) -> None:
    # GIVEN a function without dead letters, and a log service that is down
    del settings["LANNER_DEAD_LETTERS"], settings["LANNER_TEE_URL"]
    service.refusing = 503
    wanted = judge(apiserver.events, requests(), "iks", "shop")
    with start() as function:
        backend = Backend(function.url + URL, pause=3)
        backend.begin(requests())
        time.sleep(DOWN)
        # WHEN the function is killed, and both come back
        function.kill()
    service.refusing = 0
    with start() as function:
        backend.finish()
        assert not shown(service, function.said(10**8))
    # THEN all alerts are there, with the same ids
    assert backend.lost == 0
    assert backend.again > 0
    assert {taken.alert["id"] for taken in service.taken if taken.host} == wanted.ids
    assert {taken.alert["id"] for taken in service.taken if not taken.host} == wanted.ids
    measured(
        f"IKS: log services down for {DOWN:.0f} s, function killed: {service.statuses[503]} refusals, "
        f"{backend.again} batches came again, 0 of {len(wanted.ids)} alerts lost"
    )


def test_a_real_api_server(
    start: Start, port: int, service: Ingestion, collector: AlertReceiver, measured: Any, tmp_path: Path
) -> None:
    # GIVEN an API server that knows a URL and an authority, and has nothing to identify itself by
    with TlsFront(port) as front, start() as function:
        try:
            server = KubeApiServer(tmp_path, AuditWebhook(front.url + URL, "", front.authority))
        except Unavailable as error:
            pytest.skip(str(error))
        with server:
            # WHEN somebody creates a privileged pod
            container = {"name": "main", "image": "tool", "securityContext": {"privileged": True}}
            pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "intruder"}}
            began = time.perf_counter()
            pods = "/api/v1/namespaces/default/pods"
            assert server.request("POST", pods, pod | {"spec": {"containers": [container]}})[0] == 201
            # THEN the alert arrives at both log services, and the batch at the collector
            wait_until(lambda: len(service.taken) >= 2, 30, "an alert at both")
            seconds = time.perf_counter() - began
        assert not shown(service, function.said(10**8))
    first, second = service.alerts
    assert first == second
    assert (first["rule"], first["cluster"], first["provider"]) == ("Pod with Access to Its Node", "shop", "iks")
    assert any("default/pods" in item["requestURI"] for batch in collector.alerts for item in batch["items"])
    measured(f"IKS: kube-apiserver {version()} by a secret path: an alert at LogDNA and at IBM after {seconds:.1f} s")
