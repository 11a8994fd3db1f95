"""What outputs cost that are not used: a quiet batch pays for no SDK."""

from __future__ import annotations

import subprocess
import sys

UNWANTED = (
    *("boto3", "botocore", "google.api_core", "google.auth", "google.pubsub_v1", "grpc", "urllib3", "requests"),
    *("azure", "ssl", "hashlib", "dataclasses", "random", "re2"),
)
MADE = """
import sys
from lanner.outputs import delivery
from lanner.outputs.boxes import box_at
from lanner.outputs.dead_letters import DeadLetter
from lanner.outputs.deadline import Deadline
from lanner.outputs.event_grid import EventGridTopic
from lanner.outputs.falcosidekick import Falcosidekick
from lanner.outputs.fanout import Fanout, Route
from lanner.outputs.ibm_logs import IbmCloudLogs
from lanner.outputs.logdna import LogDna
from lanner.outputs.pubsub import PubSubTopic
from lanner.outputs.slack import Slack
from lanner.outputs.sns import SnsTopic
from lanner.outputs.stdout import Stdout
from lanner.outputs.storage_queue import StorageQueue
from lanner.outputs.webhook import Webhook
from lanner.ruleset import Priority

outputs = [SnsTopic("arn:aws:sns:eu-west-1:1:t"), PubSubTopic("projects/prod-1/topics/abc"), Stdout()]
outputs += [kind("https://receiver.example/hook") for kind in (Webhook, Slack, Falcosidekick)]
outputs += [kind("https://receiver.example/hook", "key") for kind in (LogDna, IbmCloudLogs)]
outputs += [EventGridTopic("https://a.westeurope-1.eventgrid.azure.net/api/events")]
outputs += [StorageQueue("https://account.queue.core.windows.net/alerts")]
boxes = [box_at(address) for address in ("https://sqs.eu-west-1.amazonaws.com/1/q", "projects/p/topics/abc", "file:x")]
boxes += [box_at("https://account.queue.core.windows.net/letters")]
assert Fanout([Route(output, Priority.DEBUG) for output in outputs]).send([], Deadline(5)) == []
print(*sys.modules)
"""


def test_outputs_that_are_not_used_cost_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", MADE], capture_output=True, text=True, timeout=60, check=True)
    modules = done.stdout.split()
    assert "lanner.outputs.sns" in modules
    assert "lanner.outputs.boxes.sqs" in modules
    assert [name for name in UNWANTED if name in modules] == []
