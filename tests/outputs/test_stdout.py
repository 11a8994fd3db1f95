"""Alerts on standard output."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from lanner.outputs.stdout import Stdout
from outputs.conftest import a_message


def test_alerts_are_lines(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    messages = [a_message(0, output="\u00e9"), a_message(1)]
    output = Stdout()
    assert [list(batch) for batch in output.batches(messages)] == [messages]
    assert not output.send(messages, 1)
    assert capfdbinary.readouterr().out == messages[0].text + b"\n" + messages[1].text + b"\n"


def test_each_line_is_written_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN something that makes a log entry of whatever is written at a time, as functions-framework puts there
    class Entries:
        def __init__(self) -> None:
            self.texts: list[str] = []

        def write(self, text: str) -> None:
            self.texts.append(text)

        def flush(self) -> None:
            self.texts.append("")

    entries = Entries()
    monkeypatch.setattr(sys, "stdout", entries)
    assert not Stdout().send([a_message(0), a_message(1)], 1)
    assert [json.loads(text)["id"] for text in entries.texts[:2]] == [a_message(0).id, a_message(1).id]
    assert entries.texts[2:] == [""]


def test_characters_that_cannot_be_written_are_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, "latin-1"))
    messages = [a_message(0, output="\u00e9"), a_message(1, output="\u20ac")]
    assert not Stdout().send(messages, 1)
    lines = written.getvalue().decode("latin-1").splitlines()
    assert [json.loads(line) for line in lines] == [message.alert() for message in messages]
    assert "\\u20ac" in lines[1]


def test_a_closed_output_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO())
    stream.close()
    monkeypatch.setattr(sys, "stdout", stream)
    failures = Stdout().send([a_message(0), a_message(1)], 1)
    assert [failure.is_final for failure in failures] == [True, True]
    assert failures[0].reason == "standard output: I/O operation on closed file."


BROKEN = """
import os, sys
sys.path[:0] = [{tests!r}]
from outputs.conftest import a_message
from lanner.outputs.stdout import Stdout
reader, writer = os.pipe()
os.dup2(writer, 1)
os.close(reader)
for _ in range(2):  # it stays broken
    (failure,) = Stdout().send([a_message()], 1)
    assert failure.is_final and "Broken pipe" in failure.reason, failure
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
"""


def test_a_broken_pipe_is_a_failure() -> None:
    program = BROKEN.format(tests=str(Path(__file__).parents[1]))
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
