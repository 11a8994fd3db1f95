"""The webhook function as Cloud Run starts it, and an API server's backend that batches and sends again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from emulators.alert_receiver import AlertReceiver
from emulators.audit_backend import Backend
from emulators.cloud_run import CloudRunFunction
from emulators.processes import answers, free_port, wait_until
from functions_data import event, event_list, incident
from lanner.sources import apiserver

TOKEN, NEXT_TOKEN = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
PATH = "/audit/shop"

Start = Callable[..., CloudRunFunction]


@pytest.fixture
def receiver() -> Iterator[AlertReceiver]:
    """Somebody's webhook that alerts go to."""
    with AlertReceiver() as started:
        yield started


@pytest.fixture
def function(cloud_run_source: Callable[[str], Path], receiver: AlertReceiver, tmp_path: Path) -> Start:
    """What starts the function."""
    source = cloud_run_source("http_webhook")
    settings = receiver.settings | {"LANNER_AUTH_TOKENS": f"{TOKEN},{NEXT_TOKEN}"}
    return lambda port=0: CloudRunFunction(source, "http", settings, tmp_path / "function.log", port)


def bodies_of(lines: list[str], size: int) -> list[bytes]:
    """Return the bodies that tell of an audit log, `size` events each, in the order of which nobody can be sure."""
    bodies = [event_list(*lines[start : start + size]) for start in range(0, len(lines), size)]
    random.Random(7).shuffle(bodies)
    return bodies


def test_every_alert_of_an_audit_log_arrives(
    function: Start, receiver: AlertReceiver, judge: Any, measured: Any
) -> None:
    # GIVEN what has to come of the log of an incident, and a request as an API server sent it
    bodies = [*bodies_of(incident(), 10), event("apiserver_webhook")["body"].encode()]
    expected = judge(apiserver.events, bodies, "", "shop")
    assert expected.alerts
    # WHEN an API server posts it, by several connections
    with function() as started:
        began = time.perf_counter()
        backend = Backend(started.url + PATH, NEXT_TOKEN)
        backend.send(bodies)
        seconds = time.perf_counter() - began
    # THEN each alert arrives once
    assert (backend.lost, backend.again) == (0, 0)
    assert sorted(alert["id"] for alert in receiver.alerts) == sorted(expected.ids)
    measured(f"webhook: {len(bodies)} batches, {len(receiver.alerts)} alerts in {seconds:.2f} s, none lost")


def test_a_stranger_is_sent_away(function: Start, receiver: AlertReceiver) -> None:
    (body,) = bodies_of(incident(), 400)
    with function() as started:
        assert Backend(started.url + PATH, "a-token-of-nobody-here").post(body) == 401
        assert Backend(started.url + PATH).post(body) == 401
        assert Backend(f"{started.url}/elsewhere", TOKEN).post(body) == 404
        assert answers(f"{started.url}/health")
        assert TOKEN not in started.said()
    assert not receiver.alerts


def test_a_crash_loses_nothing(function: Start, receiver: AlertReceiver, judge: Any, measured: Any) -> None:
    # GIVEN an API server on its way through an audit log
    bodies = bodies_of(incident(), 2)
    expected = judge(apiserver.events, bodies, "", "shop")
    port = free_port()
    backend = Backend(f"http://127.0.0.1:{port}{PATH}", TOKEN, pause=0.2)
    with function(port) as started:
        backend.begin(bodies)
        # WHEN the function dies at some moment between an event and its alert
        wait_until(lambda: len(receiver.alerts) >= 5, 20, "an alert")
        before = len(receiver.alerts)
        started.kill()
    # AND comes back
    with function(port):
        backend.finish()
    # THEN all alerts arrive, with the same ids
    assert backend.lost == 0
    assert backend.again > 0
    assert receiver.ids == expected.ids
    measured(
        f"webhook: killed after {before} of {len(expected.ids)} alerts: {backend.again} batches came again, "
        f"{len(receiver.alerts) - len(receiver.ids)} "
        f"came twice, {len(expected.ids - receiver.ids)} were lost"
    )


@pytest.mark.e2e
def test_a_destination_that_is_down_loses_nothing(
    function: Start, receiver: AlertReceiver, judge: Any, measured: Any
) -> None:
    # GIVEN a destination that refuses everything, for longer than a request may take
    receiver.refusing = True
    bodies = bodies_of(incident(), 100)
    expected = judge(apiserver.events, bodies, "", "shop")
    with function() as started:
        backend = Backend(started.url + PATH, TOKEN, pause=3)
        backend.begin(bodies)
        time.sleep(20)
        # WHEN it is back
        receiver.refusing = False
        backend.finish()
        told = started.said(10**8)
    # THEN the API server, which was told to come again, has sent all that was not safe
    assert "not safe" in told
    assert backend.again > 0
    assert backend.lost == 0
    assert receiver.ids == expected.ids
    measured(f"webhook: destination down for 20 s: {receiver.refused} refusals, no alert lost")
