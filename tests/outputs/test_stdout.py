"""Alerts on standard output, and what importing outputs costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lanner.outputs.stdout import Stdout
from outputs.conftest import a_message


def test_alerts_are_lines(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    messages = [a_message(0), a_message(1)]
    output = Stdout()
    assert [list(batch) for batch in output.batches(messages)] == [messages]
    assert not output.send(messages, 1)
    assert capfdbinary.readouterr().out == messages[0].text + b"\n" + messages[1].text + b"\n"


CLOSED = """
import sys, os
sys.path[:0] = [{tests!r}]
from outputs.conftest import a_message
from lanner.outputs.stdout import Stdout
os.close(1)
(failure,) = Stdout().send([a_message()], 1)
assert failure.is_final and "standard output" in failure.reason
os.open(os.devnull, os.O_WRONLY)
"""


def test_a_closed_standard_output_is_a_failure() -> None:
    program = CLOSED.format(tests=str(Path(__file__).parents[1]))
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr


QUIET = """
import sys
from lanner.outputs import dead_letters, delivery, fanout
from lanner.outputs.boxes import box_at
from lanner.outputs.pubsub import PubSubTopic
from lanner.outputs.sns import SnsTopic
from lanner.outputs.stdout import Stdout
made = [SnsTopic("arn:aws:sns:eu-west-1:1:t"), PubSubTopic("projects/prod-1/topics/abc"), Stdout()]
made += map(box_at, ("https://sqs/1/q", "projects/prod-1/topics/abc", "file:x"))
print(*sys.modules)
"""


def test_outputs_that_are_not_used_cost_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", QUIET], capture_output=True, text=True, timeout=60, check=True)
    modules = done.stdout.split()
    assert "lanner.outputs.sns" in modules
    unwanted = (
        "boto3",
        "botocore",
        "google.cloud.pubsub_v1",
        "grpc",
        "urllib3",
        "hashlib",
        "dataclasses",
        "threading",
        "re2",
    )
    assert [name for name in unwanted if name in modules] == []
