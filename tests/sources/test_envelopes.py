"""Documents in files: which envelope each one is, and what comes of it."""

from __future__ import annotations

import base64
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lanner.fields import RawEvent
from lanner.fields.block import Block
from lanner.sources import MAX_EVENT_SIZE, Context, Other, Piece, Progress, Reject, read, read_blocks
from lanner.sources.apiserver import MAX_BAD_PARTS
from lanner.sources.envelopes import PROVIDERS
from lanner.sources.segments import Segment, SegmentReader, find_cut

EVENTS = Path(__file__).parents[1] / "events"
PLAIN = b'{"kind":"Event","auditID":"plain"}'
ENTRY = {
    "insertId": "entry",
    "logName": "projects/p/logs/cloudaudit.googleapis.com%2Factivity",
    "resource": {"type": "k8s_cluster", "labels": {"cluster_name": "c"}},
    "protoPayload": {"@type": "type.googleapis.com/google.cloud.audit.AuditLog", "serviceName": "k8s.io"},
}
TEXT_ENTRY = {"insertId": "text", "logName": "projects/p/logs/stdout", "textPayload": "hello"}
CONTROL = {"messageType": "CONTROL_MESSAGE", "logEvents": [{"message": "CWL CONTROL MESSAGE"}]}


def compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def batch(*messages: str) -> dict[str, Any]:
    return {
        "messageType": "DATA_MESSAGE",
        "logGroup": "/aws/eks/shop/cluster",
        "logStream": "kube-apiserver-audit-0123",
        "logEvents": [{"timestamp": 1700000000000, "message": message} for message in messages],
    }


def packed(envelope: object) -> bytes:
    return base64.b64encode(gzip.compress(compact(envelope), mtime=0))


def invocation(envelope: object) -> dict[str, Any]:
    return {"awslogs": {"data": packed(envelope).decode()}}


def message(data: object) -> dict[str, Any]:
    return {"message": {"data": base64.b64encode(compact(data)).decode(), "messageId": "1"}, "subscription": "s"}


def record(text: str, category: str = "kube-audit", **more: object) -> dict[str, Any]:
    resource = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/Shop"
    return {"category": category, "properties": {"log": text}, "resourceId": resource} | more


BATCH = batch('{"kind":"Event","auditID":"a"}', '{"kind":"Event","auditID":"b"}')
EVENT = '{"kind":"Event","auditID":"a"}'
WRAPPED = {  # documents, and what they hold
    "invocation": (invocation(BATCH), "eks", ["a", "b"]),
    "plain batch": (BATCH, "eks", ["a", "b"]),
    "control message": (CONTROL, "eks", ["-"]),
    "entry": (ENTRY, "gke", ["entry"]),
    "entry in snake case": ({"log_name": "x", "insert_id": "y", "text_payload": "z"}, "gke", ["-"]),
    "text entry": (TEXT_ENTRY, "gke", ["-"]),
    "JSON entry": (TEXT_ENTRY | {"jsonPayload": {"kind": "Event"}}, "gke", ["-"]),
    "message": (message(ENTRY), "gke", ["entry"]),
    "message with text entry": (message(TEXT_ENTRY), "gke", ["-"]),
    "Event Hub batch": ({"records": [record(EVENT), record("I1121 trace", "kube-apiserver")]}, "aks", ["a", "-"]),
    "Event Hub batch in capitals": ({"Records": [{"Category": "x", "Properties": {"Log": ""}}]}, "aks", ["-"]),
    "diagnostic record": (record(EVENT, time="2026-11-21T14:19:23Z"), "aks", ["a"]),
    "GELF record": ({"_appID": "k", "short_message": EVENT, "_cluster_id": "shop"}, "ovh", ["a"]),
    "tail message": ({"message": compact({"short_message": EVENT, "_cluster_id": "shop"}).decode()}, "ovh", ["a"]),
    "tail message of another log": ({"message": compact({"short_message": "GET /"}).decode()}, "ovh", ["-"]),
    "Kinesis records": ({"Records": [{"kinesis": {"data": packed(BATCH).decode()}}]}, "eks", ["a", "b"]),
}
every_wrapping = pytest.mark.parametrize(
    ("document", "provider", "wanted"), [pytest.param(*values, id=name) for name, values in WRAPPED.items()]
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def pieces(log: Path, text: bytes, **options: Any) -> list[Piece]:
    log.write_bytes(text)
    return list(read([log], **options))


def name_of(piece: Piece) -> str:
    """Return an event's audit id, the place of a reject, or a dash for a record of another kind."""
    if isinstance(piece, Other):
        return "-"
    if isinstance(piece, Reject):
        return "!" + piece.origin.rpartition("/")[2]
    return str(json.loads(piece.text)["auditID"])


def outline(log: Path, text: bytes, **options: Any) -> list[str]:
    return [name_of(piece) for piece in pieces(log, text, **options)]


def reason(log: Path, text: bytes, **options: Any) -> str:
    (piece,) = pieces(log, text, **options)
    assert type(piece) is Reject, piece
    return piece.reason


@every_wrapping
def test_an_envelope_is_known_by_its_members(
    log: Path, document: dict[str, Any], provider: str, wanted: list[str]
) -> None:
    plain = compact(document)
    # GIVEN an envelope on a line among events, over several lines, with its keys in another order
    assert outline(log, PLAIN + b"\n" + plain + b"\n" + PLAIN) == ["plain", *wanted, "plain"]
    assert outline(log, json.dumps(document, indent=2).encode() + b"\n" + plain) == wanted * 2
    assert outline(log, compact(dict(reversed(document.items())))) == wanted
    # GIVEN arrays of them, on one line and over several
    assert outline(log, b"[" + plain + b"," + PLAIN + b",[" + plain + b"]]") == [*wanted, "plain", *wanted]
    listed = json.dumps([document, json.loads(PLAIN), document], indent=2).encode()
    assert outline(log, listed) == [*wanted, "plain", *wanted]
    # GIVEN a packed file
    assert outline(log, gzip.compress(plain)) == wanted


@every_wrapping
def test_the_events_know_where_they_came_from(
    log: Path, document: dict[str, Any], provider: str, wanted: list[str]
) -> None:
    for piece in pieces(log, compact(document), cluster="mine"):
        if isinstance(piece, RawEvent):
            assert piece.provider == provider
            assert piece.cluster == ("c" if provider == "gke" else "shop")
    for piece in pieces(log, compact(document), provider="given"):
        assert isinstance(piece, Reject) or piece.provider == "given"


def test_a_cluster_is_named_for_envelopes_that_do_not(log: Path) -> None:
    nameless = ENTRY | {"resource": {"type": "k8s_cluster"}}
    (event,) = pieces(log, compact(nameless), cluster="mine")
    assert isinstance(event, RawEvent)
    assert event.cluster == "mine"


def test_batches_in_base64_stand_one_on_a_line(log: Path) -> None:
    # as Kinesis and `jq -r .awslogs.data` give them
    lines = packed(BATCH) + b"\n" + PLAIN + b"\n  " + packed(CONTROL) + b"\r\n" + packed(BATCH)
    assert outline(log, lines) == ["a", "b", "plain", "-", "a", "b"]
    assert outline(log, lines, envelope="eks") == ["a", "b", "!log:2", "-", "a", "b"]
    assert outline(log, packed(BATCH), envelope="gke") == ["!log:1"]
    assert "neither JSON, base64 nor gzip data" in reason(log, packed(BATCH)[:-3])


def test_origins_are_precise(log: Path) -> None:
    bad = batch("no event", '{"kind":"Event","auditID":"a"}')
    lines = [compact(invocation(bad)), compact([ENTRY, bad, {"message": {"data": "eA=="}}]), packed(bad)]
    found = pieces(log, b"[\n" + lines[0] + b",\n" + compact(ENTRY) + b"\n]\n" + lines[1] + b"\n" + lines[2])
    assert [piece.origin.rpartition("/")[2] for piece in found] == [
        "log:2 item 1 item 1",
        "log:2 item 1 item 2",
        "log:3 item 2",
        "log:5 item 1",
        "log:5 item 2 item 1",
        "log:5 item 2 item 2",
        "log:5 item 3",
        "log:6 item 1",
        "log:6 item 2",
    ]
    assert [isinstance(piece, Reject) for piece in found] == [True, False, False, False, True, False, True, True, False]


def test_what_is_left_of_a_broken_array_is_read(log: Path) -> None:
    broken = b"[" + compact(ENTRY) + b",{x}," + compact(BATCH) + b"," + compact(TEXT_ENTRY) + b"]"
    assert outline(log, broken) == ["entry", "!log:1 item 2", "a", "b", "-"]
    assert outline(log, broken, envelope="gke") == ["entry", "!log:1 item 2", "!log:1 item 3", "-"]


def test_records_of_other_kinds_are_no_bad_parts(log: Path) -> None:
    many = b"[" + compact(TEXT_ENTRY) + (b"," + compact(TEXT_ENTRY)) * MAX_BAD_PARTS + b"," + PLAIN + b"]"
    found = outline(log, many)
    assert found == ["-"] * (MAX_BAD_PARTS + 1) + ["plain"]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"records": [{"properties": {"text": "x"}}]}, "it has no properties with a log"),
        ({"short_message": 7}, "it has neither short_message nor message"),
        ({"message": {"messageId": "1"}}, "a Pub/Sub message without data"),
        ({"message": {"x": 1}}, "it has no kind"),
        ({"message": 7}, "it has no kind"),
        ({"logName": "x"}, "it has no kind"),
        ({"kind": "Pod", "awslogs": {"data": "x"}}, "its kind is 'Pod'"),
        ({"awslogs": {"data": "?"}}, "no CloudWatch Logs batch"),
        ({"logEvents": []}, "its messageType is ''"),
    ],
)
def test_what_is_not_read_says_why(log: Path, document: object, words: str) -> None:
    assert words in reason(log, compact(document))


def test_all_documents_can_be_read_as_one_providers(log: Path) -> None:
    # GIVEN one document of each kind
    lines = [PLAIN, *map(compact, (invocation(BATCH), ENTRY, message(ENTRY))), b"7", b"nonsense"]
    text = b"\n".join(lines)
    # WHEN all are read as one provider's THEN others are rejects
    assert PROVIDERS == ("apiserver", "eks", "gke", "aks", "ovh", "iks")
    assert outline(log, text) == ["plain", "a", "b", "entry", "entry", "!log:5", "!log:6"]
    for envelope in ("apiserver", "iks"):
        assert outline(log, text, envelope=envelope) == ["plain", *(f"!log:{number}" for number in range(2, 7))]
    for envelope in ("aks", "ovh"):
        assert outline(log, text, envelope=envelope) == [f"!log:{number}" for number in range(1, 7)]
    assert outline(log, text, envelope="eks") == ["!log:1", "a", "b", *(f"!log:{number}" for number in range(3, 7))]
    assert outline(log, text, envelope="gke") == ["plain", "!log:2", "entry", "entry", "!log:5", "!log:6"]


@pytest.mark.parametrize(
    ("envelope", "document", "words"),
    [
        ("eks", PLAIN, "no CloudWatch Logs batch, but audit events as such: leave out the provider"),
        ("eks", b'{"kind":"EventList","items":[]}', "audit events as such"),
        ("eks", compact(ENTRY), "no CloudWatch Logs batch: "),
        ("eks", b"7", "no CloudWatch Logs batch: "),
        ("eks", b"{", "was the line cut?"),
        ("gke", compact(BATCH), "no log entry: it has neither logName nor protoPayload"),
        ("gke", b"null", "no log entry: not a JSON object"),
        ("gke", b"H4sI", "not JSON"),
        ("apiserver", compact(ENTRY), "this is a Cloud Logging LogEntry (GKE), where an audit event was expected"),
        ("apiserver", compact(message(1)), "this is a Pub/Sub message (GKE), where an audit event was expected"),
        ("apiserver", packed(BATCH), "not JSON"),
    ],
)
def test_what_is_not_the_providers_says_so(log: Path, envelope: str, document: bytes, words: str) -> None:
    assert words in reason(log, document, envelope=envelope)


def test_a_file_of_one_event_is_gkes_local_input(log: Path) -> None:
    # as Falco's plugin takes it from file://
    event = b'{"auditID":"e","kind":"Event","stageTimestamp":"2024-05-01T00:00:00Z"}'
    (piece,) = pieces(log, event, envelope="gke")
    assert piece == RawEvent(event, "gke", "", None, f"{log}:1")
    (piece,) = pieces(log, json.dumps(json.loads(event), indent=2).encode(), envelope="gke")
    assert isinstance(piece, RawEvent)


def test_sizes_count_inside(log: Path) -> None:
    long = batch('{"kind":"Event","auditID":"a","requestObject":{"x":"' + "x" * 200 + '"}}')
    entry = ENTRY | {"protoPayload": ENTRY["protoPayload"] | {"request": {"x": "x" * 700}}}
    text = compact(invocation(long)) + b"\n" + compact(entry)
    assert [sorted(p.lost) for p in pieces(log, text, max_size=200) if isinstance(p, RawEvent)] == [
        ["requestObject"],
        ["requestObject"],
    ]
    assert outline(log, text, max_size=200, drop_larger=True) == ["!log:1 item 1", "!log:2"]
    assert len(pieces(log, text, max_size=MAX_EVENT_SIZE)) == 2


def test_a_bomb_is_not_unpacked(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lanner.sources.envelopes.MAX_DOCUMENT", 1 << 20)
    bomb = base64.b64encode(gzip.compress(b" " * (64 << 20)))
    for line in (bomb, compact({"awslogs": {"data": bomb.decode()}})):
        assert "it has more than 1048576 bytes unpacked" in reason(log, line)


@pytest.mark.parametrize(("envelope", "blocks"), [("", 1), ("apiserver", 1), ("iks", 1), ("eks", 0), ("gke", 0)])
def test_blocks_are_offered_where_plain_events_are_read(log: Path, envelope: str, blocks: int) -> None:
    log.write_bytes((PLAIN + b"\n") * 3)
    found = list(read_blocks([log], envelope=envelope))
    assert sum(isinstance(piece, Block) for piece in found) == blocks
    assert len(found) == 3 + blocks


@pytest.mark.parametrize(
    "document",
    [
        *(BATCH, invocation(BATCH), ENTRY, message(ENTRY), {"kind": "EventList", "items": [{}]}),
        *[WRAPPED[name][0] for name in ("Event Hub batch", "tail message", "Kinesis records")],
    ],
)
def test_logs_of_envelopes_are_cut_between_lines(tmp_path: Path, document: object) -> None:
    # GIVEN a log of envelopes, in segments
    path = tmp_path / "log"
    line = compact(document) + b"\n"
    path.write_bytes(line * 5)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        # WHEN one is read THEN it ends where the next begins
        cut = find_cut(descriptor, len(line) + 1)
        assert cut == 2 * len(line)
        reader = SegmentReader(descriptor, Segment("log", cut, find_cut(descriptor, cut + 1)), Context(), Progress())
        found = [piece for piece in reader if not isinstance(piece, Block)]
    finally:
        os.close(descriptor)
    assert reader.end == 3 * len(line)
    assert {piece.origin.partition(" ")[0] for piece in found} == {"log:3"}


def test_a_source_is_imported_when_its_first_envelope_comes(log: Path) -> None:
    log.write_bytes(PLAIN)
    program = "import sys; from lanner.sources import read; list(read(sys.argv[1:])); print(*sys.modules)"
    for path, wanted in ((log, set()), (EVENTS / "aws_cloudwatch.json", {"lanner.sources.eks"})):
        ended = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
        assert {"lanner.sources.eks", "lanner.sources.gke"} & set(ended.stdout.split()) == wanted


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("aws_cloudwatch", [RawEvent] * 4),
        ("aws_cloudwatch_control", [Other]),
        ("aws_cloudwatch_authenticator", [Other]),
        ("gcp_pubsub", [RawEvent]),
        ("gcp_pubsub_refused", [RawEvent]),
        ("gcp_pubsub_container", [Other]),
        ("gcp_pubsub_text", [Other]),
    ],
)
def test_recorded_payloads(name: str, wanted: list[type]) -> None:
    assert [type(piece) for piece in read([EVENTS / f"{name}.json"])] == wanted
