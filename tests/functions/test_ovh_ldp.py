"""What the container of functions/ovh_ldp runs: its entry point, its health check, and its Dockerfile."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from emulators.ldp import TOKEN, Ldp, message, send
from emulators.processes import environment
from functions_data import EVENTS, incident
from package.recipes import SOURCES
from tails import alerts_of

FOLDER = Path(__file__).parents[2] / "functions" / "ovh_ldp"


def entry_point() -> list[str]:
    """Return the command of the Dockerfile, on this machine."""
    command: list[str] = json.loads(re.findall(r"^ENTRYPOINT (.*)$", (FOLDER / "Dockerfile").read_text(), re.M)[0])
    assert command[0] == "python"
    return [sys.executable, *[word.replace("/function", str(FOLDER)) for word in command[1:]]]


def started(tmp_path: Path, rules: Path, **settings: str) -> subprocess.Popen[bytes]:
    variables = {
        "LANNER_RULES": str(rules),
        "LANNER_STDOUT": "true",
        "LANNER_TAIL_HEALTH": str(tmp_path / "health"),
        "LANNER_DEAD_LETTERS": f"file:{tmp_path}/dead-letters",
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        **settings,
    }
    return subprocess.Popen(
        entry_point(), env=environment(**variables), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def health(path: Path | str) -> int:
    return subprocess.run(
        [sys.executable, FOLDER / "health.py"], env=environment(LANNER_TAIL_HEALTH=str(path)), check=False
    ).returncode


def test_the_entry_point(tmp_path: Path, rules: Path) -> None:
    # GIVEN a stream with the recorded message among others
    recorded = (EVENTS / "ovh_ldp.json").read_text().strip()
    messages = [*[message(line) for line in incident()[:50]], recorded]
    url = tmp_path / "url"
    with Ldp([send(*messages)]) as ldp:
        url.write_text(ldp.url.removeprefix("wss://"))  # as Falco's plugin takes it
        authority = ldp.write_authority(tmp_path / "authority.pem")
        process = started(tmp_path, rules, LANNER_LDP_URL_FILE=str(url), SSL_CERT_FILE=str(authority))
        try:
            assert process.stdout is not None
            alerts = [json.loads(process.stdout.readline())]
            assert health(tmp_path / "health") == 0
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()
    # THEN the alerts are on standard output and the log on standard error, as JSON lines
    assert process.returncode == 0
    alerts += [json.loads(line) for line in out.splitlines()]
    wanted = {alert.id for alert in alerts_of(messages)}
    assert {alert["id"] for alert in alerts} == wanted
    assert alerts[-1]["cluster"] == json.loads(json.loads(recorded)["message"])["_cluster_id"]
    assert alerts[-1]["provider"] == "ovh"
    log = [json.loads(line) for line in err.splitlines()]
    assert [line["event"] for line in log] == ["connected", "counts", "drained"]
    assert log[1]["messages"] == len(messages)
    assert TOKEN.encode() not in err


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, "cannot start: LANNER_LDP_URL: there is no address of a stream; set it, or LANNER_LDP_URL_FILE"),
        ({"LANNER_LDP_URL": "https://x/?tk=secret"}, "cannot start: LANNER_LDP_URL: that is no WebSocket address"),
        ({"LANNER_LDP_URL_FILE": "/no/such"}, "cannot start: LANNER_LDP_URL_FILE: the file /no/such cannot be read"),
        (
            {"LANNER_LDP_URI": "x"},
            "cannot start: LANNER_LDP_URI: there is no such setting; did you mean LANNER_LDP_URL",
        ),
        (
            {"LANNER_LDP_URL": "h", "LANNER_DEAD_LETTERS": ""},
            "cannot start: LANNER_DEAD_LETTERS: without it, one message",
        ),
        ({"LANNER_LDP_URL": "h", "LANNER_RULES": "/x"}, "cannot start: LANNER_RULES: /x cannot be read"),
    ],
)
def test_what_keeps_it_from_starting(settings: dict[str, str], reason: str, tmp_path: Path, rules: Path) -> None:
    process = started(tmp_path, rules, **settings)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 2
    (line,) = err.splitlines()
    first = json.loads(line)
    assert first["message"].startswith(reason)
    assert first["severity"] == "CRITICAL"
    assert b"secret" not in err
    assert b"Traceback" not in err


def test_an_answer_that_ends_it(tmp_path: Path, rules: Path) -> None:
    with Ldp(answers=[401]) as ldp:
        authority = ldp.write_authority(tmp_path / "authority.pem")
        process = started(tmp_path, rules, LANNER_LDP_URL=ldp.url, SSL_CERT_FILE=str(authority))
        _, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "it answered 401: the token is wrong, or no longer valid" in json.loads(err.splitlines()[-1])["message"]
    assert TOKEN.encode() not in err


def test_the_health_check(tmp_path: Path) -> None:
    path = tmp_path / "health"
    assert health(path) == 1
    path.write_text("x")
    assert health(path) == 0
    old = time.time() - 61
    os.utime(path, (old, old))
    assert health(path) == 1
    assert subprocess.run([sys.executable, FOLDER / "health.py"], env=environment(), check=False).returncode == 1


def test_the_dockerfile() -> None:
    text = re.sub(r"^#.*\n", "", (FOLDER / "Dockerfile").read_text(), flags=re.M).replace("\\\n", " ")
    found = [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in text.splitlines()) if word]
    image = dict(found)
    assert int(image["USER"].partition(":")[0]) > 0
    assert image["STOPSIGNAL"] == "SIGTERM"
    # no shell is needed to run it
    assert json.loads(image["ENTRYPOINT"]) == ["python", "/function/main.py"]
    assert json.loads(image["HEALTHCHECK"].partition("CMD ")[2]) == ["python", "/function/health.py"]
    assert "LANNER_TAIL_HEALTH=/tmp/lanner-health" in image["ENV"].split()
    # what is copied is in the package
    copied = {name for word, rest in found if word == "COPY" for name in rest.split()[:-1]}
    assert copied == {"lanner", "rules.lanner", "LICENSE", *SOURCES["ovh_ldp"].files} - {"Dockerfile"}
    (install,) = [rest for word, rest in found if word == "RUN" and "pip" in rest]
    assert "--require-hashes" in install


def test_the_entry_point_in_this_process(tmp_path: Path, rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    spec = importlib.util.spec_from_file_location("function_ovh_ldp", FOLDER / "main.py")
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setenv("LANNER_RULES", str(rules))
    monkeypatch.setenv("LANNER_STDOUT", "true")
    logger = logging.getLogger("lanner")
    monkeypatch.setattr(logger, "handlers", [])
    monkeypatch.setattr(logger, "propagate", True)
    assert module.main() == 2
    monkeypatch.setenv("LANNER_DEAD_LETTERS", f"file:{tmp_path}/dead-letters")
    assert module.main() == 2
