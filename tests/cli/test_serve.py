"""`lanner serve`: a real server, and a client that behaves as an API server's webhook backend does."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from emulators.audit_backend import Backend
from functions_data import event_list, incident
from lanner.cli.terminal import Style
from lanner.outputs.dead_letters import DeadLetter
from lanner.pipeline.server import Server

TOKEN = "token-0123456789abcdef"
Start = Callable[..., "Served"]


class Served:
    """A server that was started; it prints its alerts to `printed`."""

    def __init__(self, process: subprocess.Popen[bytes], printed: Path) -> None:
        self.process = process
        self._printed = printed
        self.kubeconfig: dict[str, Any] = {}
        introduction: list[str] = []
        assert process.stderr is not None
        for line in iter(process.stderr.readline, b""):
            introduction.append(line.decode())
            if line.startswith(b"current-context"):
                self.kubeconfig = yaml.safe_load("".join(introduction).partition("# for")[2].partition("\n")[2])
                break
        self.introduction = "".join(introduction)

    @property
    def url(self) -> str:
        """Where an API server is to post to."""
        url: str = self.kubeconfig["clusters"][0]["cluster"]["server"]
        return url

    @property
    def secret(self) -> str:
        """The secret in the path."""
        return self.url.split("/")[4]

    def stop(self, number: int = signal.SIGINT) -> tuple[list[dict[str, Any]], str]:
        """Stop it; return the alerts that it printed, and what else it said."""
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=30)
        return self.alerts(), err.decode()

    def alerts(self) -> list[dict[str, Any]]:
        """Return the alerts that it has printed as whole lines."""
        lines = self._printed.read_bytes().split(b"\n")[:-1]
        return [json.loads(line) for line in lines]


@pytest.fixture
def start(tmp_path: Path, rules: Path) -> Iterator[Start]:
    """Start servers."""
    started: list[subprocess.Popen[bytes]] = []

    def made(*arguments: object, **environment: str) -> Served:
        command = [sys.executable, "-m", "lanner", "serve", "--port", "0", "-r", rules, *arguments]
        settings = {f"LANNER_{name}": value for name, value in environment.items()}
        printed = tmp_path / f"alerts-{len(started)}"
        with printed.open("wb") as file:
            process = subprocess.Popen(
                list(map(str, command)),
                stdout=file,
                stderr=subprocess.PIPE,
                cwd=tmp_path,
                env={**os.environ, **settings},
            )
        started.append(process)
        return Served(process, printed)

    yield made
    for process in started:
        process.kill()
        process.communicate()


def posted(url: str, body: bytes, token: str = "") -> int:
    """Post a body once; return the status of the answer."""
    return Backend(url, token).post(body)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_batches_come_by_the_kubeconfig_that_it_prints(start: Start, number: int) -> None:
    served = start("--cluster", "shop")
    lines = incident()[:100]
    backend = Backend(served.url)
    backend.send([event_list(*lines[:50]), event_list(*lines[50:])])
    assert backend.lost == 0
    alerts, said = served.stop(number)
    assert served.process.returncode == 0
    assert {alert["cluster"] for alert in alerts} == {"shop"}
    assert len(alerts) >= 100
    assert "shop: 50 events, " in said
    assert served.secret not in said


def test_the_printed_path_is_a_new_one_each_time(start: Start) -> None:
    one, other = start(), start()
    assert one.kubeconfig["users"][0]["user"] == {}
    assert one.secret != other.secret
    assert len(one.secret) >= 32
    assert posted(one.url, b"[]") == 200
    assert posted(one.url.replace(one.secret, other.secret), b"[]") == 404


def test_a_token_file(start: Start, tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text(f"{TOKEN}\nshop={TOKEN}2\n")
    served = start("--token-file", tmp_path / "tokens")
    assert TOKEN not in served.introduction
    assert "API servers send a token by https alone" in served.introduction
    assert served.kubeconfig["users"][0]["user"] == {"tokenFile": str(tmp_path / "tokens")}
    for token in (TOKEN, f"{TOKEN}2"):
        assert posted(served.url, event_list(*incident()[:1]), token) == 200
    alerts, _ = served.stop()
    assert {alert["cluster"] for alert in alerts} == {"CLUSTER", "shop"}


def test_what_cannot_be_read_is_in_the_file_for_dead_letters(start: Start, tmp_path: Path) -> None:
    served = start()
    assert posted(served.url, b"nonsense") == 200
    _, said = served.stop()
    (letter,) = [DeadLetter.read(line) for line in (tmp_path / "dead-letters.jsonl").read_bytes().splitlines()]
    assert letter.content == b"nonsense"
    assert "1 kept as dead letters\n  webhook: not JSON" in said
    other = start("--dead-letters", "other", AUTH="none")
    assert posted(other.url, b"nonsense") == 200
    other.stop()
    assert (tmp_path / "other").exists()


def test_settings_of_the_environment_count(start: Start, tmp_path: Path) -> None:
    served = start(DISABLE="Anything", AUTH_PATHS=f"{TOKEN}-path", DEAD_LETTERS=f"file:{tmp_path / 'kept'}")
    assert "/audit/SECRET/CLUSTER" in served.url
    assert TOKEN not in served.introduction
    url = served.url.replace("SECRET", f"{TOKEN}-path")
    assert posted(url, event_list(*incident()[:50])) == 200
    assert posted(url, b"nonsense") == 200
    alerts, _ = served.stop()
    assert {alert["rule"] for alert in alerts} <= {"Pod Created"}
    assert (tmp_path / "kept").exists()


def test_a_server_that_is_killed_loses_nothing_that_was_not_answered(start: Start) -> None:
    # GIVEN an API server's backend whose server is killed, and started again at the same port
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    lines = incident()
    bodies = [event_list(*lines[number : number + 10]) for number in range(0, len(lines), 10)]
    served = start("--port", port, AUTH="none")
    backend = Backend(served.url, pause=0.05, attempts=12)
    backend.send(bodies[:10])
    served.process.kill()
    served.process.wait()
    backend.begin(bodies[10:])  # nobody is there
    time.sleep(0.2)
    again = start("--port", port, AUTH="none")
    backend.finish()
    # THEN every batch was taken
    assert backend.lost == 0
    assert backend.again > 0
    again.stop()
    whole = start(AUTH="none")
    Backend(whole.url).send(bodies)
    wanted, _ = whole.stop()
    ids = {alert["id"] for alert in wanted}
    assert {alert["id"] for alert in served.alerts() + again.alerts()} == ids
    assert len(wanted) == len(ids)


@pytest.mark.parametrize(
    ("arguments", "environment", "wanted"),
    [
        (["--host", "::"], {"AUTH": "none"}, "LANNER_AUTH=none: anybody who reaches :: could send events"),
        (["--cluster", "a b"], {}, "--cluster a b: use letters"),
        (["--port", "70000"], {}, "'70000' is no port"),
        (["--host", "192.0.2.1"], {}, "192.0.2.1:0: cannot listen there: "),
        ([], {"AUTH_TOKENS": "short"}, "LANNER_AUTH_TOKENS: entry 1 has 5 characters"),
        ([], {"SLACK_URL": "http://x/"}, "LANNER_SLACK_URL: http is not secure"),
        ([], {"TEE_URL": "nothing"}, "LANNER_TEE_URL: "),
    ],
)
def test_what_keeps_it_from_starting(
    start: Start, arguments: list[str], environment: dict[str, str], wanted: str
) -> None:
    served = start(*arguments, **environment)
    assert served.process.wait(30) == 2
    assert wanted in served.introduction


def test_in_this_process(lanner: Any, rules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a server that is stopped after three requests
    monkeypatch.chdir(tmp_path)
    serve_forever = Server.serve_forever
    statuses: list[int] = []

    def serve_a_while(self: Server) -> None:
        serving = threading.Thread(target=serve_forever, args=(self, 0.01))
        serving.start()
        url = f"http://127.0.0.1:{self.server_address[1]}/audit"
        for body in (event_list(*incident()[:2]), b"nonsense", b"[]"):
            statuses.append(posted(url, body, TOKEN))
        self.shutdown()
        serving.join()
        raise KeyboardInterrupt

    monkeypatch.setattr(Server, "serve_forever", serve_a_while)
    monkeypatch.setenv("LANNER_AUTH_TOKENS", TOKEN)
    # WHEN it serves
    configuration = tmp_path / "falco.yaml"
    configuration.write_text("json_include_tags_property: false")
    options = ["-r", rules, "--port", "0", "--cluster", "shop", "--rule-matching", "first", "-o", "rule_matching=all"]
    status, out, err = lanner("serve", *options, "-c", configuration, "--dead-letters", "dead", "--priority", "debug")
    # THEN it says what happened, and where to post to
    assert (status, statuses) == (0, [200] * 3)
    alerts = [json.loads(line) for line in out.splitlines()]
    assert len(alerts) == 2
    assert "tags" not in alerts[0]
    assert "user: {token: TOKEN}" in err
    assert TOKEN not in err
    assert "shop: 2 events, 2 alerts" in err
    assert err.endswith("stopping\n")
    assert (tmp_path / "dead").exists()
    # AND a server without a place for dead letters says so in red, where there are colours
    monkeypatch.setattr(Style, "for_stream", lambda *_: Style(True))
    monkeypatch.setenv("LANNER_AUTH_TOKENS", "")
    monkeypatch.setenv("LANNER_AUTH", "none")
    monkeypatch.setenv("LANNER_RULES", str(rules))
    _, _, err = lanner("serve", "--host", "localhost", "--port", "0", "--dead-letters", tmp_path / "no" / "such")
    assert statuses[3:] == [200, 503, 200]
    assert "\x1b[1;31ma cluster: 0 events, 0 alerts, 1 rejected, 1 not safe" in err
