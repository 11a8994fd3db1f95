"""Cloud Logging entries: what Falco's GKE plugin makes of them, and what we do."""

from collections import Counter

import msgspec
import pytest
from conformance_data import Golden
from test_fields import bound, marked_values, shown

from lanner.fields import Intake, RawEvent
from lanner.sources import Reject, gke, go_json
from lanner.sources.gke_entry import read
from lanner.sources.gke_event import audit_event
from lanner.sources.other import Other

SECOND = 10**9
ADDED = {  # keys of the event which tell more than the plugin's, and the fields that show them
    "responseStatus": {"ka.response.code", "ka.response.reason"}
    | {f"jevt.value[/responseStatus{key}]" for key in ("", "/status", "/message")},
    "user": {"ka.user.name", "jevt.value[/user]"},
    "impersonatedUser": {"ka.impuser.name"},
    "annotations": {"ka.auth.decision", "jevt.value[/annotations]"},
}
TOO_DEEP = 299  # levels of a request from which on no field of the event has a value in Falco


@pytest.fixture
def entries(whole):
    """Every entry, the plugin's event as JSON text if there is one, and the row of the golden data."""
    golden = Golden(whole.root / "gke")
    lines = golden.lines("converted.jsonl")
    texts = golden.bytes("entries.jsonl").split(b"\n")[:-1]
    found = []
    for text, line, row in zip(texts, lines, golden.objects("converted.jsonl"), strict=True):
        event = line.partition(b'"event":')[2].rpartition(b',"fields":{"ka.auditid"')[0]
        found.append((text, event if row["event"] is not None else None, row))
    return found


def piece_of(text):
    (piece,) = gke.events(text, origin="entry")
    return piece


def time_of(field, received):
    """Return what a field about the event's time shows: for GKE the entry's receipt, with all its digits."""
    if field == "jevt.rawtime":
        return str(received)
    return {"evt.rawtime.s": received // SECOND, "evt.rawtime.ns": received % SECOND}.get(field, received)


def test_entries_become_the_plugins_events_byte_for_byte(entries, compared):
    # GIVEN the entries that the plugin converts
    number, different = 0, []
    for text, wanted, row in entries:
        if wanted is not None:
            # WHEN we convert them without what we add
            number += 1
            entry = read(text)
            got = go_json.encode(audit_event(entry, entry.proto_payload))
            different += [] if got == wanted else [(row["id"], row["case"], wanted, got)]
    # THEN we get what it gets
    compared(number, "events of GKE's log entries", len(different))
    assert number == 643
    assert different == []


def test_what_we_add_to_an_event_touches_nothing_else(entries, compared):
    count = Counter()
    for text, wanted, row in entries:
        if wanted is None:
            continue
        got, plugins = msgspec.json.decode(piece_of(text).text), msgspec.json.decode(wanted)
        keys = {key for key in got.keys() | plugins.keys() if got.get(key) != plugins.get(key)}
        if keys == {"requestObject"}:
            assert row["case"].startswith("depth")
        else:
            assert keys <= ADDED.keys(), row["case"]
        count.update(keys)
        count["equal"] += not keys
    for name, number in sorted(count.items()):
        compared(number, f"GKE events: {name}{'' if name == 'equal' else ' beyond the plugin'}")
    assert count["equal"] > 570


def test_fields_of_converted_entries_have_falcos_values(whole, entries, compared):
    golden = Golden(whole.root / "gke")
    marks = Golden(whole.root / "gke")
    marks.deliberate = {"fields": golden.deliberate["gke"]}
    marked = marked_values(marks)
    everywhere = {f for mark in golden.deliberate["gke"].values() if mark.get("ids") == "all" for f in mark["fields"]}
    number, added, different = 0, 0, []
    for text, plugins, row in entries:
        if plugins is None or (row["case"].startswith("depth") and int(row["case"].split()[1]) >= TOO_DEEP):
            continue
        raw = piece_of(text)
        event = Intake().open(raw)
        for name, wanted in row["fields"].items():
            if name in everywhere or (row["id"], name) in marked:
                continue
            number += 1
            got = time_of(name, raw.received) if "time" in name and "[" not in name else shown(bound(name), event)
            if got != wanted:
                known = any(name in fields for fields in ADDED.values()) and raw.text != plugins
                added += known
                different += [] if known else [(row["id"], name, wanted, got)]
    compared(number - added, "field values of GKE's events", len(different))
    compared(added, "field values of GKE's events beyond the plugin's")
    assert number > 85_000
    assert added < 250
    assert different == []


def test_what_the_plugin_loses_is_converted_or_told(entries, compared):
    # GIVEN the entries that the plugin drops
    count = Counter()
    for text, wanted, row in entries:
        if wanted is None:
            piece = piece_of(text)
            count[row["dropped"], type(piece)] += 1
            if isinstance(piece, Reject):
                assert piece.reason
    # THEN a Kubernetes audit entry is an event, an entry of another kind is named as such, the rest is a reject
    for (why, kind), number in sorted(count.items(), key=str):
        compared(number, f"GKE entries dropped by the plugin ({why}): {kind.__name__}")
    assert count["size", RawEvent] == count["payload", RawEvent] == 1
    assert count["service", Other] == 9
    assert count["not a LogEntry", Reject] == 32
    assert not any(kind is Reject for why, kind in count if why != "not a LogEntry")


def test_recorded_entries_tell_the_real_response(whole, compared):
    # GIVEN the recorded events, and the same requests as Cloud Logging has them
    corpus = Golden.__new__(Golden)
    corpus.root = whole.root.parent / "corpus" / "envelopes"
    codes = {}
    for event in corpus.objects("events.jsonl"):
        codes.setdefault(event["auditID"], set()).add(event.get("responseStatus", {}).get("code"))
    number, different = 0, []
    for text in corpus.lines("gke-logentries.jsonl"):
        piece = piece_of(text)
        if isinstance(piece, RawEvent):
            number += 1
            event = msgspec.json.decode(piece.text)
            code = event["responseStatus"]["code"]
            if code not in codes[event["auditID"]]:
                different.append((event["auditID"], code, codes[event["auditID"]]))
    # THEN the codes are the same, but for those that nothing in an entry tells
    compared(number, "response codes of GKE's entries", len(different))
    assert number == 1920
    assert [codes for _, code, codes in different if code not in (200, 201, 101)] == []
