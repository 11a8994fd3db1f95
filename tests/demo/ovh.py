"""A stream of OVHcloud's Logs Data Platform (a local WebSocket server), the tail of the container, and a webhook."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from demo.screen import Screen
from emulators.alert_receiver import AlertReceiver
from emulators.ldp import Ldp, abort, message, send
from emulators.processes import Child, environment, wait_until
from functions_data import incident
from lanner.outputs.boxes.file import FileBox
from package.build import REPOSITORY, built_rules

__all__ = ["run"]

_CLUSTER = "11111111-2222-3333-4444-555555555555"
_BREAKS, _GOES_ON = 140, 160
_PAUSE = 0.01
_QUIET = 150
"""Steps of 20 ms without an alert after which there are no more."""


def run(screen: Screen, folder: Path) -> None:
    """Show it. Raises `UsageError` if something is missing."""
    screen.step("Building the rules")
    rules = built_rules([], folder / "rules.lanner")
    messages = [message(line, _cluster_id=_CLUSTER) for line in incident()]
    script = [[send(*messages[:_BREAKS], pause=_PAUSE), abort()], [send(*messages[_GOES_ON:], pause=_PAUSE)]]
    with Ldp(*script) as ldp, AlertReceiver() as receiver:
        screen.step("Starting the WebSocket server (TLS), and the tail as its container runs it")
        variables = {
            **receiver.settings,
            "LANNER_LDP_URL": ldp.url,
            "LANNER_RULES": str(rules),
            "LANNER_DEAD_LETTERS": f"file:{folder / 'kept'}",
            "LANNER_TAIL_HEALTH": str(folder / "health"),
            "SSL_CERT_FILE": str(ldp.write_authority(folder / "authority.pem")),
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        }
        screen.note(f"wss://localhost:{ldp.port}/tail/ -> functions/ovh_ldp/main.py -> {receiver.url}")
        command = [sys.executable, REPOSITORY / "functions" / "ovh_ldp" / "main.py"]
        sent = len(messages) - (_GOES_ON - _BREAKS)
        with Child(command, environment(**variables), folder / "tail.log") as tail:
            tail.wait_for(lambda: bool(ldp.connections))
            screen.step(f"Sending {sent} recorded audit events, with the connection broken; alerts as they arrive:")
            screen.begin()
            shown = _shown(screen, receiver, ldp)
        assert shown
    kept = len(list(FileBox(str(folder / "kept")).take())) if (folder / "kept").exists() else 0
    screen.end(sent, "messages", kept)


def _shown(screen: Screen, receiver: AlertReceiver, ldp: Ldp) -> int:
    """Show alerts as they arrive until no more do; return their number."""
    shown, quiet = 0, 0

    def is_over() -> bool:
        nonlocal shown, quiet
        new = receiver.alerts[shown:]
        for alert in new:
            screen.alert(alert)
        shown += len(new)
        quiet = 0 if new or ldp.connections < 2 else quiet + 1
        return quiet >= _QUIET

    wait_until(is_over, 60, "the end of the alerts")
    return shown
