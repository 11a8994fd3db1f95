"""`lanner tail` against a WebSocket server."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from emulators.ldp import TOKEN, Ldp, close, message, send
from emulators.processes import wait_until
from functions_data import incident
from lanner.outputs.dead_letters import DeadLetter

Start = Callable[..., "Tailing"]
MESSAGES = [message(line) for line in incident()[:50]]


class Tailing:
    """A tail in a process of its own; it prints its alerts to `printed`."""

    def __init__(self, process: subprocess.Popen[bytes], printed: Path) -> None:
        self.process = process
        self._printed = printed

    def alerts(self) -> list[dict[str, Any]]:
        """Return the alerts that are there as whole lines."""
        return [json.loads(line) for line in self._printed.read_bytes().split(b"\n")[:-1]]

    def stop(self, number: int = signal.SIGINT) -> str:
        """Stop it; return what it said beside the alerts."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> str:
        """Return what it said, once it has ended."""
        _, err = self.process.communicate(timeout=30)
        return err.decode()


@pytest.fixture
def start(tmp_path: Path, rules: Path) -> Iterator[Start]:
    """Start tails."""
    started: list[subprocess.Popen[bytes]] = []

    def made(ldp: Ldp, *arguments: object, **settings: str) -> Tailing:
        command = [sys.executable, "-m", "lanner", "tail", "-r", rules, *arguments]
        variables = {f"LANNER_{name}": value for name, value in settings.items()}
        variables["SSL_CERT_FILE"] = str(ldp.write_authority(tmp_path / "authority.pem"))
        printed = tmp_path / f"alerts-{len(started)}"
        with printed.open("wb") as file:
            process = subprocess.Popen(
                list(map(str, command)),
                stdout=file,
                stderr=subprocess.PIPE,
                cwd=tmp_path,
                env={**os.environ, **variables},
            )
        started.append(process)
        return Tailing(process, printed)

    yield made
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_alerts_as_they_come(start: Start, number: int, tmp_path: Path) -> None:
    with Ldp([send(*MESSAGES, "nonsense")]) as ldp:
        tailing = start(ldp, ldp.url, "--cluster", "shop", "--state", "state")
        wait_until(lambda: len(tailing.alerts()) >= 50, 30)
        wait_until((tmp_path / "dead-letters.jsonl").exists, 30)
        said = tailing.stop(number)
    assert tailing.process.returncode == 0
    assert {alert["cluster"] for alert in tailing.alerts()} == {"shop"}
    assert f"INFO localhost:{ldp.port}: connected" in said
    assert "WARNING 51 messages: 50 events, " in said
    assert "INFO drained: all that was received is safe" in said
    assert TOKEN not in said
    assert (tmp_path / "state").exists()


def test_the_address_of_the_environment_and_a_gap(start: Start, tmp_path: Path) -> None:
    # GIVEN a stream whose server closes with a reason that would colour a terminal
    script = [[send(*MESSAGES[:20]), close(1001, "\x1b[31m\u202ered")], [send(*MESSAGES[30:])]]
    with Ldp(*script) as ldp:
        tailing = start(ldp, "--dead-letters", "other", LDP_URL=ldp.url, RULE_MATCHING="first")
        wait_until(lambda: len(tailing.alerts()) >= 41, 30)
        said = tailing.stop()
    # THEN the alert about the gap is among the others
    (gap,) = [alert for alert in tailing.alerts() if alert["rule"] == "Gap in the Audit Log"]
    assert gap["source"] == "lanner"
    assert len(tailing.alerts()) == 41
    assert "WARNING gap: events of " in said
    assert "disconnected: the server closed it (1001 " in said
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert not (tmp_path / "other").exists()


def test_a_replay_ends(start: Start, tmp_path: Path) -> None:
    with Ldp([send(*MESSAGES, "nonsense"), close(1000)]) as ldp:
        tailing = start(ldp, f"{ldp.url}&begin=1795270740&end=1795270800".removeprefix("wss://"), "--dead-letters", "d")
        said = tailing.ended()
    assert tailing.process.returncode == 0
    assert len(tailing.alerts()) >= 50
    assert "INFO drained" in said
    (letter,) = [DeadLetter.read(line) for line in (tmp_path / "d").read_bytes().splitlines()]
    assert letter.content == b"nonsense"


@pytest.mark.parametrize(
    ("arguments", "settings", "wanted"),
    [
        ([], {}, "LANNER_LDP_URL: there is no address of a stream"),
        (["https://x/?tk=secret"], {}, "the address: that is no WebSocket address (wss://HOST/tail/?tk=TOKEN)"),
        (["ws://x/?tk=secret"], {}, "the address: ws is not secure"),
        (["x", "--cluster", "a b"], {}, "--cluster a b: use letters"),
        (["x"], {"TAIL_GRACE": "0"}, "LANNER_TAIL_GRACE: '0' is no number from 1 to 3600"),
        (["x"], {"SLACK_URL": "http://x/"}, "LANNER_SLACK_URL: http is not secure"),
    ],
)
def test_what_keeps_it_from_starting(start: Start, arguments: list[str], settings: dict[str, str], wanted: str) -> None:
    with Ldp() as ldp:
        tailing = start(ldp, *arguments, **settings)
        said = tailing.ended()
    assert tailing.process.returncode == 2
    assert wanted in said
    assert "secret" not in said.replace("not secure", "")


def test_an_address_that_is_refused(start: Start) -> None:
    with Ldp(answers=[404]) as ldp:
        tailing = start(ldp, ldp.url)
        said = tailing.ended()
    assert tailing.process.returncode == 2
    assert f"Error: the address: localhost:{ldp.port}: it answered 404: there is no such stream" in said


def test_in_this_process(lanner: Any, rules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a stream that ends, by a connection without TLS
    logger = logging.getLogger("lanner")
    for name in ("handlers", "propagate", "level"):  # they are set for the process
        monkeypatch.setattr(logger, name, getattr(logger, name))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANNER_ALLOW_HTTP", "true")
    monkeypatch.setenv("LANNER_LDP_URL_FILE", "/no/such")  # the option comes first
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with Ldp([send(*MESSAGES), close(1000)], plain=True) as ldp:
        status, out, err = lanner("tail", "-r", rules, f"{ldp.url}&begin=1&end=2", "--cluster", "shop", "--state", "s")
    assert status == 0
    assert len(out.splitlines()) >= 50
    assert "drained" in err
    # THEN signals do what they did before
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
