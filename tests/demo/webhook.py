"""An API server that calls the webhook function as IBM Cloud's do, a log service, and a second collector (a tee)."""

from __future__ import annotations

import json
import secrets
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from demo.screen import Screen
from demo.source import unpacked_source
from emulators.alert_receiver import AlertReceiver
from emulators.audit_backend import Backend
from emulators.cloud_run import CloudRunFunction
from emulators.ingestion import Ingestion
from functions_data import event, event_list, incident

__all__ = ["run"]

_CLUSTER = "shop"
_AT_ONCE = 20
_STEP = 0.01


def run(screen: Screen, folder: Path) -> None:
    """Show it. Raises `UsageError` if something is missing."""
    path = secrets.token_hex(16)
    dead_letters = folder / "dead-letters"
    with ExitStack() as stack:
        screen.step("Starting a log service (LogDNA's ingestion API, by TLS) and a second collector on this machine")
        service = stack.enter_context(Ingestion())
        collector = stack.enter_context(AlertReceiver())
        authority = folder / "authority.pem"
        authority.write_bytes(service.authority)

        screen.step("Starting the function (functions framework) from its source package")
        settings = service.logdna_settings | {
            "LANNER_AUTH_PATHS": path,
            "LANNER_PROVIDER": "iks",
            "LANNER_TEE_URL": collector.url,
            "LANNER_ALLOW_HTTP": "true",
            "LANNER_DEAD_LETTERS": f"file:{dead_letters}",
            "SSL_CERT_FILE": str(authority),
        }
        function = stack.enter_context(
            CloudRunFunction(unpacked_source(folder, "http_webhook"), "http", settings, folder / "function.log")
        )
        screen.note(f"API server -> {function.url}/audit/SECRET/{_CLUSTER} -> {service.url}/logs/ingest")
        screen.note(f"and each batch as it comes -> {collector.url}")

        bodies = [event("apiserver_webhook")["body"].encode(), *_told(incident())]
        events = sum([len(json.loads(body)["items"]) for body in bodies])
        screen.step(f"Posting {events} recorded audit events in {len(bodies)} requests; alerts as they arrive:")
        screen.begin()
        backend = Backend(f"{function.url}/audit/{path}/{_CLUSTER}")
        sending = threading.Thread(target=backend.send, args=(bodies,), daemon=True)
        sending.start()
        shown = 0
        while sending.is_alive() or shown < len(service.taken):
            for taken in service.taken[shown:]:
                screen.alert(taken.alert)
                shown += 1
            time.sleep(_STEP)
        screen.note(f"the second collector has {len(collector.alerts)} of {len(bodies)} batches")
        kept = len(dead_letters.read_bytes().splitlines()) if dead_letters.exists() else 0
        screen.end(events, "events", kept)


def _told(lines: list[str]) -> list[bytes]:
    """Return the requests that tell of an audit log."""
    return [event_list(*lines[start : start + _AT_ONCE]) for start in range(0, len(lines), _AT_ONCE)]
