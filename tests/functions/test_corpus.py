"""Recorded events in their providers' envelopes give, through the functions, the alerts of the plain events."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import functions_framework
import pytest
from azure.functions import EventHubEvent

from functions_data import COMPARED
from lanner.alerts import AlertFormat
from lanner.engine import ReferenceEngine
from lanner.fields import Intake
from lanner.ruleset import AppendOutput, Rule, artefact, load, rules_paths, shipped_rules
from lanner.scan import Judge
from lanner.sources import Progress, apiserver

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
EVERY_EVENT = """
- rule: Every Event
  desc: so that no event is left out of the comparison
  condition: jevt.rawtime exists
  output: "%ka.verb"
  priority: DEBUG
  source: k8s_audit
"""
NAMED = AppendOutput(extra_fields=(("auditID", "%ka.auditid"), ("stage", "%ka.stage")))

Alerts = Counter[tuple[str, str, str]]


def lines(name: str) -> list[bytes]:
    """Return the lines of a file of the corpus."""
    path = CORPUS / f"{name}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"{name} is not beside this checkout: this needs the recorded corpus")
    return gzip.decompress(path.read_bytes()).splitlines()


@pytest.fixture(scope="module")
def named_rules(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Rule, ...]]:
    """The shipped rules and one for every event, whose alerts name the event; as an artefact, and loaded."""
    folder = tmp_path_factory.mktemp("named")
    (folder / "every.yaml").write_text(EVERY_EVENT)
    files = rules_paths([*shipped_rules(), folder / "every.yaml"], explicit=True)
    ruleset = load(files, None, (NAMED,)).ruleset
    assert ruleset is not None
    path = folder / "rules.lanner"
    path.write_bytes(artefact.write(ruleset, {}, (NAMED,)))
    return path, ruleset.select()


def alert(line: bytes) -> tuple[str, str, str]:
    told = json.loads(line)
    fields = told["output_fields"]
    return told["rule"], fields["auditID"], fields["stage"]


def of_plain(rules: tuple[Rule, ...], events: Iterable[bytes]) -> Alerts:
    """Return the alerts of plain events, by the engine that defines them."""
    pieces = (piece for event in events for piece in apiserver.events(event, origin="x"))
    judge = Judge(ReferenceEngine(rules), AlertFormat(), lambda alert: alert.json_line())
    parts = judge.parts(pieces, Intake(), Progress())
    return Counter([alert(line) for part in parts for line in part.output if isinstance(line, bytes)])


@pytest.fixture
def through(function: Any, named_rules: Any, monkeypatch: Any, capfd: Any, compared: Any) -> Any:
    """Send payloads through a function; return its alerts."""
    monkeypatch.setenv("LANNER_RULES", str(named_rules[0]))
    monkeypatch.setenv("LANNER_STDOUT", "true")
    monkeypatch.setenv("LOG_LEVEL", "ERROR")
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "true")
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "ERROR")

    def run(path: str, call: Callable[[Any], Callable[[bytes], None]], payloads: Iterable[bytes]) -> Alerts:
        send = call(function(path))
        capfd.readouterr()
        found: Alerts = Counter()
        for number, payload in enumerate(payloads):
            send(payload)
            if number % 100 == 0:  # before the pipe is full
                found += Counter(map(alert, capfd.readouterr().out.encode().splitlines()))
        found += Counter(map(alert, capfd.readouterr().out.encode().splitlines()))
        return found

    return run


@pytest.fixture
def compared(request: pytest.FixtureRequest) -> Callable[[str, Alerts, Alerts, str], None]:
    """Compare alerts, and say how many there were at the end of the run."""

    def compare(what: str, found: Alerts, wanted: Alerts, note: str = "") -> None:
        rules = sum([count for (rule, _, _), count in wanted.items() if rule != "Every Event"])
        COMPARED.append(
            f"{what}: {wanted.total() - rules:,} events, {rules:,} alerts of the shipped rules, "
            f"{sum(((found - wanted) + (wanted - found)).values())} different{note}"
        )
        assert found == wanted
        assert rules

    return compare


def test_eks_cloudwatch(through: Any, named_rules: Any, compared: Any, context: Any) -> None:
    payloads = lines("envelopes/eks-cloudwatch")
    found = through(
        "aws_cloudwatch/handler",
        lambda module: lambda payload: module.handle(json.loads(payload), context),
        payloads,
    )
    plain = of_plain(named_rules[1], lines("envelopes/events"))
    compared(f"EKS, {len(payloads)} CloudWatch batches", found, plain)


def test_aks_eventhub(through: Any, named_rules: Any, compared: Any) -> None:
    def call(module: Any) -> Callable[[bytes], None]:
        (function,) = module.app.get_functions()
        return lambda body: function.get_user_function()([EventHubEvent(body=body)])

    bodies = lines("envelopes/aks-eventhub")
    found = through("azure_eventhub/function_app", call, bodies)
    compared(f"AKS, {len(bodies)} Event Hub messages", found, of_plain(named_rules[1], lines("envelopes/events")))


def test_webhook(through: Any, named_rules: Any, compared: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("LANNER_AUTH_TOKENS", "token-0123456789abcdef")
    headers = json.loads((CORPUS / "webhook" / "headers.json").read_text()) if CORPUS.exists() else {}
    headers = {name: value for name, value in headers.items() if name not in ("Host", "Content-Length")}

    def call(module: Any) -> Callable[[bytes], None]:
        client = functions_framework.create_app("handle", module.__file__, "http").test_client()

        def post(body: bytes) -> None:
            answer = client.post(
                "/audit/shop", data=body, headers=headers | {"Authorization": "Bearer token-0123456789abcdef"}
            )
            assert answer.status_code == 200

        return post

    bodies = lines("webhook/batches")
    found = through("http_webhook/main", call, bodies)
    # the same events as they stand in the log of that API server, where they are, else as they came
    items = [item for body in bodies for item in json.loads(body)["items"]]
    wanted = {(item["auditID"], item["stage"]): item for item in items}
    logged = {}
    for line in lines("day/events"):
        event = json.loads(line)
        if (event["auditID"], event["stage"]) in wanted:
            logged[event["auditID"], event["stage"]] = line
    plain = [
        logged.get(key, json.dumps({"kind": "Event", "apiVersion": "audit.k8s.io/v1", **item}).encode())
        for key, item in wanted.items()
    ]
    assert len(items) == len(wanted)
    note = f" ({len(logged):,} of them as they stand in the API server's log)"
    compared(f"webhook, {len(bodies)} EventLists", found, of_plain(named_rules[1], plain), note)


def test_gke_pubsub(through: Any, named_rules: Any, compared: Any) -> None:
    headers = {
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-type": "google.cloud.pubsub.topic.v1.messagePublished",
        "ce-source": "//pubsub.googleapis.com/projects/p/topics/t",
        "content-type": "application/json",
    }

    def call(module: Any) -> Callable[[bytes], None]:
        client = functions_framework.create_app("handle", module.__file__, "cloudevent").test_client()

        def deliver(message: bytes) -> None:
            assert client.post("/", data=message, headers=headers).status_code == 200

        return deliver

    messages = lines("envelopes/gke-pubsub-messages")
    found = through("gcp_pubsub/main", call, messages)
    events = lines("envelopes/events")
    carried = list(_carried(events, lines("envelopes/gke-logentries")))
    wanted = of_plain(named_rules[1], carried)
    whole = of_plain(named_rules[1], events)
    lost = sum([count for (rule, _, _), count in (whole - wanted).items() if rule != "Every Event"])
    note = f" ({lost} alerts of the plain events depend on what entries do not carry)"
    compared(f"GKE, {len(messages):,} Pub/Sub messages", found, wanted, note)


def _carried(events: Iterable[bytes], entries: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the plain events as far as log entries can carry them.

    There is one entry for a request, none for those that Cloud Audit Logs leaves out. It does not carry the query of
    the URI (so not the command of an exec), the stage (all but exec and attach count as complete), the code of an
    answer that was no error, and whom the caller impersonated unless `authoritySelector` names that user. The labels
    of the cluster are what it adds.
    """
    requests: dict[str, dict[str, dict[str, Any]]] = {}
    for line in events:
        event = json.loads(line)
        requests.setdefault(event["auditID"], {})[event["stage"]] = event
    for line in entries:
        entry = json.loads(line)
        stages = requests.get(entry["insertId"])
        if stages is None:
            continue  # of another service
        is_stream = next(iter(stages.values())).get("objectRef", {}).get("subresource") in ("exec", "attach")
        stage = "ResponseStarted" if is_stream else "ResponseComplete"
        event = {**stages.get(stage, next(iter(stages.values()))), "stage": stage}
        uri = event["requestURI"].partition("?")[0]
        is_proxied = event["objectRef"].get("subresource") == "proxy"  # what stands behind it is not told
        event["requestURI"] = uri.partition("/proxy")[0] + "/proxy" if is_proxied else uri
        if "status" not in entry["protoPayload"]:
            event["responseStatus"] = {"code": 101 if is_stream else 201 if event["verb"] == "create" else 200}
        if "authoritySelector" not in entry["protoPayload"]["authenticationInfo"]:
            event.pop("impersonatedUser", None)
        event["annotations"] = event.get("annotations", {}) | entry["resource"]["labels"]
        yield json.dumps(event).encode()
