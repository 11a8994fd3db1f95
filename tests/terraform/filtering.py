"""What the filters of the modules drop, and which alerts that would have been."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conformance_data import recorded_rules

from lanner.engine import CompiledEngine
from lanner.fields import Intake, RawEvent
from lanner.ruleset import PACKS
from lanner.sources import Piece
from support import shipped
from terraform.hcl import literal, read
from terraform.places import REPOSITORY, TERRAFORM

__all__ = [
    "CORPUS",
    "EVENTS",
    "RULES",
    "alerts",
    "corpus",
    "default_filter",
    "documents",
    "engine",
    "log_lines",
    "wrapped",
]

SHARED = REPOSITORY.parent / "shared"
CORPUS = SHARED / "corpus"
EVENTS = REPOSITORY / "tests" / "events"
_OFFICIAL = SHARED / "conformance" / "official"
_FALCOS = {
    "official": [_OFFICIAL / "k8s_audit_rules.yaml"],
    "activated": [_OFFICIAL / "k8s_audit_rules.yaml", _OFFICIAL / "activate.yaml"],
}
RULES = [*_FALCOS, "ours"]
"""Falco's rules, the same with every rule that is inert by default woken up, and those shipped with Lanner."""


def default_filter(module: str, name: str = "filter") -> str:
    """Return the default of a module's variable `filter`."""
    for block in read(TERRAFORM / "modules" / module, "variables.tf"):
        if block.labels == [name]:
            text = literal(block.attributes["default"])
            assert text is not None, f"{module}: the default of {name!r} is no plain text"
            return text
    raise AssertionError(f"{module} has no variable {name!r}")


def literals(module: str, part: str) -> set[str]:
    """Return the texts in a module that have a part."""
    quoted = re.compile(r'"(?:[^"\\\n]|\\.)*"')
    found = {literal(match) for block in read(TERRAFORM / "modules" / module) for match in quoted.findall(block.text)}
    return {text for text in found if text and part in text}


def engine(rules: str) -> CompiledEngine:
    """Return an engine with the rules of a name, those of all packs; skips where they are absent."""
    if rules == "ours":
        return CompiledEngine(shipped(*PACKS).select(()))
    for file in _FALCOS[rules]:
        if not file.exists():
            pytest.skip("Falco's rules are not beside this checkout")
    return CompiledEngine(recorded_rules(*_FALCOS[rules]))


def corpus(name: str) -> Path:
    """Return a file of the recorded events; skips where they are absent."""
    path = CORPUS / f"{name}.jsonl.gz"
    if not path.exists():
        pytest.skip("the recorded events are not beside this checkout")
    return path


def documents(path: Path) -> list[str]:
    """Return the lines of a file, which may be packed."""
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    return [line for line in text.split("\n") if line]


def log_lines(payload: str) -> list[str]:
    """Return the lines of a log that a subscription hands over, itself or through a stream."""
    document = json.loads(payload)
    packed = [record["kinesis"]["data"] for record in document.get("Records", ())]
    packed += [document["awslogs"]["data"]] if "awslogs" in document else []
    messages = [json.loads(gzip.decompress(base64.b64decode(data))) for data in packed]
    return [
        event["message"]
        for message in messages
        if message["messageType"] == "DATA_MESSAGE"
        for event in message["logEvents"]
    ]


def wrapped(lines: Iterable[str]) -> bytes:
    """Return the payload with which a subscription hands over lines."""
    events = [{"id": str(number), "timestamp": 0, "message": line} for number, line in enumerate(lines)]
    message = {
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": "/aws/eks/shop/cluster",
        "logStream": "kube-apiserver-audit-0123456789abcdef0123456789abcdef",
        "subscriptionFilters": ["lanner"],
        "logEvents": events,
    }
    return json.dumps(
        {"awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(message).encode(), 1)).decode()}}
    ).encode()


def alerts(pieces: Iterable[Piece], judge: CompiledEngine) -> Iterator[tuple[str, str]]:
    """Yield rule and event of each alert, and of each rule that is left undecided by what was cut away."""
    intake = Intake()
    for piece in pieces:
        if isinstance(piece, RawEvent):
            event = intake.open(piece)
            verdict = judge.judge(event)
            for rule in (*verdict.matched, *verdict.undecided):
                yield rule.name, event.text_of("auditID").decode()


def lease(**changes: Any) -> dict[str, Any]:
    """Return an event of a controller that renews its lease, with `changes`; `None` takes a key away."""
    event = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "auditID": "3e1bbd8e-6a8d-4f2c-9a74-1d2f54a5ba33",
        "stage": "ResponseComplete",
        "requestURI": "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/cert-manager-controller",
        "verb": "update",
        "user": {
            "username": "system:serviceaccount:cert-manager:cert-manager",
            "uid": "2b0d7c6e-3f5c-4e60-8d7a-0c5f7b0c0a11",
            "groups": ["system:serviceaccounts", "system:serviceaccounts:cert-manager", "system:authenticated"],
        },
        "sourceIPs": ["10.20.3.7"],
        "userAgent": "cert-manager-controller/v1.18.2 (linux/amd64) cert-manager/4a2b1c",
        "objectRef": {
            "resource": "leases",
            "namespace": "kube-system",
            "name": "cert-manager-controller",
            "apiGroup": "coordination.k8s.io",
            "apiVersion": "v1",
        },
        "responseStatus": {"metadata": {}, "code": 200},
        "requestReceivedTimestamp": "2026-11-21T14:19:23.508506Z",
        "stageTimestamp": "2026-11-21T14:19:23.516998Z",
        "annotations": {"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": ""},
    }
    return {key: value for key, value in (event | changes).items() if value is not None}
