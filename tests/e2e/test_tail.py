"""The tail of functions/ovh_ldp as its container runs it: a million messages, rest, kills, and signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from emulators.ldp import Ldp, abort, message, send
from emulators.ldp_flood import ONE_IN
from emulators.processes import Child, environment, free_port, wait_until
from functions_data import incident
from lanner.pipeline.tail.gap import RULE
from package.build import REPOSITORY
from tails import alerts_of

pytestmark = pytest.mark.e2e

MILLION = 1_000_000
MAIN = REPOSITORY / "functions" / "ovh_ldp" / "main.py"
HEALTH = MAIN.with_name("health.py")
_TICKS = os.sysconf("SC_CLK_TCK")


class Container:
    """The process of a container, with its alerts and logs in files."""

    def __init__(self, folder: Path, rules: Path, url: str, authority: Path, **settings: str) -> None:
        self.alerts = folder / "alerts.jsonl"
        self.log = folder / "log.jsonl"
        self.health = folder / "health"
        usual = {
            "LANNER_LDP_URL": url,
            "LANNER_RULES": str(rules),
            "LANNER_STDOUT": "true",
            "LANNER_DEAD_LETTERS": f"file:{folder / 'kept'}",
            "LANNER_TAIL_STATE": str(folder / "state"),
            "LANNER_TAIL_HEALTH": str(self.health),
            "SSL_CERT_FILE": str(authority),
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        }
        variables = environment(**{**usual, **settings})
        with self.alerts.open("ab") as alerts, self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, MAIN], env=variables, stdin=subprocess.DEVNULL, stdout=alerts, stderr=log
            )

    def found(self) -> list[dict[str, Any]]:
        """Return the alerts that are there as whole lines."""
        return [json.loads(line) for line in self.alerts.read_bytes().split(b"\n")[:-1]]

    def told(self, event: str) -> list[dict[str, Any]]:
        """Return the log lines about an event."""
        lines = [json.loads(line) for line in self.log.read_bytes().split(b"\n")[:-1]]
        return [line for line in lines if line.get("event") == event]

    def memory(self) -> float:
        """Return the MiB that the process takes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def processor(self) -> float:
        """Return the seconds of processor time that the process took."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def end(self, number: int = signal.SIGTERM) -> int:
        """Tell it to end; return its status."""
        self.process.send_signal(number)
        return self.process.wait(60)


@pytest.fixture
def container(tmp_path: Path, rules: Path) -> Iterator[Callable[..., Container]]:
    """Start containers."""
    started: list[Container] = []

    def made(url: str, authority: Path, **settings: str) -> Container:
        started.append(Container(tmp_path, rules, url, authority, **settings))
        return started[-1]

    yield made
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


def test_a_million_messages_and_rest(
    container: Callable[..., Container], tmp_path: Path, measured: Callable[[str], None]
) -> None:
    # GIVEN a stream of a million messages, one in a thousand of which is to alert
    authority = tmp_path / "authority.pem"
    command: list[str | Path] = [sys.executable, "-m", "emulators.ldp_flood", str(MILLION), authority]
    log = tmp_path / "flood.log"
    with Child(command, environment(PYTHONPATH=f"{REPOSITORY}/tests"), log) as flood:
        flood.wait_for(lambda: "wss:" in flood.said())
        began = time.monotonic()
        running = container(flood.said().split()[0], authority)
        # WHEN they are read
        samples: list[float] = []

        def all_found() -> bool:
            assert running.process.poll() is None
            samples.append(running.memory())
            time.sleep(1)
            return len(running.found()) >= MILLION // ONE_IN

        wait_until(all_found, 900)
        seconds = time.monotonic() - began
        # THEN each alert is there, the connection is the first one, and memory was flat
        assert len({alert["id"] for alert in running.found()}) == MILLION // ONE_IN
        assert not running.told("disconnected")
        half = len(samples) // 2
        early, late = max(samples[2:half]), max(samples[half:])
        measured(
            f"{MILLION:,} messages by TLS in {seconds:.0f} s ({MILLION / seconds:,.0f} a second), "
            f"{MILLION // ONE_IN:,} alerts; memory at the most {early:.0f} MiB in the first half, "
            f"{late:.0f} MiB in the second"
        )
        assert late < early * 1.1
        # AND while nothing comes, it does next to nothing
        time.sleep(2)
        before = running.processor()
        time.sleep(30)
        used = (running.processor() - before) / 30
        measured(f"processor time while waiting: {used:.2%}")
        assert used < 0.01
        assert not subprocess.run(
            [sys.executable, HEALTH], env=environment(LANNER_TAIL_HEALTH=str(running.health)), check=False
        ).returncode
        assert running.end() == 0
        assert running.told("drained")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals(container: Callable[..., Container], tmp_path: Path, number: int) -> None:
    messages = [message(line) for line in incident()]
    with Ldp([send(*messages)]) as ldp:
        running = container(ldp.url, ldp.write_authority(tmp_path / "authority.pem"))
        wait_until(lambda: bool(running.found()), 30)
        # WHEN it is told to end, THEN it does, and what it had received is delivered
        assert running.end(number) == 0
    wanted = {alert.id for alert in alerts_of(messages)}
    assert {alert["id"] for alert in running.found()} <= wanted
    assert running.told("drained")


def test_a_second_signal_ends_it_at_once(container: Callable[..., Container], tmp_path: Path) -> None:
    # GIVEN a container whose output and dead letters fail, so that it would try for long
    with Ldp([send(*[message(line) for line in incident()])]) as ldp:
        running = container(
            ldp.url,
            ldp.write_authority(tmp_path / "authority.pem"),
            LANNER_STDOUT="false",
            LANNER_WEBHOOK_URL=f"http://127.0.0.1:{free_port()}/",
            LANNER_ALLOW_HTTP="true",
            LANNER_ALLOW_PRIVATE_ADDRESSES="127.0.0.1",
            LANNER_DEAD_LETTERS=f"file:{tmp_path}/no/such",
            LANNER_TAIL_GRACE="600",
        )
        wait_until(lambda: bool(running.told("connected")), 30)
        time.sleep(1)
        running.process.send_signal(signal.SIGTERM)
        time.sleep(1)
        assert running.process.poll() is None
        began = time.monotonic()
        assert running.end() == 1
        assert time.monotonic() - began < 5


def test_one_that_is_killed(container: Callable[..., Container], tmp_path: Path) -> None:
    # GIVEN a container that is killed, and another one 20 messages later
    messages = [message(line) for line in incident()]
    with Ldp([send(*messages[:150])], [send(*messages[170:]), abort()], [send(*messages[-1:])]) as ldp:
        authority = ldp.write_authority(tmp_path / "authority.pem")
        first = container(ldp.url, authority)
        delivered = {alert.id for alert in alerts_of(messages[:150])}
        wait_until(lambda: {alert["id"] for alert in first.found()} >= delivered, 30)
        wait_until((tmp_path / "state").exists, 30)
        first.process.kill()
        first.process.wait()
        second = container(ldp.url, authority)
        wanted = delivered | {alert.id for alert in alerts_of(messages[170:])}
        wait_until(lambda: {alert["id"] for alert in second.found() if alert["rule"] != RULE} >= wanted, 30)
        wait_until(lambda: any(alert["rule"] == RULE for alert in second.found()), 30)
        assert second.end() == 0
    # THEN each alert is there, or its event lies in the gap
    found = second.found()
    assert {alert["id"] for alert in found if alert["rule"] != RULE} == wanted
    (gap, *_) = [alert["output_fields"] for alert in found if alert["rule"] == RULE]
    assert gap["gap.reason"] == "Lanner was not running"
    assert gap["gap.from"] < gap["gap.to"]
