"""The function behind an Event Hub, as the worker of Azure Functions calls it."""

from __future__ import annotations

import json
import logging
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, List, get_type_hints  # noqa: UP035

import azure.functions as func
import pytest
from azure.functions.eventhub import EventHubTriggerConverter
from azure.functions.meta import Datum

from doubles import Box, Recorder, always
from functions_data import EVENTS, event, incident
from lanner.errors import NotSafe, UsageError
from lanner.outputs.dead_letters import DeadLetter
from lanner.outputs.fanout import Route
from lanner.outputs.message import Message
from lanner.pipeline.telemetry import LOGGER
from lanner.ruleset import Priority
from lanner.sources import aks

APP = "azure_eventhub/function_app"
FUNCTION = Path(__file__).parents[2] / "functions" / "azure_eventhub"
HOST = json.loads((FUNCTION / "host.json").read_text())

CLUSTER = "/SUBSCRIPTIONS/0/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/SHOP"
QUIET = (EVENTS / "azure_eventhub_quiet.json").read_bytes()
ALERTING = (EVENTS / "azure_eventhub.json").read_bytes()
CUT = (EVENTS / "azure_eventhub_cut.json").read_bytes()


def body(*lines: str, category: str = "kube-audit") -> bytes:
    """Return the body of an Event Hub message with lines of an audit log."""
    records = [
        {
            "category": category,
            "operationName": "Microsoft.ContainerService/managedClusters/diagnosticLogs/Read",
            "properties": {"log": line, "stream": "stdout", "pod": "kube-apiserver-0"},
            "time": "2026-11-21T14:19:23.072548Z",
            "resourceId": CLUSTER,
        }
        for line in lines
    ]
    return json.dumps({"records": records}).encode()


def delivered(*bodies: bytes, partition: str = "3", first: int = 40) -> list[func.EventHubEvent]:
    """Return a batch as the library makes it of what the host sends."""
    properties = [
        {"SequenceNumber": number, "Offset": number * 1000, "PartitionKey": None, "EnqueuedTimeUtc": None}
        for number in range(first, first + len(bodies))
    ]
    metadata = {
        "SystemPropertiesArray": Datum(json.dumps(properties), "json"),
        "PartitionContext": Datum(json.dumps({"PartitionId": partition, "EventHubName": "audit"}), "json"),
    }
    data = Datum(SimpleNamespace(bytes=list(bodies)), "collection_bytes")
    found: list[func.EventHubEvent] = EventHubTriggerConverter.decode(data, trigger_metadata=metadata)
    return found


class App:
    """The function with a place for dead letters, whose alerts go to standard output."""

    def __init__(self, module: ModuleType, dead_letters: Path, printed: Any) -> None:
        self.module = module
        self._dead_letters = dead_letters
        self._printed = printed
        (self.function,) = module.app.get_functions()
        self.call: Callable[..., None] = self.function.get_user_function()

    def alerts(self) -> list[dict[str, Any]]:
        """Return the alerts that the function printed since this was asked last."""
        return [json.loads(line) for line in self._printed.readouterr().out.splitlines()]

    def letters(self) -> list[DeadLetter]:
        """Return the dead letters that were kept since this was asked last."""
        if not self._dead_letters.exists():
            return []
        found = [DeadLetter.read(line) for line in self._dead_letters.read_bytes().splitlines()]
        self._dead_letters.unlink()
        return found


@pytest.fixture(scope="module")
def packs() -> tuple[str, ...]:
    """The recorded batch holds what people do all day, too."""
    return ("default", "hunting")


@pytest.fixture(autouse=True)
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[logging.LogRecord]]:
    """What arrives at the root logger, whose handler is the worker's, but for what the library says of itself."""
    found: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = found.append  # type: ignore[method-assign]
    handler.addFilter(lambda record: record.name != "root")
    monkeypatch.setattr(logging.root, "handlers", [handler])
    for name in ("azure.core", "azure.identity"):
        monkeypatch.setattr(logging.getLogger(name), "level", logging.NOTSET)
    yield found
    logging.getLogger(LOGGER).handlers = []


@pytest.fixture(params=["cold", "warm"])
def app(request: Any, function: Any, tmp_path: Path, capfd: Any, lines: list[logging.LogRecord]) -> App:
    """The function, called for the first time, or after other batches."""
    path = tmp_path / "dead letters"
    made = App(function(APP, STDOUT="true", DEAD_LETTERS=f"file:{path}"), path, capfd)
    if request.param == "warm":
        made.call(delivered(ALERTING, QUIET))
        made.call(delivered(b"nonsense", CUT))
        made.alerts()
        made.letters()
        lines.clear()
    return made


def test_what_the_host_is_told(app: App) -> None:
    # GIVEN what the library tells the host of the function
    (binding,) = map(json.loads, app.function.get_raw_bindings())
    # THEN it is called with many events as bytes, from where settings say, by identity
    assert binding == {
        "type": "eventHubTrigger",
        "direction": "IN",
        "name": "events",
        "connection": "EVENT_HUB",
        "eventHubName": "%EVENT_HUB_NAME%",
        "consumerGroup": "%EVENT_HUB_CONSUMER_GROUP%",
        "cardinality": "MANY",
        "dataType": "BINARY",
    }
    # AND again and again until it succeeds
    assert app.function.get_settings_dict("retry_policy") == {
        "setting_name": "retry_policy",
        "strategy": "exponential_backoff",
        "max_retry_count": "-1",
        "minimum_interval": "00:00:02",
        "maximum_interval": "00:02:00",
    }
    assert app.function.get_function_name() == "lanner"
    # AND the events are annotated as the worker understands it, which takes no `list[...]`
    assert get_type_hints(app.call)["events"] == List[func.EventHubEvent]  # noqa: UP006


def test_the_host_keeps_a_checkpoint_of_every_batch_and_waits_long_enough(app: App) -> None:
    assert HOST["version"] == "2.0"
    assert HOST["extensions"]["eventHubs"]["batchCheckpointFrequency"] == 1
    assert HOST["extensions"]["eventHubs"]["prefetchCount"] >= HOST["extensions"]["eventHubs"]["maxEventBatchSize"]
    hours, minutes, seconds = map(int, HOST["functionTimeout"].split(":"))
    assert hours * 3600 + minutes * 60 + seconds > app.module._SECONDS * 2


def test_a_recorded_batch(app: App) -> None:
    app.call(delivered(ALERTING, QUIET, CUT))
    alerts = app.alerts()
    assert [alert["rule"] for alert in alerts] == ["Port Forwarded to a Pod", "Secrets Read by a Person"]
    assert [alert["cluster"] for alert in alerts] == ["shop", ""]
    assert [alert["truncated"] for alert in alerts] == [False, True]
    assert {alert["provider"] for alert in alerts} == {"aks"}
    assert not app.letters()
    # AND the same again gives the same
    app.call(delivered(ALERTING, QUIET, CUT))
    assert app.alerts() == alerts


def test_the_same_events_give_the_same_alerts_as_anywhere(app: App) -> None:
    lines = incident()
    app.call(delivered(*[body(*lines[start : start + 20]) for start in range(0, len(lines), 20)]))
    alerts = app.alerts()
    assert alerts
    assert {alert["cluster"] for alert in alerts} == {"shop"}


@pytest.mark.parametrize("batch", [[], [QUIET], [body("I1121 trace.go:1] Trace", category="kube-apiserver")]])
def test_batches_without_an_alert(app: App, lines: list[logging.LogRecord], batch: Sequence[bytes]) -> None:
    app.call(delivered(*batch))
    assert not app.alerts()
    assert not app.letters()
    assert not lines


def test_poison_between_good_events_costs_none(app: App) -> None:
    poison = [b"", b"no JSON", b"\xff\x00", b"[" * 5000, b"{}", b'{"records":7}', b'{"records":[{}]}', b"null"]
    batch = [one for bad in poison for one in (ALERTING, bad)]
    app.call(delivered(*batch, ALERTING, first=100))
    # THEN every good event alerts, and every other one is kept with its place
    assert len(app.alerts()) == len(poison) + 1
    letters = app.letters()
    assert [letter.kind for letter in letters] == ["payload"] * len(poison)
    assert [letter.provider for letter in letters] == ["aks"] * len(poison)
    assert [letter.origin.split(" item")[0] for letter in letters] == [
        f"partition 3, sequence number {101 + 2 * number}, offset {(101 + 2 * number) * 1000}"
        for number in range(len(poison))
    ]
    assert [letter.content for letter in letters[:3]] == poison[:3]


def test_a_defect_of_ours_costs_no_other_event(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    read = aks.events

    def broken(payload: bytes, **context: Any) -> Iterator[Any]:
        if payload == QUIET:
            raise ZeroDivisionError
        yield from read(payload, **context)

    monkeypatch.setattr(app.module.aks, "events", broken)
    app.call(delivered(ALERTING, QUIET, ALERTING))
    assert len(app.alerts()) == 2
    (letter,) = app.letters()
    assert letter.content == QUIET
    assert letter.reason.startswith("reading failed with ZeroDivisionError")


def test_events_without_metadata_are_judged(app: App) -> None:
    app.call([func.EventHubEvent(body=ALERTING), func.EventHubEvent(body=b"nonsense")])
    assert len(app.alerts()) == 1
    (letter,) = app.letters()
    assert letter.origin == "partition unknown, sequence number None, offset None"


def routed(app: App, recorder: Recorder, box: Box) -> None:
    """Let the function send to another output, and keep in another box."""
    app.module.pipeline.routes = (Route(recorder, Priority.DEBUG),)
    app.module.pipeline._box = box


def incident_batches() -> list[list[bytes]]:
    """Return bodies of the incident's events, in batches."""
    lines = incident()
    bodies = [body(*lines[start : start + 10]) for start in range(0, len(lines), 10)]
    return [bodies[start : start + 6] for start in range(0, len(bodies), 6)]


@pytest.fixture
def wanted(app: App) -> set[str]:
    """The ids of the incident's alerts where nothing fails."""
    recorder = Recorder()
    routed(app, recorder, Box())
    for batch in incident_batches():
        app.call(delivered(*batch))
    assert len(recorder.ids) > 20
    return set(recorder.ids)


def test_what_is_neither_delivered_nor_kept_comes_again(
    app: App, wanted: set[str], lines: list[logging.LogRecord]
) -> None:
    # GIVEN an output that takes nothing and a box that keeps nothing
    recorder, box = Recorder(fault=always("403", is_final=True)), Box(broken=True)
    routed(app, recorder, box)
    batches = incident_batches()
    lines.clear()
    for _ in range(2):
        with pytest.raises(NotSafe, match=r"neither delivered nor kept: .*the queue does not exist"):
            app.call(delivered(*(one for batch in batches for one in batch), b"nonsense"))
    told = [json.loads(record.getMessage()) for record in lines]
    assert [(one["severity"], one["not_safe"] > 1) for one in told] == [("ERROR", True)] * 2
    # WHEN the output works again, and the host calls again with the same batches
    recorder._fault, box.broken = None, False
    for batch in batches:
        app.call(delivered(*batch))
    # THEN all alerts are there, with the same ids
    assert set(recorder.ids) == wanted


def test_what_an_output_does_not_take_is_kept(app: App, wanted: set[str]) -> None:
    box = Box()
    routed(app, Recorder(fault=always("403", is_final=True)), box)
    for batch in incident_batches():
        app.call(delivered(*batch))
    letters = [DeadLetter.read(record) for record in box.records]
    assert {Message.read(letter.content).id for letter in letters} == wanted


def test_an_output_that_comes_and_goes(app: App, wanted: set[str]) -> None:
    # GIVEN an output that refuses three calls of ten, no working box, and a host that tries again without end
    chance = random.Random(5)
    refusing = always("403", is_final=True)
    recorder = Recorder(fault=lambda batch, timeout: refusing(batch, timeout) if chance.random() < 0.3 else ())
    routed(app, recorder, Box(broken=True))
    calls = 0
    for batch in incident_batches():
        while True:
            calls += 1
            try:
                app.call(delivered(*batch))
                break
            except NotSafe:
                assert calls < 5000
    assert set(recorder.ids) == wanted
    assert calls > len(incident_batches())


def test_events_twice_and_in_any_order(app: App, wanted: set[str]) -> None:
    # GIVEN a host that crashed before its checkpoint, and partitions that nobody orders
    chance = random.Random(3)
    bodies = [one for batch in incident_batches() for one in batch for _ in range(chance.choice([1, 2, 3]))]
    chance.shuffle(bodies)
    recorder = Recorder()
    routed(app, recorder, Box())
    for start in range(0, len(bodies), 7):
        app.call(delivered(*bodies[start : start + 7], partition=str(start % 4)))
    assert set(recorder.ids) == wanted
    assert len({message.text for message in recorder.taken}) == len(wanted)


def test_log_lines_are_objects_for_the_hosts_handler(app: App, lines: list[logging.LogRecord], capfd: Any) -> None:
    app.call(delivered(ALERTING))
    (record,) = lines
    assert (record.name, record.levelname) == ("lanner", "INFO")
    told = json.loads(logging.Formatter().format(record))  # as the worker's handler does
    assert (told["severity"], told["events"], told["others"]) == ("INFO", 4, 1)
    assert told["alerts"] == told["delivered"] == 1
    assert told["rules"] == {"Port Forwarded to a Pod": 1}
    assert told["cluster"] == "shop"
    assert told["lag_seconds"] > 0
    assert capfd.readouterr().err == ""


def test_quiet_batches_are_logged_if_wanted(
    function: Any, lines: list[logging.LogRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    (made,) = function(APP, STDOUT="true").app.get_functions()
    made.get_user_function()(delivered(QUIET))
    assert [record.levelname for record in lines] == ["DEBUG"]


def test_azures_libraries_do_not_log_every_request(app: App, lines: list[logging.LogRecord]) -> None:
    logging.getLogger("azure.core.pipeline.policies.http_logging_policy").info("Request URL: ...")
    logging.getLogger("azure.identity._internal.decorators").info("succeeded")
    assert not lines


def test_it_does_not_start_with_wrong_settings(function: Any, lines: list[logging.LogRecord]) -> None:
    with pytest.raises(UsageError, match="no output"):
        function(APP)
    (record,) = lines
    assert record.levelname == "CRITICAL"
    assert json.loads(record.getMessage())["message"].startswith("cannot start: no output")


COLD = """
import sys
import azure.functions as func
before = set(sys.modules)
from function_app import app
(function,) = app.get_functions()
function.get_user_function()([func.EventHubEvent(body=sys.stdin.buffer.read())])
print(*set(sys.modules) - before)
"""


def test_a_quiet_batch_needs_no_client(rules: Path) -> None:
    queue = "https://shop.queue.core.windows.net/alerts"
    settings = {
        "PYTHONPATH": str(FUNCTION),
        "LANNER_RULES": str(rules),
        "LANNER_STORAGE_QUEUE_URL": queue,
        "LANNER_EVENTGRID_URL": "https://alerts.westeurope-1.eventgrid.azure.net/api/events",
        "LANNER_DEAD_LETTERS": queue,
    }
    done = subprocess.run(
        [sys.executable, "-c", COLD],
        input=QUIET,
        capture_output=True,
        env=os.environ | settings,
        timeout=60,
        check=True,
    )
    imported = done.stdout.decode().split()
    assert "lanner.outputs.storage_queue" in imported
    unwanted = ("azure.core", "azure.identity", "azure.storage.queue", "requests", "msal", "yaml", "lanner.cli")
    assert [name for name in (*unwanted, "lanner.outputs.http", "lanner.ruleset.loader") if name in imported] == []


def test_its_settings_are_none_of_ours(function: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # variables that begin with LANNER_ are refused if nobody knows them
    for name in ("EVENT_HUB__fullyQualifiedNamespace", "EVENT_HUB_NAME", "EVENT_HUB_CONSUMER_GROUP"):
        monkeypatch.setenv(name, "x")
    function(APP, STDOUT="true")


def test_recorded_payloads_are_such_as_azure_sends() -> None:
    for name in ("azure_eventhub", "azure_eventhub_cut", "azure_eventhub_quiet"):
        categories = {record["category"] for record in event(name)["records"]}
        assert categories <= {"kube-audit", "kube-audit-admin", "kube-apiserver"}
