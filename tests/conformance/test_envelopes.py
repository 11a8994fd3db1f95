"""Recorded events in the envelopes of their providers: the alerts are those of the plain events."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import pytest
from conformance_data import Golden, recorded_rules

from lanner.engine import CompiledEngine
from lanner.fields import Intake, RawEvent
from lanner.ruleset import PACKS
from lanner.sources import Other, Piece, read
from support import shipped

Found = Counter[tuple[str, ...]]


class _Named(msgspec.Struct):
    auditID: str
    stage: str


_decode = msgspec.json.Decoder(_Named).decode


@pytest.fixture(params=["official", "shipped"])
def engine(request: pytest.FixtureRequest, whole: Golden) -> CompiledEngine:
    """Falco's rules, all of them switched on, or those shipped with Lanner, of all packs."""
    official = whole.root / "official"
    if request.param == "shipped":
        return CompiledEngine(shipped(*PACKS).select(()))
    return CompiledEngine(recorded_rules(official / "k8s_audit_rules.yaml", official / "activate.yaml"))


def corpus(whole: Golden, part: str) -> Golden:
    """Return a folder of the recorded events, which has no list of deliberate differences."""
    folder = Golden.__new__(Golden)
    folder.root = whole.root.parent / "corpus" / part
    return folder


def alerts(pieces: Iterable[Piece], engine: CompiledEngine) -> tuple[Found, Counter[type]]:
    """Return (rule, auditID, stage) of each alert, and how many pieces of each kind there were."""
    found: Found = Counter()
    kinds: Counter[type] = Counter()
    intake = Intake()
    for piece in pieces:
        kinds[type(piece)] += 1
        if isinstance(piece, RawEvent):
            event = intake.open(piece)
            for rule in engine.judge(event).matched:
                found[(rule.name, event.text_of("auditID").decode(), event.text_of("stage").decode())] += 1
    return found, kinds


def name(piece: Piece) -> tuple[str, str]:
    """Return the audit id and the stage of an event."""
    assert isinstance(piece, RawEvent)
    decoded = _decode(piece.text)
    return decoded.auditID, decoded.stage


@pytest.mark.parametrize(
    ("file", "provider", "others"),
    [
        ("eks-cloudwatch", "eks", 2),
        ("eks-kinesis", "eks", 2),
        ("aks-eventhub", "aks", 147),
        ("ovh-ldp", "ovh", 0),
    ],
)
def test_wrapped_lines(
    whole: Golden, engine: CompiledEngine, compared: Callable[..., None], file: str, provider: str, others: int
) -> None:
    # GIVEN events, and the same in the envelopes of a provider that passes on the lines of the log
    folder = corpus(whole, "envelopes")
    wanted, _ = alerts(read([folder.root / "events.jsonl.gz"]), engine)
    # WHEN the envelopes are found out, or said
    for envelope in ("", provider):
        pieces = list(read([folder.root / f"{file}.jsonl.gz"], envelope=envelope))
        got, kinds = alerts(pieces, engine)
        # THEN the alerts are the same, and nothing is rejected
        assert got == wanted
        assert kinds == {RawEvent: 3104} | ({Other: others} if others else {})
        assert {piece.provider for piece in pieces if isinstance(piece, RawEvent)} == {provider}
    compared(got.total(), f"alerts on events in {file}", (got - wanted).total() + (wanted - got).total())
    assert got.total() > 100


def test_webhook_batches(whole: Golden, engine: CompiledEngine, compared: Callable[..., None]) -> None:
    # GIVEN the bodies of requests, and the same events as the log has them
    folder = corpus(whole, "webhook")
    sent = list(read([folder.root / "batches.jsonl.gz"]))
    names = set(map(name, sent))
    logged = [piece for piece in read([corpus(whole, "day").root / "events.jsonl.gz"]) if name(piece) in names]
    # WHEN they are judged
    got, kinds = alerts(sent, engine)
    wanted, _ = alerts(logged, engine)
    # THEN the alerts are the same, although the items have no kind
    compared(got.total(), "alerts on events in webhook batches", (got - wanted).total() + (wanted - got).total())
    assert got == wanted
    assert got.total() >= 26
    assert kinds == {RawEvent: len(logged)} == {RawEvent: 3584}


def as_an_entry_has_it(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event without what no log entry of GKE carries, and with the name of the cluster, which they do.

    They lack groups and other facts about the caller, whom it impersonated (the recorded ones have no
    `authoritySelector`), the proxies on the way, the query of the request, and what stands behind a proxy.
    """
    uri = event["requestURI"].partition("?")[0]
    if event.get("objectRef", {}).get("subresource") == "proxy":
        uri = uri.partition("/proxy")[0] + "/proxy"
    event = event | {
        "user": {"username": event["user"].get("username", "")},
        "sourceIPs": event["sourceIPs"][:1],
        "requestURI": uri,
        "annotations": event.get("annotations", {}) | {"cluster_name": "shop"},
    }
    event.pop("impersonatedUser", None)
    return event


@pytest.mark.parametrize("file", ["gke-logentries", "gke-pubsub-messages"])
def test_log_entries(whole: Golden, engine: CompiledEngine, compared: Callable[..., None], file: str) -> None:
    # GIVEN log entries, and the events that they tell of as far as they do
    folder = corpus(whole, "envelopes")
    entries = list(read([folder.root / f"{file}.jsonl.gz"]))
    names = {name(piece) for piece in entries if not isinstance(piece, Other)}
    told = [
        RawEvent(json.dumps(as_an_entry_has_it(event)).encode())
        for event in folder.objects("events.jsonl")
        if (event["auditID"], event["stage"]) in names
    ]
    # WHEN both are judged
    got, kinds = alerts(entries, engine)
    wanted, _ = alerts(told, engine)
    # THEN their alerts are the same
    compared(got.total(), "alerts on GKE's entries", (got - wanted).total() + (wanted - got).total())
    assert got == wanted
    assert got.total() > 100
    assert kinds == {RawEvent: 1920, Other: 10}


@pytest.mark.parametrize(
    ("beginning", "provider"),
    [("aks-", "aks"), ("eks-", "eks"), ("gke-", "gke"), ("ovh-", "ovh"), ("events", ""), ("cut-events", "")],
)
def test_every_file_of_envelopes_is_found_out(whole: Golden, beginning: str, provider: str) -> None:
    # GIVEN all files of a provider, cut ones, too
    files = sorted(corpus(whole, "envelopes").root.glob(f"{beginning}*.jsonl.gz"))
    assert files
    for file in files:
        pieces = list(read([file]))
        # THEN each piece is an event of that provider, or a record of another kind
        assert {type(piece) for piece in pieces} <= {RawEvent, Other}
        assert {piece.provider for piece in pieces if isinstance(piece, RawEvent)} == {provider}
