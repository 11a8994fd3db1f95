"""`lanner replay` on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions_data import event_list, incident
from lanner.outputs import aws
from lanner.outputs.dead_letters import DeadLetter
from lanner.outputs.delivery import Undelivered
from lanner.outputs.message import Message
from lanner.sources import Reject


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings but those that a test makes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANNER_STDOUT", "true")


def alert(number: int, output: str = "stdout") -> bytes:
    text = json.dumps({"id": f"id-{number}", "rule": "r", "priority": "Warning"}).encode()
    return DeadLetter.of_alert(Undelivered(Message.read(text), output, "503", 3)).records(1 << 20)[0]


def payload(content: bytes) -> bytes:
    return DeadLetter.of_reject(Reject("batch item 1", "no JSON", content)).records(1 << 20)[0]


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    """A file with two alerts, input that can be read now, and input that cannot."""
    path = tmp_path / "dead.jsonl"
    lines = [alert(1), payload(event_list(*incident()[:3])), alert(2, "sns:gone"), payload(b"nonsense")]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def test_a_file(lanner: Any, rules: Path, letters: Path) -> None:
    status, out, err = lanner("replay", letters, "-r", rules)
    # THEN what can be dealt with was, and what cannot is in another file
    assert status == 3
    printed = [json.loads(line) for line in out.splitlines()]
    assert "id-1" in {one["id"] for one in printed}
    assert {one["rule"] for one in printed} <= {"r", "Pod Created", "Anything"}
    assert len(printed) >= 4
    assert "1 alerts sent, 1 pieces of input dealt with" in err
    assert "there is no output 'sns:gone' here" in err
    again = letters.with_name("dead.jsonl.again")
    assert f"2 failed again and are in {again}" in err
    assert len(again.read_bytes().splitlines()) == 2
    # AND that can be replayed, too
    status, out, err = lanner("replay", again, "--to", "stdout", "-r", rules, "--keep", letters.with_name("rest"))
    assert status == 3
    assert json.loads(out)["id"] == "id-2"
    assert len(letters.with_name("rest").read_bytes().splitlines()) == 1


def test_a_dry_run(lanner: Any, letters: Path) -> None:
    status, out, _ = lanner("replay", letters, "--dry-run")
    assert status == 0
    assert "4 dead letters" in out
    assert "alert stdout: 503" in out
    assert "alert sns:gone: 503" in out
    assert "2  payload: no JSON" in out
    assert not letters.with_name("dead.jsonl.again").exists()


def test_standard_input(lanner_process: Any, rules: Path, tmp_path: Path) -> None:
    ended = lanner_process("replay", "-", "-r", rules, input=alert(7) + b"\n\n" + payload(b"x"), cwd=tmp_path)
    assert ended.returncode == 3
    assert json.loads(ended.stdout)["id"] == "id-7"
    assert (tmp_path / "replay.again").exists()


def test_a_queue(lanner: Any, rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    aws.client.cache_clear()
    with mock_aws():
        sqs = boto3.client("sqs", "eu-west-1")
        url = sqs.create_queue(QueueName="dead-letters")["QueueUrl"]
        for record in (alert(1), payload(event_list(*incident()[:3])), payload(b"nonsense")):
            sqs.send_message(QueueUrl=url, MessageBody=record.decode())
        status, out, err = lanner("replay", url, "-r", rules)
        assert status == 3
        assert len(out.splitlines()) >= 4
        assert "1 failed again and stay there" in err
        # THEN what was dealt with is gone
        counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        waiting = int(counts["ApproximateNumberOfMessages"]) + int(counts["ApproximateNumberOfMessagesNotVisible"])
        assert waiting == 1
    aws.client.cache_clear()


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["missing.jsonl"], "missing.jsonl: cannot be read: No such file"),
        (["dead.jsonl", "--to", "slack"], "--to slack: there is no such output; set are: stdout"),
        (["dead.jsonl", "--keep", "dead.jsonl"], "--keep dead.jsonl: this file is read, too"),
        (["projects/p/nothing"], "projects/p/nothing"),
    ],
)
def test_what_cannot_be_done(lanner: Any, letters: Path, arguments: list[str], wanted: str) -> None:
    status, _, err = lanner("replay", *arguments)
    assert status == 2
    assert wanted in err


def test_without_an_output_there_is_nothing_to_replay_to(
    lanner: Any, letters: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LANNER_STDOUT")
    status, _, err = lanner("replay", letters)
    assert status == 2
    assert "no output" in err
    assert lanner("replay", letters, "--dry-run")[0] == 0
    assert lanner("replay", letters, "--to", "stdout")[0] == 3


def test_many_reasons_are_not_all_shown(lanner: Any, tmp_path: Path) -> None:
    path = tmp_path / "dead"
    path.write_bytes(b"\n".join([alert(number, f"output {number}") for number in range(25)]))
    status, out, _ = lanner("replay", path, path, "--dry-run")
    assert status == 0
    assert "25 dead letters" in out
    assert "... and 5 more reasons" in out
    status, _, err = lanner("replay", path, "--keep", tmp_path / "kept")
    assert status == 3
    assert "... and 5 more reasons" in err


def test_a_part_of_the_letters_may_be_for_others(lanner: Any, tmp_path: Path, rules: Path) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_bytes(alert(1) + b"\n")
    bad.write_bytes(alert(2, "sns:gone") + b"\n")
    status, out, err = lanner("replay", good, bad, "-r", rules)
    assert status == 3
    assert len(out.splitlines()) == 1
    assert f"{good}: 1 alerts sent\n" in err
    assert not (tmp_path / "good.again").exists()
