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
    "objectRef": {"ka.target.resource"}
    | {f"jevt.value[/objectRef{key}]" for key in ("", "/apiGroup", "/apiVersion", "/resource")},
    "requestObject": set(),
}
CLUSTER = ("annotations",)
WHO, WHERE = ("user", "impersonatedUser"), ("sourceIPs", "userAgent")
DAMAGES = [  # what is done to an entry at which path, and the keys of the event which that may change
    ("a missing part", "resource", ..., CLUSTER),
    ("a null part", "resource", None, CLUSTER),
    ("a missing part", "protoPayload.requestMetadata", ..., WHERE),
    ("a null part", "protoPayload.requestMetadata", None, WHERE),
    ("a missing part", "protoPayload.authenticationInfo", ..., WHO),
    ("a null part", "protoPayload.authenticationInfo", None, WHO),
    ("a newer key", "protoPayload.authenticationInfo.oauthInfo", {"oauthClientId": "x"}, ()),
    ("a newer key", "protoPayload.authorizationInfo.0.permissionType", "ADMIN_WRITE", ()),
    ("a newer key", "protoPayload.requestMetadata.somethingNew", [1], ()),
    ("a newer key", "protoPayload.somethingNew", {}, ()),
    ("a newer key", "resource.somethingNew", 7, ()),
    *[("a newer key", key, {"x": [1]}, ()) for key in ("apphub", "otel", "errorGroups")],
    ("an odd type", "protoPayload.requestMetadata", "x", WHERE),
    ("an odd type", "protoPayload.authenticationInfo", [], WHO),
    ("an odd type", "protoPayload.authorizationInfo", "x", ()),
    ("an odd type", "protoPayload.requestMetadata.callerIp", ["::1"], WHERE),
    ("an odd type", "protoPayload.request", [1, "x"], ("requestObject",)),
    ("an odd type", "protoPayload.response", 1e300, ("responseObject", "responseStatus")),
    ("an odd type", "protoPayload.status", 7, ("responseStatus",)),
    ("an odd type", "resource.labels", "x", CLUSTER),
    ("an odd type", "labels.x", None, ()),
    ("an odd type", "labels.y", 7, CLUSTER),
    ("an odd type", "severity", [], ()),
    ("an array above volumes", "protoPayload.request", {"spec": [{"volumes": [{"hostPath": {}}]}]}, ("requestObject",)),
    *[("arrays of many levels", "protoPayload.request", {"x": n}, ("requestObject",)) for n in (298, 299)],
]
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


def different_keys(ours, plugins):
    """Return the keys of two events at which their values differ."""
    ours, plugins = msgspec.json.decode(ours), msgspec.json.decode(plugins)
    return {key for key in ours.keys() | plugins.keys() if ours.get(key) != plugins.get(key)}


def damaged(text, path, value):
    """Return an entry with the value at a dotted path changed, or (`...`) gone; `None` if it has no such place."""
    entry = msgspec.json.decode(text)
    *parents, last = path.split(".")
    place = entry
    for key in parents:
        if not (place := place[int(key)] if key.isdigit() else place.get(key)):
            return None
    place.pop(last, None)
    if value is not ...:
        place[last] = value
    text = msgspec.json.encode(entry)
    if isinstance(value, dict) and isinstance(levels := value.get("x"), int):
        text = text.replace(
            b'"%b":{"x":%d}' % (last.encode(), levels), b'"%b":{"x":%b}' % (last.encode(), deep(levels))
        )
    return text


def deep(levels):
    return b"[" * levels + b"]" * levels


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
        keys = different_keys(piece_of(text).text, wanted)
        if keys == {"requestObject"}:
            assert row["case"].startswith("depth")
        else:
            assert keys <= ADDED.keys(), row["case"]
        count.update(keys)
        count["equal"] += not keys
    for name, number in sorted(count.items()):
        compared(number, f"GKE events: {name}{'' if name == 'equal' else ' beyond the plugin'}")
    assert count["equal"] > 520


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
        shows_more = set().union(*(ADDED[key] for key in different_keys(raw.text, plugins)))
        for name, wanted in row["fields"].items():
            if name in everywhere or (row["id"], name) in marked:
                continue
            number += 1
            got = time_of(name, raw.received) if "time" in name and "[" not in name else shown(bound(name), event)
            if got != wanted:
                added += name in shows_more
                different += [] if name in shows_more else [(row["id"], name, wanted, got)]
    compared(number - added, "field values of GKE's events", len(different))
    compared(added, "field values of GKE's events beyond the plugin's")
    assert number > 85_000
    assert added < 450
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
    assert count["unrecognised", Reject] == 1  # {}
    assert {why for why, kind in count if kind is Reject} == {"not a LogEntry", "unrecognised"}


@pytest.mark.parametrize("what", sorted({what for what, *_ in DAMAGES}))
def test_what_crashes_the_plugin_or_is_lost_by_it_is_converted_as_far_as_it_goes(entries, compared, what):
    # GIVEN the recorded entries, and what the plugin crashes on, or drops an entry for
    number, different = 0, []
    for text, _, row in entries:
        whole = piece_of(text)
        if row["case"] != "recorded" or isinstance(whole, Other):
            continue
        for path, value, keys in [damage[1:] for damage in DAMAGES if damage[0] == what]:
            entry = damaged(text, path, value)
            if entry is None:
                continue
            # WHEN the entry is converted
            number += 1
            piece = piece_of(entry)
            # THEN its event is that of the entry as it was recorded, but for the keys that the damage is about
            is_converted = isinstance(piece, RawEvent) and different_keys(piece.text, whole.text) <= {*keys}
            different += [] if is_converted else [(row["id"], path, piece)]
            event = Intake().open(piece)
            for name in row["fields"]:
                bound(name).value(event)
    compared(number, f"GKE entries with {what}", len(different))
    assert number > 150
    assert different == []


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
